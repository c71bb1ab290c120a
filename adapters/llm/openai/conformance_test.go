package openai_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/docsctl/docsctl/adapters/llm/llmtest"
	"github.com/docsctl/docsctl/adapters/llm/openai"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLLM_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunLLM(t, func(t *testing.T) coretest.LLMWorld {
		s := start(t, llmtest.Config{RetryAfter: coretest.LLMRetryAfter, Key: coretest.LLMKey})
		return coretest.LLMWorld{
			LLM:  open(t, s, openai.Config{ModelsFile: testModels(t)}),
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
	})
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

// open returns a Model over s; c says the rest.
func open(t *testing.T, s *llmtest.Server, c openai.Config) *openai.Model {
	t.Helper()
	c.BaseURL, c.APIKey = s.URL(), coretest.LLMKey
	if c.Model == "" {
		c.Model = llmtest.DefaultModel
	}
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	m, err := openai.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// testModels is a list in which the test server's model is known.
func testModels(t *testing.T) string {
	return modelsFile(t, "models:\n  - name: "+llmtest.DefaultModel+"\n    context_tokens: 8192\n    json_schema: true\n")
}

func modelsFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "models.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func request() core.LLMRequest {
	return core.LLMRequest{System: "You take notes.", User: "[1] The ferry leaves at nine.\n[2] It returns at five.", MaxTokens: 100}
}
