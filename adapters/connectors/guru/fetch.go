package guru

import (
	"context"

	"github.com/docsctl/docsctl/core"
)

// Fetch implements core.Connector. A list's cards are whole, so that a listed one
// takes no call.
func (c *Connector) Fetch(ctx context.Context, a core.Access, id string, listed *core.Item) (*core.Fetched, error) {
	var k card
	var err error
	if listed != nil && len(listed.Body) > 0 {
		k, err = decode(listed.Body)
	} else {
		k, _, err = c.read(ctx, a, id)
	}
	if err != nil {
		return nil, err
	}
	out := &core.Fetched{Item: k.item(nil)}
	result, err := Convert(ctx, k.Content)
	if err != nil {
		return nil, err
	}
	out.Markdown = result.Markdown
	for _, w := range result.Warnings {
		out.Warnings = append(out.Warnings, w.String())
	}
	return out, nil
}
