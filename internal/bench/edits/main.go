// Command edits measures what a summary of an edited document costs beside the
// first one: words changed, paragraphs inserted, deleted and moved at the start, in
// the middle and at the end of a 300-page text, and the real history of another.
// After each edit the result is compared with that of a run without any cache.
//
//	go run ./internal/bench/edits --data ../shared/long
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/summarize"
)

func main() {
	data := flag.String("data", filepath.Join("..", "shared", "long"), "folder of the long documents and of their history")
	revisions := flag.Int("revisions", 80, "revisions of the real history to replay")
	flag.Parse()
	if err := run(os.Stdout, *data, *revisions); err != nil {
		fmt.Fprintln(os.Stderr, "edits:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, data string, revisions int) error {
	text, err := read300Pages(filepath.Join(data, "python-packaging-peps.md"))
	if err != nil {
		return err
	}
	if _, err := measureEdits(w, text); err != nil {
		return err
	}
	return replay(w, filepath.Join(data, "python-packaging-peps.md"), filepath.Join(data, "python-packaging-peps.edits.jsonl"), revisions)
}

// bench is a pipeline with its own model and cache.
type bench struct {
	model  *countingModel
	pipe   *summarize.Pipeline
	tenant core.Tenant
}

func newBench() *bench {
	m := &countingModel{}
	return &bench{
		model: m, tenant: core.TrustTenant(core.NewID[core.OrgID]()),
		pipe: summarize.New(summarize.Config{LLM: m, Nodes: inproc.NewNodes(1 << 30)}),
	}
}

// cost is what one run took.
type cost struct {
	calls  int
	input  int64
	result *core.SummaryResult
}

func (b *bench) summarize(text string) (cost, error) {
	r := core.SummarizeRequest{
		Document: &core.Document{Title: "Handbook", Content: text}, Prompt: "Summarize {{title}}:\n{{content}}",
		Format: core.FormatPlain, Length: core.LengthMedium,
	}
	got, err := b.pipe.Summarize(context.Background(), b.tenant, r, core.SummaryObserver{})
	if err != nil {
		return cost{}, err
	}
	calls, input := b.model.take()
	return cost{calls: calls, input: input, result: got}, nil
}

// share is what an edit cost of its first run's input tokens.
type share struct {
	name    string
	calls   int
	percent float64
	same    bool // as a run without cache
}

// measureEdits prints and returns what each edit of a text costs.
func measureEdits(w io.Writer, text string) ([]share, error) {
	b := newBench()
	first, err := b.summarize(text)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(w, "%d characters, first run: %d calls, %d input tokens\n\n%-34s %6s %8s %8s\n", len([]rune(text)), first.calls, first.input,
		"edit", "calls", "input", "as fresh")
	var out []share
	sum, worst := 0.0, 0.0
	for _, e := range edits(text) {
		s, err := b.measure(e, first)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
		sum, worst = sum+s.percent, max(worst, s.percent)
		fmt.Fprintf(w, "%-34s %6d %7.2f%% %8v\n", s.name, s.calls, s.percent, s.same)
	}
	fmt.Fprintf(w, "\nmean %.2f %%, worst %.2f %%\n\n", sum/float64(len(out)), worst)
	return out, nil
}

// measure summarizes an edited text with what the runs before left in the cache.
func (b *bench) measure(e edit, first cost) (share, error) {
	got, err := b.summarize(e.text)
	if err != nil {
		return share{}, fmt.Errorf("%s: %w", e.name, err)
	}
	fresh, err := newBench().summarize(e.text)
	if err != nil {
		return share{}, fmt.Errorf("%s: %w", e.name, err)
	}
	return share{
		name: e.name, calls: got.calls, percent: 100 * float64(got.input) / float64(first.input), same: got.result.Text == fresh.result.Text,
	}, nil
}

// revision is a line of the history: replacements in the text before it.
type revision struct {
	Rev string `json:"rev"`
	Ops []struct {
		Start, End int
		Text       string
	} `json:"ops"`
}

// apply returns the text after a revision. Offsets are code points.
func (r revision) apply(text []rune) []rune {
	for i := len(r.Ops) - 1; i >= 0; i-- {
		op := r.Ops[i]
		tail := append([]rune(op.Text), text[op.End:]...)
		text = append(text[:op.Start:op.Start], tail...)
	}
	return text
}

// size tells how much a revision changes.
func (r revision) size() string {
	gone, came := 0, 0
	for _, op := range r.Ops {
		gone, came = gone+op.End-op.Start, came+len([]rune(op.Text))
	}
	return fmt.Sprintf("%d replacements, %d characters less and %d more", len(r.Ops), gone, came)
}

// mostOfARevision is the percentage of the first run's input over which a revision
// is told with its size.
const mostOfARevision = 8

// replay summarizes each revision of a real document after the other.
func replay(w io.Writer, document, history string, most int) error {
	raw, err := os.ReadFile(document)
	if err != nil {
		return fmt.Errorf("read the document: %w", err)
	}
	text := []rune(string(raw))
	b := newBench()
	first, err := b.summarize(string(text))
	if err != nil {
		return err
	}
	f, err := os.Open(history)
	if err != nil {
		return fmt.Errorf("open the history: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	var n, calls int
	var total, worst int64
	for n < most && lines.Scan() {
		var r revision
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("revision %d: %w", n+1, err)
		}
		text = r.apply(text)
		c, err := b.summarize(string(text))
		if err != nil {
			return fmt.Errorf("revision %s: %w", r.Rev, err)
		}
		if percent := 100 * float64(c.input) / float64(first.input); percent > mostOfARevision {
			fmt.Fprintf(w, "revision %d (%s): %.2f %% in %d calls; %s\n", n+1, r.Rev, percent, c.calls, r.size())
		}
		n, calls, total, worst = n+1, calls+c.calls, total+c.input, max(worst, c.input)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	last, err := b.summarize(string(text))
	if err != nil {
		return err
	}
	fresh, err := newBench().summarize(string(text))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "real history: first run %d calls, %d input tokens; %d revisions: %.0f input tokens and %.1f calls each (%.2f %%), worst %d (%.2f %%), as fresh %v\n",
		first.calls, first.input, n, float64(total)/float64(max(1, n)), float64(calls)/float64(max(1, n)), 100*float64(total)/float64(max(1, n))/float64(first.input),
		worst, 100*float64(worst)/float64(first.input), last.result.Text == fresh.result.Text)
	return nil
}
