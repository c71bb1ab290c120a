package summarize

import (
	"context"
	"sync"
	"time"
)

// gauge is what was learned of one model in this process.
type gauge struct {
	checking chan struct{} // holds one token: prompts are suspected one after the other

	mu                 sync.Mutex // guards what follows
	answers            int        // whose tokens the server counted
	counted, estimated float64    // tokens of their prompts, the older the less
	written, wanted    float64    // tokens of notes, likewise
	proven             int        // the largest prompt, as estimated, that was shown to be read whole
	window             int        // that the server really has; 0: as it is said to be
	believed           time.Time  // until when
}

func newGauge() *gauge {
	g := &gauge{checking: make(chan struct{}, 1)}
	g.checking <- struct{}{}
	return g
}

// fade is what is left of an old answer's weight with each new one.
const fade = 0.98

// read takes over what the server counted for a prompt.
func (g *gauge) read(estimated int, counted int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answers++
	g.counted = g.counted*fade + float64(counted)
	g.estimated = g.estimated*fade + float64(estimated)
}

// known reports whether the server has counted a prompt.
func (g *gauge) known() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.answers > 0
}

// wrote takes over how long notes became.
func (g *gauge) wrote(wanted int, written int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.written = g.written*fade + float64(written)
	g.wanted = g.wanted*fade + float64(wanted)
}

// ratio is the tokens that the model makes of an estimated one.
func (g *gauge) ratio() float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ratioLocked()
}

func (g *gauge) ratioLocked() float64 {
	if g.estimated == 0 {
		return 1
	}
	return min(max(g.counted/g.estimated, 0.4), 4)
}

// verbosity is the length of an answer beside what it was asked to have.
func (g *gauge) verbosity() float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.wanted == 0 {
		return 0.75
	}
	return min(max(g.written/g.wanted, 0.1), 1.5)
}

// The tripwire: a prompt of which the server counted a smaller share was cut. The
// first answers tell how the model's tokens compare with ours.
const (
	cutShare         = 0.7
	cutShareAtFirst  = 0.4
	answersUntilSure = 5
	leastSuspected   = 1000 // tokens; frames and roles blur what is shorter
)

// suspects reports whether a server that counted so few tokens may have cut the prompt.
func (g *gauge) suspects(estimated int, counted int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if estimated <= leastSuspected || estimated <= g.proven {
		return false
	}
	if g.answers < answersUntilSure {
		return float64(counted) < cutShareAtFirst*float64(estimated)
	}
	return float64(counted) < cutShare*g.ratioLocked()*float64(estimated)
}

// check waits for its turn to find out about a suspicion.
func (g *gauge) check(ctx context.Context) (release func(), err error) {
	select {
	case <-g.checking:
		return func() { g.checking <- struct{}{} }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// prove notes that a prompt of so many tokens is read whole.
func (g *gauge) prove(estimated int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.proven = max(g.proven, estimated)
}

// believe is how long a learned window holds: the server may have been started
// anew with another one.
const believe = time.Hour

// shrink notes that the server cuts prompts to so many tokens.
func (g *gauge) shrink(window int, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.window, g.believed = window, now.Add(believe)
}

// effective returns the window to plan with, in estimated tokens. A tokenizer
// that makes far more of the text than estimated shrinks it in steps: a plan that
// followed each answer would change with every one of them.
func (g *gauge) effective(published int, now time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	window := published
	if window <= 0 {
		window = defaultWindow
	}
	if g.window > 0 && now.Before(g.believed) {
		window = min(window, g.window)
	}
	ratio := g.ratioLocked()
	if g.answers < answersUntilSure || ratio <= 1.3 {
		return window
	}
	steps := int(ratio*2) + 1
	return window * 2 / steps
}
