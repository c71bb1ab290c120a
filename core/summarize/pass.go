package summarize

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

// pass is one way through a plan.
type pass struct {
	p        *Pipeline
	tenant   core.Tenant
	request  core.SummarizeRequest
	model    core.LLMModel
	gauge    *gauge
	plan     *plan
	final    form
	document string // the language of the document, "" when unsure
	purse    *purse
	progress *progress
	delta    func(offset int, text string)

	notesLanguage string
	focus         string // what notes are taken with in mind
	focusHash     string

	slots chan struct{} // one for each call in flight

	mu      sync.Mutex // guards what follows
	err     error      // the first
	refused int        // calls for notes that the model would not answer
	stopped chan struct{}
}

// focusShare is how much of the window the template may take in each prompt.
const focusShare = 20

func (p *Pipeline) newPass(t core.Tenant, r core.SummarizeRequest, text *Text) (*pass, error) {
	m, err := p.cfg.LLM.Model(r.Model)
	if err != nil {
		return nil, err
	}
	w := &pass{
		p: p, tenant: t, request: r, model: m, gauge: p.gauge(m.Name), document: Language(text.canon),
		slots: make(chan struct{}, p.cfg.Parallel), stopped: make(chan struct{}), purse: newPurse(r.MaxCostUSD, m),
	}
	w.lay(text)
	w.final = form{title: r.Document.Title, address: r.Document.SourceURL, format: r.Format, length: r.Length, language: r.Language}
	if w.final.format == "" {
		w.final.format = core.FormatMarkdown
	}
	if w.final.language == "" {
		w.final.language = w.document
	}
	if w.final.format == core.FormatJSON {
		if w.final.schema = r.JSONSchema; len(w.final.schema) == 0 {
			w.final.schema = []byte(defaultSchema)
		}
	}
	w.notesLanguage = "that of the part"
	if w.document != "" {
		w.notesLanguage = languageName(w.document)
	}
	if r.Focus {
		w.focus = r.Prompt[:cutTokens(r.Prompt, 0, len(r.Prompt), w.plan.sizes.window/focusShare)]
		sum := sha256.Sum256([]byte(w.focus))
		w.focusHash = hex.EncodeToString(sum[:])
	}
	return w, nil
}

// lay plans the calls for the window that the model is known to have.
func (r *pass) lay(text *Text) {
	r.plan = newPlan(text, sizesFor(r.gauge.effective(r.model.ContextTokens, r.p.cfg.Now()), r.p.cfg.Chunks))
}

// again returns a pass over a new plan, after the first one had prompts that were
// too long. What was paid stays counted.
func (r *pass) again() *pass {
	next := &pass{
		p: r.p, tenant: r.tenant, request: r.request, model: r.model, gauge: r.gauge, final: r.final, document: r.document,
		purse: r.purse, progress: r.progress, delta: r.delta, notesLanguage: r.notesLanguage, focus: r.focus, focusHash: r.focusHash,
		slots: make(chan struct{}, cap(r.slots)), stopped: make(chan struct{}),
	}
	next.purse.forget()
	next.lay(r.plan.text)
	return next
}

// run solves the plan and writes the result down.
func (r *pass) run(ctx context.Context) (*core.SummaryResult, error) {
	cached, err := r.resolve(ctx)
	if err != nil {
		return nil, err
	}
	r.progress.plan(r.plan.calls(), cached)
	if err := r.solve(ctx, r.plan.root); err != nil {
		return nil, err
	}
	return r.result(ctx)
}

// keysAtOnce is how many keys are looked up together.
const keysAtOnce = 500

// resolve finds what is cached, as far up as children allow, and returns how many
// calls that saves.
func (r *pass) resolve(ctx context.Context) (int, error) {
	if r.request.Refresh {
		return 0, nil
	}
	cached := 0
	for _, level := range r.plan.levels {
		var ready []*node
		for _, n := range level {
			if n.ready() {
				ready = append(ready, n)
			}
		}
		for len(ready) > 0 {
			batch := ready[:min(keysAtOnce, len(ready))]
			ready = ready[len(batch):]
			n, err := r.lookUp(ctx, batch)
			if err != nil {
				return cached, err
			}
			cached += n
		}
	}
	return cached, nil
}

// ready reports whether all that the call reads is there.
func (n *node) ready() bool {
	for _, kid := range n.kids {
		if kid.result == nil {
			return false
		}
	}
	return true
}

// lookUp settles those of the nodes whose answers are stored.
func (r *pass) lookUp(ctx context.Context, nodes []*node) (int, error) {
	keys := make([][]byte, len(nodes))
	for i, n := range nodes {
		keys[i] = r.key(n)
	}
	stored, err := r.p.cfg.Nodes.Get(ctx, r.tenant, keys)
	if err != nil {
		return 0, err
	}
	byKey := make(map[string]core.Node, len(stored))
	for _, s := range stored {
		byKey[string(s.Key)] = s
	}
	found := 0
	for i, n := range nodes {
		if s, ok := byKey[string(keys[i])]; ok {
			tokens := s.InputTokens + s.OutputTokens
			r.purse.reuse(tokens)
			r.settle(n, &answer{output: s.Output, cached: true, tokens: tokens})
			found++
		}
	}
	return found, nil
}

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
	a := &answer{output: got.Text, cut: got.cut, tokens: got.InputTokens + got.OutputTokens}
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

func unchangedParts(cached, calls int) string {
	if cached == 0 {
		return fmt.Sprintf("reading %d parts", calls)
	}
	return fmt.Sprintf("%d of %d parts unchanged", cached, calls)
}

func donePart(done, total int) string {
	if done == total {
		return "done"
	}
	return fmt.Sprintf("%d of %d parts done", done, total)
}
