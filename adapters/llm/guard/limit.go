package guard

import (
	"context"

	"github.com/docsctl/docsctl/core"
)

var _ core.LLM = (*Limit)(nil)

// Limit lets so many calls be in flight at once; others wait for a place.
type Limit struct {
	core.LLM
	places chan struct{}
}

// NewLimit returns m with a bound of calls at once, at least one.
func NewLimit(m core.LLM, calls int) *Limit {
	return &Limit{LLM: m, places: make(chan struct{}, max(1, calls))}
}

// Generate implements core.LLM.
func (d *Limit) Generate(ctx context.Context, r core.LLMRequest, delta func(text string)) (*core.LLMResponse, error) {
	select {
	case d.places <- struct{}{}:
		defer func() { <-d.places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return d.LLM.Generate(ctx, r, delta)
}
