package notion

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/provenance"
)

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
	units, ids, err := unitsOf(ctx, page, src)
	if err != nil {
		return Merge{}, err
	}
	part := p.Compose(func(blocks []doctree.Block) []string { return shown(ctx, render(blocks)) })
	d := p.Decide(part, units)
	m := Merge{Outcome: d.Outcome}
	if d.State == provenance.Conflict {
		return m, nil
	}
	for _, f := range d.Former {
		m.Remove = append(m.Remove, ids[f.From:f.To]...)
	}
	if d.State != provenance.Unchanged {
		m.Append = render(part.Blocks)
		m.Remove = append(m.Remove, ids[d.From:d.To]...)
	}
	if p.Retry {
		m.Remove = append(m.Remove, leftovers(d, part.Units, units, ids)...)
	}
	switch {
	case d.State == provenance.Updated:
		m.After = ids[d.To-1]
	case d.State == provenance.Unchanged && len(m.Remove) > 0:
		m.State = provenance.Updated
	}
	return m, nil
}

// leftovers are what an earlier attempt wrote before it broke off: the beginning of
// the new part without its end, right where it would stand.
func leftovers(d provenance.Decision, part, page, ids []string) []string {
	if d.State == provenance.Created {
		for n := min(len(part), len(page)); n > 0; n-- {
			if equal(page[len(page)-n:], part[:n]) {
				return ids[len(page)-n:]
			}
		}
		return nil
	}
	n := 0
	for n < len(part) && d.To+n < len(page) && page[d.To+n] == part[n] {
		n++
	}
	return ids[d.To : d.To+n]
}

func equal(a, b []string) bool { return strings.Join(a, "\x00") == strings.Join(b, "\x00") }

// unitsOf returns the Markdown of each block that shows something, and its id.
func unitsOf(ctx context.Context, page []json.RawMessage, src Source) (units, ids []string, err error) {
	for _, raw := range page {
		c := converter{src: src, open: map[string]bool{}}
		blocks, err := c.blocks(ctx, []json.RawMessage{raw}, 0)
		if err != nil {
			return nil, nil, err
		}
		r, err := c.result(blocks)
		if err != nil {
			return nil, nil, err
		}
		if text := strings.TrimRight(r.Markdown, "\n"); text != "" {
			b, _ := readBlock(raw)
			units, ids = append(units, text), append(ids, b.ID)
		}
	}
	return units, ids, nil
}

// shown returns the Markdown of blocks as Notion would give them back.
func shown(ctx context.Context, blocks []*Block) []string {
	w := written{}
	units, _, err := unitsOf(ctx, w.list(blocks), w)
	if err != nil {
		return nil // only for a text of more than 20 MB, which no summary is
	}
	return units
}

// written is a Source of blocks that are not written yet.
type written map[string][]json.RawMessage

// list returns blocks as Notion answers them, without their children, which the
// source then has.
func (w written) list(blocks []*Block) []json.RawMessage {
	raws := make([]json.RawMessage, 0, len(blocks))
	for _, b := range blocks {
		id := "new-" + strconv.Itoa(len(w))
		w[id] = nil
		w[id] = w.list(b.Children)
		raw, err := json.Marshal(map[string]any{
			"object": "block", "id": id, "type": b.Type, b.Type: b.content, "has_children": len(b.Children) > 0,
		})
		if err == nil {
			raws = append(raws, raw)
		}
	}
	return raws
}

// Children returns what list has stored.
func (w written) Children(_ context.Context, id string) ([]json.RawMessage, error) { return w[id], nil }

// Property returns nothing: blocks have no properties.
func (w written) Property(context.Context, string, string) ([]json.RawMessage, error) {
	return nil, nil
}
