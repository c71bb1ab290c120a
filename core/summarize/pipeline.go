package summarize

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

var _ core.Summarizer = (*Pipeline)(nil)

// Config says how a Pipeline is built.
type Config struct {
	LLM       core.LLM
	Nodes     core.NodeCache
	Meter     core.UsageMeter  // nil: what calls use is told in the summary only
	Parallel  int              // calls in flight of one summary; 0: 16
	Chunks    Chunks           // "": ChunksBalanced
	Logger    *slog.Logger     // nil: none
	Delimiter func() string    // makes the words that fence data in prompts; nil: random ones
	Now       func() time.Time // nil: time.Now
}

func (c Config) withDefaults() Config {
	if c.Parallel <= 0 {
		c.Parallel = 16
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Meter == nil {
		c.Meter = noMeter{}
	}
	if c.Delimiter == nil {
		c.Delimiter = rand.Text
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Pipeline is a core.Summarizer that has a language model read the document: short
// ones in one call, long ones in parts whose notes are merged. Each answer is kept
// under all that it depends on, so that a summary of an edited text, or one that
// was broken off, pays only for what is new. The model ExtractiveName needs no
// language model.
type Pipeline struct {
	cfg        Config
	extractive *ExtractiveModel
	flights    flights

	mu     sync.Mutex // guards gauges
	gauges map[string]*gauge
}

// New returns a Pipeline.
func New(cfg Config) *Pipeline {
	return &Pipeline{
		cfg: cfg.withDefaults(), extractive: NewExtractive(),
		flights: flights{keys: map[string]chan struct{}{}}, gauges: map[string]*gauge{},
	}
}

// Tokens implements core.Summarizer. The estimate is corrected by what the model's
// server counted so far.
func (p *Pipeline) Tokens(model, text string) int {
	n := EstimateTokens(text)
	if model == ExtractiveName {
		return n
	}
	m, err := p.cfg.LLM.Model(model)
	if err != nil {
		return n
	}
	return int(float64(n)*p.gauge(m.Name).ratio() + 0.5)
}

// Check implements core.Summarizer.
func (p *Pipeline) Check(ctx context.Context, t core.Tenant, r core.SummarizeRequest) error {
	if r.Model == ExtractiveName {
		return p.extractive.Check(ctx, t, r)
	}
	m, err := p.cfg.LLM.Model(r.Model)
	if err != nil {
		return err
	}
	window := p.gauge(m.Name).effective(m.ContextTokens, p.cfg.Now())
	if window < smallestWindow {
		return core.Invalid("model", "context", "the model reads too few tokens at a time; give it a context of 8192 or choose another model")
	}
	if _, err := core.RenderPrompt(r.Prompt, nil); err != nil {
		return err
	}
	if EstimateTokens(r.Prompt) > window/5 {
		return core.Invalid("template_id", "context", "the template's prompt is too long for this model; shorten it or choose a model with a larger context")
	}
	if r.MaxCostUSD != nil && (m.InputUSD == nil || m.OutputUSD == nil) {
		return core.Invalid("max_cost_usd", "price", "this model has no price, so a cap in USD cannot be kept; leave max_cost_usd out or configure the price")
	}
	if r.Format == core.FormatJSON && len(r.JSONSchema) > 0 {
		if _, err := parseSchema(r.JSONSchema); err != nil {
			return core.Invalid("template_id", "json_schema", "the template's JSON schema cannot be used: it must be an object with known types; correct it")
		}
	}
	return nil
}

// Summarize implements core.Summarizer.
func (p *Pipeline) Summarize(ctx context.Context, t core.Tenant, r core.SummarizeRequest, o core.SummaryObserver) (*core.SummaryResult, error) {
	if err := p.Check(ctx, t, r); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text := Canonical(r.Document.Content)
	if r.Model == ExtractiveName || wordCount(text.canon) == 0 {
		r.Model = ExtractiveName // nothing to read needs no model
		return p.extractive.Summarize(ctx, t, r, o)
	}
	said := &progress{report: o.Progress}
	defer said.stop()
	// What the summary will be held against is read while calls are planned and answered.
	var reading sync.WaitGroup
	defer reading.Wait()
	var source *evidence
	reading.Go(func() { source = newEvidence(text) })
	w, err := p.newPass(t, r, text)
	if err != nil {
		return nil, err
	}
	w.progress, w.delta, w.admit = said, o.Text, o.Call
	w.source = func() *evidence {
		reading.Wait()
		return source
	}
	result, err := p.solve(ctx, w)
	if err != nil {
		return &core.SummaryResult{Usage: w.purse.total()}, err
	}
	return result, nil
}

// solve makes the passes that are needed: a second one when the first has found out
// that the server reads less than it is said to.
func (p *Pipeline) solve(ctx context.Context, w *pass) (*core.SummaryResult, error) {
	result, err := w.run(ctx)
	cut, ok := errors.AsType[*cutError](err)
	if !ok {
		return result, err
	}
	if cut.window < smallestWindow {
		return nil, cut.asError()
	}
	w.gauge.shrink(cut.window, p.cfg.Now())
	p.cfg.Logger.WarnContext(ctx, "the model's server cuts long prompts; planning again", "model", w.model.Name, "tokens", cut.window)
	result, err = w.again().run(ctx)
	if cut, ok := errors.AsType[*cutError](err); ok {
		return nil, cut.asError()
	}
	return result, err
}

// gauge returns what was learned of a model.
func (p *Pipeline) gauge(model string) *gauge {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.gauges[model]
	if !ok {
		g = newGauge()
		p.gauges[model] = g
	}
	return g
}
