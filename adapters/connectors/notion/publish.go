package notion

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/docsctl/docsctl/adapters/connectors/internal/provenance"
)

// Block is a block that is to be written. It marshals into the body that Notion
// takes, with the children that one request may hold.
type Block struct {
	// ID is "" until the block is written; then it is the id that Notion gave.
	ID string
	// Type is Notion's, such as "paragraph".
	Type string
	// Children are the blocks below it.
	Children []*Block
	// content is the object under Type's name.
	content map[string]any
}

// Append is one request of PATCH /blocks/{id}/children.
type Append struct {
	// Under is the block whose ID gets the children; nil for the page itself. It is
	// always among the Blocks of an earlier Append.
	Under *Block
	// Blocks go below it, in order. The answer's results are these, in this order;
	// set each ID before the next Append is sent.
	Blocks []*Block
}

// Blocks makes blocks of Markdown.
func Blocks(markdown string) []*Block { return nil }

// Appends cuts blocks into requests within Notion's limits: 100 children, 1,000
// blocks and 500 KB a request, two levels of blocks a request. Nothing is cut.
func Appends(blocks []*Block) []Append { return nil }

// Merge is what publishing does to a page.
type Merge struct {
	provenance.Outcome
	// Append goes after the block with this id, or at the page's end if it is "".
	After string
	// Append are the new blocks, footer included; empty for Unchanged and Conflict.
	Append []*Block
	// Remove are the ids of our former blocks, to be deleted once the new ones stand.
	Remove []string
}

// MergePart decides what publishing does to a page with these blocks at its first
// level, all of them. Blocks that are not ours are in no Remove. It returns src's
// error.
func MergePart(ctx context.Context, page []json.RawMessage, src Source, p provenance.Publication) (Merge, error) {
	return Merge{}, errors.ErrUnsupported
}
