package cli

import (
	"fmt"
	"strings"
	"sync"

	"github.com/docsctl/docsctl/core"
)

// bulkView shows how a run over several inputs gets on: a line that is written over
// on a terminal, and the results in the order of the inputs as they come in.
type bulkView struct {
	run   *summarizing
	items []*bulkItem

	mu      sync.Mutex // guards what follows, and what is written
	line    *progress
	phase   string
	done    int
	failed  int
	active  []*bulkItem
	states  map[*bulkItem]core.Progress
	written int // items whose notes and text are out
	closed  bool
}

func newBulkView(run *summarizing, items []*bulkItem) *bulkView {
	return &bulkView{run: run, items: items, line: &progress{io: run.opts.IO, notes: run.notes}, states: map[*bulkItem]core.Progress{}}
}

// begin starts a phase in which every item ends once.
func (v *bulkView) begin(phase string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.phase, v.done, v.failed = phase, 0, 0
	for _, item := range v.items {
		item.ended = false
	}
	v.draw()
}

// tell writes a line about the run.
func (v *bulkView) tell(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.line.clear()
	note(v.run.notes, "%s", text)
}

func (v *bulkView) start(item *bulkItem) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.active = append(v.active, item)
	v.draw()
}

func (v *bulkView) progress(item *bulkItem, p core.Progress) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.states[item] = p
	v.draw()
}

// stop ends an item's part in the phase. What summarizing has told and made is
// written when that of all before it is.
func (v *bulkView) stop(item *bulkItem, failed bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, a := range v.active {
		if a == item {
			v.active = append(v.active[:i], v.active[i+1:]...)
			break
		}
	}
	delete(v.states, item)
	v.done++
	if failed && !item.result.skipped {
		v.failed++
	}
	item.ended = true
	if v.phase == "summarizing" {
		v.writeEnded()
	}
	v.draw()
}

func (v *bulkView) writeEnded() {
	for v.written < len(v.items) && v.items[v.written].ended {
		item := v.items[v.written]
		v.line.clear()
		if item.result.sum != nil && v.run.printsTexts() {
			_ = v.run.opts.IO.print(v.run.text(v.written, item.result)) // finish cannot repeat it; the summary is kept
		}
		fmt.Fprint(v.run.notes, item.notes.String())
		if item.result.skipped {
			note(v.run.notes, "skipped %s", describe(item.result.err).Message)
		}
		v.written++
	}
}

func (v *bulkView) draw() {
	if v.closed {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s", v.phase, bar(core.Progress{Done: v.done, Total: len(v.items)}))
	if v.failed > 0 {
		fmt.Fprintf(&b, ", %d failed", v.failed)
	}
	for i, item := range v.active {
		b.WriteString(map[bool]string{true: ": ", false: ", "}[i == 0] + displayName(item.input))
		if p := v.states[item]; p.Total > 0 {
			fmt.Fprintf(&b, " %d/%d", p.Done, p.Total)
		}
	}
	v.line.draw(b.String())
}

// close takes the line away.
func (v *bulkView) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.line.clear()
	v.closed = true
}
