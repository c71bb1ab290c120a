package summarize

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is what a test text is read as.
type golden struct {
	Language  string   `json:"language"`
	Title     string   `json:"title"`
	Sentences []string `json:"sentences"`
	Short     string   `json:"short"`
	Quotes    []string `json:"quotes"`
}

func TestGolden(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, path := range paths {
		if strings.HasSuffix(path, ".golden") {
			continue
		}
		seen++
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			stored, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			checkGolden(t, path+".golden", read(t, string(stored)))
		})
	}
	if seen < 10 {
		t.Errorf("only %d texts in testdata, want ten at least", seen)
	}
}

func read(t *testing.T, stored string) golden {
	t.Helper()
	x, e := extract(t, stored, Options{Words: 45})
	s := Render(e, Plain)
	checkCitations(t, stored, s)
	g := golden{Language: e.Language, Title: e.Title, Short: s.Text}
	for _, one := range x.Sentences() {
		g.Sentences = append(g.Sentences, x.String()[one.Start:one.End])
	}
	for _, c := range s.Citations {
		g.Quotes = append(g.Quotes, c.Quote)
	}
	return g
}

func checkGolden(t *testing.T, path string, got golden) {
	t.Helper()
	if *update {
		var out strings.Builder
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(got); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want golden
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reading differs (-want +got):\n%s", diff)
	}
}
