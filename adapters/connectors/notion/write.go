package notion

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/docsctl/docsctl/adapters/connectors/internal/provenance"
	"github.com/docsctl/docsctl/core"
)

// Publish implements core.Connector.
func (c *Connector) Publish(ctx context.Context, a core.Access, p core.Publication, created func(ctx context.Context, p core.RemotePage) error) (*core.Published, error) {
	if p.RemoteID != "" {
		it, err := c.target(ctx, a, p)
		if err != nil {
			return nil, err
		}
		return c.merge(ctx, a, p, core.RemotePage{ID: p.RemoteID, URL: it.URL}, it)
	}
	if err := checkID(p.Parent); err != nil {
		return nil, err
	}
	at, err := c.find(ctx, a, p)
	switch {
	case err != nil:
		return nil, err
	case at == nil && p.DryRun:
		return c.tryNew(ctx, p)
	case at == nil:
		if at, err = c.create(ctx, a, p); err != nil {
			return nil, err
		}
	}
	if !p.DryRun {
		if err := created(ctx, *at); err != nil {
			return nil, err
		}
	}
	return c.merge(ctx, a, p, *at, nil)
}

// part is p as the part of a page.
func part(p core.Publication) provenance.Publication {
	return provenance.Publication{
		Markdown: p.Markdown, Last: p.Last, Retry: p.Retry,
		Footer: provenance.Footer{Key: p.Key, Source: p.Source, URL: p.SourceURL, Version: p.Version, At: p.At},
	}
}

// tryNew is what a new page would be.
func (c *Connector) tryNew(ctx context.Context, p core.Publication) (*core.Published, error) {
	m, err := MergePart(ctx, nil, reader{c: c}, part(p))
	if err != nil {
		return nil, err
	}
	return &core.Published{Outcome: core.PublishCreated, Diff: m.Diff}, nil
}

// target reads the page that is to be written into.
func (c *Connector) target(ctx context.Context, a core.Access, p core.Publication) (*core.Item, error) {
	if err := checkID(p.RemoteID); err != nil {
		return nil, err
	}
	_, it, err := c.page(ctx, a, p.RemoteID, nil)
	if err != nil {
		return nil, err
	}
	if it.State != core.RemotePresent {
		return nil, vendor.Gone()
	}
	return &it, nil
}

// retitle gives a page that is ours its title. It reports whether it had another.
func (c *Connector) retitle(ctx context.Context, a core.Access, p core.Publication, it *core.Item) (bool, error) {
	if it == nil || !p.OwnPage || p.Title == "" || it.Title == p.Title {
		return false, nil
	}
	body := map[string]any{"properties": map[string]any{"title": map[string]any{"title": titleText(p.Title)}}}
	return true, c.send(ctx, a, http.MethodPatch, "/v1/pages/"+p.RemoteID, body, &struct{}{})
}

// titleText is a title as rich text, cut to what Notion takes.
func titleText(title string) []any {
	var items []any
	for _, part := range cutUTF16(title, 2000) {
		items = append(items, map[string]any{"type": "text", "text": map[string]any{"content": part}})
	}
	return items
}

// cutUTF16 cuts a text into parts of at most n UTF-16 units, no character in two.
func cutUTF16(s string, n int) []string {
	var parts []string
	start, units := 0, 0
	for i, r := range s {
		width := 1
		if r > 0xffff {
			width = 2
		}
		if units+width > n {
			parts = append(parts, s[start:i])
			start, units = i, 0
		}
		units += width
	}
	return append(parts, s[start:])
}

// create makes an empty page below the parent, which is a page or a data source.
func (c *Connector) create(ctx context.Context, a core.Access, p core.Publication) (*core.RemotePage, error) {
	body := map[string]any{
		"parent":     map[string]any{"type": "page_id", "page_id": p.Parent},
		"properties": map[string]any{"title": map[string]any{"title": titleText(p.Title)}},
	}
	var page struct{ ID, URL string }
	err := c.send(ctx, a, http.MethodPost, "/v1/pages", body, &page)
	if core.ReasonOf(err) == core.ReasonGone || core.ReasonOf(err) == core.ReasonRefused {
		body["parent"] = map[string]any{"type": "data_source_id", "data_source_id": p.Parent}
		second := c.send(ctx, a, http.MethodPost, "/v1/pages", body, &page)
		if reason := core.ReasonOf(second); reason != core.ReasonGone && reason != core.ReasonRefused {
			err = second // else it is neither, and what was said of the page is told
		}
	}
	if err == nil && page.ID == "" {
		err = vendor.Broken(errors.New("a new page without an id"))
	}
	return &core.RemotePage{ID: page.ID, URL: page.URL}, err
}

// find looks for the page that an earlier call made below the parent: of our title,
// and empty or with our part.
func (c *Connector) find(ctx context.Context, a core.Access, p core.Publication) (*core.RemotePage, error) {
	if !p.Retry {
		return nil, nil // there is none, and that is no error
	}
	candidates, err := c.below(ctx, a, p)
	if err != nil {
		return nil, err
	}
	for _, id := range candidates {
		ours, err := c.isOurs(ctx, a, p, id)
		if err != nil {
			return nil, err
		}
		if ours {
			_, it, err := c.page(ctx, a, id, nil)
			return &core.RemotePage{ID: id, URL: it.URL}, err
		}
	}
	return nil, nil // there is none, and that is no error
}

