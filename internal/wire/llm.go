package wire

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/docsctl/docsctl/adapters/llm/guard"
	"github.com/docsctl/docsctl/adapters/llm/openai"
	"github.com/docsctl/docsctl/core"
)

// model returns the configured model without its guards, or nil when none is
// configured. A base URL or a key alone configures none: nothing leaves the
// machine until a model is named.
func (c Config) model() (*openai.Model, error) {
	if c.LLMModel == "" {
		return nil, nil
	}
	return openai.New(openai.Config{
		BaseURL: c.LLMBaseURL, APIKey: c.LLMAPIKey, Model: c.LLMModel, Timeout: c.LLMTimeout,
		ContextTokens: c.LLMContext, ModelsFile: c.LLMPricesFile,
	})
}

// guardedModel returns the configured model as work is done with it, or nil.
func (c Config) guardedModel(r prometheus.Registerer) (core.LLM, error) {
	m, err := c.model()
	if m == nil || err != nil {
		return nil, err
	}
	return guard.Wrap(m, guard.Config{Server: m.Host(), Calls: c.WorkerLLM, Metrics: r})
}
