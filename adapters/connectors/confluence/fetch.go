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
	p, it, err := c.page(ctx, a, id, from)
	if err != nil {
		return nil, err
	}
	out := &core.Fetched{Item: it}
	out.Body = nil
	var result doctree.Result
	switch {
	case p.storage != nil:
		result, err = ConvertStorage(ctx, *p.storage, nil)
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

// page returns a page as it was listed, or reads it.
func (c *Connector) page(ctx context.Context, a core.Access, id string, from *core.Item) (page, core.Item, error) {
	if from != nil && len(from.Body) > 0 {
		var l listed
		if json.Unmarshal(from.Body, &l) == nil {
			return page{storage: &l.Storage}, *from, nil
		}
	}
	e, err := c.edition(a)
	if err != nil {
		return page{}, core.Item{}, err
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
