package guard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/docsctl/docsctl/core"
)

// Config says how a model is guarded.
type Config struct {
	Server     string                // names the server in metrics, such as its host
	Calls      int                   // at once, most; 0: 64
	FirstDelay time.Duration         // before the first repetition, most; 0: 1 s
	OpenFor    time.Duration         // how long an open breaker lets no call through; 0: 30 s
	Metrics    prometheus.Registerer // nil: nothing is measured
}

func (c Config) withDefaults() Config {
	if c.Calls <= 0 {
		c.Calls = 64
	}
	if c.FirstDelay <= 0 {
		c.FirstDelay = time.Second
	}
	if c.OpenFor <= 0 {
		c.OpenFor = 30 * time.Second
	}
	return c
}

// Wrap returns m behind all decorators. It fails when metrics of other kinds have
// the names of ours.
func Wrap(m core.LLM, c Config) (core.LLM, error) {
	c = c.withDefaults()
	measured := m
	var state prometheus.Gauge
	if c.Metrics != nil {
		metrics, err := NewMetrics(c.Metrics)
		if err != nil {
			return nil, err
		}
		measured, state = NewMeter(m, metrics, c.Server), metrics.open.WithLabelValues(c.Server)
	}
	breaker := NewBreaker(measured, c.OpenFor, func(open bool) {
		if state == nil {
			return
		}
		state.Set(0)
		if open {
			state.Set(1)
		}
	})
	return NewRetry(NewLimit(breaker, c.Calls), c.FirstDelay), nil
}

// ErrOpen is in the chain of the errors of an open breaker.
var ErrOpen = fmt.Errorf("the breaker of the model's server is open: %w", core.ErrCircuitOpen)

// statusOf returns the HTTP status that err tells, or 0.
func statusOf(err error) int {
	var answered interface{ StatusCode() int }
	if errors.As(err, &answered) {
		return answered.StatusCode()
	}
	return 0
}

// ours reports a failure that says nothing of the server: the caller left, or
// asked for what it refuses.
func ours(err error) bool {
	if errors.Is(err, core.ErrInVain) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	switch core.CodeOf(err) {
	case core.CodeLLM, core.CodeUnavailable:
		status := statusOf(err)
		return status >= 400 && status < 500
	}
	return true
}
