package notion

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

// sample is a page with all that stands below it.
type sample struct {
	Page      json.RawMessage              `json:"page"`
	Blocks    map[string][]json.RawMessage `json:"blocks"`
	Refusals  map[string]any               `json:"children_responses"`
	Props     map[string][]json.RawMessage `json:"properties"`
	forbidden []string
}

func (s *sample) Children(_ context.Context, id string) ([]json.RawMessage, error) {
	if _, refused := s.Refusals[id]; refused {
		s.forbidden = append(s.forbidden, id)
		return nil, fmt.Errorf("block %s: %w", id, ErrNotReadable)
	}
	return s.Blocks[id], nil
}

func (s *sample) Property(_ context.Context, _, id string) ([]json.RawMessage, error) {
	return s.Props[id], nil
}

func TestConvert_SharedPages(t *testing.T) {
	t.Parallel()
	dir := doctreetest.Shared("notion", "pages")
	if dir == "" {
		t.Skip("no shared/connectors beside the repository")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.expected.md"))
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d pages, %v; there are more", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".expected.md"), func(t *testing.T) {
			t.Parallel()
			var s sample
			raw, err := os.ReadFile(strings.TrimSuffix(file, ".expected.md") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(raw, &s); err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Convert(t.Context(), s.Page, &s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := doctreetest.Difference(got.Markdown, string(want)); diff != "" {
				t.Error(diff)
			}
			if got.Markdown != string(want) {
				t.Logf("says the same in other words:\n%s", got.Markdown)
			}
			if len(s.forbidden) > 0 {
				t.Errorf("asked for the children of %v, which the API refuses", s.forbidden)
			}
		})
	}
}

// TestConvert_SharedPagesKeepTheirWords counts the words that a reader of the page
// sees and finds them in the Markdown.
func TestConvert_SharedPagesKeepTheirWords(t *testing.T) {
	dir := doctreetest.Shared("notion", "pages")
	if dir == "" {
		t.Skip("no shared/connectors beside the repository")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	found, total := 0, 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s sample
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		got, err := Convert(t.Context(), s.Page, &s)
		if err != nil {
			t.Fatal(err)
		}
		var seen strings.Builder
		for parent, blocks := range s.Blocks {
			if strings.Contains(string(raw), `"transcript_block_id": "`+parent+`"`) {
				continue // all that was said in a meeting is left out on purpose
			}
			for _, b := range blocks {
				var v any
				if err := json.Unmarshal(b, &v); err != nil {
					t.Fatal(err)
				}
				visibleText(v, &seen)
			}
		}
		f, n := doctreetest.Recall(seen.String(), got.Markdown)
		found, total = found+f, total+n
		if f < n {
			t.Logf("%s: %d of %d words", filepath.Base(file), f, n)
		}
	}
	t.Logf("visible-text recall over %d pages: %d of %d words, %.4f", len(files), found, total, float64(found)/float64(total))
	if float64(found) < 0.99*float64(total) {
		t.Error("recall is below 0.99")
	}
}

// visibleText collects every plain_text of a block.
func visibleText(v any, b *strings.Builder) {
	switch v := v.(type) {
	case map[string]any:
		if text, ok := v["plain_text"].(string); ok {
			b.WriteString(text + "\n")
		}
		for _, inner := range v {
			visibleText(inner, b)
		}
	case []any:
		for _, inner := range v {
			visibleText(inner, b)
		}
	}
}
