package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"github.com/docsctl/docsctl/core"
)

// progress shows how a job gets on: one line that is written over, on a terminal
// only. That an attempt failed is told everywhere.
type progress struct {
	io    *IOStreams
	notes io.Writer
	what  string
	told  time.Time // the next attempt that was told of last
	shown bool      // the line stands on the terminal
}

func newProgress(io *IOStreams, notes io.Writer, what string) *progress {
	p := &progress{io: io, notes: notes, what: what}
	p.draw(what)
	return p
}

// show brings the line up to date.
func (p *progress) show(j *core.Job) {
	if next := j.NextAttemptAt; j.ErrorMessage != "" && next != nil && !next.Equal(p.told) {
		p.told = *next
		p.clear()
		note(p.notes, "%s; it is tried again at %s", j.ErrorMessage, next.Local().Format(time.TimeOnly))
	}
	p.draw(p.what + bar(j.Progress))
}

// barCells is how wide the bar itself is.
const barCells = 24

func bar(p core.Progress) string {
	if p.Total <= 0 {
		return ""
	}
	full := min(max(p.Done, 0), p.Total) * barCells / p.Total
	line := fmt.Sprintf(" [%s%s] %d/%d", strings.Repeat("#", full), strings.Repeat(".", barCells-full), p.Done, p.Total)
	if p.Message != "" {
		line += " " + p.Message
	}
	return line
}

func (p *progress) draw(line string) {
	if !p.io.IsStderrTTY || p.io.Dumb {
		return
	}
	p.shown = true
	// The last cell stays free: some terminals begin a new line behind it.
	fmt.Fprint(p.io.ErrOut, "\r"+fit(oneLine(line), p.io.Width-1)+"\x1b[K")
}

// clear takes the line away, so that others can be written.
func (p *progress) clear() {
	if p.shown {
		p.shown = false
		fmt.Fprint(p.io.ErrOut, "\r\x1b[K")
	}
}

// fit cuts s to a number of terminal cells.
func fit(s string, cells int) string {
	used := 0
	var b strings.Builder
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if used += g.Width(); used > cells {
			break
		}
		b.WriteString(g.Str())
	}
	return b.String()
}
