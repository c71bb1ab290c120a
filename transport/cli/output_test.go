package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/docsctl/docsctl/core"
)

func TestEncodeYAML(t *testing.T) {
	t.Parallel()
	type item struct {
		Text   string         `json:"summary_text"`
		Big    int64          `json:"big"`
		Cost   *float64       `json:"cost_usd"`
		None   []string       `json:"none"`
		Nested map[string]any `json:"nested"`
	}
	texts := []string{
		"plain", "", "123", "true", "null", "~", "- dash", "key: value", "a\nb\n", " lead", "tab\tin", "\x00\x07\x1b\x7f\u0085\ufeff",
		"#no", "'\"", "🎉\u2028", "<b>&amp;</b>", "2026-01-02", "1e3", "\r\n",
	}
	for _, text := range texts {
		cost := 0.25
		in := item{Text: text, Big: 1 << 53, Cost: &cost, Nested: map[string]any{text + "k": text}}
		raw, err := encodeYAML(in)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var back map[string]any
		if err := yaml.Unmarshal(raw, &back); err != nil {
			t.Errorf("%q: got %s, which is no YAML: %v", text, raw, err)
			continue
		}
		want := map[string]any{
			"summary_text": text, "big": 1 << 53, "cost_usd": 0.25, "none": nil, "nested": map[string]any{text + "k": text},
		}
		if d := cmp.Diff(want, back); d != "" {
			t.Errorf("%q comes back changed:\n%s", text, d)
		}
		if !bytes.HasPrefix(raw, []byte("summary_text:")) {
			t.Errorf("order of names: got %s, want summary_text first", raw)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	got := table{head: []string{"INPUT", "N"}, rows: [][]string{{"日本語.md", "1"}, {"a\n\x1b[31mb", "22"}}}.String()
	want := "INPUT      N\n日本語.md  1\na [31mb    22\n"
	if got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestIOStreams_print(t *testing.T) {
	t.Parallel()
	const text = "a\tb\n\x1b]0;title\x07c\u009bd\r\n"
	t.Run("TerminalGetsNoControlCharacters", func(t *testing.T) {
		t.Parallel()
		var b bytes.Buffer
		io := &IOStreams{Out: &b, IsStdoutTTY: true}
		if err := io.print(text); err != nil || b.String() != "a\tb\n]0;titlecd\n" {
			t.Errorf("got %q, %v", b.String(), err)
		}
	})
	t.Run("FileGetsTheTextAsItIs", func(t *testing.T) {
		t.Parallel()
		var b bytes.Buffer
		io := &IOStreams{Out: &b}
		if err := io.print(text); err != nil || b.String() != text {
			t.Errorf("got %q, %v", b.String(), err)
		}
	})
	t.Run("FailureIsTold", func(t *testing.T) {
		t.Parallel()
		io := &IOStreams{Out: brokenWriter{}}
		if got := core.CodeOf(io.print(text)); got != core.CodeUnavailable {
			t.Errorf("code: got %s, want %s", got, core.CodeUnavailable)
		}
	})
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestProgress(t *testing.T) {
	t.Parallel()
	next := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	retried := &core.Job{ErrorMessage: "the model did not answer", NextAttemptAt: &next}
	half := &core.Job{Progress: core.Progress{Done: 6, Total: 12, Message: "reading"}}
	t.Run("TerminalSeesABarThatGoesAway", func(t *testing.T) {
		t.Parallel()
		var b bytes.Buffer
		io := &IOStreams{ErrOut: &b, IsStderrTTY: true, Width: 80}
		p := newProgress(io, &b, "summarizing a.md")
		p.show(half)
		p.clear()
		got := b.String()
		if !strings.Contains(got, "\rsummarizing a.md [############............] 6/12 reading\x1b[K") || !strings.HasSuffix(got, "\r\x1b[K") {
			t.Errorf("got %q, want the bar and then an empty line", got)
		}
	})
	t.Run("LineFitsTheTerminal", func(t *testing.T) {
		t.Parallel()
		var b bytes.Buffer
		newProgress(&IOStreams{ErrOut: &b, IsStderrTTY: true, Width: 9}, &b, "日本語日本語")
		if got, want := b.String(), "\r日本語日\x1b[K"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("FileSeesFailedAttemptsOnlyAndOnce", func(t *testing.T) {
		t.Parallel()
		for _, io := range []*IOStreams{{Width: 80}, {Width: 80, IsStderrTTY: true, Dumb: true}} {
			var b bytes.Buffer
			io.ErrOut = &b
			p := newProgress(io, &b, "summarizing a.md")
			p.show(half)
			p.show(retried)
			p.show(retried)
			p.clear()
			if got, want := b.String(), "the model did not answer; it is tried again at 03:04:05\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}

func TestViewSummary(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(viewSummary(&core.Summary{Prompt: "internal", ModelRequested: "internal", ErrorMessage: "x"}))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatal(err)
	}
	// CONTRACT section 2, Summary.
	want := strings.Fields("id doc_id org_id created_by template_id template_version summary_text format length language " +
		"tokens_used model_used status job_id doc_version stale error_message usage coverage citations warnings created_at updated_at")
	for _, name := range want {
		if _, ok := fields[name]; !ok {
			t.Errorf("%s is missing", name)
		}
		delete(fields, name)
	}
	if len(fields) > 0 || strings.Contains(string(raw), "internal") || strings.Contains(string(raw), "[]") == false {
		t.Errorf("got %s, want the contract's fields only, with empty lists", raw)
	}
}
