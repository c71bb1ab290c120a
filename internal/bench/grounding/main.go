// Command grounding measures the check of a summary against its document on
// machine summaries that people judged for errors: how well the share of the worst
// sentence's words that the article has tells true summaries from false ones, and
// how often each warning is right.
//
//	go run ./internal/bench/grounding --data ../shared/eval/grounding.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/summarize"
)

// article is a line of the data: a text and what was written of it.
type article struct {
	ID        string   `json:"id"`
	Dataset   string   `json:"dataset"`
	Article   string   `json:"article"`
	Summaries []judged `json:"summaries"`
}

// judged is a summary and the share of its sentences in which people saw no error.
type judged struct {
	Model      string  `json:"model"`
	Summary    string  `json:"summary"`
	Factuality float64 `json:"factuality"`
}

func main() {
	data := flag.String("data", filepath.Join("..", "shared", "eval", "grounding.jsonl"), "articles, one JSON object a line: id, dataset, article, summaries")
	flag.Parse()
	if err := run(os.Stdout, *data); err != nil {
		fmt.Fprintln(os.Stderr, "grounding:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, data string) error {
	articles, err := load(data)
	if err != nil {
		return err
	}
	started := time.Now()
	all := checkAll(articles)
	report(w, all, time.Since(started))
	return nil
}

func load(path string) ([]article, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the articles: %w", err)
	}
	defer f.Close()
	var out []article
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var a article
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return nil, fmt.Errorf("article %d: %w", len(out)+1, err)
		}
		out = append(out, a)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the articles: %w", err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s holds no articles", path)
	}
	return out, nil
}

// verdict is a summary's score and warnings beside what people said.
type verdict struct {
	dataset   string
	wrong     bool
	score     float64
	warnings  map[string]bool // by code and severity
	sentences int
}

func checkAll(articles []article) []verdict {
	var out []verdict
	for _, a := range articles {
		text := summarize.Canonical(a.Article)
		for _, s := range a.Summaries {
			c := summarize.Check(text, detokenized(s.Summary))
			v := verdict{dataset: a.Dataset, wrong: s.Factuality < 1, score: c.Worst, warnings: map[string]bool{}, sentences: c.Sentences}
			for _, x := range c.Warnings {
				v.warnings[x.Code+" "+string(x.Severity)] = true
			}
			out = append(out, v)
		}
	}
	return out
}

// detokenized gives each sentence of a summary in lower case, whose full stops stand
// alone, a paragraph of its own: nothing else tells where it ends.
func detokenized(s string) string {
	for _, end := range []string{".", "!", "?"} {
		s = strings.ReplaceAll(s, " "+end+" ", end+"\n\n")
	}
	return s
}

// auc is the chance that a true summary scores higher than a wrong one.
func auc(all []verdict) float64 {
	above, pairs := 0.0, 0.0
	for _, t := range all {
		if t.wrong {
			continue
		}
		for _, f := range all {
			if !f.wrong {
				continue
			}
			pairs++
			switch {
			case t.score > f.score:
				above++
			case t.score == f.score:
				above += 0.5
			}
		}
	}
	return above / pairs
}

func report(w io.Writer, all []verdict, took time.Duration) {
	sentences := 0
	for _, v := range all {
		sentences += v.sentences
	}
	fmt.Fprintf(w, "%d summaries, %d with an error, %d sentences, %.2f ms a sentence\n\n", len(all), count(all, func(v verdict) bool { return v.wrong }),
		sentences, float64(took.Microseconds())/1000/float64(max(1, sentences)))
	fmt.Fprintf(w, "AUC of the worst sentence's share\n%-8s %.3f\n", "all", auc(all))
	for _, name := range []string{"bbc", "cnndm"} {
		var part []verdict
		for _, v := range all {
			if v.dataset == name {
				part = append(part, v)
			}
		}
		fmt.Fprintf(w, "%-8s %.3f\n", name, auc(part))
	}
	fmt.Fprintf(w, "\n%-34s %6s %10s %7s %12s\n", "signal", "fires", "precision", "recall", "false alarms")
	for _, limit := range []float64{0.5, 0.7} {
		signal(w, fmt.Sprintf("share < %.1f", limit), all, func(v verdict) bool { return v.score < limit })
	}
	codes := map[string]bool{}
	for _, v := range all {
		for code := range v.warnings {
			codes[code] = true
		}
	}
	for _, code := range slices.Sorted(keys(codes)) {
		signal(w, code, all, func(v verdict) bool { return v.warnings[code] })
	}
	signal(w, "any of severity high", all, func(v verdict) bool {
		for code := range v.warnings {
			if code[len(code)-4:] == string(core.SeverityHigh) {
				return true
			}
		}
		return false
	})
}

func keys(m map[string]bool) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// signal prints how often a signal is right, how many of the wrong summaries it
// finds and for how many of the true ones it fires.
func signal(w io.Writer, name string, all []verdict, fires func(verdict) bool) {
	fired := count(all, fires)
	right := count(all, func(v verdict) bool { return fires(v) && v.wrong })
	wrong := count(all, func(v verdict) bool { return v.wrong })
	fmt.Fprintf(w, "%-34s %6d %9.1f%% %6.1f%% %11.1f%%\n", name, fired, percent(right, fired), percent(right, wrong), percent(fired-right, len(all)-wrong))
}

func percent(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(n) / float64(of)
}

func count(all []verdict, is func(verdict) bool) int {
	n := 0
	for _, v := range all {
		if is(v) {
			n++
		}
	}
	return n
}
