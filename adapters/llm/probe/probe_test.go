package probe_test

import (
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/llm/llmtest"
	"github.com/docsctl/docsctl/adapters/llm/openai"
	"github.com/docsctl/docsctl/adapters/llm/probe"
	"github.com/docsctl/docsctl/core"
)

func open(t *testing.T, c llmtest.Config) (*llmtest.Server, *openai.Model) {
	t.Helper()
	s, err := llmtest.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	m, err := openai.New(openai.Config{BaseURL: s.URL(), Model: llmtest.DefaultModel})
	if err != nil {
		t.Fatal(err)
	}
	return s, m
}

func TestMeasureWindow(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		server      llmtest.Config
		limit       probe.Limit
		least, most int
		calls       int
	}{
		"LargeOneIsReadWhole":          {llmtest.Config{ContextTokens: 32000}, probe.LimitNone, 16000, 16000, 1},
		"CutPromptIsCounted":           {llmtest.Config{ContextTokens: 4096, Cut: true}, probe.LimitCuts, 3800, 4096, 1},
		"UncountedCutIsFoundByTheWord": {llmtest.Config{ContextTokens: 4096, Cut: true, NoUsage: true}, probe.LimitCuts, 3500, 4096, 8},
		"RefusalIsToldWithTheWindow":   {llmtest.Config{ContextTokens: 4096}, probe.LimitRefuses, 4096, 4096, 1},
		"WeakModelThatReadsAllIsWhole": {llmtest.Config{ContextTokens: 32000, Answer: func(llmtest.Question) string { return "What?" }}, probe.LimitNone, 16000, 16000, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, m := open(t, tt.server)
			got, err := probe.MeasureWindow(t.Context(), m, 16000)
			if err != nil || got.Limit != tt.limit || got.Tokens < tt.least || got.Tokens > tt.most {
				t.Errorf("got %+v and %v, want %q at %d to %d", got, err, tt.limit, tt.least, tt.most)
			}
			if n := len(s.Asked()); n > tt.calls {
				t.Errorf("it took %d calls, want %d at most", n, tt.calls)
			}
		})
	}
}

func TestMeasureSpeed(t *testing.T) {
	t.Parallel()
	s, m := open(t, llmtest.Config{Pause: 5 * time.Millisecond})
	got, err := probe.MeasureSpeed(t.Context(), m)
	if err != nil || got.TokensPerSecond <= 0 || got.TokensPerSecond > 400 || got.FirstText < 5*time.Millisecond || !got.Counted || got.Model != llmtest.DefaultModel {
		t.Errorf("got %+v and %v, want less than 200 pieces a second", got, err)
	}
	s.Always(llmtest.WrongKey)
	if _, err := probe.MeasureSpeed(t.Context(), m); core.CodeOf(err) != core.CodeLLM {
		t.Errorf("got %v, want the model's error", err)
	}
}
