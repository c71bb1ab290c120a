package summarize_test

import (
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/core/summarize"
)

func TestExtractiveModel(t *testing.T) {
	t.Parallel()
	coretest.RunSummarizer(t, func(*testing.T) core.Summarizer { return summarize.NewExtractive() })
}
