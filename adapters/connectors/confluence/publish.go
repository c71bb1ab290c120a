package confluence

import (
	"context"
	"errors"

	"github.com/docsctl/docsctl/adapters/connectors/internal/provenance"
)

// Merge is what publishing does to a page.
type Merge struct {
	provenance.Outcome
	// Storage is the new body; for Unchanged and Conflict the body as it is.
	Storage string
}

// MergePart decides what publishing does to a page with this body in storage
// format, "" for a new page. All that is not ours is in Storage byte for byte.
// It returns ctx's error.
func MergePart(ctx context.Context, storage string, p provenance.Publication) (Merge, error) {
	return Merge{}, errors.ErrUnsupported
}

// Storage makes a body in storage format of Markdown.
func Storage(markdown string) string { return "" }
