package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// documents stores n of them and returns their ids.
func (in *installation) documents(t *testing.T, a core.Actor, n int) []core.DocumentID {
	t.Helper()
	var ids []core.DocumentID
	for i := range n {
		d, err := in.Documents.Create(t.Context(), a, core.NewDocument{Title: fmt.Sprint("Report ", i), Content: fmt.Sprint("Sales rose by ", i, " percent.")})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, d.ID)
	}
	return ids
}

func (in *installation) bulk(t *testing.T, a core.Actor, ids []core.DocumentID, o core.SummaryOptions) *core.Job {
	t.Helper()
	j, err := in.Summaries.Bulk(t.Context(), a, core.BulkRequest{Documents: core.DocumentSelection{IDs: ids}, Options: o})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// work runs every due job of a queue, until there is none, and returns how many.
func (in *installation) work(t *testing.T, q core.Queue, atMost int) int {
	t.Helper()
	for n := 0; ; n++ {
		leases, err := in.Work.Claim(t.Context(), q, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(leases) == 0 || n == atMost {
			return n
		}
		r, err := in.Work.Start(t.Context(), leases[0])
		if errors.Is(err, core.ErrLeaseLost) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		execute(t, r)
	}
}

// wantAddedUp reports when a bulk's counts, items, children and progress do not agree.
func (in *installation) wantAddedUp(t *testing.T, a core.Actor, id core.JobID) core.BulkResult {
	t.Helper()
	j := in.job(t, a, id)
	var result core.BulkResult
	if err := json.Unmarshal(j.Result, &result); err != nil {
		t.Fatalf("result %s: %v", j.Result, err)
	}
	counts, err := in.store.Tenant(a.Tenant()).Read().JobItems.Count(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if counts[core.JobItemCompleted] != result.Completed || counts[core.JobItemFailed] != result.Failed || counts[core.JobItemCanceled] != result.Canceled {
		t.Errorf("items %v, result %+v: they do not agree", counts, result)
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	if total != result.Documents || j.Progress.Total != total || j.Progress.Done != total-counts[core.JobItemPending] {
		t.Errorf("items %v, result %+v, progress %+v: they do not add up", counts, result, j.Progress)
	}
	return result
}

func TestBulk_EveryDocumentIsAccountedFor(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	ids := in.documents(t, a, 5)
	in.model.SummarizeFunc = func(_ context.Context, _ core.Tenant, r core.SummarizeRequest, _ core.SummaryObserver) (*core.SummaryResult, error) {
		if r.Document.ID == ids[3] {
			return nil, core.Invalid("content", "language", "the document has no sentences")
		}
		return &core.SummaryResult{Text: "a summary", Model: "mock"}, nil
	}
	asked := append(slices.Clone(ids), ids[0], core.NewID[core.DocumentID](), "no id")
	j := in.bulk(t, a, asked, core.SummaryOptions{})
	if n := in.work(t, core.QueueMaintenance, 5); n != 1 {
		t.Fatalf("%d attempts at the bulk job, want 1", n)
	}
	if j := in.job(t, a, j.ID); j.Status != core.JobInProgress || j.WaitsFor != core.WaitChildren || j.Progress.Total != 7 || j.Progress.Done != 2 {
		t.Errorf("got %s waiting for %q, %+v, want it to wait for 5 of 7", j.Status, j.WaitsFor, j.Progress)
	}
	if n := in.work(t, core.QueueLLMBulk, 100); n != 5 {
		t.Errorf("%d children were run, want 5", n)
	}
	result := in.wantAddedUp(t, a, j.ID)
	if result.Documents != 7 || result.Completed != 4 || result.Failed != 3 {
		t.Errorf("got %+v, want 4 of 7 completed", result)
	}
	done := in.job(t, a, j.ID)
	if done.Status != core.JobCompleted || !strings.Contains(done.ErrorMessage, "3 of 7") {
		t.Errorf("got %s, %q, want completed, the failures told", done.Status, done.ErrorMessage)
	}
	if got := in.events(t, a); got[len(got)-1] != core.EventJobCompleted {
		t.Errorf("the last event is %s, want the bulk's end", got[len(got)-1])
	}
	failed, err := in.Jobs.Items(t.Context(), a, j.ID, core.JobItemFailed, core.PageRequest{})
	if err != nil || len(failed.Items) != 3 {
		t.Fatalf("failed items: got %d, %v, want 3", len(failed.Items), err)
	}
	for _, item := range failed.Items {
		if item.Reason == "" || item.Code == "" {
			t.Errorf("got %+v, want a reason", item)
		}
	}
	children, err := in.Jobs.List(t.Context(), a, core.JobFilter{ParentID: j.ID}, core.PageRequest{})
	if err != nil || len(children.Items) != 5 {
		t.Errorf("children: got %d, %v, want 5", len(children.Items), err)
	}
	_, err = in.Jobs.Retry(t.Context(), a, core.JobID(failed.Items[0].ResultID))
	wantCode(t, "retry of a child", err, map[bool]core.Code{true: core.CodeNotFound, false: core.CodeConflict}[failed.Items[0].ResultID == ""])
}

func TestBulk_RetryBeginsWhatHasFailed(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	ids := in.documents(t, a, 4)
	var again []core.DocumentID
	in.model.SummarizeFunc = func(_ context.Context, _ core.Tenant, r core.SummarizeRequest, _ core.SummaryObserver) (*core.SummaryResult, error) {
		if again == nil && r.Document.ID != ids[0] {
			return nil, core.Invalid("model", "enum", "there is no such model")
		}
		again = append(again, r.Document.ID)
		return &core.SummaryResult{Text: "a summary", Model: "mock"}, nil
	}
	j := in.bulk(t, a, ids[1:], core.SummaryOptions{})
	in.work(t, core.QueueMaintenance, 5)
	in.work(t, core.QueueLLMBulk, 100)
	if got := in.job(t, a, j.ID); got.Status != core.JobFailed || got.ErrorCode != core.CodeValidation {
		t.Fatalf("got %s %s, want failed with its children's code", got.Status, got.ErrorCode)
	}
	again = []core.DocumentID{}
	if j, err := in.Jobs.Retry(t.Context(), a, j.ID); err != nil || j.Run != 2 || j.Status != core.JobPending {
		t.Fatalf("retry: got %+v, %v", j, err)
	}
	in.work(t, core.QueueMaintenance, 5)
	if n := in.work(t, core.QueueLLMBulk, 100); n != 3 || len(again) != 3 {
		t.Errorf("%d children were run again, want 3", n)
	}
	if result := in.wantAddedUp(t, a, j.ID); result.Completed != 3 || result.Failed != 0 {
		t.Errorf("got %+v, want all completed", result)
	}
	_, err := in.Jobs.Retry(t.Context(), a, j.ID)
	wantCode(t, "retry of what is done", err, core.CodeConflict)
}

func TestBulk_CancelCancelsWhatHasNotRun(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	j := in.bulk(t, a, in.documents(t, a, 6), core.SummaryOptions{})
	in.work(t, core.QueueMaintenance, 5)
	in.work(t, core.QueueLLMBulk, 2)
	// Two more are under way, of which one has been claimed and not begun.
	running, err := in.Work.Claim(t.Context(), core.QueueLLMBulk, 2, 0)
	if err != nil || len(running) != 2 {
		t.Fatal(len(running), err)
	}
	r, err := in.Work.Start(t.Context(), running[0])
	if err != nil {
		t.Fatal(err)
	}
	if got, err := in.Jobs.Cancel(t.Context(), a, j.ID); err != nil || got.Status != core.JobCanceled {
		t.Fatalf("got %+v, %v", got, err)
	}
	execute(t, r)
	if _, err := in.Work.Start(t.Context(), running[1]); !errors.Is(err, core.ErrLeaseLost) {
		t.Errorf("start after the cancel: got %v, want ErrLeaseLost", err)
	}
	result := in.wantAddedUp(t, a, j.ID)
	if result.Completed < 2 || result.Completed+result.Canceled != 6 {
		t.Errorf("got %+v, want what was done kept and the rest canceled", result)
	}
	for _, status := range []core.JobStatus{core.JobPending, core.JobInProgress} {
		left, err := in.Jobs.List(t.Context(), a, core.JobFilter{ParentID: j.ID, Status: status}, core.PageRequest{})
		if err != nil || len(left.Items) != 0 {
			t.Errorf("%s afterwards: got %d, %v, want none", status, len(left.Items), err)
		}
	}
	if n := in.work(t, core.QueueLLMBulk, 10); n != 0 {
		t.Errorf("%d children were run after the cancel", n)
	}
}

func TestBulk_StopsBeforeItsMoneyIsSpent(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	const price = 0.1
	spent := 0.0
	in.model.EstimateFunc = func(context.Context, core.Tenant, core.SummarizeRequest) (core.Estimate, error) {
		return core.Estimate{CostUSD: new(price)}, nil
	}
	in.model.SummarizeFunc = func(_ context.Context, _ core.Tenant, r core.SummarizeRequest, _ core.SummaryObserver) (*core.SummaryResult, error) {
		if r.MaxCostUSD == nil || *r.MaxCostUSD < price {
			t.Errorf("a child may spend %v, want at least its price", r.MaxCostUSD)
		}
		spent += price
		return &core.SummaryResult{Text: "a summary", Model: "mock", Usage: core.Usage{LLMCalls: 1, CostUSD: new(price)}}, nil
	}
	j := in.bulk(t, a, in.documents(t, a, 8), core.SummaryOptions{MaxCostUSD: new(0.35)})
	in.work(t, core.QueueMaintenance, 5)
	in.work(t, core.QueueLLMBulk, 100)
	got, result := in.job(t, a, j.ID), in.wantAddedUp(t, a, j.ID)
	if got.Status != core.JobFailed || got.ErrorCode != core.CodeBudgetExceeded {
		t.Errorf("got %s %s, want failed with BUDGET_EXCEEDED", got.Status, got.ErrorCode)
	}
	if result.Completed != 3 || spent > 0.35 || result.ReservedUSD != 0 || *result.CostUSD != spent {
		t.Errorf("got %+v, spent %v, want three summaries for 0.30 and nothing reserved", result, spent)
	}
	kept, err := in.Summaries.List(t.Context(), a, core.SummaryFilter{Status: core.SummaryComplete}, core.PageRequest{})
	if err != nil || len(kept.Items) != 3 {
		t.Errorf("finished work: got %d, %v, want 3 kept", len(kept.Items), err)
	}
}

func TestBulk_SharesNeverPassTheCap(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	in.model.EstimateFunc = func(context.Context, core.Tenant, core.SummarizeRequest) (core.Estimate, error) {
		return core.Estimate{CostUSD: new(0.2)}, nil
	}
	in.model.SummarizeFunc = func(_ context.Context, _ core.Tenant, r core.SummarizeRequest, _ core.SummaryObserver) (*core.SummaryResult, error) {
		return &core.SummaryResult{Text: "a summary", Model: "mock", Usage: core.Usage{LLMCalls: 1, CostUSD: r.MaxCostUSD}}, nil // all that it may
	}
	j := in.bulk(t, a, in.documents(t, a, 3), core.SummaryOptions{MaxCostUSD: new(0.5)})
	in.work(t, core.QueueMaintenance, 5)
	leases, err := in.Work.Claim(t.Context(), core.QueueLLMBulk, 3, 0)
	if err != nil || len(leases) != 3 {
		t.Fatal(len(leases), err)
	}
	var runs []*core.Run
	for _, l := range leases {
		r, err := in.Work.Start(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r)
	}
	var all sync.WaitGroup
	for _, r := range runs {
		all.Go(func() { execute(t, r) })
	}
	all.Wait()
	result := in.wantAddedUp(t, a, j.ID)
	if result.Completed < 1 || *result.CostUSD > 0.5 {
		t.Errorf("got %+v, want some done and no more spent than 0.5", result)
	}
}

// A model that was never asked may count twice as much as was estimated: the share of a
// child that learns it from its sisters' calls does not pay for its first one.
func TestBulk_ShareGrowsWithTheEstimate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		then float64 // the second estimate
		want core.JobStatus
	}{"it pays for the document": {0.4, core.JobCompleted}, "it is as small as before": {0.1, core.JobFailed}, "too little is left": {0.6, core.JobFailed}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := install(t)
			a, _ := in.admin(t, "ann@example.org")
			asked := 0
			in.model.EstimateFunc = func(context.Context, core.Tenant, core.SummarizeRequest) (core.Estimate, error) {
				if asked == 0 {
					return core.Estimate{CostUSD: new(0.1)}, nil
				}
				return core.Estimate{CostUSD: new(c.then)}, nil
			}
			in.model.SummarizeFunc = func(_ context.Context, _ core.Tenant, r core.SummarizeRequest, _ core.SummaryObserver) (*core.SummaryResult, error) {
				if asked++; *r.MaxCostUSD < 0.4 {
					return &core.SummaryResult{}, &core.Error{Code: core.CodeBudgetExceeded, Message: "too little"}
				}
				return &core.SummaryResult{Text: "a summary", Model: "mock", Usage: core.Usage{LLMCalls: 1, CostUSD: new(0.4)}}, nil
			}
			j := in.bulk(t, a, in.documents(t, a, 1), core.SummaryOptions{MaxCostUSD: new(0.5)})
			in.work(t, core.QueueMaintenance, 5)
			eventually(t, func() bool { // the second attempt is a moment later
				in.work(t, core.QueueLLMBulk, 1)
				return in.job(t, a, j.ID).Status.Ended()
			})
			if got := in.job(t, a, j.ID); got.Status != c.want || asked > 2 {
				t.Errorf("got %s after %d attempts, want %s after two at most", got.Status, asked, c.want)
			}
		})
	}
}

