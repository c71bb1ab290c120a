package summarize

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

// solve answers a node after its children, which are solved at the same time. The
// goroutines end before solve returns.
func (r *pass) solve(ctx context.Context, n *node) error {
	if n.result != nil {
		return nil
	}
	var kids sync.WaitGroup
	for _, kid := range n.kids {
		if kid.result == nil {
			kids.Go(func() { r.fail(r.solve(ctx, kid)) })
		}
	}
	kids.Wait()
	if err := r.failure(); err != nil {
		return err
	}
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer func() { <-r.slots }()
	return r.answer(ctx, n)
}

// enter takes a place among the calls in flight.
func (r *pass) enter(ctx context.Context) error {
	select {
	case r.slots <- struct{}{}:
	case <-r.stopped:
		return r.failure()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		<-r.slots
		return err
	}
	if err := r.failure(); err != nil {
		<-r.slots
		return err
	}
	return nil
}

// fail stops the pass: no further call begins, those in flight are paid for and
// come to their end.
func (r *pass) fail(err error) {
	if err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
		close(r.stopped)
	}
}

func (r *pass) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// answer settles a node from the cache or by a call, which two summaries never
// make at the same time.
func (r *pass) answer(ctx context.Context, n *node) error {
	key := r.key(n)
	leave, err := r.p.flights.enter(ctx, string(key))
	if err != nil {
		return err
	}
	defer leave()
	if !r.request.Refresh { // another summary may have paid for it meanwhile
		if found, err := r.lookUp(ctx, []*node{n}); err != nil || found > 0 {
			if found > 0 {
				r.progress.step()
			}
			return err
		}
	}
	a, paid, err := r.call(ctx, n)
	if err != nil {
		return err
	}
	if !a.failed && !a.cut && !a.wrong {
		r.keep(ctx, core.Node{
			Key: key, Kind: n.kind, Model: r.model.Name, Output: a.output,
			InputTokens: paid.InputTokens, OutputTokens: paid.OutputTokens, CreatedAt: r.p.cfg.Now().UTC().Truncate(time.Microsecond),
		})
	}
	r.settle(n, a)
	r.progress.step()
	return nil
}

// keepTime is how long an answer may take to be stored, also when the work has
// been canceled meanwhile: it is paid for.
const keepTime = 10 * time.Second

// keep stores an answer before anything depends on it. One that cannot be stored
// is still good for this summary.
func (r *pass) keep(ctx context.Context, n core.Node) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	if err := r.p.cfg.Nodes.Put(ctx, r.tenant, n); err != nil {
		r.p.cfg.Logger.WarnContext(ctx, "an answer of the model was not stored and may be paid for again", "kind", n.Kind, "error", err)
	}
}

// call asks the model what a node needs to know.
func (r *pass) call(ctx context.Context, n *node) (*answer, core.LLMResponse, error) {
	if n.kind == kindFinal {
		return r.write(ctx, n)
	}
	got, err := r.complete(ctx, r.notesCall(n))
	if errors.Is(err, errRefused) || core.CodeOf(err) == core.CodeValidation {
		a := r.standIn(n)
		return a, core.LLMResponse{}, r.refuse(err)
	}
	if err != nil {
		return nil, core.LLMResponse{}, err
	}
	r.gauge.wrote(n.answer, got.OutputTokens)
	a := &answer{output: got.Text, cut: got.cut, read: got.InputTokens, wrote: got.OutputTokens}
	if a.notes = parseNotes(got.Text, placesOf(n)); len(a.notes) == 0 {
		return r.standIn(n), got.LLMResponse, r.refuse(errRefused)
	}
	return a, got.LLMResponse, nil
}

// refuse counts a call that the model would not answer. Some do not matter to a
// long document; many mean that the model cannot be used for it.
func (r *pass) refuse(cause error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused++
	if r.refused > max(2, len(r.plan.leaves)/4) {
		return &core.Error{Code: core.CodeLLM, Message: "the model would not read much of the document; choose another model for it", Err: cause}
	}
	return nil
}
