package upstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/docsctl/docsctl/core"
)

// When a breaker opens: after so many failures in a row, or half of so many calls
// within a minute.
const (
	mostInARow  = 5
	leastCalls  = 20
	countedOver = time.Minute
	countedIn   = 10 * time.Second
	leastWait   = time.Second // for the call that sees whether the host is back
)

// breakers has one breaker for each integration's host.
type breakers struct {
	cfg Config

	mu  sync.Mutex // guards what follows
	all map[string]*breaker
}

type breaker struct {
	circuit *gobreaker.CircuitBreaker[*Answer]
	vendor  core.IntegrationType

	mu    sync.Mutex // guards until
	until time.Time
}

func newBreakers(cfg Config) *breakers { return &breakers{cfg: cfg, all: map[string]*breaker{}} }

// run makes an attempt unless its host is failing. The error of an open breaker says
// when it lets a call through.
func (b *breakers) run(v *Vendor, key string, attempt func() (*Answer, error)) (*Answer, error) {
	br := b.get(v, key)
	answer, err := br.circuit.Execute(attempt)
	if !errors.Is(err, gobreaker.ErrOpenState) && !errors.Is(err, gobreaker.ErrTooManyRequests) {
		return answer, err
	}
	br.mu.Lock()
	until := br.until
	br.mu.Unlock()
	left := max(leastWait, until.Sub(b.cfg.Now()))
	e := v.Fail(core.UpstreamDetails{Reason: core.ReasonOpen}, left, fmt.Errorf("%w: %w", core.ErrCircuitOpen, err))
	e.Code = core.CodeUnavailable
	e.Message = v.Name + " failed several times in a row; the work goes on by itself at " + b.cfg.Now().Add(left).UTC().Format("15:04:05") + " UTC"
	return nil, e
}

// mostBreakers bounds what is kept; over it those that are closed go.
const mostBreakers = 10_000

func (b *breakers) get(v *Vendor, key string) *breaker {
	b.mu.Lock()
	defer b.mu.Unlock()
	if br := b.all[key]; br != nil {
		return br
	}
	if len(b.all) >= mostBreakers {
		for k, br := range b.all {
			if br.circuit.State() == gobreaker.StateClosed {
				delete(b.all, k)
			}
		}
	}
	br := &breaker{vendor: v.Type}
	br.circuit = gobreaker.NewCircuitBreaker[*Answer](gobreaker.Settings{
		Interval: countedOver, BucketPeriod: countedIn, Timeout: b.cfg.OpenFor, MaxRequests: 1,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.ConsecutiveFailures >= mostInARow || c.Requests >= leastCalls && 2*c.TotalFailures >= c.Requests
		},
		IsExcluded: isOurs,
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				br.mu.Lock()
				br.until = b.cfg.Now().Add(b.cfg.OpenFor)
				br.mu.Unlock()
			}
		},
	})
	b.all[key] = br
	return br
}

// isOurs reports whether an error says nothing of the host's health: the caller
// left, or the answer was of 4xx.
func isOurs(err error) bool {
	if err == nil {
		return false
	}
	return errors.Is(err, context.Canceled) || core.ReasonOf(err) != core.ReasonDown
}

// Breakers returns how many breakers of each vendor are in each state: "closed",
// "half-open", "open".
func (c *Client) Breakers() map[core.IntegrationType]map[string]int {
	c.breakers.mu.Lock()
	defer c.breakers.mu.Unlock()
	out := map[core.IntegrationType]map[string]int{}
	for _, br := range c.breakers.all {
		if out[br.vendor] == nil {
			out[br.vendor] = map[string]int{}
		}
		out[br.vendor][br.circuit.State().String()]++
	}
	return out
}
