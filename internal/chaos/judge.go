package chaos

import (
	"fmt"
	"slices"

	"github.com/docsctl/docsctl/core"
)

// Judge holds a whole history against every rule. It is for histories that have
// come to rest: whatever has not ended by then is lost.
func Judge(h History) Verdict {
	j := judge{History: h, v: Verdict{Jobs: map[core.JobStatus]int{}}, stories: map[core.JobID]*story{}}
	for _, c := range h.Changes {
		s := j.story(c.Job)
		s.changes = append(s.changes, c)
	}
	for _, e := range h.Events {
		s := j.story(e.Job)
		s.events = append(s.events, e)
	}
	for _, id := range h.Accepted {
		j.story(id)
	}
	for _, id := range j.order {
		s := j.stories[id]
		j.ends(id, s)
		j.tells(id, s)
		j.holds(id, s)
	}
	j.waits()
	return j.v
}

type judge struct {
	History
	v       Verdict
	stories map[core.JobID]*story
	order   []core.JobID // of stories, so that a verdict reads the same each time
}

// story is one job's share of a history.
type story struct {
	changes []Change
	events  []Event
}

func (j *judge) story(id core.JobID) *story {
	s := j.stories[id]
	if s == nil {
		s = &story{}
		j.stories[id], j.order = s, append(j.order, id)
	}
	return s
}

func (j *judge) breach(r Rule, id core.JobID, format string, args ...any) {
	j.v.Breaches = append(j.v.Breaches, Breach{Rule: r, Job: id, What: fmt.Sprintf(format, args...)})
}

// ends checks that every run has one end, and that nothing follows it.
func (j *judge) ends(id core.JobID, s *story) {
	var last core.JobStatus
	ended := map[int]int{}
	for _, c := range s.changes {
		if c.Kind != ChangedJob {
			continue
		}
		last = c.Status
		if c.Status == core.JobInProgress {
			j.v.Attempts++
		}
		if c.Status.Ended() {
			ended[c.Run]++
		}
	}
	j.v.Jobs[last]++
	if !last.Ended() {
		j.breach(Lost, id, "its last state is %q", last)
	}
	for run, n := range ended {
		if n > 1 {
			j.breach(Twice, id, "run %d came to an end %d times", run, n)
		}
	}
	told, over := map[int]int{}, false
	for _, e := range s.events {
		ofJob := e.Type.Topic() == core.EventJobQueued.Topic()
		if ofJob && e.Type == core.EventJobQueued && e.Attempt == 0 && told[e.Run] == 0 {
			over = false // the next run
		}
		if over {
			j.breach(AfterEnd, id, "%s follows the end of run %d", e.Type, e.Run)
		}
		if ofJob && e.Status.Ended() {
			told[e.Run]++
			over = true
		}
	}
	for run, n := range told {
		if n > 1 {
			j.breach(Twice, id, "run %d has %d end events", run, n)
		}
	}
}

// eventOf is the event that tells of a job's being in a state.
var eventOf = map[core.JobStatus]core.EventType{
	core.JobPending: core.EventJobQueued, core.JobInProgress: core.EventJobStarted, core.JobCompleted: core.EventJobCompleted,
	core.JobFailed: core.EventJobFailed, core.JobCanceled: core.EventJobCanceled,
}

// said is what an event and a change must agree in.
type said struct {
	tx           string
	typ          core.EventType
	run, attempt int
}

// tells checks that changes and events of the job come in pairs, each in one
// transaction.
func (j *judge) tells(id core.JobID, s *story) {
	changed, told := map[said]int{}, map[said]int{}
	for _, c := range s.changes {
		if c.Kind == ChangedJob {
			changed[said{c.Tx, eventOf[c.Status], c.Run, c.Attempt}]++
		}
	}
	for _, e := range s.events {
		if e.Type.Topic() == core.EventJobQueued.Topic() {
			told[said{e.Tx, e.Type, e.Run, e.Attempt}]++
		}
	}
	for c, n := range changed {
		if told[c] < n {
			j.breach(Untold, id, "it changed in transaction %s, of which no %s of run %d, attempt %d tells", c.tx, c.typ, c.run, c.attempt)
		}
	}
	for e, n := range told {
		if changed[e] < n {
			j.breach(Untrue, id, "%s of run %d, attempt %d in transaction %s tells of no change", e.typ, e.run, e.attempt, e.tx)
		}
	}
}

// holds checks that nobody but the holder of the lease has started, ended or put
// back the job, or written its summary. Users make jobs, cancel and retry them.
func (j *judge) holds(id core.JobID, s *story) {
	holder, last := "", core.JobStatus("")
	for i, c := range s.changes {
		switch c.Kind {
		case Leased:
			holder = c.By
		case ChangedJob:
			byUser := i == 0 || c.Status == core.JobCanceled || last.Ended() && c.Status == core.JobPending
			if !byUser && c.By != holder {
				j.breach(DeadWrite, id, "%s made it %s in attempt %d while the lease was held by %q", c.By, c.Status, c.Attempt, holder)
			}
			if c.Status != core.JobInProgress {
				holder = ""
			}
			last = c.Status
		case ChangedSummary:
			with := func(o Change) bool { return o.Kind == ChangedJob && o.Tx == c.Tx }
			if !slices.ContainsFunc(s.changes, with) {
				j.breach(DeadWrite, id, "%s wrote its summary in transaction %s, in which the job did not change", c.By, c.Tx)
			}
		}
	}
}
