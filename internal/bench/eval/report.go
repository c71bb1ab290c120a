package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"github.com/docsctl/docsctl/internal/bench/rouge"
)

// resamples of the paired bootstrap; the seed is fixed, the table repeats.
const resamples = 2000

func report(w io.Writer, docs []document, results []result, words int) {
	fmt.Fprintf(w, "ROUGE F1 x 100, stemmed, %d words, %d documents\n\n", words, len(docs))
	fmt.Fprintf(w, "%-14s %6s %6s %6s %9s\n", "system", "R1", "R2", "RL", "seconds")
	for _, r := range results {
		m := mean(r.scores)
		fmt.Fprintf(w, "%-14s %6.2f %6.2f %6.2f %9.2f\n", r.name, 100*m.R1, 100*m.R2, 100*m.RL, r.took.Seconds())
	}
	fmt.Fprintf(w, "\nR1 by source\n%-14s %5s", "source", "docs")
	for _, r := range results {
		fmt.Fprintf(w, " %11s", r.name)
	}
	for _, source := range sources(docs) {
		at := documentsOf(docs, source)
		fmt.Fprintf(w, "\n%-14s %5d", source, len(at))
		for _, r := range results {
			fmt.Fprintf(w, " %11.2f", 100*mean(pickScores(r.scores, at)).R1)
		}
	}
	fmt.Fprintf(w, "\n\n%s against the others, R1 by document\n%-14s %7s %16s %8s\n",
		results[0].name, "system", "mean", "95 % interval", "wins")
	for _, r := range results[1:] {
		compare(w, results[0], r)
	}
}

// compare prints the mean difference of two systems on the same documents with
// its bootstrap interval, and on how many the first is better.
func compare(w io.Writer, a, b result) {
	diffs := make([]float64, len(a.scores))
	wins, sum := 0, 0.0
	for i := range diffs {
		diffs[i] = 100 * (a.scores[i].R1 - b.scores[i].R1)
		sum += diffs[i]
		if diffs[i] > 0 {
			wins++
		}
	}
	low, high := interval(diffs)
	fmt.Fprintf(w, "%-14s %+7.2f [%+6.2f, %+6.2f] %4d/%d\n", b.name, sum/float64(len(diffs)), low, high, wins, len(diffs))
}

func interval(values []float64) (low, high float64) {
	random := rand.New(rand.NewPCG(7, 7))
	means := make([]float64, resamples)
	for k := range means {
		for range values {
			means[k] += values[random.IntN(len(values))] / float64(len(values))
		}
	}
	slices.Sort(means)
	return means[resamples*25/1000], means[resamples*975/1000]
}

func mean(scores []rouge.Score) rouge.Score {
	var m rouge.Score
	for _, s := range scores {
		n := float64(len(scores))
		m.R1, m.R2, m.RL = m.R1+s.R1/n, m.R2+s.R2/n, m.RL+s.RL/n
	}
	return m
}

func sources(docs []document) []string {
	var out []string
	for _, d := range docs {
		if !slices.Contains(out, d.Source) {
			out = append(out, d.Source)
		}
	}
	return out
}

func documentsOf(docs []document, source string) []int {
	var out []int
	for i, d := range docs {
		if d.Source == source {
			out = append(out, i)
		}
	}
	return out
}

func pickScores(scores []rouge.Score, at []int) []rouge.Score {
	out := make([]rouge.Score, 0, len(at))
	for _, i := range at {
		out = append(out, scores[i])
	}
	return out
}
