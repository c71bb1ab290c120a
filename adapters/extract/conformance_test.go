package extract_test

import (
	"testing"

	"github.com/docsctl/docsctl/adapters/extract"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestExtractor_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunExtractor(t, func(t *testing.T) core.Extractor {
		x := extract.New(extract.Config{MaxBytes: 2 << 20, TempDir: t.TempDir()})
		t.Cleanup(func() { _ = x.Close() })
		return x
	})
}

func TestSandboxed_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunExtractor(t, func(t *testing.T) core.Extractor {
		return extract.NewSandboxed(extract.SandboxConfig{Config: extract.Config{MaxBytes: 2 << 20, TempDir: t.TempDir()}})
	})
}
