package summarize

import (
	"fmt"
	"sync"

	"github.com/docsctl/docsctl/core"
)

// progress reports calls done of those planned, one report at a time.
type progress struct {
	mu      sync.Mutex // guards all, and orders the reports
	report  func(core.Progress)
	done    int
	total   int
	stopped bool
}

// plan adds calls to the total, of which some are done already.
func (p *progress) plan(calls, cached int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = p.done + calls
	p.done += cached
	p.say(unchangedParts(cached, calls))
}

// step counts a call that is done.
func (p *progress) step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.say(donePart(p.done, p.total))
}

func (p *progress) say(message string) {
	if !p.stopped && p.report != nil {
		p.report(core.Progress{Done: p.done, Total: p.total, Message: message})
	}
}

// stop ends the reports: none comes after it has returned.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
}

func unchangedParts(cached, calls int) string {
	switch {
	case cached == 0 && calls == 1:
		return "reading it"
	case cached == 0:
		return fmt.Sprintf("reading %d parts", calls)
	default:
		return fmt.Sprintf("%d of %d parts unchanged", cached, calls)
	}
}

func donePart(done, total int) string {
	if done == total {
		return "done"
	}
	return fmt.Sprintf("%d of %d parts done", done, total)
}
