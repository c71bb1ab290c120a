package guru

import (
	"context"
	"errors"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// Convert makes Markdown of a card's content, which is HTML or Markdown. Unknown
// elements leave their content. It returns ctx's error, and CodePayloadTooLarge
// for a card of more than 20 MB.
func Convert(ctx context.Context, content string) (doctree.Result, error) {
	return doctree.Result{}, errors.ErrUnsupported
}
