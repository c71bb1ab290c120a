package chaos

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// begun is when the histories of these tests begin.
var begun = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return begun.Add(time.Duration(seconds * float64(time.Second))) }

// telling writes histories as an installation without a fault makes them: each
// change of a job comes with its event.
type telling struct {
	History
	txs int
}

func (h *telling) change(seconds float64, by string, id core.JobID, s core.JobStatus, run, attempt int) {
	h.txs++
	c := Change{Kind: ChangedJob, At: at(seconds), Tx: fmt.Sprint(h.txs), By: by, Org: "acme", Job: id, Run: run, Attempt: attempt, Status: s}
	if s == core.JobPending {
		c.Due = c.At
	}
	if s.Ended() {
		h.Changes = append(h.Changes, Change{Kind: ChangedSummary, At: c.At, Tx: c.Tx, By: by, Org: "acme", Job: id})
		h.Events = append(h.Events, Event{Type: core.EventSummaryCompleted, Tx: c.Tx, Job: id})
	}
	h.Changes = append(h.Changes, c)
	h.Events = append(h.Events, Event{Type: eventOf[s], Tx: c.Tx, Job: id, Run: run, Attempt: attempt, Status: s})
}

func (h *telling) accept(seconds float64, id core.JobID) {
	h.change(seconds, "api", id, core.JobPending, 1, 0)
	h.Accepted = append(h.Accepted, id)
}

func (h *telling) lease(seconds float64, by string, id core.JobID) {
	h.Changes = append(h.Changes, Change{Kind: Leased, At: at(seconds), By: by, Org: "acme", Job: id})
}

func (h *telling) start(seconds float64, by string, id core.JobID, attempt int) {
	h.lease(seconds, by, id)
	h.change(seconds+0.01, by, id, core.JobInProgress, 1, attempt)
}

func (h *telling) complete(seconds float64, by string, id core.JobID, attempt int) {
	h.change(seconds, by, id, core.JobCompleted, 1, attempt)
}

func (h *telling) process(name string, places int, from, to float64) {
	h.Processes = append(h.Processes, Process{Name: name, Places: places, Span: Span{at(from), at(to)}})
}

// eventful is a history in which much happened, all of it rightly: a job that ran,
// one whose worker was lost, one canceled while it waited, one retried.
func eventful() *telling {
	h := &telling{}
	h.process("one", 2, 0, 4)
	h.process("two", 2, 0, 60)
	h.accept(0, "plain")
	h.start(0.1, "one", "plain", 1)
	h.complete(0.5, "one", "plain", 1)

	h.accept(1, "rescued")
	h.start(1.1, "one", "rescued", 1) // is killed at 4
	h.lease(7, "two", "rescued")      // takes it over
	h.change(7.1, "two", "rescued", core.JobPending, 1, 1)
	h.start(7.2, "two", "rescued", 2)
	h.complete(8, "two", "rescued", 2)

	h.accept(2, "canceled")
	h.change(2.1, "api", "canceled", core.JobCanceled, 1, 0)
	h.change(9, "api", "canceled", core.JobPending, 2, 0)
	h.lease(9.1, "two", "canceled")
	h.change(9.2, "two", "canceled", core.JobInProgress, 2, 1)
	h.change(9.3, "two", "canceled", core.JobCompleted, 2, 1)
	return h
}

// last returns the place of the last change of a kind, and state, of a job.
func (h *telling) last(k Kind, id core.JobID, s core.JobStatus) int {
	for i, c := range slices.Backward(h.Changes) {
		if c.Kind == k && c.Job == id && c.Status == s {
			return i
		}
	}
	panic("no such change")
}

func (h *telling) lastEvent(id core.JobID, t core.EventType) int {
	for i, e := range slices.Backward(h.Events) {
		if e.Job == id && e.Type == t {
			return i
		}
	}
	panic("no such event")
}

