package guard_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/docsctl/docsctl/adapters/llm/guard"
	"github.com/docsctl/docsctl/adapters/llm/llmtest"
	"github.com/docsctl/docsctl/adapters/llm/openai"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDecorators_Conformance(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(*testing.T, core.LLM) core.LLM{
		"Retry":   func(_ *testing.T, m core.LLM) core.LLM { return guard.NewRetry(m, time.Millisecond) },
		"Limit":   func(_ *testing.T, m core.LLM) core.LLM { return guard.NewLimit(m, 2) },
		"Breaker": func(_ *testing.T, m core.LLM) core.LLM { return guard.NewBreaker(m, time.Second, nil) },
		"Meter": func(t *testing.T, m core.LLM) core.LLM {
			metrics, err := guard.NewMetrics(prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			return guard.NewMeter(m, metrics, "test")
		},
		"All": func(t *testing.T, m core.LLM) core.LLM {
			all, err := guard.Wrap(m, guard.Config{Server: "test", FirstDelay: time.Millisecond, Metrics: prometheus.NewRegistry()})
			if err != nil {
				t.Fatal(err)
			}
			return all
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			coretest.RunLLM(t, func(t *testing.T) coretest.LLMWorld { return world(t, wrap) })
		})
	}
}

func world(t *testing.T, wrap func(*testing.T, core.LLM) core.LLM) coretest.LLMWorld {
	s := start(t, llmtest.Config{RetryAfter: coretest.LLMRetryAfter, Key: coretest.LLMKey})
	return coretest.LLMWorld{
		LLM:  wrap(t, open(t, s.URL())),
		Fail: func(f coretest.LLMFault) { s.Always(llmtest.Fault(f)) },
		Stop: func() { _ = s.Close() },
		Asked: func() (asked []coretest.LLMQuestion) {
			for _, q := range s.Asked() {
				asked = append(asked, coretest.LLMQuestion{
					Model: q.Model, System: q.System, User: q.User, MaxTokens: q.MaxTokens, Temperature: q.Temperature, Schema: q.Schema,
				})
			}
			return asked
		},
	}
}

func start(t *testing.T, c llmtest.Config) *llmtest.Server {
	t.Helper()
	s, err := llmtest.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func open(t *testing.T, url string) *openai.Model {
	t.Helper()
	m, err := openai.New(openai.Config{BaseURL: url, APIKey: coretest.LLMKey, Model: llmtest.DefaultModel, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
