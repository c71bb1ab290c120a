package confluence

import (
	"os"
	"path/filepath"
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
