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

func TestPipeline_AsksBeforeEachCall(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex // guards what follows
	var asked, done int
	var reserved int64
	allowed := 1 << 30
	observer := core.SummaryObserver{Call: func(_ context.Context, e core.CallEstimate) (func(context.Context), error) {
		mu.Lock()
		defer mu.Unlock()
		if asked == allowed {
			return nil, &core.Error{Code: core.CodeQuota, Message: "used up"}
		}
		asked++
		reserved += e.Tokens
		return func(context.Context) { mu.Lock(); defer mu.Unlock(); done++ }, nil
	}}
	h := newHarness(smallModel)
	r, err := h.Summarize(t.Context(), h.tenant, requestFor(book), observer)
	if err != nil || asked != r.Usage.LLMCalls || done != asked || reserved < r.Usage.InputTokens+r.Usage.OutputTokens {
		t.Errorf("asked %d times for %d tokens, told %d ends of %+v (%v); want each call asked for, at least its tokens, and ended", asked, reserved, done, r, err)
	}
	asked, done, allowed = 0, 0, 3
	h = newHarness(smallModel)
	_, err = h.Summarize(t.Context(), h.tenant, requestFor(book), observer)
	if core.CodeOf(err) != core.CodeQuota || len(h.llm.made()) != 3 || done != 3 {
		t.Errorf("when three are allowed: got %v after %d calls, %d of them ended", err, len(h.llm.made()), done)
	}
}
