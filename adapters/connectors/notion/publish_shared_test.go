package notion

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

func TestBlocks_SharedPublications(t *testing.T) {
	t.Parallel()
	dir := doctreetest.Shared("publish")
	if dir == "" {
		t.Skip("no shared/connectors beside the repository")
	}
	for _, name := range []string{"basic", "rich"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent, err := json.Marshal(Blocks(readFile(t, filepath.Join(dir, name+".md"))))
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := json.Unmarshal(sent, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(readFile(t, filepath.Join(dir, name+".notion-blocks.json"))), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("blocks differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAppends_SharedLimits(t *testing.T) {
	t.Parallel()
	dir := doctreetest.Shared("publish")
	if dir == "" {
		t.Skip("no shared/connectors beside the repository")
	}
	for name, atLeast := range map[string]int{"limit-many-blocks": 2, "limit-deep-list": 3, "limit-long-paragraph": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			markdown := readFile(t, filepath.Join(dir, name+".md"))
			requests := Appends(Blocks(markdown))
			if len(requests) < atLeast {
				t.Errorf("got %d requests, want at least %d", len(requests), atLeast)
			}
			page := fakePage{}
			page.send(t, requests)
			if diff := doctreetest.Difference(page.markdown(t), markdown); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
