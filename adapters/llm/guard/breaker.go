package guard

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/docsctl/docsctl/core"
)

var _ core.LLM = (*Breaker)(nil)

// Breaker lets no call through to a server that fails: after five failures in a
// row, or half of twenty calls in a minute, it returns CodeUnavailable for a
// while, then lets one call through to see. What is the caller's fault is no
// failure of the server: an ended context, an answer of 4xx. There is one Breaker
// for each base URL.
type Breaker struct {
	core.LLM
	circuit *gobreaker.CircuitBreaker[*core.LLMResponse]
	opened  atomic.Int64           // when it did last, in ns since began
	last    atomic.Pointer[string] // what the last failure said; nil: there was none
	began   time.Time
	openFor time.Duration
}

const (
	mostInARow  = 5
	leastCalls  = 20 // of which half may fail
	countedOver = time.Minute
	countedIn   = 10 * time.Second
)

// NewBreaker returns m behind a breaker that stays open for openFor; changed, if
// not nil, is told when it opens and when it lets calls through again.
func NewBreaker(m core.LLM, openFor time.Duration, changed func(open bool)) *Breaker {
	b := &Breaker{LLM: m, began: time.Now(), openFor: openFor}
	b.circuit = gobreaker.NewCircuitBreaker[*core.LLMResponse](gobreaker.Settings{
		Interval: countedOver, BucketPeriod: countedIn, Timeout: openFor, MaxRequests: 1,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.ConsecutiveFailures >= mostInARow || c.Requests >= leastCalls && 2*c.TotalFailures >= c.Requests
		},
		IsSuccessful: func(err error) bool { return err == nil },
		IsExcluded:   func(err error) bool { return err != nil && ours(err) },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				b.opened.Store(int64(time.Since(b.began)))
			}
			if changed != nil {
				changed(to == gobreaker.StateOpen)
			}
		},
	})
	return b
}

// Generate implements core.LLM. The error of an open breaker says what the last
// failure said, and when it lets a call through again.
func (b *Breaker) Generate(ctx context.Context, r core.LLMRequest, delta func(text string)) (*core.LLMResponse, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	got, err := b.circuit.Execute(func() (*core.LLMResponse, error) {
		got, err := b.LLM.Generate(ctx, r, delta)
		if err != nil && !ours(err) { // before it is counted, so that an open breaker has something to say
			b.last.Store(&core.AsError(err).Message)
		}
		return got, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		why := "the model's server does not work; check that it runs"
		if last := b.last.Load(); last != nil { // nil after nothing but panics
			why = *last
		}
		return nil, core.Unavailable(why+" (it failed several times, so no call is made for a while)", b.wait(), ErrOpen)
	}
	return got, err
}

// leastWait is how long a call is waited for that sees whether the server is back.
const leastWait = time.Second

// wait is the time until a call is let through.
func (b *Breaker) wait() time.Duration {
	return max(leastWait, b.openFor-(time.Since(b.began)-time.Duration(b.opened.Load())))
}
