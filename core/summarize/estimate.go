package summarize

import (
	"context"

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
	for _, level := range r.plan.levels {
		for _, n := range level {
			if n.result != nil {
				continue
			}
			key := r.key(n)
			r.expect(n, key)
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
			e.OutputTokens += int64(float64(r.expectedAnswer(n)) * r.gauge.verbosity())
		}
	}
	e.InputTokens = int64(input*r.gauge.ratio() + 0.5)
	return nil
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

// expect gives a node notes as long as the model's are likely to be, so that the
// size of the calls above is known. The key stands for what they will say: equal
// calls get equal answers.
func (r *pass) expect(n *node, key []byte) {
	const each = 33 // tokens of a note
	a := &answer{hash: key}
	left := int(float64(n.answer) * r.gauge.verbosity())
	for ; left > 0; left -= each {
		one := note{text: expectedNote, label: n.section}
		if len(a.notes)%2 == 0 { // a note that repeats its source carries no quotation
			one.quote = expectedQuote
		}
		a.notes = append(a.notes, one)
	}
	n.result = a
}

// Texts of about the tokens of a note and of its quotation.
const (
	expectedNote  = "The part says in these words what was found, by whom it was decided and how much of it there has been until the day."
	expectedQuote = "In the words of the source this is what was found and decided on that day by all who were there."
)