func TestJudge_FindsEachBreachAndNoOther(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		breaks func(h *telling)
		want   map[Rule]int
	}{
		"NothingIsWrong":      {func(*telling) {}, nil},
		"AcceptedAndNotThere": {func(h *telling) { h.Accepted = append(h.Accepted, "gone") }, map[Rule]int{Lost: 1}},
		"NeverEnds": {func(h *telling) {
			h.accept(50, "endless")
			h.start(50.1, "two", "endless", 1)
		}, map[Rule]int{Lost: 1}},
		"EndsTwice": {func(h *telling) {
			h.lease(0.6, "two", "plain")
			h.complete(0.7, "two", "plain", 1)
		}, map[Rule]int{Twice: 2, AfterEnd: 2}}, // by its changes and by its events
		"EndEventTwice": {func(h *telling) {
			h.Events = append(h.Events, h.Events[h.lastEvent("plain", core.EventJobCompleted)])
		}, map[Rule]int{Twice: 1, AfterEnd: 1, Untrue: 1}},
		"SummaryAfterTheEnd": {func(h *telling) {
			h.Events = append(h.Events, Event{Type: core.EventSummaryCompleted, Job: "plain"})
		}, map[Rule]int{AfterEnd: 1}},
		"StartedAfterTheEnd": {func(h *telling) {
			i := h.lastEvent("rescued", core.EventJobStarted)
			late := h.Events[i]
			h.Events = append(slices.Delete(h.Events, i, i+1), late)
		}, map[Rule]int{AfterEnd: 1}},
		"ChangeWithoutEvent": {func(h *telling) {
			i := h.lastEvent("rescued", core.EventJobQueued)
			h.Events = slices.Delete(h.Events, i, i+1)
		}, map[Rule]int{Untold: 1}},
		"EventInAnotherTransaction": {func(h *telling) {
			h.Events[h.lastEvent("plain", core.EventJobStarted)].Tx = "apart"
		}, map[Rule]int{Untold: 1, Untrue: 1}},
		"EventOfAnotherAttempt": {func(h *telling) {
			h.Events[h.lastEvent("rescued", core.EventJobCompleted)].Attempt = 1
		}, map[Rule]int{Untold: 1, Untrue: 1}},
		"DeadWorkerEnds": {func(h *telling) {
			h.Changes[h.last(ChangedJob, "rescued", core.JobCompleted)].By = "one"
		}, map[Rule]int{DeadWrite: 1}},
		"DeadWorkerStarts": {func(h *telling) {
			h.Changes[h.last(ChangedJob, "canceled", core.JobInProgress)].By = "one"
		}, map[Rule]int{DeadWrite: 1}},
		"NobodyHeldIt": {func(h *telling) {
			i := h.last(Leased, "plain", "")
			h.Changes = slices.Delete(h.Changes, i, i+1)
		}, map[Rule]int{DeadWrite: 2}}, // its start and its end
		"SummaryByItself": {func(h *telling) {
			h.Changes = append(h.Changes, Change{Kind: ChangedSummary, At: at(9.5), Tx: "apart", By: "one", Org: "acme", Job: "rescued"})
		}, map[Rule]int{DeadWrite: 1}},
		"WaitsBesideAFreeWorker": {func(h *telling) {
			h.accept(20, "left")
			h.start(25.1, "two", "left", 1)
			h.complete(25.2, "two", "left", 1)
		}, map[Rule]int{Stuck: 1}},
		"WaitsForever": {func(h *telling) {
			h.accept(20, "left")
			h.accept(30, "other")
			h.start(30.1, "two", "other", 1)
			h.complete(30.2, "two", "other", 1)
		}, map[Rule]int{Lost: 1, Stuck: 1}},
		"LaterOnesAreTakenFirst": {func(h *telling) {
			h.accept(20, "left")
			for i := range 8 {
				id := core.JobID(fmt.Sprint("later ", i))
				h.accept(21.5+float64(i), id)
				h.start(21.6+float64(i), "two", id, 1)
				h.complete(21.7+float64(i), "two", id, 1)
			}
			h.start(29.8, "two", "left", 1)
			h.complete(29.9, "two", "left", 1)
		}, map[Rule]int{Stuck: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := eventful()
			c.breaks(h)
			v := Judge(h.History)
			for _, r := range Rules() {
				if got := v.Count(r); got != c.want[r] {
					t.Errorf("%s: got %d breaches, want %d\n%s", r, got, c.want[r], v)
				}
			}
		})
	}
}

func TestJudge_ExcusesAWait(t *testing.T) {
	t.Parallel()
	waiting := func(h *telling) {
		h.accept(20, "waits")
		h.start(29, "two", "waits", 1)
		h.complete(29.1, "two", "waits", 1)
	}
	for name, excuse := range map[string]func(h *telling){
		"WhileEveryPlaceIsTaken": func(h *telling) {
			for _, id := range []core.JobID{"long", "longer"} {
				h.accept(19, id)
				h.start(19.1, "two", id, 1)
				h.complete(28.9, "two", id, 1)
			}
		},
		"WhileTheDatabaseIsAway": func(h *telling) { h.Outages = []Span{{at(21), at(26)}} },
		"WhileNoWorkerLives":     func(h *telling) { h.Processes[1].To = at(15); h.process("three", 2, 25, 60) },
		"WhileTheLineMoves": func(h *telling) {
			for i := range 4 { // were due before it
				id := core.JobID(fmt.Sprint("before ", i))
				h.accept(19, id)
				h.start(20.5+2.5*float64(i), "two", id, 1)
				h.complete(20.6+2.5*float64(i), "two", id, 1)
			}
		},
		"UntilItIsDue": func(h *telling) {
			h.accept(20, "backs off")
			h.start(20.1, "two", "backs off", 1)
			h.change(20.2, "two", "backs off", core.JobPending, 1, 1)
			h.Changes[h.last(ChangedJob, "backs off", core.JobPending)].Due = at(40)
			h.start(41, "two", "backs off", 2)
			h.complete(41.1, "two", "backs off", 2)
			h.Outages = []Span{{at(21), at(26)}} // for the one that waits
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := eventful()
			excuse(h)
			waiting(h)
			if v := Judge(h.History); len(v.Breaches) > 0 {
				t.Errorf("got breaches, want none:\n%s", v)
			}
		})
	}
}

func TestVerdict_SaysWhatItFound(t *testing.T) {
	t.Parallel()
	h := eventful()
	if got, want := Judge(h.History).String(), "3 jobs in 4 attempts: 3 completed\nlost, twice, stuck: 0, 0, 0\n"+
		"events after the end, changes without an event, events without a change, writes of the dead: 0, 0, 0, 0\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for i := range 30 {
		h.Accepted = append(h.Accepted, core.JobID(fmt.Sprint("gone ", i)))
	}
	got := Judge(h.History).String()
	for _, want := range []string{"lost, twice, stuck: 30, 0, 0\n", "lost: job gone 19: ", "and 10 more\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwhich lacks %q", got, want)
		}
	}
}
