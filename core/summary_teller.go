package core

import (
	"context"
	"time"
	"unicode/utf8"
)

// tellTextEvery is how often at most the text of a summary is told while it is
// written: models write a word at a time, which nobody reads one by one.
const tellTextEvery = 100 * time.Millisecond

// summaryTeller tells the feed of a summary's text while it is written. One
// goroutine at a time uses it.
type summaryTeller struct {
	run     *Run
	pending SummaryDelta // what was not told yet
	end     int          // the offset behind it
	told    time.Time
}

func newSummaryTeller(r *Run, id SummaryID) *summaryTeller {
	j := r.Job()
	return &summaryTeller{run: r, pending: SummaryDelta{SummaryID: id, JobID: j.ID, Run: j.Run, Attempt: j.Attempt}}
}

// write takes text that continues at offset, or replaces what was there.
func (s *summaryTeller) write(ctx context.Context, offset int, text string) {
	if offset != s.end {
		s.flush(ctx)
		s.pending.Offset = offset
	}
	s.pending.Text += text
	s.end = offset + utf8.RuneCountInString(text)
	if s.run.cfg.now().Sub(s.told) >= tellTextEvery {
		s.flush(ctx)
	}
}

// flush tells what is left.
func (s *summaryTeller) flush(ctx context.Context) {
	if s.pending.Text == "" {
		return
	}
	s.told = s.run.cfg.now()
	s.run.cfg.tellEphemeral(ctx, s.run.Tenant(), EventSummaryDelta, s.told, &s.pending)
	s.pending.Offset, s.pending.Text = s.end, ""
}
