package notion

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/docsctl/docsctl/core"
)

// Fetch implements core.Connector.
func (c *Connector) Fetch(ctx context.Context, a core.Access, id string, listed *core.Item) (*core.Fetched, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	page, it, err := c.page(ctx, a, id, listed)
	if err != nil {
		return nil, err
	}
	out := &core.Fetched{Item: it}
	out.ID = id // as it was asked for
	if it.State != core.RemotePresent {
		return out, nil
	}
	result, err := Convert(ctx, page, reader{c: c, a: a, root: it.ID})
	if core.ReasonOf(err) == core.ReasonGone {
		err = c.confirm(ctx, a, id)
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

// confirm asks for a page whose blocks are said not to be there. That alone does not
// mean that the page is gone.
func (c *Connector) confirm(ctx context.Context, a core.Access, id string) error {
	if err := c.get(ctx, a, "/v1/pages/"+id, &struct{}{}); err != nil {
		return err
	}
	return vendor.Broken(errors.New("a page that is there and whose blocks are not"))
}

// page returns a page as it was listed, or reads it. That it is gone is asked twice.
func (c *Connector) page(ctx context.Context, a core.Access, id string, listed *core.Item) (json.RawMessage, core.Item, error) {
	var raw json.RawMessage
	if listed != nil && len(listed.Body) > 0 {
		raw = listed.Body
	} else {
		err := c.get(ctx, a, "/v1/pages/"+id, &raw)
		if core.ReasonOf(err) == core.ReasonGone {
			err = c.get(ctx, a, "/v1/pages/"+id, &raw)
		}
		if err != nil {
			return nil, core.Item{}, err
		}
	}
	it, err := item(raw)
	if err == nil && it.ID == "" {
		err = vendor.Broken(errors.New("a page without an id"))
	}
	it.Body = nil
	if listed != nil {
		it.Path = listed.Path
	}
	return raw, it, err
}
