package extract

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/testenv/expect"
)

// TestExtract_SharedFiles reads real files that stand beside the repository, in
// this process and in a child.
func TestExtract_SharedFiles(t *testing.T) {
	t.Parallel()
	files := expect.Files(t)
	inProcess := testExtractor(t)
	temp := t.TempDir()
	t.Cleanup(func() { mustBeEmpty(t, temp) })
	sandboxed := NewSandboxed(SandboxConfig{Config: Config{TempDir: temp}})
	for _, f := range files {
		t.Run(filepath.Base(f.Path), func(t *testing.T) {
			t.Parallel()
			checkExpectations(t, inProcess, f)
			checkExpectations(t, sandboxed, f)
		})
	}
}

func checkExpectations(t *testing.T, x core.Extractor, f expect.File) {
	t.Helper()
	data, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.Extract(t.Context(), core.File{Name: filepath.Base(f.Path), Body: bytes.NewReader(data)})
	text := ""
	if err == nil {
		text = got.Markdown
		checkPages(t, got)
	} else if !f.Refused() || core.CodeOf(err) != core.CodeUnsupportedMedia {
		t.Fatal(err)
	}
	for _, line := range f.NotMet(text) {
		t.Errorf("%T: not met: %s", x, line)
	}
}

// checkPages checks that pages begin inside the text, one after the other.
func checkPages(t *testing.T, got *core.Extracted) {
	t.Helper()
	last, length := 0, utf8.RuneCountInString(got.Markdown)
	for i, start := range got.Pages.Starts {
		if start < last || start > length {
			t.Errorf("got page %d starting at %d, after %d, in %d characters", i+1, start, last, length)
		}
		last = start
	}
	for _, n := range got.Pages.WithoutText {
		if n < 1 || n > len(got.Pages.Starts) {
			t.Errorf("got page %d of %d without text", n, len(got.Pages.Starts))
		}
	}
}
