// Command eval measures the extractive summarizer on documents with a summary
// that people wrote, beside simple baselines, and prints ROUGE F1 at a number of
// words. Nothing of the summarizer is fitted on what it reads.
//
//	go run ./internal/bench/eval --data ../shared/eval/eval.jsonl
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/docsctl/docsctl/internal/bench/rouge"
)

// document is a line of the data: a text and what a person wrote of it.
type document struct {
	ID        string `json:"id"`
	Source    string `json:"source"`
	Text      string `json:"text"`
	Reference string `json:"reference"`
}

func main() {
	data := flag.String("data", filepath.Join("..", "shared", "eval", "eval.jsonl"), "documents, one JSON object a line: id, source, text, reference")
	words := flag.Int("words", 100, "words of each summary; longer ones are cut")
	out := flag.String("out", "", "folder for each system's summaries as JSON lines (default: not written)")
	flag.Parse()
	if err := run(*data, *words, *out); err != nil {
		fmt.Fprintln(os.Stderr, "eval:", err)
		os.Exit(1)
	}
}

func run(data string, words int, out string) error {
	docs, err := load(data)
	if err != nil {
		return err
	}
	var results []result
	for _, s := range systems() {
		r, err := measure(context.Background(), s, docs, words)
		if err != nil {
			return err
		}
		results = append(results, r)
		if out != "" {
			if err := write(filepath.Join(out, s.name+".jsonl"), docs, r.summaries); err != nil {
				return err
			}
		}
	}
	report(os.Stdout, docs, results, words)
	return nil
}

func load(path string) ([]document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the documents: %w", err)
	}
	defer f.Close()
	var docs []document
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var d document
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return nil, fmt.Errorf("document %d: %w", len(docs)+1, err)
		}
		docs = append(docs, d)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the documents: %w", err)
	}
	if len(docs) == 0 {
		return nil, fmt.Errorf("%s holds no documents", path)
	}
	return docs, nil
}

// result is what one system scored, document by document.
type result struct {
	name      string
	summaries []string
	scores    []rouge.Score
	took      time.Duration
}

func measure(ctx context.Context, s system, docs []document, words int) (result, error) {
	r := result{name: s.name}
	started := time.Now()
	for _, d := range docs {
		text, err := s.summarize(ctx, d.Text, words)
		if err != nil {
			return r, fmt.Errorf("%s, document %s: %w", s.name, d.ID, err)
		}
		r.summaries = append(r.summaries, text)
	}
	r.took = time.Since(started)
	for i, d := range docs {
		r.scores = append(r.scores, rouge.Of(d.Reference, rouge.Cut(r.summaries[i], words)))
	}
	return r, nil
}

func write(path string, docs []document, summaries []string) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the summaries: %w", err)
	}
	enc := json.NewEncoder(f)
	for i, d := range docs {
		if err := enc.Encode(map[string]string{"id": d.ID, "summary": summaries[i]}); err != nil {
			_ = f.Close()
			return fmt.Errorf("write the summaries: %w", err)
		}
	}
	return f.Close()
}
