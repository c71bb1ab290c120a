package confluence

import (
	"encoding/json"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

func TestConvert_SharedBodies(t *testing.T) {
	t.Parallel()
	dir := doctreetest.Shared("confluence")
	if dir == "" {
		t.Skip("no shared/connectors beside the repository")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.expected.md"))
	if err != nil || len(files) < 25 {
		t.Fatalf("found %d bodies, %v; there are more", len(files), err)
	}
	for _, file := range files {
		base := strings.TrimSuffix(file, ".expected.md")
		t.Run(filepath.Base(base), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := convertFile(t, base)
			if err != nil {
				t.Fatal(err)
			}
			if diff := doctreetest.Difference(got.Markdown, string(want)); diff != "" {
				t.Error(diff)
			}
			if got.Markdown != string(want) {
				t.Logf("says the same in other words:\n%s", got.Markdown)
			}
		})
	}
}

// convertFile converts whichever body there is.
func convertFile(t *testing.T, base string) (doctree.Result, error) {
	if adf, err := os.ReadFile(base + ".adf.json"); err == nil {
		return ConvertADF(t.Context(), adf)
	}
	storage, err := os.ReadFile(base + ".storage.xml")
	if err != nil {
		t.Fatal(err)
	}
	return ConvertStorage(t.Context(), string(storage), nil)
}

// TestConvert_SharedBodiesKeepTheirWords counts the words that a reader of the
// source sees and finds them in the Markdown.
func TestConvert_SharedBodiesKeepTheirWords(t *testing.T) {
	dir := doctreetest.Shared("confluence")
	if dir == "" {
		t.Skip("no shared/connectors beside the repository")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.expected.md"))
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	found, total := 0, 0
	for _, file := range files {
		base := strings.TrimSuffix(file, ".expected.md")
		got, err := convertFile(t, base)
		if err != nil {
			t.Fatal(err)
		}
		f, n := doctreetest.Recall(visible(t, base), got.Markdown)
		found, total = found+f, total+n
		if f < n {
			t.Logf("%s: %d of %d words", filepath.Base(base), f, n)
		}
	}
	t.Logf("visible-text recall over %d bodies: %d of %d words, %.4f", len(files), found, total, float64(found)/float64(total))
	if float64(found) < 0.99*float64(total) {
		t.Error("recall is below 0.99")
	}
}

// hidden is what no reader sees: settings, ids, what the editor shows instead.
var hidden = regexp.MustCompile(`(?s)<ac:(parameter|task-id|task-uuid|task-status|placeholder|adf-fallback|adf-attribute)\b[^>]*?(/>|>.*?</ac:(parameter|task-id|task-uuid|task-status|placeholder|adf-fallback|adf-attribute)>)|<time [^>]*>[^<]*</time>`)

var tag = regexp.MustCompile(`(?s)<[^!][^>]*>`)

func visible(t *testing.T, base string) string {
	t.Helper()
	if adf, err := os.ReadFile(base + ".adf.json"); err == nil {
		var b strings.Builder
		for _, m := range regexp.MustCompile(`"text": ("(?:[^"\\]|\\.)*")`).FindAllSubmatch(adf, -1) {
			var text string
			if err := json.Unmarshal(m[1], &text); err != nil {
				t.Fatal(err)
			}
			b.WriteString(text + "\n")
		}
		return strings.ReplaceAll(b.String(), "editor-only", "") // a placeholder
	}
	storage, err := os.ReadFile(base + ".storage.xml")
	if err != nil {
		t.Fatal(err)
	}
	code := strings.NewReplacer("<![CDATA[", "", "]]>", "")
	text := tag.ReplaceAllString(hidden.ReplaceAllString(code.Replace(string(storage)), " "), " ")
	return html.UnescapeString(text)
}
