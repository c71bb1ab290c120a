package core_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// TestSummaries_AFailedAttemptsCostIsKept has an attempt fail after calls that were
// paid, and the next one succeed.
func TestSummaries_AFailedAttemptsCostIsKept(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	limit := 0.5
	sum, job, err := in.Summaries.Request(t.Context(), a, core.SummaryRequest{
		DocumentID: in.document(t, a).ID, Options: core.SummaryOptions{MaxCostUSD: &limit},
	})
	if err != nil {
		t.Fatal(err)
	}
	var left []float64
	in.model.SummarizeFunc = func(_ context.Context, _ core.Tenant, r core.SummarizeRequest, _ core.SummaryObserver) (*core.SummaryResult, error) {
		left = append(left, *r.LeftUSD())
		if len(left) == 1 {
			return &core.SummaryResult{Usage: core.Usage{InputTokens: 1000, OutputTokens: 100, LLMCalls: 3, CostUSD: new(0.375)}},
				&core.Error{Code: core.CodeLLM, Message: "the model did not answer; try again later"}
		}
		return &core.SummaryResult{Text: "a summary", Usage: core.Usage{
			InputTokens: 10, OutputTokens: 1, LLMCalls: 1, CachedCalls: 4, CachedTokens: 1200, CostUSD: new(0.125),
		}}, nil
	}
	execute(t, in.claim(t))
	if s := in.summary(t, a, sum.ID); s.Status != core.SummaryPending || s.TokensUsed != 1100 || s.Usage.LLMCalls != 3 {
		t.Errorf("after the failed attempt: got %s with %+v, want pending with what was paid", s.Status, s.Usage)
	}
	in.dispatchNow(t, a, job.ID, 2)
	execute(t, in.claim(t))
	s := in.summary(t, a, sum.ID)
	u := s.Usage
	if s.Status != core.SummaryComplete || u.LLMCalls != 4 || u.InputTokens != 1010 || u.CachedCalls != 1 || u.CachedTokens != 100 || *u.CostUSD != 0.5 {
		t.Errorf("at the end: got %s with %+v, want both attempts' calls", s.Status, u)
	}
	if len(left) != 2 || left[0] != 0.5 || left[1] != 0.125 {
		t.Errorf("left to spend: got %v, want 0.5 and 0.125", left)
	}
}

func TestSummaries_TextIsToldWhileItIsWritten(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	sum, job := in.request(t, a)
	listener, err := in.bus.Listen(t.Context(), core.FeedTopic(a.Tenant()))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	in.model.SummarizeFunc = func(_ context.Context, _ core.Tenant, _ core.SummarizeRequest, o core.SummaryObserver) (*core.SummaryResult, error) {
		o.Text(0, "Das schöne ")
		o.Text(11, "Würfelspiel")
		o.Text(4, "Ende 🚀")
		return &core.SummaryResult{Text: "Das Ende 🚀"}, nil
	}
	execute(t, in.claim(t))
	var text []rune
	for string(text) != "Das Ende 🚀" {
		select {
		case n := <-listener.C():
			var e core.Event
			var d core.SummaryDelta
			if n.Body == nil || json.Unmarshal(n.Body, &e) != nil || e.Type != core.EventSummaryDelta {
				continue
			}
			if err := json.Unmarshal(e.Data, &d); err != nil || d.SummaryID != sum.ID || d.JobID != job.ID || d.Attempt != 1 || e.ID != "" {
				t.Fatalf("delta: got %+v of %+v, %v", d, e, err)
			}
			if d.Offset > len(text) {
				t.Fatalf("delta at %d after %d characters: text is missing", d.Offset, len(text))
			}
			text = append(text[:d.Offset], []rune(d.Text)...)
		case <-time.After(patience):
			t.Fatalf("told %q, want the whole text", string(text))
		}
	}
}

func TestSummaries_Estimates(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	stranger, _ := in.admin(t, "bob@example.org")
	one, two := in.document(t, a), in.document(t, a)
	priced := true
	in.model.EstimateFunc = func(context.Context, core.Tenant, core.SummarizeRequest) (core.Estimate, error) {
		e := core.Estimate{Documents: 1, LLMCalls: 2, CachedCalls: 3, InputTokens: 4, OutputTokens: 5}
		if priced {
			e.CostUSD = new(0.25)
		}
		return e, nil
	}
	ask := func(who core.Actor, s core.DocumentSelection) (core.Estimate, error) {
		return in.Summaries.EstimateBulk(t.Context(), who, s, core.SummaryOptions{})
	}
	for name, s := range map[string]core.DocumentSelection{
		"ids": {IDs: []core.DocumentID{one.ID, two.ID, one.ID}}, "all": {Query: &core.DocumentQuery{}}, "words": {Query: &core.DocumentQuery{Text: one.Title}},
	} {
		if name == "words" { // the index is made by a worker
			if _, err := in.Work.Index(t.Context(), 10); err != nil {
				t.Fatal(err)
			}
		}
		e, err := ask(a, s)
		if err != nil || e.Documents != 2 || e.LLMCalls != 4 || e.InputTokens != 8 || *e.CostUSD != 0.5 {
			t.Errorf("%s: got %+v and %v, want two documents", name, e, err)
		}
	}
	_, err := ask(stranger, core.DocumentSelection{IDs: []core.DocumentID{one.ID}})
	wantCode(t, "another's document", err, core.CodeNotFound)
	for name, s := range map[string]core.DocumentSelection{
		"neither": {}, "both": {IDs: []core.DocumentID{one.ID}, Query: &core.DocumentQuery{}}, "too many": {IDs: make([]core.DocumentID, core.MaxSelected+1)},
		"unknown status": {Query: &core.DocumentQuery{Filter: core.DocumentFilter{Status: "lost"}}},
	} {
		_, err := ask(a, s)
		wantCode(t, name, err, core.CodeValidation)
	}
	priced = false
	if e, err := ask(a, core.DocumentSelection{Query: &core.DocumentQuery{}}); err != nil || e.CostUSD != nil {
		t.Errorf("without a price: got %v and %v, want no cost", e.CostUSD, err)
	}
}
