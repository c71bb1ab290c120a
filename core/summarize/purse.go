package summarize

import (
	"context"
	"errors"
	"math"
	"sync"

	"github.com/docsctl/docsctl/core"
)

// purse counts what a summary costs and keeps its cap: calls start while all that they
// may cost at most is under it, the last ones with less room for the answer. What a
// prompt costs is known as well as the model's tokens are.
type purse struct {
	cap    *float64 // for this attempt
	input  *float64 // price of a million tokens
	output *float64

	mu       sync.Mutex    // guards what follows
	changed  chan struct{} // closed when a call comes back
	usage    core.Usage
	spent    float64 // by this attempt
	inFlight int     // calls
	held     float64 // what they may cost at most
}

func newPurse(limit *float64, m core.LLMModel) *purse {
	return &purse{cap: limit, input: m.InputUSD, output: m.OutputUSD, changed: make(chan struct{})}
}

// cost returns what tokens cost, 0 without a price.
func (p *purse) cost(input, output int64) float64 {
	if p.input == nil || p.output == nil {
		return 0
	}
	return (float64(input)**p.input + float64(output)**p.output) / 1e6
}

// begin waits until a call may start, and returns how many tokens its answer may have:
// output, or less, but not less than least, when it is alone and no more can be paid
// for. What it may cost then is held until end. It returns errStopped when stopped is
// closed before.
func (p *purse) begin(ctx context.Context, stopped <-chan struct{}, input int64, least, output int) (most int, held float64, err error) {
	for {
		select {
		case <-stopped:
			return 0, 0, errStopped
		default:
		}
		p.mu.Lock()
		left := p.left(input, 0)
		switch {
		case left < max(1, least):
			p.mu.Unlock()
			return 0, 0, errOverCap()
		case p.inFlight == 0 || p.left(input, p.held) >= output:
			most = min(output, left)
			held = p.cost(input, int64(most))
			p.inFlight++
			p.held += held
			p.mu.Unlock()
			return most, held, nil
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		case <-stopped:
		}
	}
}

// left returns how many tokens of an answer can be paid for beside a prompt and what
// others may cost. p.mu is held.
func (p *purse) left(input int64, others float64) int {
	if p.cap == nil {
		return math.MaxInt
	}
	rest := *p.cap - p.spent - p.cost(input, 0) - others
	switch each := p.cost(0, 1); {
	case rest < 0:
		return 0
	case each == 0:
		return math.MaxInt
	default:
		return int(min(rest/each, math.MaxInt32))
	}
}

// errStopped says that a call did not begin because another had failed.
var errStopped = errors.New("the summary has failed meanwhile")

func errOverCap() error {
	return &core.Error{Code: core.CodeBudgetExceeded, Message: "the summary would cost more than max_cost_usd; raise it and retry, what is done will not be paid again"}
}

// end takes a call back, with what it was answered; nil when it failed.
func (p *purse) end(held float64, answer *core.LLMResponse) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight--
	p.held -= held
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
