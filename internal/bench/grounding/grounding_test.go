package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data.jsonl")
	line := `{"id":"1","dataset":"bbc","article":"The harbour keeps its twelve cranes for ships. Ships bring wood and grain each week.","summaries":[` +
		`{"model":"a","summary":"The harbour keeps its twelve cranes for ships.","factuality":1},{"model":"b","summary":"The harbour sold 90 cranes to pirates.","factuality":0}]}` + "\n"
	if err := os.WriteFile(data, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(&out, data); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "2 summaries, 1 with an error") || !strings.Contains(got, "unsupported_number high") {
		t.Errorf("got %s", got)
	}
	if err := os.WriteFile(data, []byte(line+"{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(&out, data); err == nil || !strings.Contains(err.Error(), "article 2") {
		t.Errorf("got %v, want article 2 named", err)
	}
}

// TestCheckTellsTrueFromFalse holds the check to its promise on what people judged,
// where that stands beside the repository.
func TestCheckTellsTrueFromFalse(t *testing.T) {
	t.Parallel()
	data := filepath.Join("..", "..", "..", "..", "shared", "eval", "grounding.jsonl")
	if _, err := os.Stat(data); err != nil {
		t.Skip("the judged summaries are not beside the repository")
	}
	articles, err := load(data)
	if err != nil {
		t.Fatal(err)
	}
	all := checkAll(articles)
	if got := auc(all); got < 0.855 {
		t.Errorf("AUC is %.3f, want about 0.86", got)
	}
	fired := count(all, func(v verdict) bool { return v.warnings["unsupported_number high"] })
	right := count(all, func(v verdict) bool { return v.warnings["unsupported_number high"] && v.wrong })
	if fired < 40 || percent(right, fired) < 95 {
		t.Errorf("unsupported_number is right %d of %d times", right, fired)
	}
}
