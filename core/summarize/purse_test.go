package summarize

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestPipeline_Budget(t *testing.T) {
	t.Parallel()
	full := newHarness(smallModel).summarize(t, requestFor(book))
	t.Run("StopsAtTheNextCall", func(t *testing.T) {
		t.Parallel()
		h := newHarness(smallModel)
		r := requestFor(book)
		r.MaxCostUSD = new(*full.Usage.CostUSD / 3)
		stopped, err := h.Summarize(t.Context(), h.tenant, r, core.SummaryObserver{})
		if core.CodeOf(err) != core.CodeBudgetExceeded {
			t.Fatalf("got %v, want BUDGET_EXCEEDED", err)
		}
		calls := h.llm.made()
		if spent := *stopped.Usage.CostUSD; spent > *r.MaxCostUSD || stopped.Usage.LLMCalls != len(calls) {
			t.Errorf("%d calls for %f, want %d under a cap of %f", stopped.Usage.LLMCalls, spent, len(calls), *r.MaxCostUSD)
		}
		r.MaxCostUSD = nil
		if got := h.summarize(t, r); got.Usage.CachedCalls != len(calls) {
			t.Errorf("%d calls were kept, want %d", got.Usage.CachedCalls, len(calls))
		}
	})
	t.Run("EnoughIsEnough", func(t *testing.T) {
		t.Parallel()
		r := requestFor(book)
		r.MaxCostUSD = new(*full.Usage.CostUSD * 1.0001)
		newHarness(smallModel).summarize(t, r)
	})
	t.Run("WhatTheMoneyEndedIsNoAnswer", func(t *testing.T) {
		t.Parallel()
		h := newHarness(smallModel, func(f *fakeLLM, _ *Config) {
			f.answer = func(_ context.Context, _ int, r core.LLMRequest) (*core.LLMResponse, error) {
				if text := fakeAnswer(r); kindOf(r) == kindFinal && EstimateTokens(text) > r.MaxTokens {
					return &core.LLMResponse{Text: text[:len(text)/2], Finish: core.FinishLength, OutputTokens: int64(r.MaxTokens)}, nil
				}
				return nil, nil
			}
		})
		r := requestFor(book)
		r.MaxCostUSD = new(*full.Usage.CostUSD - 50*1.6/1e6)
		got, err := h.Summarize(t.Context(), h.tenant, r, core.SummaryObserver{})
		if core.CodeOf(err) != core.CodeBudgetExceeded || *got.Usage.CostUSD > *r.MaxCostUSD {
			t.Fatalf("got %v for %f, want BUDGET_EXCEEDED for %f at most", err, *got.Usage.CostUSD, *r.MaxCostUSD)
		}
		r.MaxCostUSD = nil
		if got := h.summarize(t, r); got.Usage.LLMCalls != 1 {
			t.Errorf("%d calls were made afterwards, want the last one anew", got.Usage.LLMCalls)
		}
	})
	t.Run("WhoWaitsForMoneyBeginsNoCallAfterAFailure", func(t *testing.T) {
		t.Parallel()
		h := newHarness(smallModel, func(f *fakeLLM, _ *Config) {
			f.answer = func(context.Context, int, core.LLMRequest) (*core.LLMResponse, error) {
				return nil, &core.Error{Code: core.CodeLLM, Message: "no"}
			}
		})
		r := requestFor(book)
		r.MaxCostUSD = new(*full.Usage.CostUSD / 40) // of one call
		_, err := h.Summarize(t.Context(), h.tenant, r, core.SummaryObserver{})
		if made := len(h.llm.made()); core.CodeOf(err) != core.CodeLLM || made > 4 {
			t.Errorf("got %v after %d calls, want the first one's failure and hardly another", err, made)
		}
	})
}

func TestPipeline_BudgetByPrice(t *testing.T) {
	t.Parallel()
	t.Run("AFreeModelKeepsAnyCap", func(t *testing.T) {
		t.Parallel()
		h := newHarness(func(f *fakeLLM, _ *Config) { f.model.InputUSD, f.model.OutputUSD = new(0.0), new(0.0) })
		r := requestFor(book)
		r.MaxCostUSD = new(0.0)
		h.summarize(t, r)
	})
	t.Run("NoPriceNoCap", func(t *testing.T) {
		t.Parallel()
		h := newHarness(func(f *fakeLLM, _ *Config) { f.model.InputUSD = nil })
		r := requestFor(book)
		if got := h.summarize(t, r); got.Usage.CostUSD != nil {
			t.Errorf("cost is %v for a model without a price", *got.Usage.CostUSD)
		}
		r.MaxCostUSD = new(1.0)
		if err := h.Check(t.Context(), h.tenant, r); core.CodeOf(err) != core.CodeValidation {
			t.Errorf("a cap without a price: got %v", err)
		}
	})
}

// A share of a bulk is what was estimated: with less than that for its first call the
// bulk would stop although it has money.
func TestPipeline_WhatWasEstimatedPaysForTheFirstCall(t *testing.T) {
	t.Parallel()
	for _, format := range core.Formats() {
		for _, length := range core.Lengths() {
			h := newHarness()
			h.gauge("fake").wrote(1000, 100) // a terse model, of whose answers little is expected
			r := requestFor(longText(100))
			r.Format, r.Length = format, length
			e, err := h.Estimate(t.Context(), h.tenant, r)
			if err != nil {
				t.Fatal(err)
			}
			r.MaxCostUSD = e.CostUSD
			got, err := h.Summarize(t.Context(), h.tenant, r, core.SummaryObserver{})
			if got.Usage.LLMCalls == 0 || err != nil && core.CodeOf(err) != core.CodeBudgetExceeded {
				t.Errorf("%s %s: got %v after %d calls", format, length, err, got.Usage.LLMCalls)
			}
		}
	}
}

func TestPurse_NeverPassesTheCap(t *testing.T) {
	t.Parallel()
	p := newPurse(new(1.0), core.LLMModel{InputUSD: new(1.0), OutputUSD: new(1.0)})
	most, first, err := p.begin(t.Context(), nil, 500_000, 100_000, 400_000)
	if most != 400_000 || err != nil {
		t.Fatalf("got %d tokens, %v, want all 400,000", most, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := p.begin(ctx, nil, 100_000, 50_000, 100_000); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("0.20 USD beside 0.90 in flight under a cap of 1: got %v, want it to wait", err)
	}
	p.end(first, &core.LLMResponse{InputTokens: 500_000, OutputTokens: 300_000})
	most, last, err := p.begin(t.Context(), nil, 100_000, 50_000, 200_000)
	if most < 99_999 || most > 100_000 || err != nil {
		t.Errorf("a call that is alone: got %d tokens, %v, want the 100,000 that can be paid for", most, err)
	}
	p.end(last, &core.LLMResponse{InputTokens: 100_000, OutputTokens: 80_000})
	for what, tokens := range map[string]struct {
		input int64
		least int
	}{"a prompt that passes the cap": {20_001, 0}, "hardly an answer": {1000, 50_000}} {
		if _, _, err := p.begin(t.Context(), nil, tokens.input, tokens.least, 400_000); core.CodeOf(err) != core.CodeBudgetExceeded {
			t.Errorf("%s: got %v, want BUDGET_EXCEEDED", what, err)
		}
	}
}
