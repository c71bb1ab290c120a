package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func (in *installation) waiting(t *testing.T, a core.Actor, id core.JobID) *core.Waiting {
	t.Helper()
	w, err := in.Jobs.Waiting(t.Context(), a, in.job(t, a, id))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestJobs_SayWhatTheyWaitFor(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	_, first := in.request(t, a)
	_, second := in.request(t, a)
	if w := in.waiting(t, a, second.ID); w.Reason != core.WaitQueue || w.Position != 2 || !strings.Contains(w.Sentence, "one job") {
		t.Errorf("the second: got %+v, want its place in the queue", w)
	}
	leases, err := in.Work.Claim(t.Context(), core.QueueLLM, 1, 0)
	if err != nil || len(leases) != 1 {
		t.Fatal(len(leases), err)
	}
	if w := in.waiting(t, a, first.ID); w.Reason != core.WaitStarting {
		t.Errorf("what was claimed: got %+v, want starting", w)
	}
	if w := in.waiting(t, a, second.ID); w.Position != 1 {
		t.Errorf("the second, as claiming sees it now: got %+v, want it first", w)
	}
	r, err := in.Work.Start(t.Context(), leases[0])
	if err != nil {
		t.Fatal(err)
	}
	if w := in.waiting(t, a, first.ID); w != nil {
		t.Errorf("what runs: got %+v, want nothing", w)
	}
	in.fails(core.Unavailable("the model's server is overloaded", time.Hour, nil))
	execute(t, r)
	if w := in.waiting(t, a, first.ID); w.Reason != core.WaitRetry || w.Until == nil || !strings.Contains(w.Sentence, "overloaded") {
		t.Errorf("after a failed attempt: got %+v, want the next one and the last error", w)
	}
	in.fails(core.Unavailable("the model's server failed several times", 20*time.Second, core.ErrCircuitOpen))
	execute(t, in.claim(t))
	j := in.job(t, a, second.ID)
	if w := in.waiting(t, a, second.ID); w.Reason != core.WaitBreaker || w.Until == nil || j.Attempt != 0 {
		t.Errorf("behind an open breaker: got %+v at attempt %d, want that and no attempt counted", w, j.Attempt)
	}
}

func TestJobs_WaitForQuotasAndBudgetsWithoutAnAttempt(t *testing.T) {
	t.Parallel()
	for want, fails := range map[core.JobWait]*core.Error{
		core.WaitQuota:  {Code: core.CodeQuota, Message: "the plan's tokens are reserved for other jobs", RetryAfter: time.Minute},
		core.WaitBudget: {Code: core.CodeBudgetExceeded, Message: "the money left is reserved for other documents", RetryAfter: time.Minute},
	} {
		in := install(t)
		a, _ := in.admin(t, "ann@example.org")
		_, job := in.request(t, a)
		in.fails(fails)
		execute(t, in.claim(t))
		w, j := in.waiting(t, a, job.ID), in.job(t, a, job.ID)
		if w.Reason != want || w.Until == nil || j.Attempt != 0 || !strings.Contains(w.Sentence, "reserved for other") {
			t.Errorf("%s: got %+v at attempt %d, want that and no attempt counted", want, w, j.Attempt)
		}
	}
}

func TestJobs_WaitForTheirPlansLimit(t *testing.T) {
	t.Parallel()
	in := install(t, func(c *core.Config) { c.Quotas = map[core.PlanType]core.Quota{core.PlanFree: {RunningJobs: 1}} })
	a, _ := in.admin(t, "ann@example.org")
	in.request(t, a)
	_, second := in.request(t, a)
	r := in.claim(t)
	if leases, err := in.Work.Claim(t.Context(), core.QueueLLM, 1, 0); err != nil || len(leases) != 0 {
		t.Errorf("claimed %v, %v at the limit, want nothing", leases, err)
	}
	if w := in.waiting(t, a, second.ID); w.Reason != core.WaitCap || w.Position != 1 || !strings.Contains(w.Sentence, "runs one job,") {
		t.Errorf("got %+v, want the plan's limit", w)
	}
	execute(t, r)
	if w := in.waiting(t, a, second.ID); w.Reason != core.WaitQueue {
		t.Errorf("after the other's end: got %+v, want its turn", w)
	}
	in.claim(t)
}