func TestBulk_ManyChildrenEndAtOnceAndTheParentOnce(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	in.documents(t, a, 120) // more than one batch
	j, err := in.Summaries.Bulk(t.Context(), a, core.BulkRequest{Documents: core.DocumentSelection{Query: &core.DocumentQuery{}}})
	if err != nil {
		t.Fatal(err)
	}
	in.work(t, core.QueueMaintenance, 5)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { in.work(t, core.QueueLLMBulk, 1000) })
	}
	all.Wait()
	if result := in.wantAddedUp(t, a, j.ID); result.Completed != 120 {
		t.Errorf("got %+v, want 120 completed", result)
	}
	ends := 0
	for _, e := range in.log(t, a) {
		var job core.Job
		if e.Type == core.EventJobCompleted && json.Unmarshal(e.Data, &job) == nil && job.ID == j.ID {
			ends++
		}
	}
	if ends != 1 {
		t.Errorf("the bulk ended %d times, want once", ends)
	}
}

func TestBulk_RefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	for name, r := range map[string]core.BulkRequest{
		"nothing":       {},
		"both":          {Documents: core.DocumentSelection{IDs: []core.DocumentID{"x"}, Query: &core.DocumentQuery{}}},
		"a bad option":  {Documents: core.DocumentSelection{Query: &core.DocumentQuery{}}, Options: core.SummaryOptions{Format: "poem"}},
		"a bad filter":  {Documents: core.DocumentSelection{Query: &core.DocumentQuery{Filter: core.DocumentFilter{Status: "gone"}}}},
		"negative cost": {Documents: core.DocumentSelection{Query: &core.DocumentQuery{}}, Options: core.SummaryOptions{MaxCostUSD: new(-1.0)}},
	} {
		_, err := in.Summaries.Bulk(t.Context(), a, r)
		wantCode(t, name, err, core.CodeValidation)
	}
	_, err := in.Summaries.Bulk(t.Context(), a, core.BulkRequest{
		Documents: core.DocumentSelection{Query: &core.DocumentQuery{}}, Options: core.SummaryOptions{TemplateID: core.NewID[core.TemplateID]()},
	})
	wantCode(t, "an unknown template", err, core.CodeNotFound)
	j, err := in.Summaries.Bulk(t.Context(), a, core.BulkRequest{Documents: core.DocumentSelection{Query: &core.DocumentQuery{}}})
	if err != nil {
		t.Fatal(err)
	}
	in.work(t, core.QueueMaintenance, 5)
	if j := in.job(t, a, j.ID); j.Status != core.JobCompleted {
		t.Errorf("a bulk of no documents: got %s, want completed", j.Status)
	}
}

// log returns the tenant's whole event log.
func (in *installation) log(t *testing.T, a core.Actor) []core.Event {
	t.Helper()
	read := in.store.Tenant(a.Tenant()).Read().Events
	state, err := read.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []core.Event
	for at := state.First; ; {
		events, err := read.After(t.Context(), at, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return all
		}
		all, at = append(all, events...), events[len(events)-1].ID
	}
}
