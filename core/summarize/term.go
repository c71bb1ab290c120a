package summarize

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// weighted is one term of a sentence's vector.
type weighted struct {
	id     int32
	weight float64
}

// vector is sorted by id and has length one, or is empty.
type vector []weighted

// vocabulary numbers terms in the order of their first use.
type vocabulary struct {
	ids map[string]int32
}

func newVocabulary() *vocabulary { return &vocabulary{ids: map[string]int32{}} }

// stemLength is the prefix that stands for a longer word: what inflection
// changes comes after it, in the languages that inflect at the end.
const stemLength = 6

// terms returns the numbers of a text's terms, with repetitions: case-folded
// words of three letters or more (two outside ASCII), cut to a stem, and pairs
// of characters for scripts without spaces.
func (v *vocabulary) terms(text string) []int32 {
	var out []int32
	var prev string
	list := words.FromString(text)
	for list.Next() {
		w := list.Value()
		r, size := utf8.DecodeRuneInString(w)
		switch {
		case dense(r) && unicode.IsLetter(r) && size == len(w):
			if prev != "" {
				out = append(out, v.id(prev+w))
			}
			prev = w
			continue
		case !unicode.IsLetter(r) && !unicode.IsDigit(r), len(w) < 3:
		default:
			out = append(out, v.id(stem(w)))
		}
		prev = ""
	}
	return out
}

func (v *vocabulary) id(term string) int32 {
	id, ok := v.ids[term]
	if !ok {
		id = int32(len(v.ids))
		v.ids[strings.Clone(term)] = id
	}
	return id
}

func stem(w string) string {
	w = strings.ToLower(w)
	w = strings.TrimSuffix(strings.TrimSuffix(w, "'s"), "’s")
	n := 0
	for i := range w {
		if n == stemLength {
			return w[:i]
		}
		n++
	}
	return w
}

// count is how often a term occurs.
type count struct {
	id int32
	n  int
}

// counted returns the terms sorted by id, with their numbers.
func counted(terms []int32) []count {
	slices.Sort(terms)
	var out []count
	for i, id := range terms {
		if i > 0 && terms[i-1] == id {
			out[len(out)-1].n++
			continue
		}
		out = append(out, count{id: id, n: 1})
	}
	return out
}

// vectors returns the sentences' vectors of (1 + ln tf)·idf, and the idf of
// each term over these sentences.
func vectors(bags [][]count, terms int) ([]vector, []float64) {
	df := make([]int, terms)
	for _, bag := range bags {
		for _, c := range bag {
			df[c.id]++
		}
	}
	idf := make([]float64, terms)
	for id, n := range df {
		if n > 0 {
			idf[id] = math.Log(1 + float64(len(bags))/float64(n))
		}
	}
	out := make([]vector, len(bags))
	for i, bag := range bags {
		out[i] = newVector(bag, idf)
	}
	return out, idf
}

func newVector(bag []count, idf []float64) vector {
	v := make(vector, 0, len(bag))
	sum := 0.0
	for _, c := range bag {
		if idf[c.id] == 0 {
			continue
		}
		w := (1 + math.Log(float64(c.n))) * idf[c.id]
		v = append(v, weighted{c.id, w})
		sum += w * w
	}
	if sum > 0 {
		norm := 1 / math.Sqrt(sum)
		for k := range v {
			v[k].weight *= norm
		}
	}
	return v
}

func dot(a, b vector) float64 {
	sum := 0.0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].id < b[j].id:
			i++
		case a[i].id > b[j].id:
			j++
		default:
			sum += a[i].weight * b[j].weight
			i, j = i+1, j+1
		}
	}
	return sum
}
