package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"

	"github.com/docsctl/docsctl/core/summarize"
)

// system is one way to summarize a text in so many words.
type system struct {
	name      string
	summarize func(ctx context.Context, text string, words int) (string, error)
}

// systems returns ours first, then what it has to be better than.
func systems() []system {
	return []system{
		{"extractive", extractive},
		{"lead", ordered(func(s []string) []int { return upTo(len(s)) })},
		{"textrank", ordered(textRank)},
		{"random", ordered(shuffled)},
	}
}

func extractive(ctx context.Context, text string, words int) (string, error) {
	t := summarize.Canonical(text)
	e, err := summarize.Extractive(ctx, t, summarize.Options{Words: words})
	if err != nil {
		return "", err
	}
	return summarize.Render(e, summarize.Plain).Text, nil
}

// ordered makes a system of an order of sentences: the first are taken until
// the words are reached and written in the text's order. The sentences are
// those of our splitter, so that only the choice differs.
func ordered(order func(sentences []string) []int) func(context.Context, string, int) (string, error) {
	return func(_ context.Context, text string, words int) (string, error) {
		var sentences []string
		t := summarize.Canonical(text)
		for _, s := range t.Sentences() {
			one := strings.Join(strings.Fields(t.String()[s.Start:s.End]), " ")
			if len(strings.Fields(one)) >= 4 {
				sentences = append(sentences, one)
			}
		}
		var picked []int
		used := 0
		for _, i := range order(sentences) {
			if used >= words {
				break
			}
			picked = append(picked, i)
			used += len(strings.Fields(sentences[i]))
		}
		slices.Sort(picked)
		var out []string
		for _, i := range picked {
			out = append(out, sentences[i])
		}
		return strings.Join(out, " "), nil
	}
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func shuffled(sentences []string) []int {
	return rand.New(rand.NewPCG(1, uint64(len(sentences)))).Perm(len(sentences))
}

// textRank is the plain form of Mihalcea and Tarau 2004: shared words over the
// logarithms of the lengths, PageRank with damping 0.85.
func textRank(sentences []string) []int {
	n := len(sentences)
	weight := make([][]float64, n)
	degree := make([]float64, n)
	bags := make([]map[string]bool, n)
	for i, s := range sentences {
		bags[i] = map[string]bool{}
		for _, w := range strings.Fields(strings.ToLower(s)) {
			if w = strings.Trim(w, `.,;:!?"'()[]`); len(w) > 2 {
				bags[i][w] = true
			}
		}
		weight[i] = make([]float64, n)
	}
	for i := range n {
		for j := range i {
			w := similarity(bags[i], bags[j])
			weight[i][j], weight[j][i] = w, w
			degree[i], degree[j] = degree[i]+w, degree[j]+w
		}
	}
	rank := slices.Repeat([]float64{1}, n)
	for range 30 {
		next := slices.Repeat([]float64{0.15}, n)
		for i := range n {
			for j, w := range weight[i] {
				if w > 0 {
					next[i] += 0.85 * w * rank[j] / degree[j]
				}
			}
		}
		rank = next
	}
	order := upTo(n)
	sort.SliceStable(order, func(a, b int) bool { return rank[order[a]] > rank[order[b]] })
	return order
}

func similarity(a, b map[string]bool) float64 {
	shared := 0
	for w := range a {
		if b[w] {
			shared++
		}
	}
	if shared == 0 {
		return 0
	}
	return float64(shared) / (math.Log(1+float64(len(a))) + math.Log(1+float64(len(b))))
}
