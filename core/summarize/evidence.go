package summarize

import (
	"math"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// passages returns the sentences of a part of the text; headings, tables and
// listings, which have none, are told line by line.
func (t *Text) passages(start, end int) []place {
	blocks, all := t.Blocks(), t.Sentences()
	var out []place
	from := sort.Search(len(blocks), func(i int) bool { return blocks[i].End > start })
	next := sort.Search(len(all), func(i int) bool { return all[i].Block >= from })
	for i := from; i < len(blocks) && blocks[i].Start < end; i++ {
		sentences := false
		for ; next < len(all) && all[next].Block == i; next++ {
			sentences = true
			if s := all[next]; s.Start < end && s.End > start {
				out = append(out, place{s.Start, s.End})
			}
		}
		if !sentences {
			out = append(out, t.lines(max(start, blocks[i].Start), min(end, blocks[i].End))...)
		}
	}
	return out
}

func (t *Text) lines(start, end int) []place {
	var out []place
	for start < end {
		to := end
		if i := strings.IndexByte(t.canon[start:end], '\n'); i >= 0 {
			to = start + i
		}
		if a, b := trimSpace(t.canon, start, to); a < b {
			out = append(out, place{a, b})
		}
		start = to + 1
	}
	return out
}

// wordForms calls yield with what stands for each word when texts are compared: its
// first letters without case and plural, pairs of characters for scripts without
// spaces.
func wordForms(text string, yield func(form string)) {
	prev := ""
	list := words.FromString(text)
	for list.Next() {
		w := list.Value()
		r, size := utf8.DecodeRuneInString(w)
		switch {
		case dense(r) && unicode.IsLetter(r) && size == len(w):
			if prev != "" {
				yield(prev + w)
			}
			prev = w
			continue
		case (unicode.IsLetter(r) || unicode.IsDigit(r)) && len(w) > 1:
			yield(wordForm(w))
		}
		prev = ""
	}
}

// wordForm returns what stands for a word.
func wordForm(w string) string {
	w = strings.ToLower(strings.ReplaceAll(w, "’", "'"))
	w = strings.TrimSuffix(w, "'s")
	if n := len(w); n > 3 && w[n-1] == 's' && w[n-2] != 's' {
		w = w[:n-1]
	}
	if v, ok := numberWordIndex()[w]; ok {
		return valueName(v)
	}
	if isDigit(w[0]) {
		return strings.ReplaceAll(w, ",", "")
	}
	n := 0
	for i := range w {
		if n == stemLength {
			return w[:i]
		}
		n++
	}
	return w
}

// evidence finds where in a document a sentence is said. It is safe for concurrent use.
type evidence struct {
	text     *Text
	passages []place
	bags     [][]int32 // the terms of each passage, sorted, each once
	postings [][]int32 // the passages of each term
	ids      map[string]int32
	facts    *factBase
}

// newEvidence indexes a document.
func newEvidence(t *Text) *evidence {
	e := &evidence{text: t, passages: t.passages(0, len(t.canon)), ids: map[string]int32{}}
	e.bags = make([][]int32, len(e.passages))
	for i, p := range e.passages {
		var bag []int32
		wordForms(t.canon[p.start:p.end], func(form string) {
			id, ok := e.ids[form]
			if !ok {
				id = int32(len(e.ids))
				e.ids[strings.Clone(form)] = id
				e.postings = append(e.postings, nil)
			}
			bag = append(bag, id)
		})
		slices.Sort(bag)
		e.bags[i] = slices.Clip(slices.Compact(bag))
		for _, id := range e.bags[i] {
			e.postings[id] = append(e.postings[id], int32(i))
		}
	}
	e.facts = newFactBase(t.canon)
	return e
}

// term is a word of a claim; the id is -1 when the document does not have it.
type term struct {
	id     int32
	weight float64
}

// terms returns the words of a claim with their weights: the rarer, the heavier.
func (e *evidence) terms(text string) []term {
	var out []term
	seen := map[string]bool{}
	wordForms(text, func(form string) {
		if seen[form] || !telling(form) {
			return
		}
		seen[form] = true
		id, known := e.ids[form]
		if !known {
			out = append(out, term{id: -1, weight: e.weight(0.5)})
			return
		}
		out = append(out, term{id: id, weight: e.weight(float64(len(e.postings[id])))})
	})
	return out
}

func (e *evidence) weight(passages float64) float64 {
	return math.Log(1 + float64(len(e.passages))/passages)
}

// telling reports whether a form says something of a text's matter.
func telling(form string) bool {
	return (len(form) > 2 || isDigit(form[0])) && !isFunctionWord(form)
}

// window is some consecutive passages, and how much of a claim they say.
type window struct {
	from, to int // passages [from, to)
	score    float64
}

const (
	widest       = 3    // passages of a window
	widthPenalty = 0.06 // for each passage after the first
	mostAround   = 8    // passages around which windows are looked for
)

// best returns the window around one of the passages that says most of the terms.
func (e *evidence) best(terms []term, around []int) window {
	total := 0.0
	for _, t := range terms {
		total += t.weight
	}
	best := window{score: -1}
	if total == 0 {
		return best
	}
	for _, at := range around {
		for from := max(0, at-widest+1); from <= at; from++ {
			for to := at + 1; to <= min(len(e.passages), from+widest); to++ {
				w := window{from: from, to: to}
				w.score = e.covered(terms, w)/total - widthPenalty*float64(to-from-1)
				if w.score > best.score {
					best = w
				}
			}
		}
	}
	return best
}

// covered returns the weight of the terms that a window has.
func (e *evidence) covered(terms []term, w window) float64 {
	sum := 0.0
	for _, t := range terms {
		if e.has(w, t) {
			sum += t.weight
		}
	}
	return sum
}

func (e *evidence) has(w window, t term) bool {
	if t.id < 0 {
		return false
	}
	for i := w.from; i < w.to; i++ {
		if _, ok := slices.BinarySearch(e.bags[i], t.id); ok {
			return true
		}
	}
	return false
}

// within returns the passages in places.
func (e *evidence) within(places []place) []int {
	var out []int
	for _, p := range places {
		i := sort.Search(len(e.passages), func(i int) bool { return e.passages[i].end > p.start })
		for ; i < len(e.passages) && e.passages[i].start < p.end; i++ {
			out = append(out, i)
		}
	}
	return out
}

// anywhere returns the passages that share most with the terms.
func (e *evidence) anywhere(terms []term) []int {
	scores := map[int32]float64{}
	common := max(50, len(e.passages)/4)
	for _, t := range terms {
		if t.id < 0 || len(e.postings[t.id]) > common {
			continue
		}
		for _, at := range e.postings[t.id] {
			scores[at] += t.weight
		}
	}
	found := make([]int, 0, len(scores))
	for at := range scores {
		found = append(found, int(at))
	}
	slices.SortFunc(found, func(a, b int) int {
		if x, y := scores[int32(a)], scores[int32(b)]; x != y {
			if x > y {
				return -1
			}
			return 1
		}
		return a - b
	})
	return found[:min(len(found), mostAround)]
}

// inOrder returns the share of a claim's neighbouring words that are neighbours in
// a window too, give or take one.
func (e *evidence) inOrder(text string, w window) float64 {
	source := tellingForms(e.text.canon[e.passages[w.from].start:e.passages[w.to-1].end])
	pairs := map[[2]string]bool{}
	for i := range source {
		for k := i + 1; k < min(len(source), i+3); k++ {
			pairs[[2]string{source[i], source[k]}] = true
		}
	}
	claim := tellingForms(text)
	if len(claim) < 2 {
		return 1
	}
	found := 0
	for i := 1; i < len(claim); i++ {
		if pairs[[2]string{claim[i-1], claim[i]}] {
			found++
		}
	}
	return float64(found) / float64(len(claim)-1)
}

func tellingForms(text string) []string {
	var out []string
	wordForms(text, func(form string) {
		if telling(form) {
			out = append(out, form)
		}
	})
	return out
}

// quoteTokens bounds the quotation that a note carries.
const quoteTokens = 40

// quoteFor returns the sentence in the places that says most of a note, "" for a
// note that repeats it word for word. It depends on nothing but them.
func (t *Text) quoteFor(text string, places []place) string {
	var all []place
	for _, p := range places {
		all = append(all, t.passages(p.start, p.end)...)
	}
	wanted := map[string]bool{}
	for _, form := range tellingForms(text) {
		wanted[form] = true
	}
	best, most := place{}, 0
	for _, p := range all {
		found := map[string]bool{}
		wordForms(t.canon[p.start:p.end], func(form string) {
			if wanted[form] {
				found[form] = true
			}
		})
		if n := len(found); n > most {
			best, most = p, n
		}
	}
	quote := collapse(t.canon[best.start:best.end])
	if strings.Contains(quote, strings.TrimRight(text, ".…")) {
		return ""
	}
	if cut := cutTokens(quote, 0, len(quote), quoteTokens); cut < len(quote) {
		quote = strings.TrimSpace(quote[:cut]) + "…"
	}
	return quote
}
