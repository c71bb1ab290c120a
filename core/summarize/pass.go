package summarize

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"

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
	admit    func(context.Context, core.CallEstimate) (func(context.Context), error) // nil: every call
	source   func() *evidence                                                        // waits until the document is read

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
		slots: make(chan struct{}, p.cfg.Parallel), stopped: make(chan struct{}), purse: newPurse(r.LeftUSD(), m),
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
		purse: r.purse, progress: r.progress, delta: r.delta, admit: r.admit, source: r.source, notesLanguage: r.notesLanguage, focus: r.focus, focusHash: r.focusHash,
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
	r.meterCached(ctx)
	return r.result(ctx, r.source())
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
			r.purse.reuse(s.InputTokens + s.OutputTokens)
			r.settle(n, &answer{output: s.Output, cached: true, read: s.InputTokens, wrote: s.OutputTokens})
			found++
		}
	}
	return found, nil
}
