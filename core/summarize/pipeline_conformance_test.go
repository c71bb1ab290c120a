package summarize

import (
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestPipeline_IsASummarizer(t *testing.T) {
	t.Parallel()
	coretest.RunSummarizer(t, func(*testing.T) core.Summarizer { return newHarness() })
}

// TestPipeline_InPartsIsASummarizer has a model that reads little at a time.
func TestPipeline_InPartsIsASummarizer(t *testing.T) {
	t.Parallel()
	coretest.RunSummarizer(t, func(*testing.T) core.Summarizer {
		return newHarness(func(f *fakeLLM, _ *Config) { f.model.ContextTokens = 4096 })
	})
}
