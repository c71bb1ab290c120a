package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestPatience(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	// waits is a job that is looked at so long after began, and tried again after pause.
	waits := func(after, pause time.Duration, why core.JobWait) (*core.Job, time.Time) {
		now := began.Add(after)
		next := now.Add(pause)
		return &core.Job{
			Status: core.JobPending, WaitsFor: why, NextAttemptAt: &next,
			ErrorCode: core.CodeUnavailable, ErrorMessage: "the server is away; start it",
		}, now
	}
	t.Run("EndsBeforeAnAttemptThatIsTooFarAway", func(t *testing.T) {
		t.Parallel()
		p := &patience{most: time.Minute}
		for _, after := range []time.Duration{0, 30 * time.Second} { // the first look begins it
			if err := p.end(waits(after, 30*time.Second, core.WaitBreaker)); err != nil {
				t.Errorf("after %s: got %v, want it waited for", after, err)
			}
		}
		err := p.end(waits(31*time.Second, 30*time.Second, core.WaitBreaker))
		if core.CodeOf(err) != core.CodeUnavailable || !strings.HasPrefix(core.AsError(err).Message, "the server is away; start it; ") {
			t.Errorf("too late: got %v, want what the job failed with", err)
		}
	})
	t.Run("NoneIsNone", func(t *testing.T) {
		t.Parallel()
		if err := (&patience{}).end(waits(0, time.Second, core.WaitBreaker)); err == nil {
			t.Error("it waits, want an end at once")
		}
	})
	t.Run("AnAnswerBeginsItAnew", func(t *testing.T) {
		t.Parallel()
		p := &patience{most: time.Minute}
		_ = p.end(waits(0, 30*time.Second, core.WaitBreaker))
		p.worked()
		if err := p.end(waits(time.Hour, 30*time.Second, core.WaitBreaker)); err != nil {
			t.Errorf("got %v, want another minute", err)
		}
	})
	t.Run("HoldsForWaitsWithoutAnEndOnly", func(t *testing.T) {
		t.Parallel()
		for name, end := range map[string]error{
			"the pause before a counted attempt": (&patience{}).end(waits(0, 4*time.Second, core.WaitRetry)),
			"a server's wish that is counted":    (&patience{}).end(waits(0, 45*time.Second, core.WaitRetry)),
			"money of other documents":           (&patience{}).end(waits(0, time.Hour, core.WaitBudget)),
		} {
			if end != nil {
				t.Errorf("%s: got %v, want it waited for", name, end)
			}
		}
		if (&patience{}).end(waits(0, 2*time.Minute, core.WaitRetry)) == nil {
			t.Error("a server that names two minutes is waited for, want an end")
		}
	})
}

func TestAnswered(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		before, after core.Progress
		want          bool
	}{
		"one call more":         {core.Progress{Done: 3, Total: 9}, core.Progress{Done: 4, Total: 9}, true},
		"the same":              {core.Progress{Done: 3, Total: 9}, core.Progress{Done: 3, Total: 9}, false},
		"what was cached":       {core.Progress{}, core.Progress{Done: 3, Total: 9}, false},
		"a plan for other cuts": {core.Progress{Done: 3, Total: 9}, core.Progress{Done: 5, Total: 20}, false},
	} {
		if got := answered(tt.before, tt.after); got != tt.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
