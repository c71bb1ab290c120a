package guru

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

func TestConvert_SharedCards(t *testing.T) {
	t.Parallel()
	dir := doctreetest.Shared("guru", "cards")
	if dir == "" {
		t.Skip("no shared/connectors beside the repository")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.expected.md"))
	if err != nil || len(files) < 9 {
		t.Fatalf("found %d cards, %v; there are more", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".expected.md"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(strings.TrimSuffix(file, ".expected.md") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var card struct{ Content string }
			if err := json.Unmarshal(raw, &card); err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Convert(t.Context(), card.Content)
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

// TestConvert_SharedCardsKeepTheirWords counts the words that a reader of the card
// sees and finds them in the Markdown.
func TestConvert_SharedCardsKeepTheirWords(t *testing.T) {
	dir := doctreetest.Shared("guru", "cards")
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
		var card struct{ Content string }
		if err := json.Unmarshal(raw, &card); err != nil {
			t.Fatal(err)
		}
		got, err := Convert(t.Context(), card.Content)
		if err != nil {
			t.Fatal(err)
		}
		f, n := doctreetest.Recall(plain(card.Content), got.Markdown)
		found, total = found+f, total+n
		if f < n {
			t.Logf("%s: %d of %d words", filepath.Base(file), f, n)
		}
	}
	t.Logf("visible-text recall over %d cards: %d of %d words, %.4f", len(files), found, total, float64(found)/float64(total))
	if float64(found) < 0.99*float64(total) {
		t.Error("recall is below 0.99")
	}
}
