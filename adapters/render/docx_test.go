package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/extract"
	"github.com/docsctl/docsctl/adapters/render"
	"github.com/docsctl/docsctl/core"
)

// TestDocx_IsReadAsItWasWritten has our own reader of Word files read one back.
func TestDocx_IsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	const text = "## Findings\n\nThe **ferry** leaves at *nine*, see [the log](https://example.org/a?b=1&c=2).\n\n" +
		"1. First\n2. Second\n   - Deeper\n\n> Quoted\n\n| Ship | Quay |\n|---|---|\n| Anna | 7 |\n\n```\nx := 1 < 2\n```\n"
	before, _, _ := strings.Cut(text, "\n\n1. First")
	file, err := render.New().Render(t.Context(), core.RenderRequest{Title: "Log", Summary: &core.Summary{
		Text: text, Format: core.FormatMarkdown, Language: "en", ModelUsed: "m",
		Citations: []core.Citation{{Start: 13, End: len(before), Sources: []core.Source{{Start: 0, End: 5, Quote: "The ferry: 9"}}}},
	}}, core.ExportDocx)
	if err != nil {
		t.Fatal(err)
	}
	got, err := extract.New(extract.Config{}).Extract(t.Context(), core.File{Name: "log.docx", Body: bytes.NewReader(file)})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# Log", "## Findings", "**ferry**", "*nine*", "https://example.org/a?b=1&c=2", "First", "Second", "Deeper", "Quoted", "Anna", "x := 1 < 2", "The ferry: 9"} {
		if !strings.Contains(got.Markdown, want) {
			t.Errorf("read back without %q:\n%s", want, got.Markdown)
		}
	}
}
