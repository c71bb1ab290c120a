package summarize

import (
	"context"
	"math"
	"sort"

	"github.com/docsctl/docsctl/core"
)

// Estimate implements core.Summarizer.
func (p *Pipeline) Estimate(ctx context.Context, t core.Tenant, r core.SummarizeRequest) (core.Estimate, error) {
	if err := p.Check(ctx, t, r); err != nil {
		return core.Estimate{}, err
	}
	text := Canonical(r.Document.Content)
	if r.Model == ExtractiveName || wordCount(text.canon) == 0 {
		return core.Estimate{Documents: 1, CostUSD: new(0.0)}, nil
	}
	w, err := p.newPass(t, r, text)
	if err != nil {
		return core.Estimate{}, err
	}
	cached, err := w.resolve(ctx)
	if err != nil {
		return core.Estimate{}, err
	}
	e := core.Estimate{Documents: 1, CachedCalls: cached}
	if err := w.estimate(&e); err != nil {
		return core.Estimate{}, err
	}
	if w.model.InputUSD != nil && w.model.OutputUSD != nil {
		e.CostUSD = new(w.purse.cost(e.InputTokens, e.OutputTokens))
	}
	return e, nil
}

// estimate adds the calls that are left. Equal parts of a text are read once.
func (r *pass) estimate(e *core.Estimate) error {
	seen := map[string]bool{}
	input := 0.0
	learned, err := r.learn()
	if err != nil {
		return err
	}
	for _, level := range r.plan.levels {
		known := knownOf(level)
		for i, n := range level {
			if n.result != nil {
				continue
			}
			key := r.key(n)
			r.expect(n, key, nearest(known, i), learned)
			if seen[string(key)] && !r.request.Refresh {
				e.CachedCalls++
				continue
			}
			seen[string(key)] = true
			c, err := r.expectedCall(n)
			if err != nil {
				return err
			}
			e.LLMCalls++
			input += float64(c.tokens())
			e.OutputTokens += int64(float64(r.expectedAnswer(n)) * learned.verbosity)
		}
	}
	e.InputTokens = int64(input*learned.ratio + 0.5)
	return nil
}

// habits are how a model counts and how much it says.
type habits struct{ ratio, verbosity float64 }

// mostStudied is how many stored answers habits are learned from.
const mostStudied = 16

// learn returns the model's habits: as this process saw them, else as the stored
// answers to parts of this document show them.
func (r *pass) learn() (habits, error) {
	if r.gauge.known() {
		return habits{r.gauge.ratio(), r.gauge.verbosity()}, nil
	}
	g := newGauge()
	studied := 0
	for _, level := range r.plan.levels {
		for _, n := range level {
			if n.result == nil || n.result.read <= 0 || studied == mostStudied {
				continue
			}
			studied++
			c, err := r.expectedCall(n)
			if err != nil {
				return habits{}, err
			}
			g.read(c.tokens(), n.result.read)
			if n.kind != kindFinal {
				g.wrote(n.answer, n.result.wrote)
			}
		}
	}
	return habits{g.ratio(), g.verbosity()}, nil
}

// knownOf returns the indexes of the nodes whose notes are there.
func knownOf(level []*node) []known {
	var out []known
	for i, n := range level {
		if n.result != nil && len(n.result.notes) > 0 {
			out = append(out, known{i, n})
		}
	}
	return out
}

// known is a node whose notes are there, and its place in its level.
type known struct {
	at   int
	node *node
}

// nearest returns the known node that is next to place i, nil without any.
func nearest(all []known, i int) *node {
	k := sort.Search(len(all), func(k int) bool { return all[k].at >= i })
	switch {
	case len(all) == 0:
		return nil
	case k == len(all) || k > 0 && i-all[k-1].at <= all[k].at-i:
		return all[k-1].node
	}
	return all[k].node
}

func (r *pass) expectedCall(n *node) (call, error) {
	if n.kind == kindFinal {
		return r.finalCall(n, "")
	}
	return r.notesCall(n), nil
}

func (r *pass) expectedAnswer(n *node) int {
	if n.kind == kindFinal {
		return r.final.words() * 3 / 2
	}
	return n.answer
}

// leastAnswer is the length of an answer from the tersest model that is believed in. An
// estimate counts no less, so who has the money that was estimated has room for it.
func (r *pass) leastAnswer(n *node) int { return r.expectedAnswer(n) / 10 }

// expect gives a node notes as long as the model's are likely to be, so that the
// size of the calls above is known: those of the nearest node that has any, else
// notes of the usual size, and no more than the part says itself. The key stands for
// what they will say: equal calls get equal answers, others different ones.
func (r *pass) expect(n *node, key []byte, like *node, h habits) {
	a := &answer{hash: key}
	n.result = a
	left := math.MaxInt
	if len(n.kids) == 0 {
		left = EstimateTokens(r.plan.text.canon[n.start:n.end])
	}
	if like != nil {
		for _, one := range like.result.notes {
			if left -= EstimateTokens(one.text); left < 0 && len(a.notes) > 0 {
				break
			}
			a.notes = append(a.notes, one)
		}
		return
	}
	const each = 33 // tokens of a note
	for left = min(left, int(float64(n.answer)*h.verbosity)); left > 0; left -= each {
		one := note{text: expectedNote, label: n.section}
		if len(a.notes)%2 == 0 { // a note that repeats its source carries no quotation
			one.quote = expectedQuote
		}
		a.notes = append(a.notes, one)
	}
}

// Texts of about the tokens of a note and of its quotation.
const (
	expectedNote  = "The part says in these words what was found, by whom it was decided and how much of it there has been until the day."
	expectedQuote = "In the words of the source this is what was found and decided on that day by all who were there."
)
