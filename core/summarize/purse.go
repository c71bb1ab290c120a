package summarize

import (
	"context"
	"sync"

	"github.com/docsctl/docsctl/core"
)

// purse counts what a summary costs and keeps its cap: a call starts only while
// what was spent, and what the calls in flight are expected to cost, is under it.
type purse struct {
	cap    *float64 // for this attempt
	input  *float64 // price of a million tokens
	output *float64

	mu       sync.Mutex    // guards what follows
	changed  chan struct{} // closed when a call comes back
	usage    core.Usage
	spent    float64 // by this attempt
	inFlight map[int]float64
	next     int
}

func newPurse(limit *float64, m core.LLMModel) *purse {
	return &purse{cap: limit, input: m.InputUSD, output: m.OutputUSD, changed: make(chan struct{}), inFlight: map[int]float64{}}
}

// cost returns what tokens cost, 0 without a price.
func (p *purse) cost(input, output int64) float64 {
	if p.input == nil || p.output == nil {
		return 0
	}
	return (float64(input)**p.input + float64(output)**p.output) / 1e6
}

// begin waits until a call may start that is expected to have so many tokens.
func (p *purse) begin(ctx context.Context, input, output int64) (id int, err error) {
	for {
		p.mu.Lock()
		waiting := 0.0
		for _, c := range p.inFlight {
			waiting += c
		}
		switch {
		case p.cap != nil && p.spent >= *p.cap:
			p.mu.Unlock()
			return 0, &core.Error{Code: core.CodeBudgetExceeded, Message: "the summary would cost more than max_cost_usd; raise it and retry, what is done will not be paid again"}
		case p.cap == nil || len(p.inFlight) == 0 || p.spent+waiting < *p.cap:
			p.next++
			p.inFlight[p.next] = p.cost(input, output)
			id = p.next
			p.mu.Unlock()
			return id, nil
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// end takes a call back, with what it was answered; nil when it failed.
func (p *purse) end(id int, answer *core.LLMResponse) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.inFlight, id)
	if answer != nil {
		p.usage.InputTokens += answer.InputTokens
		p.usage.OutputTokens += answer.OutputTokens
		p.usage.LLMCalls += max(1, answer.Calls)
		p.spent += p.cost(answer.InputTokens, answer.OutputTokens)
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// reuse counts a call that was paid for before.
func (p *purse) reuse(tokens int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.usage.CachedCalls++
	p.usage.CachedTokens += tokens
}

// forget drops what was reused so far, for a new plan that counts anew.
func (p *purse) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.usage.CachedCalls, p.usage.CachedTokens = 0, 0
}

// total returns what was used; the cost is nil for a model without a price.
func (p *purse) total() core.Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.usage
	if p.input != nil && p.output != nil {
		u.CostUSD = new(p.spent)
	}
	return u
}
