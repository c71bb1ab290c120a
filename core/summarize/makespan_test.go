package summarize

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docsctl/docsctl/core"
)

// TestPipeline_TakesTheTimeOfItsCriticalPath gives a 300-page document to a model
// whose calls take two seconds each, 64 of them at a time. Nothing but the plan's
// own dependences and the number of places may make it wait.
func TestPipeline_TakesTheTimeOfItsCriticalPath(t *testing.T) {
	t.Parallel()
	const (
		places = 64
		each   = 2 * time.Second
	)
	for name, words := range map[string]int{"300 pages": 110_000, "1,000 pages": 400_000} {
		synctest.Test(t, func(t *testing.T) {
			h := newHarness(func(f *fakeLLM, c *Config) {
				c.Parallel = places
				f.answer = func(context.Context, int, core.LLMRequest) (*core.LLMResponse, error) {
					time.Sleep(each) //nolint:forbidigo // the bubble's clock
					return nil, nil
				}
			})
			text := longText(words)
			p := newPlan(Canonical(text), sizesFor(h.llm.model.ContextTokens, ""))
			// No schedule is shorter than the longest chain, nor than all calls spread
			// over the places.
			rounds := max(len(p.levels), (p.calls()+places-1)/places)
			if len(p.leaves) > places { // the chain begins when the last leaf does
				rounds = (len(p.leaves)+places-1)/places + len(p.levels) - 1
			}
			began := time.Now()
			h.summarize(t, requestFor(text))
			took, least := time.Since(began), time.Duration(rounds)*each
			t.Logf("%s: %d calls on %d levels took %v, the critical path %v", name, p.calls(), len(p.levels), took, least)
			if took > least*11/10 {
				t.Errorf("%s: it took %v, want 1.1 of %v at most", name, took, least)
			}
		})
	}
}
