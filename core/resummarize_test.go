package core_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// resummarizing is an organization with a summarized document.
func resummarizing(t *testing.T, in *installation, how core.Resummarize) (core.Actor, *core.Summary) {
	t.Helper()
	a, _ := in.admin(t, "ann@example.org")
	if _, err := in.Org.Update(t.Context(), a, core.OrganizationPatch{Resummarize: &how}); err != nil {
		t.Fatal(err)
	}
	sum, _ := in.request(t, a)
	execute(t, in.claim(t))
	return a, sum
}

func (in *installation) edit(t *testing.T, a core.Actor, id core.DocumentID, content string) {
	t.Helper()
	if _, err := in.Documents.Update(t.Context(), a, id, core.DocumentPatch{Content: &content}, nil); err != nil {
		t.Fatal(err)
	}
}

func (in *installation) jobs(t *testing.T, a core.Actor) []core.Job {
	t.Helper()
	p, err := in.Jobs.List(t.Context(), a, core.JobFilter{}, core.PageRequest{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return p.Items
}

func TestResummarize_OffTellsNothingButThatItIsStale(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, sum := resummarizing(t, in, core.ResummarizeOff)
	in.edit(t, a, sum.DocID, "Sales fell.")
	if s := in.summary(t, a, sum.ID); !s.Stale {
		t.Error("the summary is not stale after the edit")
	}
	if n := len(in.jobs(t, a)); n != 1 || slices.Contains(in.events(t, a), core.EventSummaryStale) {
		t.Errorf("got %d jobs and events %v, want nothing new", n, in.events(t, a))
	}
}

func TestResummarize_FlagTellsItOnce(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, sum := resummarizing(t, in, core.ResummarizeFlag)
	in.edit(t, a, sum.DocID, "Sales fell.")
	in.edit(t, a, sum.DocID, "Sales fell again.")
	stale := 0
	for _, e := range in.events(t, a) {
		if e == core.EventSummaryStale {
			stale++
		}
	}
	if n := len(in.jobs(t, a)); n != 1 || stale != 1 {
		t.Errorf("got %d jobs and %d events, want no new job and one event", n, stale)
	}
}

func TestResummarize_FiftyEditsMakeOneJob(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, sum := resummarizing(t, in, core.ResummarizeAuto)
	began := time.Now()
	for i := range 50 {
		in.edit(t, a, sum.DocID, fmt.Sprintf("Sales fell %d times.", i))
	}
	jobs := in.jobs(t, a)
	if len(jobs) != 2 {
		t.Fatalf("got %d jobs, want the first and one more", len(jobs))
	}
	again := jobs[0]
	if again.Status != core.JobPending || again.Queue != core.QueueLLMBulk || !again.NextAttemptAt.After(began.Add(59*time.Second)) {
		t.Errorf("got %+v, want it to wait until the edits pause", again)
	}
	var read string
	in.model.SummarizeFunc = func(_ context.Context, _ core.Tenant, r core.SummarizeRequest, _ core.SummaryObserver) (*core.SummaryResult, error) {
		read = r.Document.Content
		return &core.SummaryResult{Text: "a newer summary"}, nil
	}
	in.runNow(t, a, again.ID)
	s := in.summary(t, a, core.SummaryID(again.RelatedID))
	if s.Status != core.SummaryComplete || s.Stale || s.DocVersion != 51 || read != "Sales fell 49 times." || s.TemplateID != sum.TemplateID {
		t.Errorf("got %+v of %q, want the last edit summarized as before", s, read)
	}
	in.edit(t, a, sum.DocID, "Sales rose.")
	if n := len(in.jobs(t, a)); n != 3 {
		t.Errorf("after another edit: got %d jobs, want a third", n)
	}
}

// runNow starts a job of the bulk queue that is not due yet.
func (in *installation) runNow(t *testing.T, a core.Actor, id core.JobID) {
	t.Helper()
	err := in.store.Tenant(a.Tenant()).InTx(t.Context(), func(_ context.Context, tx core.Tx) error {
		tx.Dispatch(core.Dispatch{JobID: id, Queue: core.QueueLLMBulk, RunAt: time.Now().Add(-time.Second).UTC().Truncate(time.Microsecond)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	leases, err := in.Work.Claim(t.Context(), core.QueueLLMBulk, 1, 0)
	if err != nil || len(leases) != 1 {
		t.Fatalf("claim: got %v, %v", leases, err)
	}
	r, err := in.Work.Start(t.Context(), leases[0])
	if err != nil {
		t.Fatal(err)
	}
	execute(t, r)
}

func TestResummarize_PausesAtTheMonthsCap(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, sum := resummarizing(t, in, core.ResummarizeAuto)
	limit := new(0.5)
	if _, err := in.Org.Update(t.Context(), a, core.OrganizationPatch{ResummarizeMaxUSD: &limit}); err != nil {
		t.Fatal(err)
	}
	meter := in.store.Meter()
	if err := meter.Add(t.Context(), a.Tenant(), time.Now(), core.ModelUsage{Model: "m", CostUSD: 0.5}); err != nil {
		t.Fatal(err)
	}
	in.edit(t, a, sum.DocID, "Sales fell.")
	again := in.jobs(t, a)[0]
	in.runNow(t, a, again.ID)
	j := in.job(t, a, again.ID)
	if j.Status != core.JobFailed || j.ErrorCode != core.CodeBudgetExceeded {
		t.Errorf("got %s %s %q, want BUDGET_EXCEEDED", j.Status, j.ErrorCode, j.ErrorMessage)
	}
	asked, job, err := in.Summaries.Request(t.Context(), a, core.SummaryRequest{DocumentID: sum.DocID})
	if err != nil {
		t.Fatal(err)
	}
	execute(t, in.claim(t))
	if s := in.summary(t, a, asked.ID); s.Status != core.SummaryComplete {
		t.Errorf("what somebody asked for: got %s of job %s, want it made", s.Status, job.ID)
	}
}
