package core_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// fails makes the summarizer answer with err.
func (in *installation) fails(err error) {
	in.model.SummarizeFunc = func(context.Context, core.Tenant, core.SummarizeRequest, core.SummaryObserver) (*core.SummaryResult, error) {
		return nil, err
	}
}

func (in *installation) job(t *testing.T, a core.Actor, id core.JobID) *core.Job {
	t.Helper()
	j, err := in.Jobs.Get(t.Context(), a, id)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func (in *installation) summary(t *testing.T, a core.Actor, id core.SummaryID) *core.Summary {
	t.Helper()
	s, err := in.Summaries.Get(t.Context(), a, id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func execute(t *testing.T, r *core.Run) {
	t.Helper()
	if err := r.Execute(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRun_CompletesStateResultAndEventTogether(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	sum, job := in.request(t, a)
	execute(t, in.claim(t))
	j, s := in.job(t, a, job.ID), in.summary(t, a, sum.ID)
	if j.Status != core.JobCompleted || j.FinishedAt == nil || j.Attempt != 1 || len(j.Result) == 0 {
		t.Errorf("job: got %+v, want a completed first attempt with a result", j)
	}
	if s.Status != core.SummaryComplete || s.Text != "a summary" || s.ModelUsed != "mock" {
		t.Errorf("summary: got %+v, want the model's answer", s)
	}
	want := []core.EventType{core.EventDocumentCreated, core.EventJobQueued, core.EventJobStarted, core.EventSummaryCompleted, core.EventJobCompleted}
	if got := in.events(t, a); !slices.Equal(got, want) {
		t.Errorf("events: got %v, want %v", got, want)
	}
}

func TestRun_RetriesWhatMayHelpAndFailsAfterTheLastAttempt(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	sum, job := in.request(t, a)
	in.fails(&core.Error{Code: core.CodeLLM, Message: "the model did not answer; try again later"})
	for attempt := 1; attempt <= job.MaxAttempts; attempt++ {
		in.dispatchNow(t, a, job.ID, attempt)
		execute(t, in.claim(t))
		j := in.job(t, a, job.ID)
		if j.Attempt != attempt || j.ErrorCode != core.CodeLLM {
			t.Fatalf("attempt %d: got %+v", attempt, j)
		}
		if last := attempt == job.MaxAttempts; (j.Status == core.JobFailed) != last || (j.NextAttemptAt == nil) != last {
			t.Fatalf("attempt %d: got status %s, next %v", attempt, j.Status, j.NextAttemptAt)
		}
	}
	if s := in.summary(t, a, sum.ID); s.Status != core.SummaryFailed || s.ErrorMessage == "" {
		t.Errorf("summary: got %s %q, want failed with a sentence", s.Status, s.ErrorMessage)
	}
	if got := in.events(t, a); got[len(got)-1] != core.EventJobFailed {
		t.Errorf("the last event is %s, want the job's end", got[len(got)-1])
	}
}

// dispatchNow has a job that waits for its next attempt started at once.
func (in *installation) dispatchNow(t *testing.T, a core.Actor, id core.JobID, attempt int) {
	t.Helper()
	if attempt == 1 {
		return
	}
	err := in.store.Tenant(a.Tenant()).InTx(t.Context(), func(_ context.Context, tx core.Tx) error {
		tx.Dispatch(core.Dispatch{JobID: id, Queue: core.QueueLLM, RunAt: time.Now().Add(-time.Second).UTC().Truncate(time.Microsecond)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRun_FailsAtOnceWhereRepetitionCannotHelp(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	for _, err := range []*core.Error{
		core.Invalid("model", "enum", "there is no such model; choose another"),
		{Code: core.CodeLLM, Message: "the key is refused; check it", Err: core.ErrInVain},
		{Code: core.CodeLLM, Message: "the key is refused; check it", Err: core.ErrInVain, RetryAfter: time.Hour},
	} {
		_, job := in.request(t, a)
		in.fails(err)
		execute(t, in.claim(t))
		if j := in.job(t, a, job.ID); j.Status != core.JobFailed || j.Attempt != 1 || j.ErrorCode != err.Code || j.ErrorMessage != err.Message {
			t.Errorf("%v: got %+v, want failed at the first attempt", err, j)
		}
	}
}

func TestRun_WaitingOnTheOtherSideIsNoAttempt(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	_, job := in.request(t, a)
	in.fails(&core.Error{Code: core.CodeUnavailable, Message: "the model is busy; it is tried again by itself", RetryAfter: 2 * time.Minute})
	before := time.Now()
	execute(t, in.claim(t))
	j := in.job(t, a, job.ID)
	if j.Status != core.JobPending || j.Attempt != 0 {
		t.Fatalf("got %s at attempt %d, want pending at 0", j.Status, j.Attempt)
	}
	if j.NextAttemptAt.Before(before.Add(2 * time.Minute)) {
		t.Errorf("the next attempt is at %s, before what the other side asked for", j.NextAttemptAt)
	}
}

func TestRun_UnknownErrorsAreNotShown(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	_, job := in.request(t, a)
	in.fails(errors.New("dial tcp 10.0.0.7: secret-host refused"))
	execute(t, in.claim(t))
	if j := in.job(t, a, job.ID); j.ErrorCode != core.CodeInternal || j.ErrorMessage == "" || slices.Contains([]string{j.ErrorMessage}, "secret-host") {
		t.Errorf("got %q %q, want a sentence without the cause", j.ErrorCode, j.ErrorMessage)
	}
}

func TestRun_PanicEndsTheAttemptOnly(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	_, job := in.request(t, a)
	in.model.SummarizeFunc = func(context.Context, core.Tenant, core.SummarizeRequest, core.SummaryObserver) (*core.SummaryResult, error) {
		panic("a document nobody foresaw")
	}
	execute(t, in.claim(t))
	if j := in.job(t, a, job.ID); j.Status != core.JobPending || j.ErrorCode != core.CodeInternal {
		t.Errorf("got %s %q, want pending for the next attempt", j.Status, j.ErrorCode)
	}
}

func TestRun_CanceledAttemptWritesNothing(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	sum, job := in.request(t, a)
	r := in.claim(t)
	if _, err := in.Jobs.Cancel(t.Context(), a, job.ID); err != nil {
		t.Fatal(err)
	}
	execute(t, r) // the model answers well, too late
	if j, s := in.job(t, a, job.ID), in.summary(t, a, sum.ID); j.Status != core.JobCanceled || s.Status != core.SummaryFailed || s.Text != "" {
		t.Errorf("got job %s, summary %s %q, want canceled, failed and empty", j.Status, s.Status, s.Text)
	}
	if got := in.events(t, a); got[len(got)-1] != core.EventJobCanceled {
		t.Errorf("the last event is %s, want job.canceled", got[len(got)-1])
	}
}

func TestRun_WaitsForAPersonsWord(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	_, job := in.request(t, a)
	r := in.claim(t)
	if err := r.AwaitConfirmation(t.Context(), map[string]int{"deletions": 7}, "7 documents would be deleted", nil); err != nil {
		t.Fatal(err)
	}
	execute(t, r) // whatever its handler still does is behind the fence
	j := in.job(t, a, job.ID)
	if j.Status != core.JobPending || j.WaitsFor != core.WaitConfirmation || j.NextAttemptAt != nil || j.Attempt != 0 {
		t.Errorf("got %+v, want it to wait for a confirmation", j)
	}
	if leases, err := in.Work.Claim(t.Context(), core.QueueLLM, 5, 0); err != nil || len(leases) != 0 {
		t.Errorf("claimed %v, %v, want nothing before the confirmation", leases, err)
	}
	if j, err := in.Jobs.Confirm(t.Context(), a, job.ID); err != nil || j.ConfirmedAt == nil || j.WaitsFor != "" {
		t.Errorf("confirmed: got %+v, %v", j, err)
	}
	_, err := in.Jobs.Confirm(t.Context(), a, job.ID)
	wantCode(t, "a second confirmation", err, core.CodeConflict)
	again := in.claim(t)
	if again.Job().ConfirmedAt == nil || again.Job().Attempt != 1 {
		t.Errorf("the next attempt: got %+v, want the first, confirmed", again.Job())
	}
	execute(t, again)
	if j := in.job(t, a, job.ID); j.Status != core.JobCompleted {
		t.Errorf("got %s, want completed", j.Status)
	}
}

func TestRun_ShutdownGivesTheJobBackWithoutCountingTheAttempt(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	_, job := in.request(t, a)
	ctx, end := context.WithCancelCause(t.Context())
	in.model.SummarizeFunc = func(ctx context.Context, _ core.Tenant, _ core.SummarizeRequest, _ core.SummaryObserver) (*core.SummaryResult, error) {
		end(core.ErrShutdown)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if err := in.claim(t).Execute(ctx); err != nil {
		t.Fatal(err)
	}
	if j := in.job(t, a, job.ID); j.Status != core.JobPending || j.Attempt != 0 {
		t.Fatalf("got %s at attempt %d, want pending at 0", j.Status, j.Attempt)
	}
	in.claim(t) // it is due at once
}

func TestJobs_RetryBeginsTheNextRun(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	sum, job := in.request(t, a)
	_, err := in.Jobs.Retry(t.Context(), a, job.ID)
	wantCode(t, "retry of a pending job", err, core.CodeConflict)
	in.fails(core.Invalid("model", "enum", "there is no such model; choose another"))
	execute(t, in.claim(t))
	j, err := in.Jobs.Retry(t.Context(), a, job.ID)
	if err != nil || j.Run != 2 || j.Attempt != 0 || j.Status != core.JobPending || j.ErrorCode != "" {
		t.Fatalf("got %+v, %v, want run 2, pending", j, err)
	}
	if s := in.summary(t, a, sum.ID); s.Status != core.SummaryPending {
		t.Errorf("summary: got %s, want pending", s.Status)
	}
	in.claim(t)
}

func TestDocuments_DeleteCancelsItsJobs(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	sum, job := in.request(t, a)
	r := in.claim(t)
	if err := in.Documents.Delete(t.Context(), a, sum.DocID, nil); err != nil {
		t.Fatal(err)
	}
	execute(t, r)
	if j := in.job(t, a, job.ID); j.Status != core.JobCanceled {
		t.Errorf("got %s, want canceled", j.Status)
	}
	_, err := in.Summaries.Get(t.Context(), a, sum.ID)
	wantCode(t, "its summary", err, core.CodeNotFound)
	_, err = in.Jobs.Retry(t.Context(), a, job.ID)
	wantCode(t, "retry without a document", err, core.CodeConflict)
}

func TestJobs_WatchSeesProgressAndTheEnd(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	_, job := in.request(t, a)
	seen := make(chan struct{})
	in.model.SummarizeFunc = func(_ context.Context, _ core.Tenant, _ core.SummarizeRequest, o core.SummaryObserver) (*core.SummaryResult, error) {
		o.Progress(core.Progress{Done: 1, Total: 2, Message: "half"})
		<-seen
		return &core.SummaryResult{Text: "a summary", Model: "mock"}, nil
	}
	r := in.claim(t)
	done := make(chan error, 1)
	go func() { done <- r.Execute(context.WithoutCancel(t.Context())) }() // ends when the watcher has seen half
	once := false
	j, err := in.Jobs.Watch(t.Context(), a, job.ID, func(j *core.Job) {
		if j.Progress.Done == 1 && !once {
			once = true
			close(seen)
		}
	})
	if err != nil || j.Status != core.JobCompleted || !once {
		t.Errorf("got %v, %v, progress seen %v, want completed after progress", j, err, once)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
