package guard

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/docsctl/docsctl/core"
)

var _ core.LLM = (*Meter)(nil)

// Metrics are what Meters count, under the names of OpenTelemetry's semantic
// conventions for generative AI where it has them.
type Metrics struct {
	seconds *prometheus.HistogramVec
	first   *prometheus.HistogramVec
	tokens  *prometheus.HistogramVec
	prefix  *prometheus.CounterVec
	open    *prometheus.GaugeVec
}

// Labels: a model's name is one of the list or the configured one, so their
// number is bounded.
const (
	labelModel  = "gen_ai_request_model"
	labelServer = "server_address"
	labelError  = "error_type"
	labelKind   = "gen_ai_token_type"
)

// NewMetrics registers the metrics; those that are there already are shared.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	durations := []float64{.1, .25, .5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320}
	m := &Metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gen_ai_client_operation_duration_seconds", Help: "Time of a call of a model, by how it ended.", Buckets: durations,
		}, []string{labelModel, labelServer, labelError}),
		first: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gen_ai_client_operation_time_to_first_chunk_seconds", Help: "Time to the first text of a streamed answer.", Buckets: durations,
		}, []string{labelModel, labelServer}),
		tokens: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gen_ai_client_token_usage", Help: "Tokens of a call.", Buckets: prometheus.ExponentialBuckets(16, 4, 9),
		}, []string{labelModel, labelServer, labelKind}),
		prefix: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "docsctl_llm_prefix_tokens_total", Help: "Tokens of prompts that the model's server had cached; part of the input tokens.",
		}, []string{labelModel, labelServer}),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "docsctl_llm_breaker_open", Help: "1 while no call is let through to the model's server.",
		}, []string{labelServer}),
	}
	return m, errors.Join(
		register(r, &m.seconds), register(r, &m.first), register(r, &m.tokens), register(r, &m.prefix), register(r, &m.open),
	)
}

// register registers c, or takes the one that is there in its place.
func register[C prometheus.Collector](r prometheus.Registerer, c *C) error {
	err := r.Register(*c)
	if there, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if same, ok := there.ExistingCollector.(C); ok {
			*c = same
			return nil
		}
	}
	return err
}

// Meter measures every call.
type Meter struct {
	core.LLM
	metrics *Metrics
	server  string
}

// NewMeter returns m with every call measured under the server's name.
func NewMeter(m core.LLM, metrics *Metrics, server string) *Meter {
	return &Meter{LLM: m, metrics: metrics, server: server}
}

// Generate implements core.LLM.
func (d *Meter) Generate(ctx context.Context, r core.LLMRequest, delta func(text string)) (*core.LLMResponse, error) {
	known, err := d.Model(r.Model)
	if err != nil {
		return nil, err
	}
	began, begun := time.Now(), false
	got, err := d.LLM.Generate(ctx, r, func(text string) {
		if !begun {
			begun = true
			d.metrics.first.WithLabelValues(known.Name, d.server).Observe(time.Since(began).Seconds())
		}
		if delta != nil {
			delta(text)
		}
	})
	d.metrics.seconds.WithLabelValues(known.Name, d.server, errorType(err)).Observe(time.Since(began).Seconds())
	if err != nil {
		return nil, err
	}
	d.metrics.tokens.WithLabelValues(known.Name, d.server, "input").Observe(float64(got.InputTokens))
	d.metrics.tokens.WithLabelValues(known.Name, d.server, "output").Observe(float64(got.OutputTokens))
	d.metrics.prefix.WithLabelValues(known.Name, d.server).Add(float64(got.PrefixTokens))
	return got, nil
}

// errorType is "" for no error, else one of few words.
func errorType(err error) string {
	if errors.Is(err, context.Canceled) {
		return "canceled"
	}
	return strings.ToLower(string(core.CodeOf(err)))
}
