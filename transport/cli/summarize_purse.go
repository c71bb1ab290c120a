package cli

import (
	"sync"

	"github.com/docsctl/docsctl/core"
)

// purse shares the money of --max-cost out among the summaries of a run, so that
// they never cost more together.
type purse struct {
	mu      sync.Mutex // guards what follows
	changed *sync.Cond
	left    float64
	holders int
}

func newPurse(usd float64) *purse {
	p := &purse{left: usd}
	p.changed = sync.NewCond(&p.mu)
	return p
}

// purseMargin is how much more than its estimate a summary may take.
const purseMargin = 1.25

// take returns what a summary that is likely to cost about estimate may cost. It
// waits while others may still give money back that it needs.
func (p *purse) take(estimate float64) (float64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.left < estimate && p.holders > 0 {
		p.changed.Wait()
	}
	if p.left < estimate {
		return 0, &core.Error{Code: core.CodeBudgetExceeded, Message: "what is left of --max-cost does not pay for it; run the command again with more, what was made is kept"}
	}
	taken := min(p.left, estimate*purseMargin)
	p.left -= taken
	p.holders++
	return taken, nil
}

// giveBack returns what a summary did not spend.
func (p *purse) giveBack(taken, spent float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left += max(0, taken-spent)
	p.holders--
	p.changed.Broadcast()
}
