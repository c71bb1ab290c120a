package summarize

import (
	"strings"
	"testing"
)

// TestRanking_AgreedOutweighsEachTaste holds the pick to its rule: none of the
// picks that were to choose from shares more with all of them.
func TestRanking_AgreedOutweighsEachTaste(t *testing.T) {
	t.Parallel()
	text := Canonical(longText(1500))
	r := rank(text.candidates(shortest), "", text.headingTitles())
	limit := limits{words: 60}
	agreed := r.bagOf(r.agreed(limit))
	var all []bag
	for _, view := range []ranking{r, r.without(byLength)} {
		for _, by := range tastes {
			all = append(all, view.bagOf(view.pick(limit, by)))
		}
	}
	support := func(b bag) float64 {
		sum := 0.0
		for _, other := range all {
			sum += b.share(other)
		}
		return sum
	}
	for k, b := range all {
		if support(b) > support(agreed)+1e-9 {
			t.Errorf("pick %d shares %.3f with all, the agreed one %.3f", k, support(b), support(agreed))
		}
	}
}

func TestBag_ShareIsOneOfItselfAndNoneOfAStranger(t *testing.T) {
	t.Parallel()
	text := Canonical("Herons nest in the reeds beside the river. " + strings.Repeat("Engines burn diesel under heavy loads. ", 2))
	r := rank(text.candidates(shortest), "", nil)
	herons, engines := r.bagOf([]int{0}), r.bagOf([]int{1})
	if got := herons.share(herons); got != 1 {
		t.Errorf("a bag shares %v with itself, want 1", got)
	}
	if got := herons.share(engines); got != 0 {
		t.Errorf("strangers share %v, want 0", got)
	}
	if got := (bag{}).share(bag{}); got != 0 {
		t.Errorf("empty bags share %v, want 0", got)
	}
}
