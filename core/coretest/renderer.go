package coretest

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// RunRenderer checks a core.Renderer. read returns the words of a file as its reader
// shows them, footnotes included, to look for what must and must not be there.
func RunRenderer(t *testing.T, open func(t *testing.T) core.Renderer, read func(t *testing.T, f core.ExportFormat, file []byte) string) {
	with := func(run func(t *testing.T, c rendererCase)) func(t *testing.T, r core.Renderer) {
		return func(t *testing.T, r core.Renderer) { run(t, rendererCase{Renderer: r, read: read}) }
	}
	runCases(t, "RunRenderer", open, map[string]func(t *testing.T, r core.Renderer){
		"TitleTextAndQuotesStandInIt": with(rendererWritesAll),
		"HostileTextIsText":           with(rendererHostile),
		"ImagesAreTold":               with(rendererImages),
		"PlainTextKeepsItsMarks":      with(rendererPlain),
		"JSONStaysWhole":              with(rendererJSON),
		"SameInputSameBytes":          with(rendererSame),
		"UnknownFormatIsRefused":      with(rendererUnknown),
		"EndedContextIsReturned":      with(rendererEnded),
		"MayBeUsedConcurrently":       with(rendererConcurrently),
	})
}

type rendererCase struct {
	core.Renderer
	read func(t *testing.T, f core.ExportFormat, file []byte) string
}

func (c rendererCase) words(t *testing.T, r core.RenderRequest, f core.ExportFormat) string {
	t.Helper()
	file, err := c.Render(t.Context(), r, f)
	if err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return c.read(t, f, file)
}

// rendered is a summary of two sentences with a source each.
func rendered(change ...func(*core.RenderRequest)) core.RenderRequest {
	const text = "## Harbour 🚢\n\nThe **ferry** leaves at nine. مرحبا بكم\n\n- One\n- Two\n"
	r := core.RenderRequest{Title: "Log of 2026 <Harbour & Co>", SourceURL: "https://example.org/log", Summary: &core.Summary{
		ID: core.NewID[core.SummaryID](), DocID: core.NewID[core.DocumentID](), Text: text, Format: core.FormatMarkdown, Length: core.LengthMedium,
		Language: "en", ModelUsed: "a-model", Status: core.SummaryComplete, Coverage: core.Coverage{CharsTotal: 100, CharsRead: 100, PagesWithoutText: []int{}},
		Citations: []core.Citation{
			{Start: 14, End: 44, Sources: []core.Source{{Start: 5, End: 30, Quote: "Departure of the ferry:\n 9 o'clock", Page: 7}}},
			{Start: 45, End: 54, Sources: []core.Source{{Start: 40, End: 60, Quote: "مرحبا بكم في [الميناء]"}, {Start: 5, End: 30, Quote: "Departure of the ferry:\n 9 o'clock", Page: 7}}},
		},
		Warnings: []core.Warning{{Code: "unsupported_number", Severity: core.SeverityHigh, Message: "this number is not in the document"}}, UpdatedAt: Now(), CreatedAt: Now(),
	}}
	for _, c := range change {
		c(&r)
	}
	return r
}

func wantWords(t *testing.T, f core.ExportFormat, words string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(words, w) {
			t.Errorf("%s lacks %q:\n%s", f, w, clip(words))
		}
	}
}

func rendererWritesAll(t *testing.T, c rendererCase) {
	for _, f := range core.ExportFormats() {
		words := c.words(t, rendered(), f)
		wantWords(t, f, words, "Log of 2026 <Harbour & Co>", "Harbour 🚢", "ferry", "leaves at nine.", "مرحبا بكم", "a-model",
			"Departure of the ferry:", "9 o'clock", "[الميناء]", "this number is not in the document", "https://example.org/log")
	}
}

