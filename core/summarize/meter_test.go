package summarize

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/docsctl/docsctl/core"
)

// counts is a core.UsageMeter of one tenant.
type counts struct {
	mu  sync.Mutex // guards sum
	sum core.ModelUsage
}

func (c *counts) Add(ctx context.Context, _ core.Tenant, _ time.Time, u core.ModelUsage) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum.Model = u.Model
	c.sum.Calls += u.Calls
	c.sum.UnpricedCalls += u.UnpricedCalls
	c.sum.InputTokens += u.InputTokens
	c.sum.OutputTokens += u.OutputTokens
	c.sum.PrefixTokens += u.PrefixTokens
	c.sum.CachedCalls += u.CachedCalls
	c.sum.CachedTokens += u.CachedTokens
	c.sum.CostUSD += u.CostUSD
	return ctx.Err()
}

func TestPipeline_Meter(t *testing.T) {
	t.Parallel()
	t.Run("CountsWhatTheSummaryTells", func(t *testing.T) {
		t.Parallel()
		meter := &counts{}
		h := newHarness(smallModel, func(_ *fakeLLM, c *Config) { c.Meter, c.Parallel = meter, 1 })
		u := h.summarize(t, requestFor(book)).Usage
		want := core.ModelUsage{Model: "fake", Calls: int64(u.LLMCalls), InputTokens: u.InputTokens, OutputTokens: u.OutputTokens, CostUSD: *u.CostUSD}
		if diff := cmp.Diff(meter.sum, want); diff != "" {
			t.Errorf("after the first run (-got +want):\n%s", diff)
		}
		again := h.summarize(t, requestFor(book)).Usage
		want.CachedCalls, want.CachedTokens = int64(again.CachedCalls), again.CachedTokens
		if diff := cmp.Diff(meter.sum, want); diff != "" {
			t.Errorf("after the second run (-got +want):\n%s", diff)
		}
	})
	t.Run("CountsCallsOfJobsThatFail", func(t *testing.T) {
		t.Parallel()
		meter := &counts{}
		h := newHarness(func(f *fakeLLM, c *Config) {
			c.Meter, f.model.OutputUSD = meter, nil
			f.answer = func(context.Context, int, core.LLMRequest) (*core.LLMResponse, error) {
				return &core.LLMResponse{Text: "I'm sorry, but I can't help with that.", Finish: core.FinishStop}, nil
			}
		})
		if _, err := h.Summarize(t.Context(), h.tenant, requestFor(longText(300)), core.SummaryObserver{}); core.CodeOf(err) != core.CodeLLM {
			t.Fatalf("got %v, want CodeLLM", err)
		}
		if made := int64(len(h.llm.made())); meter.sum.Calls != made || meter.sum.UnpricedCalls != made || meter.sum.InputTokens == 0 || meter.sum.CostUSD != 0 {
			t.Errorf("got %+v after %d calls without a price", meter.sum, made)
		}
	})
}
