package chaos

import (
	"cmp"
	"slices"
	"time"

	"github.com/docsctl/docsctl/core"
)

// Patience is how long a due job may wait beside a free worker.
const Patience = 5 * time.Second

// wait is a time in which a job was due and nobody had taken it.
type wait struct {
	job core.JobID
	org core.OrgID
	due time.Time
	Span
	taken bool // by a worker, at the end
}

// waits checks that no job waits while there is a free worker. A job's turn comes
// after those of its organization that were due before it: while they are being
// taken, the line moves and the job is not stuck, however long the line is.
func (j *judge) waits() {
	waits, until := j.allWaits()
	idle := j.idle(until)
	lines := map[core.OrgID][]wait{} // those that were taken, by the time of it
	for _, w := range waits {
		if w.taken {
			lines[w.org] = append(lines[w.org], w)
		}
	}
	for _, line := range lines {
		slices.SortFunc(line, func(a, b wait) int { return a.To.Compare(b.To) })
	}
	for _, w := range waits {
		if w.To.Sub(w.From) <= Patience {
			continue
		}
		if longest := longestPause(w, lines[w.org], idle); longest > Patience {
			j.breach(Stuck, w.job, "it waited for %s beside a free worker", longest.Round(time.Millisecond))
		}
	}
}

// jitter is by how much two jobs that are due at the same time may be taken out of
// order: their due times come from the clocks of several processes.
const jitter = time.Second

// longestPause is the longest time within w in which a worker was idle and none of
// those before w in its line was taken, or 0 when it is within Patience.
func longestPause(w wait, line []wait, idle []Span) time.Duration {
	var longest time.Duration
	from, _ := slices.BinarySearchFunc(line, w.From, func(o wait, at time.Time) int { return o.To.Compare(at) })
	moves := []time.Time{w.From}
	for _, o := range line[from:] {
		if o.To.After(w.To) {
			break
		}
		if o.due.Before(w.due.Add(jitter)) {
			moves = append(moves, o.To)
		}
	}
	moves = append(moves, w.To)
	for i := range len(moves) - 1 {
		if moves[i+1].Sub(moves[i]) <= Patience {
			continue // which is nearly all of them
		}
		for _, s := range idle {
			longest = max(longest, earlier(moves[i+1], s.To).Sub(later(moves[i], s.From)))
		}
	}
	return longest
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// allWaits finds every wait of every job, and the time of the last change.
func (j *judge) allWaits() (waits []wait, until time.Time) {
	for _, c := range j.Changes {
		until = later(until, c.At)
	}
	for _, id := range j.order {
		var open *wait
		end := func(at time.Time, taken bool) {
			if open != nil && at.After(open.From) {
				open.To, open.taken = at, taken
				waits = append(waits, *open)
			}
			open = nil
		}
		for _, c := range j.stories[id].changes {
			switch c.Kind {
			case Leased:
				end(c.At, true)
			case ChangedJob:
				end(c.At, false)
				if c.Status == core.JobPending {
					open = &wait{job: id, org: c.Org, due: c.Due, Span: Span{From: later(c.At, c.Due)}}
				}
			}
		}
		end(until, false)
	}
	return waits, until
}

// idle finds when the database could be used and a living process had a place free.
func (j *judge) idle(until time.Time) []Span {
	type step struct {
		at           time.Time
		free, outage int
	}
	var steps []step
	during := func(s Span, free, outage int) {
		if s.To.IsZero() {
			s.To = until
		}
		if s.To.After(s.From) {
			steps = append(steps, step{s.From, free, outage}, step{s.To, -free, -outage})
		}
	}
	for _, p := range j.Processes {
		during(p.Span, p.Places, 0)
	}
	for _, o := range j.Outages {
		during(o, 0, 1)
	}
	for _, s := range j.held(until) {
		during(s, -1, 0)
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	var spans []Span
	free, outages := 0, 0
	for i, s := range steps {
		free, outages = free+s.free, outages+s.outage
		if i+1 == len(steps) || free <= 0 || outages > 0 || !steps[i+1].at.After(s.at) {
			continue
		}
		if n := len(spans); n > 0 && spans[n-1].To.Equal(s.at) {
			spans[n-1].To = steps[i+1].at
			continue
		}
		spans = append(spans, Span{s.at, steps[i+1].at})
	}
	return spans
}

// held finds when a living process had a job under way: from its claim to the end
// of the attempt or of the process.
func (j *judge) held(until time.Time) []Span {
	alive := map[string][]Span{}
	for _, p := range j.Processes {
		alive[p.Name] = append(alive[p.Name], p.Span)
	}
	var spans []Span
	for _, id := range j.order {
		var by string
		var from time.Time
		end := func(at time.Time) {
			for _, life := range alive[by] {
				if life.contains(from) {
					if !life.To.IsZero() {
						at = earlier(at, life.To)
					}
					spans = append(spans, Span{from, at})
				}
			}
			by = ""
		}
		for _, c := range j.stories[id].changes {
			switch {
			case c.Kind == Leased:
				end(c.At)
				by, from = c.By, c.At
			case c.Kind == ChangedJob && c.Status != core.JobInProgress:
				end(c.At)
			}
		}
		end(until)
	}
	return spans
}
