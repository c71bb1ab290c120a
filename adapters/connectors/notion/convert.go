package notion

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// ErrNotReadable is what a Source returns, wrapped or not, for a block or property
// that the token may not see, that is gone, or that the API does not serve (404,
// 403, and the 400 "not supported via the API").
var ErrNotReadable = errors.New("not readable with this token")

// Source answers what a page refers to. Its methods are called one after another,
// from the goroutine that converts.
type Source interface {
	// Children returns all blocks directly below a block, or a page, in order: the
	// elements of results over all pages of GET /blocks/{id}/children. A block that
	// cannot be read is ErrNotReadable; any other error ends the conversion.
	Children(ctx context.Context, id string) ([]json.RawMessage, error)
	// Property returns all values of a property: the elements of results over all
	// pages of GET /pages/{id}/properties/{property_id}. The property's id is passed
	// as the page has it, URL-encoded. It is asked for where a page holds only the
	// first 25 values.
	Property(ctx context.Context, pageID, propertyID string) ([]json.RawMessage, error)
}

// Convert makes Markdown of a page, given as GET /pages/{id} answers it; its content
// comes from src. The title is no part of the Markdown; see Title. Unknown and
// unreadable blocks leave a comment and a warning. It returns src's error, ctx's
// error, and CodePayloadTooLarge for a page of more than 20 MB.
func Convert(ctx context.Context, page json.RawMessage, src Source) (doctree.Result, error) {
	return doctree.Result{}, errors.ErrUnsupported
}

// Title returns a page's title as plain text, whatever its property is called; ""
// if it has none.
func Title(page json.RawMessage) string { return "" }