// rendererHostile has a text try to run, load and end what it stands in.
func rendererHostile(t *testing.T, c rendererCase) {
	hostile := "<script>alert(1)</script> <img src=x onerror=alert(2)> ![p](https://evil.example/pixel) [l](javascript:alert(3)) " +
		"</w:t></w:r></w:p> ]]> &lt; {{.}} \x00\x1b[31m [^1] [^99]: gone\n\n[^1]: taken\n"
	r := rendered(func(r *core.RenderRequest) {
		r.Title, r.Summary.Text = "</title><script>x</script>", hostile
		r.SourceURL = "javascript:alert(4)"
		r.Summary.Citations = []core.Citation{{Start: 0, End: 9, Sources: []core.Source{{Start: 0, End: 9, Quote: "</p><script>q</script> [^1]: *x*"}}}}
	})
	for _, f := range core.ExportFormats() {
		file, err := c.Render(t.Context(), r, f)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if f == core.ExportHTML {
			for _, bad := range []string{"<script", "<img", "javascript:alert(3)\"", "evil.example/pixel\""} {
				if bytes.Contains(bytes.ToLower(file), []byte(bad)) {
					t.Errorf("html holds %s:\n%s", bad, clip(string(file)))
				}
			}
		}
		if words := c.read(t, f, file); f != core.ExportJSON && (strings.Contains(words, "\x00") || !strings.Contains(words, "*x*")) {
			t.Errorf("%s: the quote is not as it is, or a control character is:\n%s", f, clip(words))
		}
	}
}

// rendererImages has images told by their alternative text, and none loaded.
func rendererImages(t *testing.T, c rendererCase) {
	const text = "## Tides\n\nSee ![a chart of the tides](https://example.org/tides.png) and ![](https://example.org/b.png).\n\nWrite `![x](y.png)` for one. Done!"
	r := rendered(func(r *core.RenderRequest) {
		r.Summary.Text = text
		r.Summary.Citations = []core.Citation{{Start: len(text) - 5, End: len(text), Sources: []core.Source{{Start: 0, End: 4, Quote: "Tide"}}}}
	})
	for _, f := range core.ExportFormats() {
		file, err := c.Render(t.Context(), r, f)
		must(t, "render", file, err)
		wantWords(t, f, c.read(t, f, file), "a chart of the tides", "![x](y.png)", "Done!", "Tide")
		if f == core.ExportJSON {
			continue // the text as it is stored
		}
		for _, bad := range []string{"![a", "![]", "<img", "w:drawing"} {
			if bytes.Contains(file, []byte(bad)) {
				t.Errorf("%s holds %s:\n%s", f, bad, clip(string(file)))
			}
		}
	}
}

func rendererPlain(t *testing.T, c rendererCase) {
	const text = "1. *not* a list\n    # no heading\n_a_b_ <b> `x` [y](z) 5 > 3"
	r := rendered(func(r *core.RenderRequest) {
		r.Summary.Text, r.Summary.Format, r.Summary.Citations = text, core.FormatPlain, nil
	})
	for _, f := range []core.ExportFormat{core.ExportHTML, core.ExportDocx} {
		wantWords(t, f, c.words(t, r, f), "1. *not* a list", "# no heading", "_a_b_ <b> `x` [y](z) 5 > 3")
	}
}

func rendererJSON(t *testing.T, c rendererCase) {
	const text = `{"summary":"The ferry leaves at nine.","fence":"` + "```" + `"}`
	r := rendered(func(r *core.RenderRequest) {
		r.Summary.Text, r.Summary.Format = text, core.FormatJSON
		r.Summary.Citations[0].Start, r.Summary.Citations[0].End = 12, 37
	})
	for _, f := range core.ExportFormats() {
		words := c.words(t, r, f)
		if f == core.ExportJSON {
			words = strings.ReplaceAll(words, `\"`, `"`)
		}
		wantWords(t, f, words, text, "Departure of the ferry:")
	}
}

func rendererSame(t *testing.T, c rendererCase) {
	r := rendered()
	for _, f := range core.ExportFormats() {
		first, err := c.Render(t.Context(), r, f)
		must(t, "render", first, err)
		second, err := c.Render(t.Context(), r, f)
		must(t, "render", second, err)
		if !bytes.Equal(first, second) {
			t.Errorf("%s: the same summary makes other bytes", f)
		}
		if f == core.ExportJSON && !json.Valid(first) {
			t.Errorf("json is none:\n%s", clip(string(first)))
		}
	}
}

func rendererUnknown(t *testing.T, c rendererCase) {
	if _, err := c.Render(t.Context(), rendered(), "pdf"); core.CodeOf(err) != core.CodeValidation {
		t.Errorf("got %v, want CodeValidation", err)
	}
}

func rendererEnded(t *testing.T, c rendererCase) {
	_, err := c.Render(ended(t), rendered(), core.ExportHTML)
	wantEnded(t, "render", err)
}

func rendererConcurrently(t *testing.T, c rendererCase) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			f := core.ExportFormats()[i%4]
			if _, err := c.Render(t.Context(), rendered(), f); err != nil {
				t.Errorf("%s: %v", f, err)
			}
		})
	}
	wg.Wait()
}
