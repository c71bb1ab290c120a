package summarize

import (
	"math"
	"slices"
	"sort"
)

// maxCandidates bounds the work of picking: the best by score are enough.
const maxCandidates = 300

// sameAgain is the cosine from which a sentence only repeats another.
const sameAgain = 0.7

// taste is how a picker weighs what a sentence has to offer.
type taste struct {
	merit   float64 // share of the score against novelty
	brevity float64 // power of its words that its value is divided by
}

// plainTaste is that of a single pick.
var plainTaste = taste{merit: 0.56}

// limits of a pick: words, and sentences when not 0.
type limits struct{ words, sentences int }

// pick returns the indexes of the best candidates, the most important first:
// greedily the one with the best score that repeats least of what is picked,
// while one fits. A sentence that begins with a pronoun is only picked behind
// the one that it points at.
func (r ranking) pick(limit limits, by taste) []int {
	p := picker{ranking: r, limit: limit, taste: by, taken: map[int]bool{}}
	p.order = bestFirst(r.scores)
	p.order = p.order[:min(len(p.order), maxCandidates)]
	p.nearest = make([]float64, len(r.scores))
	for {
		best := p.next()
		if best < 0 {
			break
		}
		p.take(best)
	}
	if len(p.picked) == 0 {
		p.take(p.fallback())
	}
	return p.picked
}

type picker struct {
	ranking
	taste
	limit   limits
	order   []int
	nearest []float64    // largest cosine of a candidate to what is picked
	taken   map[int]bool // by index among the text's sentences
	picked  []int
	used    int
}

// next returns the candidate to pick, -1 when none fits.
func (p *picker) next() int {
	if p.limit.sentences > 0 && len(p.picked) == p.limit.sentences {
		return -1
	}
	top := math.Max(p.scores[p.order[0]], 1e-9)
	best, value := -1, math.Inf(-1)
	for _, i := range p.order {
		c := p.candidates[i]
		if p.taken[c.index] || p.used+c.words > p.limit.words || p.nearest[i] > sameAgain || c.dangling && !p.taken[c.previous] {
			continue
		}
		v := p.merit*p.scores[i]/top - (1-p.merit)*p.nearest[i]
		if v > 0 && p.brevity > 0 {
			v /= math.Pow(float64(c.words), p.brevity)
		}
		if v > value {
			best, value = i, v
		}
	}
	return best
}

func (p *picker) take(i int) {
	c := p.candidates[i]
	p.taken[c.index] = true
	p.picked = append(p.picked, i)
	p.used += c.words
	like := p.like(i)
	for _, j := range p.order {
		p.nearest[j] = math.Max(p.nearest[j], like[j])
	}
}

// fallback is the pick when nothing fits the budget or stands alone: the
// shortest of those that stand alone, else the shortest.
func (p *picker) fallback() int {
	return slices.MinFunc(p.order, func(a, b int) int {
		x, y := p.candidates[a], p.candidates[b]
		if x.dangling != y.dangling {
			return int(truth(x.dangling) - truth(y.dangling))
		}
		if x.words != y.words {
			return x.words - y.words
		}
		return a - b
	})
}

// bestFirst returns the indexes by falling score; ties go to the earlier.
func bestFirst(score []float64) []int {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return score[order[a]] > score[order[b]] })
	return order
}