// below returns the pages of our title below the parent: a page's child pages, or
// the newest rows of a data source.
func (c *Connector) below(ctx context.Context, a core.Access, p core.Publication) ([]string, error) {
	var ids []string
	blocks, err := c.all(ctx, a, "/v1/blocks/"+p.Parent+"/children")
	if core.ReasonOf(err) == core.ReasonGone || err == nil && len(blocks) == 0 { // a data source is no block, or one without children
		rows, none := c.newestRows(ctx, a, p)
		if core.ReasonOf(none) == core.ReasonGone || core.ReasonOf(none) == core.ReasonRefused {
			return nil, err
		}
		return rows, none
	}
	if err != nil {
		return nil, err
	}
	for _, raw := range blocks {
		var b struct {
			ID    string
			Child struct{ Title string } `json:"child_page"`
			Type  string
		}
		if err := vendor.Decode(raw, &b); err != nil {
			return nil, err
		}
		if b.Type == "child_page" && b.Child.Title == p.Title && checkID(b.ID) == nil {
			ids = append(ids, b.ID)
		}
	}
	return ids, nil
}

// newestRows looks at the rows of a data source that were made last.
func (c *Connector) newestRows(ctx context.Context, a core.Access, p core.Publication) ([]string, error) {
	in := map[string]any{"page_size": 100, "sorts": []any{map[string]any{"timestamp": "created_time", "direction": "descending"}}}
	var l list
	if err := c.ask(ctx, a, "/v1/data_sources/"+p.Parent+"/query", in, &l); err != nil {
		return nil, err
	}
	var ids []string
	for _, raw := range l.Results {
		it, err := item(raw)
		if err != nil {
			return nil, err
		}
		if it.Title == p.Title && checkID(it.ID) == nil {
			ids = append(ids, it.ID)
		}
	}
	return ids, nil
}

func (c *Connector) isOurs(ctx context.Context, a core.Access, p core.Publication, id string) (bool, error) {
	blocks, err := c.all(ctx, a, "/v1/blocks/"+id+"/children")
	if err != nil || len(blocks) == 0 {
		return err == nil, err
	}
	m, err := MergePart(ctx, blocks, reader{c: c, a: a, root: id}, part(p))
	return err == nil && m.State != provenance.Created, err
}

// merge writes our part of a page, and the title of it, where that is ours.
func (c *Connector) merge(ctx context.Context, a core.Access, p core.Publication, at core.RemotePage, it *core.Item) (*core.Published, error) {
	blocks, err := c.all(ctx, a, "/v1/blocks/"+at.ID+"/children")
	if err != nil {
		return nil, err
	}
	m, err := MergePart(ctx, blocks, reader{c: c, a: a, root: at.ID}, part(p))
	if err != nil {
		return nil, err
	}
	out := &core.Published{RemotePage: at, Outcome: core.PublishOutcome(m.State), Diff: m.Diff}
	if p.DryRun || m.State == provenance.Conflict {
		return out, nil
	}
	if retitled, err := c.retitle(ctx, a, p, it); err != nil {
		return nil, err
	} else if retitled && m.State == provenance.Unchanged {
		out.Outcome = core.PublishUpdated
	}
	if m.State == provenance.Unchanged {
		return out, nil
	}
	if err := c.append(ctx, a, at.ID, m); err != nil {
		return nil, err
	}
	for _, id := range m.Remove {
		err := c.send(ctx, a, http.MethodDelete, "/v1/blocks/"+id, nil, &struct{}{})
		if err != nil && core.ReasonOf(err) != core.ReasonGone {
			return nil, err
		}
	}
	return out, nil
}

// append sends new blocks in as many requests as Notion's limits take, in order.
func (c *Connector) append(ctx context.Context, a core.Access, page string, m Merge) error {
	after := m.After
	for _, req := range Appends(m.Append) {
		under, body := page, map[string]any{"children": req.Blocks}
		if req.Under != nil {
			under = req.Under.ID
		} else if after != "" {
			body["after"] = after
		}
		var l list
		if err := c.send(ctx, a, http.MethodPatch, "/v1/blocks/"+under+"/children", body, &l); err != nil {
			return err
		}
		if err := name(req.Blocks, l.Results); err != nil {
			return err
		}
		if req.Under == nil && after != "" {
			after = req.Blocks[len(req.Blocks)-1].ID
		}
	}
	return nil
}

// name gives blocks the ids that the answer to their request has.
func name(blocks []*Block, results []json.RawMessage) error {
	if len(results) != len(blocks) {
		return vendor.Broken(errors.New("an answer with other blocks than were sent"))
	}
	for i, raw := range results {
		var b struct{ ID string }
		if err := vendor.Decode(raw, &b); err != nil {
			return err
		}
		blocks[i].ID = b.ID
	}
	return nil
}
