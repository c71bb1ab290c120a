package summarize

// tastes are the ways to pick that are asked for their opinion: what novelty is
// worth against merit, and shortness against either, has no right answer, and the
// pick of any one of them hangs on chance. The grid was set before it was tried.
var tastes = func() []taste {
	var out []taste
	for _, merit := range []float64{0.5, 0.6, 0.7} {
		for _, brevity := range []float64{0, 0.1, 0.2} {
			out = append(out, taste{merit, brevity})
		}
	}
	return out
}()

// agreed returns the pick that shares most with those of all tastes, each with
// and without the preference for sentences of usual length: the choice of minimum
// Bayes risk (Kumar and Byrne 2004; Kobayashi 2018 for summaries). The most
// important sentence comes first.
func (r ranking) agreed(limit limits) []int {
	var picks [][]int
	for _, view := range []ranking{r, r.without(byLength)} {
		for _, by := range tastes {
			picks = append(picks, view.pick(limit, by))
		}
	}
	bags := make([]bag, len(picks))
	for k, p := range picks {
		bags[k] = r.bagOf(p)
	}
	best, most := 0, -1.0
	for k, a := range bags {
		sum := 0.0
		for _, b := range bags {
			sum += a.share(b)
		}
		if sum > most {
			best, most = k, sum
		}
	}
	return picks[best]
}

// bag is how often a text has each term, and how many terms it has.
type bag struct {
	counts map[int32]int
	size   int
}

func (r ranking) bagOf(picked []int) bag {
	b := bag{counts: map[int32]int{}}
	for _, i := range picked {
		for _, c := range r.bags[i] {
			b.counts[c.id] += c.n
			b.size += c.n
		}
	}
	return b
}

// share is the F measure of the terms that two bags have in common.
func (b bag) share(other bag) float64 {
	if b.size+other.size == 0 {
		return 0
	}
	hits := 0
	for id, n := range b.counts {
		hits += min(n, other.counts[id])
	}
	return 2 * float64(hits) / float64(b.size+other.size)
}
