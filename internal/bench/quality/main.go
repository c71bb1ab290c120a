// Command quality runs the pipeline with a model that copies, so that whatever is
// lost or wrong is the pipeline's doing. It plants facts at random places and prints
// how many of them the model was shown, how many citations lead to the sentence that
// was copied, ROUGE-1 against what people wrote where there is that, tokens and
// calls.
//
//	go run ./internal/bench/quality --data ../shared
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/summarize"
	"github.com/docsctl/docsctl/internal/bench/rouge"
)

func main() {
	data := flag.String("data", filepath.Join("..", "shared"), "folder with eval/eval.jsonl and long/")
	facts := flag.Int("facts", 20, "facts that are planted in each document")
	flag.Parse()
	if err := run(os.Stdout, *data, *facts); err != nil {
		fmt.Fprintln(os.Stderr, "quality:", err)
		os.Exit(1)
	}
}

// document is a text, and what a person wrote of it; "" for none.
type document struct {
	Source    string `json:"source"`
	Text      string `json:"text"`
	Reference string `json:"reference"`
}

func run(w io.Writer, data string, facts int) error {
	docs, err := evaluated(filepath.Join(data, "eval", "eval.jsonl"))
	if err != nil {
		return err
	}
	long, err := longOnes(filepath.Join(data, "long"))
	if err != nil {
		return err
	}
	var order []string
	rows := map[string]*score{}
	for _, d := range append(docs, long...) {
		row, ok := rows[d.Source]
		if !ok {
			row = &score{}
			rows[d.Source], order = row, append(order, d.Source)
		}
		if err := row.add(d, facts); err != nil {
			return fmt.Errorf("%s: %w", d.Source, err)
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "source\tdocs\tread whole\tfacts seen\tcitations right\tR1\tcalls\tinput tokens\toutput tokens\tseconds\t")
	all := &score{}
	for _, name := range order {
		rows[name].print(t, name)
		all.merge(rows[name])
	}
	all.print(t, "all")
	return t.Flush()
}

func evaluated(path string) ([]document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the documents: %w", err)
	}
	defer f.Close()
	var docs []document
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var d document
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return nil, fmt.Errorf("document %d: %w", len(docs)+1, err)
		}
		docs = append(docs, d)
	}
	return docs, lines.Err()
}

func longOnes(dir string) ([]document, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the long documents: %w", err)
	}
	var docs []document
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".md" && ext != ".txt" || e.Name() == "SOURCES.md" {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read a long document: %w", err)
		}
		docs = append(docs, document{Source: e.Name(), Text: string(raw)})
	}
	return docs, nil
}

// score adds up what was measured.
type score struct {
	docs, whole, planted, seen, cited, right, calls, referenced int
	input, output                                               int64
	rouge                                                       float64
	took                                                        time.Duration
}

// add summarizes a document in which facts are planted.
func (s *score) add(d document, facts int) error {
	text, planted := plant(d.Text, facts)
	m := &copyingModel{}
	began := time.Now()
	got, err := summarized(m, d.Source, text)
	if err != nil {
		return err
	}
	s.took += time.Since(began)
	s.docs++
	if got.Coverage.CharsRead == got.Coverage.CharsTotal {
		s.whole++
	}
	s.planted += len(planted)
	s.seen += m.saw(planted)
	chars := []rune(got.Text)
	for _, c := range got.Citations {
		s.cited++
		if leadsTo(c, string(chars[c.Start:c.End])) {
			s.right++
		}
	}
	s.calls += got.Usage.LLMCalls
	s.input += got.Usage.InputTokens
	s.output += got.Usage.OutputTokens
	if d.Reference == "" {
		return nil
	}
	bare, err := summarized(&copyingModel{}, d.Source, d.Text) // facts that are planted cost words
	if err != nil {
		return err
	}
	s.referenced++
	s.rouge += rouge.Of(d.Reference, rouge.Cut(bare.Text, 100)).R1
	return nil
}

func summarized(m core.LLM, title, text string) (*core.SummaryResult, error) {
	p := summarize.New(summarize.Config{LLM: m, Nodes: inproc.NewNodes(0)})
	return p.Summarize(context.Background(), core.TrustTenant(core.NewID[core.OrgID]()), core.SummarizeRequest{
		Document: &core.Document{Title: title, Content: text}, Prompt: "Summarize {{title}}:\n{{content}}", Format: core.FormatPlain, Length: core.LengthMedium,
	}, core.SummaryObserver{})
}

func (s *score) merge(o *score) {
	s.docs, s.whole, s.planted, s.seen = s.docs+o.docs, s.whole+o.whole, s.planted+o.planted, s.seen+o.seen
	s.cited, s.right, s.calls, s.referenced = s.cited+o.cited, s.right+o.right, s.calls+o.calls, s.referenced+o.referenced
	s.input, s.output, s.rouge, s.took = s.input+o.input, s.output+o.output, s.rouge+o.rouge, s.took+o.took
}

func (s *score) print(w io.Writer, name string) {
	r1 := "-"
	if s.referenced > 0 {
		r1 = fmt.Sprintf("%.1f", 100*s.rouge/float64(s.referenced))
	}
	fmt.Fprintf(w, "%s\t%d\t%d\t%d of %d\t%d of %d\t%s\t%d\t%d\t%d\t%.2f\t\n", name, s.docs, s.whole, s.seen, s.planted, s.right, s.cited, r1,
		s.calls, s.input, s.output, s.took.Seconds())
}

// plant puts facts between the paragraphs of a text, at the same random places each time.
func plant(text string, n int) (string, []string) {
	random := rand.New(rand.NewPCG(uint64(len(text)), uint64(n)))
	paragraphs := strings.Split(text, "\n\n")
	var facts []string
	for i := range n {
		fact := fmt.Sprintf("Planted fact %d says that gate %d opens with code %d.", i, random.IntN(900), 10_000+random.IntN(90_000))
		facts = append(facts, fact)
		at := random.IntN(len(paragraphs) + 1)
		paragraphs = append(paragraphs[:at], append([]string{fact}, paragraphs[at:]...)...)
	}
	return strings.Join(paragraphs, "\n\n"), facts
}

// leadsTo reports whether a source of the citation holds the passage that was copied
// from it, its marks and blanks aside.
func leadsTo(c core.Citation, passage string) bool {
	want := letters(passage)
	for _, s := range c.Sources {
		if have := letters(s.Quote); strings.Contains(have, want) || strings.Contains(want, have) && have != "" {
			return true
		}
	}
	return false
}
