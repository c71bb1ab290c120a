package core_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/worker"
)

// rationed returns an App over in's store whose free plan allows q.
func (in *installation) rationed(t *testing.T, q core.Quota) *core.App {
	t.Helper()
	app, err := core.New(core.Config{
		Ports:  core.Ports{Store: in.store, Bus: in.bus, Summarizer: in.model},
		Logger: slog.New(slog.DiscardHandler), Quotas: map[core.PlanType]core.Quota{core.PlanFree: q},
	})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func wantQuota(t *testing.T, what string, err error, name string, limit, used float64) {
	t.Helper()
	wantCode(t, what, err, core.CodeQuota)
	if e := core.AsError(err); e != nil {
		d, ok := e.Details.(core.QuotaDetails)
		if !ok || d.Quota != name || d.Limit != limit || d.Used != used || !d.ResetsAt.After(time.Now()) || d.ResetsAt.Day() != 1 {
			t.Errorf("%s: got details %+v, want %v of %v %s", what, e.Details, used, limit, name)
		}
	}
}

func TestQuota_DocumentsAndBytesOfAMonth(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	app := in.rationed(t, core.Quota{Documents: 5, Bytes: 100})
	create := func(content string) (*core.Document, error) {
		return app.Documents.Create(t.Context(), a, core.NewDocument{Title: "T", Content: content})
	}
	var last *core.Document
	for i := range 4 {
		d, err := create("0123456789")
		if err != nil {
			t.Fatalf("document %d: %v", i, err)
		}
		last = d
	}
	if err := app.Documents.Delete(t.Context(), a, last.ID, nil); err != nil { // gives nothing back
		t.Fatal(err)
	}
	long := "0123456789012345678901234567890123456789012345678901234567890"
	_, err := create(long)
	wantQuota(t, "too many bytes", err, "bytes", 100, 40)
	d, err := create("0123456789")
	if err != nil {
		t.Fatal(err)
	}
	_, err = create("0")
	wantQuota(t, "too many documents", err, "documents", 5, 5)
	_, err = app.Documents.Update(t.Context(), a, d.ID, core.DocumentPatch{Content: &long}, nil)
	wantQuota(t, "too many bytes in the place of others", err, "bytes", 100, 50)
	u, err := app.Usage.Month(t.Context(), a, time.Time{})
	if err != nil || u.Totals.Documents != 5 || u.Totals.Bytes != 50 {
		t.Errorf("usage: got %+v, %v, want 5 documents and 50 bytes", u, err)
	}
	if got := in.warnings(t, a); len(got) != 1 || got[0].Quota != "documents" || got[0].Used != 4 {
		t.Errorf("warnings: got %+v, want one, at 4 of 5 documents", got)
	}
}

// warnings returns the data of the organization's usage warnings.
func (in *installation) warnings(t *testing.T, a core.Actor) []core.QuotaDetails {
	t.Helper()
	read := in.store.Tenant(a.Tenant()).Read().Events
	state, err := read.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	events, err := read.After(t.Context(), state.First, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	var found []core.QuotaDetails
	for _, e := range events {
		if e.Type == core.EventUsageWarning {
			var d core.QuotaDetails
			if err := json.Unmarshal(e.Data, &d); err != nil {
				t.Fatal(err)
			}
			found = append(found, d)
		}
	}
	return found
}

// TestQuota_ManyWorkersOverspendNothing has 64 workers run 150 jobs of one call each,
// of which the plan allows 100.
func TestQuota_ManyWorkersOverspendNothing(t *testing.T) {
	t.Parallel()
	const limit, each, jobs = 1000, 10, 150
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	var inFlight, spent, most atomic.Int64
	in.model.SummarizeFunc = func(ctx context.Context, tenant core.Tenant, _ core.SummarizeRequest, o core.SummaryObserver) (*core.SummaryResult, error) {
		done, err := o.Call(ctx, core.CallEstimate{Tokens: each})
		if err != nil {
			return nil, err
		}
		defer done(ctx)
		most.Store(max(most.Load(), inFlight.Add(each)+spent.Load()))
		defer func() { // before it is given back
			inFlight.Add(-each)
			spent.Add(each)
		}()
		err = in.store.Meter().Add(ctx, tenant, time.Now(), core.ModelUsage{Model: "m", Calls: 1, InputTokens: each - 1, OutputTokens: 1})
		return &core.SummaryResult{Text: "a summary", Model: "m"}, err
	}
	app := in.rationed(t, core.Quota{Tokens: limit})
	d, err := app.Documents.Create(t.Context(), a, core.NewDocument{Title: "T", Content: "Text."})
	if err != nil {
		t.Fatal(err)
	}
	var asked []core.JobID
	for range jobs {
		_, j, err := app.Summaries.Request(t.Context(), a, core.SummaryRequest{DocumentID: d.ID})
		if err != nil {
			t.Fatal(err)
		}
		asked = append(asked, j.ID)
	}
	w, err := worker.New(worker.Config{Work: app.Work, Logger: slog.New(slog.DiscardHandler), Pools: []worker.Pool{{Queue: core.QueueLLM, Size: 64}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer w.Stop(t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	states := map[core.Code]int{}
	for _, id := range asked {
		j, err := app.Jobs.Wait(ctx, a, id)
		if err != nil || !j.Status.Ended() {
			t.Fatalf("a job: got %+v, %v, want it ended", j, err)
		}
		states[j.ErrorCode]++
	}
	if states[""] != limit/each || states[core.CodeQuota] != jobs-limit/each {
		t.Errorf("jobs by error: got %v, want %d done and the others %s", states, limit/each, core.CodeQuota)
	}
	u, err := app.Usage.Month(t.Context(), a, time.Time{})
	if err != nil || u.Totals.Tokens != limit || u.Totals.ReservedTokens != 0 || spent.Load() != limit {
		t.Errorf("usage: got %+v, %v, and %d were spent; want %d tokens and nothing reserved", u, err, spent.Load(), limit)
	}
	if most.Load() > limit {
		t.Errorf("%d tokens were used or in flight at once, want at most %d", most.Load(), limit)
	}
	if got := in.warnings(t, a); len(got) != 1 || got[0].Quota != "tokens" || got[0].Limit != limit {
		t.Errorf("warnings: got %+v, want one", got)
	}
	_, _, err = app.Summaries.Request(t.Context(), a, core.SummaryRequest{DocumentID: d.ID})
	wantQuota(t, "another request", err, "tokens", limit, limit)
	t.Logf("%d jobs by 64 workers: %v; %d of %d tokens used, at most %d used or in flight", jobs, states, spent.Load(), limit, most.Load())
}
