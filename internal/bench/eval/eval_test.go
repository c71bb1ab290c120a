package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data.jsonl")
	line := `{"id":"1","source":"s","text":"The harbour keeps its cranes for ships. Ships bring wood and grain each week. Nobody counts the birds there.","reference":"The harbour keeps its cranes."}` + "\n"
	if err := os.WriteFile(data, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("WritesASummaryForEachSystem", func(t *testing.T) {
		t.Parallel()
		if err := run(data, 10, dir); err != nil {
			t.Fatal(err)
		}
		for _, s := range systems() {
			got, err := os.ReadFile(filepath.Join(dir, s.name+".jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(got), `"summary":"`) {
				t.Errorf("%s wrote %q, want a summary", s.name, got)
			}
		}
	})
	t.Run("NamesABrokenLine", func(t *testing.T) {
		t.Parallel()
		broken := filepath.Join(t.TempDir(), "broken.jsonl")
		if err := os.WriteFile(broken, []byte(line+"{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(broken, 10, ""); err == nil || !strings.Contains(err.Error(), "document 2") {
			t.Errorf("got %v, want document 2 named", err)
		}
	})
}

// TestExtractiveIsWorthIt holds the summarizer to its promise on the evaluation
// set, where that stands beside the repository.
func TestExtractiveIsWorthIt(t *testing.T) {
	t.Parallel()
	data := filepath.Join("..", "..", "..", "..", "shared", "eval", "eval.jsonl")
	if _, err := os.Stat(data); err != nil {
		t.Skip("the evaluation set is not beside the repository")
	}
	docs, err := load(data)
	if err != nil {
		t.Fatal(err)
	}
	var results []result
	for _, s := range systems() {
		r, err := measure(context.Background(), s, docs, 100)
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	var table bytes.Buffer
	report(&table, docs, results, 100)
	t.Log(table.String())
	ours := 100 * mean(results[0].scores).R1
	if ours < 37 {
		t.Errorf("ROUGE-1 is %.2f, want 37 at least", ours)
	}
	for _, r := range results[1:] {
		if other := 100 * mean(r.scores).R1; ours <= other {
			t.Errorf("ROUGE-1 is %.2f, %s has %.2f", ours, r.name, other)
		}
		if better := sourcesWon(docs, results[0], r); better < 4 {
			t.Errorf("better than %s on %d sources, want four of five at least", r.name, better)
		}
	}
}

// sourcesWon returns on how many sources a scores more than b.
func sourcesWon(docs []document, a, b result) int {
	n := 0
	for _, source := range sources(docs) {
		at := documentsOf(docs, source)
		if mean(pickScores(a.scores, at)).R1 > mean(pickScores(b.scores, at)).R1 {
			n++
		}
	}
	return n
}
