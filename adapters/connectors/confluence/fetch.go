package confluence

import (
	"context"
	"encoding/json"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/core"
)

// Fetch implements core.Connector.
func (c *Connector) Fetch(ctx context.Context, a core.Access, id string, from *core.Item) (*core.Fetched, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	e, err := c.edition(a)
	if err != nil {
		return nil, err
	}
	p, it, err := readPage(ctx, e, id, from)
	if err != nil {
		return nil, err
	}
	out := &core.Fetched{Item: it}
	out.Body = nil
	var result doctree.Result
	var names Names
	switch {
	case p.storage != nil:
		if names, err = c.names(ctx, a, e, p); err == nil {
			result, err = ConvertStorage(ctx, *p.storage, names)
		}
	case p.adf != "":
		result, err = ConvertADF(ctx, []byte(p.adf))
	}
	if err != nil {
		return nil, err
	}
	out.Markdown = result.Markdown
	for _, w := range result.Warnings {
		out.Warnings = append(out.Warnings, w.String())
	}
	return out, nil
}

// readPage returns a page as it was listed, or reads it.
func readPage(ctx context.Context, e edition, id string, from *core.Item) (page, core.Item, error) {
	if from != nil && len(from.Body) > 0 {
		var l listed
		if json.Unmarshal(from.Body, &l) == nil {
			return page{storage: &l.Storage, spaceID: l.SpaceID}, *from, nil
		}
	}
	p, err := e.read(ctx, id, true)
	if err != nil {
		return page{}, core.Item{}, err
	}
	it := p.item()
	if from != nil && from.Path != "" {
		it.Path = from.Path
	}
	return p, it, nil
}
