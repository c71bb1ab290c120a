package summarize

import (
	"math"
	"slices"
	"sort"
	"strings"
	"sync"
)

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
	var facts sync.WaitGroup
	defer facts.Wait()
	e := &evidence{text: t, ids: map[string]int32{}}
	facts.Go(func() { e.facts = newFactBase(t.canon) })
	e.passages = t.passages(0, len(t.canon))
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
