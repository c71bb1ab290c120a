package notion

import (
	"context"
	"encoding/json"
	"slices"
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
	u, err := unitsOf(ctx, page, src)
	if err != nil {
		return Merge{}, err
	}
	part := p.Compose(func(blocks []doctree.Block) []string { return shown(ctx, render(blocks)) })
	d := p.Decide(part, u.texts)
	m := Merge{Outcome: d.Outcome}
	if d.State == provenance.Conflict {
		return m, nil
	}
	for _, f := range d.Former {
		m.Remove = append(m.Remove, u.between(f.From, f.To)...)
	}
	if d.State != provenance.Unchanged {
		m.Append = render(part.Blocks)
		m.Remove = append(m.Remove, u.between(d.From, d.To)...)
	}
	if p.Retry {
		m.Remove = append(m.Remove, leftovers(d, part.Units, u)...)
	}
	switch {
	case d.State == provenance.Updated:
		m.After = u.ids[u.at[d.To-1]]
	case d.State == provenance.Unchanged && len(m.Remove) > 0:
		m.State = provenance.Updated
	}
	return m, nil
}

// leftovers are what an earlier attempt wrote before it broke off: the beginning of
// the new part without its end, right where it would stand.
func leftovers(d provenance.Decision, part []string, page units) []string {
	if d.State == provenance.Created {
		for n := min(len(part), len(page.texts)); n > 0; n-- {
			if from := len(page.texts) - n; slices.Equal(page.texts[from:], part[:n]) {
				return page.between(from, len(page.texts))
			}
		}
		return nil
	}
	n := 0
	for n < len(part) && d.To+n < len(page.texts) && page.texts[d.To+n] == part[n] {
		n++
	}
	return page.between(d.To, d.To+n)
}

// units are the blocks of a page that show something.
type units struct {
	texts []string // the Markdown of each
	at    []int    // where each stands among all blocks
	ids   []string // of all blocks
}

// between returns the ids of the units from one up to another, and of the blocks
// between them that show nothing.
func (u units) between(from, to int) []string {
	if from >= to {
		return nil
	}
	return u.ids[u.at[from] : u.at[to-1]+1]
}

func unitsOf(ctx context.Context, page []json.RawMessage, src Source) (units, error) {
	var u units
	for i, raw := range page {
		b, _ := readBlock(raw)
		u.ids = append(u.ids, b.ID)
		c := converter{src: src, open: map[string]bool{}}
		blocks, err := c.blocks(ctx, []json.RawMessage{raw}, 0)
		if err != nil {
			return u, err
		}
		r, err := c.result(blocks)
		if err != nil {
			return u, err
		}
		if text := strings.TrimRight(r.Markdown, "\n"); text != "" {
			u.texts, u.at = append(u.texts, text), append(u.at, i)
		}
	}
	return u, nil
}

// shown returns the Markdown of blocks as Notion would give them back.
func shown(ctx context.Context, blocks []*Block) []string {
	w := written{}
	u, err := unitsOf(ctx, w.list(blocks), w)
	if err != nil {
		return nil // only for a text of more than 20 MB, which no summary is
	}
	return u.texts
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
