// Package rouge scores summaries against what people wrote: ROUGE-1, ROUGE-2
// and ROUGE-L, F1, over lower-case runs of ASCII letters and digits that are
// Porter-stemmed when longer than three (Lin 2004; the tokens of
// google-research's rouge_score, so that figures compare with published ones).
package rouge

import "strings"

// Score holds F1 of each measure, 0 to 1.
type Score struct{ R1, R2, RL float64 }

// Of scores a candidate against a reference.
func Of(reference, candidate string) Score {
	ref, cand := Tokens(reference), Tokens(candidate)
	return Score{
		R1: overlap(grams(ref, 1), grams(cand, 1)),
		R2: overlap(grams(ref, 2), grams(cand, 2)),
		RL: f1(longestCommon(ref, cand), len(cand), len(ref)),
	}
}

// Cut returns the first n words of a text, so that a system that writes longer
// does not win on recall.
func Cut(text string, n int) string {
	fields := strings.Fields(text)
	return strings.Join(fields[:min(n, len(fields))], " ")
}

// Tokens returns the lower-case runs of ASCII letters and digits, as ROUGE counts words.
func Tokens(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	for i, w := range words {
		if len(w) > 3 {
			words[i] = Stem(w)
		}
	}
	return words
}

func grams(words []string, n int) map[string]int {
	out := map[string]int{}
	for i := 0; i+n <= len(words); i++ {
		out[strings.Join(words[i:i+n], " ")]++
	}
	return out
}

func overlap(ref, cand map[string]int) float64 {
	hits, nref, ncand := 0, 0, 0
	for _, n := range ref {
		nref += n
	}
	for g, n := range cand {
		ncand += n
		hits += min(n, ref[g])
	}
	return f1(hits, ncand, nref)
}

func f1(hits, ncand, nref int) float64 {
	if hits == 0 {
		return 0
	}
	p, r := float64(hits)/float64(ncand), float64(hits)/float64(nref)
	return 2 * p * r / (p + r)
}

func longestCommon(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}
