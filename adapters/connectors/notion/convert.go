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
	// first 25 values. One that cannot be read is ErrNotReadable.
	Property(ctx context.Context, pageID, propertyID string) ([]json.RawMessage, error)
}

// maxBlocks bounds what one page may make its source answer: copies of copies can
// unfold a small page without end.
const maxBlocks = 50_000

// Convert makes Markdown of a page, given as GET /pages/{id} answers it; its content
// comes from src. The title is no part of the Markdown; see Title. Unknown and
// unreadable blocks leave a comment and a warning. It returns src's error, ctx's
// error, and CodePayloadTooLarge for a page of more than 20 MB.
func Convert(ctx context.Context, page json.RawMessage, src Source) (doctree.Result, error) {
	p := readPage(page)
	c := converter{src: src, open: map[string]bool{p.ID: true}}
	blocks, err := c.properties(ctx, p)
	if err != nil {
		return doctree.Result{}, err
	}
	content, err := c.below(ctx, p.ID, "page", 0)
	if err != nil {
		return doctree.Result{}, err
	}
	return c.result(append(blocks, content...))
}

// Title returns a page's title as plain text, whatever its property is called; ""
// if it has none.
func Title(page json.RawMessage) string {
	for _, p := range readPage(page).Properties {
		if p.Type == "title" {
			return spans(p.value().richText("title")).Plain()
		}
	}
	return ""
}

// converter reads one page. It is for one conversion.
type converter struct {
	src    Source
	losses doctree.Losses
	open   map[string]bool // the blocks whose content is being read: copies may lie in their originals
	read   int             // blocks so far
}

func (c *converter) result(blocks []doctree.Block) (doctree.Result, error) {
	text, err := doctree.Write(blocks)
	return doctree.Result{Markdown: text, Warnings: c.losses.Warnings()}, err
}

// below reads what is below a block. What cannot be read leaves a comment.
func (c *converter) below(ctx context.Context, id, kind string, depth int) ([]doctree.Block, error) {
	raws, err := c.src.Children(ctx, id)
	switch {
	case errors.Is(err, ErrNotReadable):
		return c.lost("notion:unavailable " + kind), nil
	case err != nil:
		return nil, err
	}
	return c.blocks(ctx, raws, depth)
}

// lost counts a loss and leaves its comment in the text.
func (c *converter) lost(kind string) []doctree.Block {
	c.losses.Add(kind)
	return []doctree.Block{&doctree.Comment{Text: kind}}
}

// blocks reads neighbours. Items that follow one another are one list.
func (c *converter) blocks(ctx context.Context, raws []json.RawMessage, depth int) ([]doctree.Block, error) {
	if depth > doctree.MaxDepth && len(raws) > 0 {
		return c.lost("notion:unsupported depth"), nil
	}
	var out []doctree.Block
	var list listInProgress
	for _, raw := range raws {
		b, ok := readBlock(raw)
		if !ok || b.InTrash || b.Archived {
			continue
		}
		if c.read++; c.read > maxBlocks {
			return append(out, c.lost("notion:unsupported length")...), nil
		}
		if item := itemTypes[b.Type]; item != noItem {
			it, err := c.item(ctx, b, depth)
			if err != nil {
				return nil, err
			}
			if l := list.add(b, item, it); l != nil {
				out = append(out, l)
			}
			continue
		}
		list = listInProgress{}
		blocks, err := c.block(ctx, b, depth)
		if err != nil {
			return nil, err
		}
		out = append(out, blocks...)
	}
	return out, nil
}

// itemType is the kind of a list.
type itemType int

const (
	noItem itemType = iota
	bulleted
	numbered
	todo
)

var itemTypes = map[string]itemType{"bulleted_list_item": bulleted, "numbered_list_item": numbered, "to_do": todo}

// listInProgress is the list that the next item may belong to.
type listInProgress struct {
	kind itemType
	list *doctree.List
}

// add appends an item, and returns the list if it begins with it.
func (l *listInProgress) add(b block, kind itemType, it doctree.Item) doctree.Block {
	start := b.content.ListStartIndex
	if l.list != nil && l.kind == kind && start == nil {
		l.list.Items = append(l.list.Items, it)
		return nil
	}
	list := &doctree.List{Ordered: kind == numbered, Start: 1, Items: []doctree.Item{it}}
	if start != nil {
		list.Start = *start
	}
	*l = listInProgress{kind: kind, list: list}
	return list
}

func (c *converter) item(ctx context.Context, b block, depth int) (doctree.Item, error) {
	it := doctree.Item{Blocks: paragraph(spans(b.content.RichText))}
	if b.Type == "to_do" {
		it.Task = doctree.Open
		if b.content.Checked {
			it.Task = doctree.Done
		}
	}
	inner, err := c.children(ctx, b, depth+1)
	it.Blocks = append(it.Blocks, inner...)
	return it, err
}

// children reads a block's content, if it has any.
func (c *converter) children(ctx context.Context, b block, depth int) ([]doctree.Block, error) {
	if !b.HasChildren {
		return nil, nil
	}
	if c.open[b.ID] {
		return c.lost("notion:unavailable " + b.Type), nil
	}
	c.open[b.ID] = true
	defer delete(c.open, b.ID)
	return c.below(ctx, b.ID, b.Type, depth)
}

func paragraph(s doctree.Spans) []doctree.Block {
	if !s.Visible() {
		return nil
	}
	return []doctree.Block{&doctree.Paragraph{Text: s}}
}
