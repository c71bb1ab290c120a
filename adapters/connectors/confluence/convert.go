package confluence

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/core"
)

// Names answers what a page's body only refers to. Its methods may be called often
// with the same arguments, one after another; "" says that it is not known. They
// do not fail: a name that cannot be had is no reason to lose a page.
type Names interface {
	// User returns a display name by account id (Cloud), user key or user name (Data
	// Center).
	User(ctx context.Context, id string) string
	// Page returns the web address of a page; space is "" for the page's own.
	Page(ctx context.Context, space, title string) string
}

// ConvertStorage makes Markdown of a page's body in storage format, the value of
// body.storage.value. names may be nil. Unknown macros leave their content or a
// comment, and a warning; broken XML is read as far as it goes, the rest as plain
// text with a warning. It returns ctx's error, and CodePayloadTooLarge for a page
// of more than 20 MB.
func ConvertStorage(ctx context.Context, storage string, names Names) (doctree.Result, error) {
	r := newStorageReader()
	if names != nil {
		r.user = func(id string) string { return names.User(ctx, id) }
		r.page = func(space, title string) string { return names.Page(ctx, space, title) }
	}
	blocks := r.read(storage)
	if err := ctx.Err(); err != nil {
		return doctree.Result{}, err
	}
	text, err := doctree.Write(blocks)
	return doctree.Result{Markdown: text, Warnings: r.Losses.Warnings()}, err
}

// ConvertADF makes Markdown of a page's body in the Atlassian document format: the
// JSON inside the string body.atlas_doc_format.value. It returns what
// ConvertStorage does, and CodeIntegration for what is no JSON object.
func ConvertADF(ctx context.Context, document []byte) (doctree.Result, error) {
	var doc adfNode
	var wrongType *json.UnmarshalTypeError
	if err := json.Unmarshal(document, &doc); err != nil && (!errors.As(err, &wrongType) || doc.Type == "") {
		return doctree.Result{}, &core.Error{
			Code:    core.CodeIntegration,
			Message: "Confluence sent a page that is no document; try the sync again, or open and save the page in Confluence",
			Err:     err,
		}
	}
	if err := ctx.Err(); err != nil {
		return doctree.Result{}, err
	}
	r := adfReader{storage: newStorageReader()}
	text, err := doctree.Write(r.blocks(doc.Content))
	return doctree.Result{Markdown: text, Warnings: r.storage.Losses.Warnings()}, err
}
