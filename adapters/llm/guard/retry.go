package guard

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/docsctl/docsctl/core"
)

var _ core.LLM = (*Retry)(nil)

const (
	retries   = 3
	mostDelay = 20 * time.Second // between two calls, when the server names none
	// A server that is away for longer is waited for by the job, which holds no
	// worker meanwhile.
	mostRetryAfter = 60 * time.Second
)

// Retry repeats a call that failed in a way that may pass, three times at most.
// The delays grow from first, twofold, with full jitter (each is uniform between
// nothing and its bound); a server's own Retry-After is kept to, and up to 10 %
// is added, so that all who were sent away do not come back at once.
//
// A call whose text was delivered in part is not repeated, since what was
// delivered cannot be taken back: its error is returned, and the job's next
// attempt begins anew. What says that waiting is in vain, or takes over a minute,
// is returned at once.
type Retry struct {
	core.LLM
	first time.Duration
}

// NewRetry returns m with repetitions; first bounds the delay before the first.
func NewRetry(m core.LLM, first time.Duration) *Retry { return &Retry{LLM: m, first: first} }

// Generate implements core.LLM. Calls of the answer counts the repetitions.
func (d *Retry) Generate(ctx context.Context, r core.LLMRequest, delta func(text string)) (*core.LLMResponse, error) {
	failures, delivered := 0, false
	tell := delta
	if delta != nil {
		tell = func(text string) {
			delivered = true
			delta(text)
		}
	}
	pauses := &jitter{bound: d.first}
	got, err := backoff.Retry(ctx, func() (*core.LLMResponse, error) {
		got, err := d.LLM.Generate(ctx, r, tell)
		if err == nil {
			got.Calls += failures
			return got, nil
		}
		failures++
		if delivered || !passing(err) {
			return nil, backoff.Permanent(err)
		}
		pauses.least = core.AsError(err).RetryAfter
		return nil, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxTries(1+retries), backoff.WithMaxElapsedTime(0))
	if err != nil {
		return nil, unwrapped(ctx, err)
	}
	return got, nil
}

// unwrapped is err without the library's mark, or the error of a ctx that has ended.
func unwrapped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if p, ok := errors.AsType[*backoff.PermanentError](err); ok {
		return p.Err
	}
	return err
}

// passing reports whether the same call may soon go well.
func passing(err error) bool {
	switch core.CodeOf(err) {
	case core.CodeLLM, core.CodeUnavailable:
	default:
		return false
	}
	if errors.Is(err, ErrOpen) || errors.Is(err, core.ErrInVain) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if core.AsError(err).RetryAfter > mostRetryAfter {
		return false
	}
	switch status := statusOf(err); status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	default:
		return status < 400 || status >= 500
	}
}

// jitter is a backoff.BackOff of full jitter.
type jitter struct {
	bound time.Duration
	least time.Duration // that the server named; 0: none
}

// Reset does nothing: a jitter is for one call.
func (*jitter) Reset() {}

// NextBackOff returns the next delay.
func (j *jitter) NextBackOff() time.Duration {
	bound := j.bound
	j.bound = min(2*j.bound, mostDelay)
	if j.least > 0 {
		return j.least + upTo(j.least/10)
	}
	return upTo(bound)
}

// upTo returns a random time from nothing to d.
func upTo(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d + 1)
}
