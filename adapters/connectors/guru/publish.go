package guru

import (
	"context"
	"errors"

	"github.com/docsctl/docsctl/adapters/connectors/internal/provenance"
)

// Merge is what publishing does to a card.
type Merge struct {
	provenance.Outcome
	// Content is the new content; for Unchanged and Conflict the content as it is.
	Content string
}

// MergePart decides what publishing does to a card with this content, "" for a new
// card. All that is not ours is in Content byte for byte. A card that is Markdown
// stays Markdown. It returns ctx's error.
func MergePart(ctx context.Context, content string, p provenance.Publication) (Merge, error) {
	return Merge{}, errors.ErrUnsupported
}

// HTML makes a card's content of Markdown.
func HTML(markdown string) string { return "" }
