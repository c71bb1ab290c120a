package redis

import (
	"context"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

var _ core.Limiter = (*LeasedLimiter)(nil)

const (
	// leaseShares is into how many leases a limit is divided: with 1,200 a minute a
	// node asks Redis once in 60 requests.
	leaseShares = 20
	// leasedFrom is the smallest limit that is leased; others are asked each time.
	leasedFrom = 100
	// fewLeases is how many keys are kept before anybody looks for ended ones.
	fewLeases = 1024
)

// LeasedLimiter is a core.Limiter that takes events from another in shares and
// gives them out without a round trip. No more events are allowed than by the
// other; what an idle node has taken and not given out, at most a twentieth of the
// limit, nobody else gets until it has come back.
type LeasedLimiter struct {
	from    core.Limiter
	now     func() time.Time
	mu      sync.Mutex // guards what follows
	leases  map[core.LimitKey]*limitLease
	sweepAt int // how many leases there are when the ended ones are dropped
}

// NewLeasedLimiter returns a LeasedLimiter over from. The clock now is time.Now
// when it is nil.
func NewLeasedLimiter(from core.Limiter, now func() time.Time) *LeasedLimiter {
	if now == nil {
		now = time.Now
	}
	return &LeasedLimiter{from: from, now: now, leases: map[core.LimitKey]*limitLease{}, sweepAt: fewLeases}
}

// limitLease is what a node holds of one key's limit.
type limitLease struct {
	mu    sync.Mutex // guards what follows; held while the other limiter is asked, so that it is asked once
	limit core.Limit
	left  int             // events that may still be given out
	since time.Time       // when the state was answered
	until time.Time       // when left is forgotten, having come back to the limit
	state core.LimitState // without what is left
}

// Allow implements core.Limiter.
func (l *LeasedLimiter) Allow(ctx context.Context, key core.LimitKey, limit core.Limit, n int) (core.LimitState, error) {
	if limit.Events < leasedFrom || limit.Period < time.Microsecond || n < 0 || n > limit.Events {
		return l.from.Allow(ctx, key, limit, n)
	}
	if err := ctx.Err(); err != nil {
		return core.LimitState{}, err
	}
	lease := l.lease(key)
	lease.mu.Lock()
	defer lease.mu.Unlock()
	now := l.now()
	if lease.limit != limit || !now.Before(lease.until) {
		lease.limit, lease.left, lease.until = limit, 0, time.Time{}
	}
	switch {
	case n > 0 && n <= lease.left:
		lease.left -= n
		return lease.answer(now, true, 0), nil
	case n > 0 && lease.left == 0 && !lease.state.Allowed && now.Before(lease.until):
		if wait := lease.state.RetryAfter - now.Sub(lease.since); n == 1 && wait > 0 {
			return lease.answer(now, false, wait), nil // refused a moment ago
		}
	}
	return lease.ask(ctx, l.from, key, now, n)
}

// ask takes what is missing to n and, if it is there, a share more.
func (b *limitLease) ask(ctx context.Context, from core.Limiter, key core.LimitKey, now time.Time, n int) (core.LimitState, error) {
	share := b.limit.Events/leaseShares - 1
	missing := max(0, n-b.left)
	if n == 0 {
		share = 0
	}
	state, err := from.Allow(ctx, key, b.limit, min(missing+share, b.limit.Events))
	if err == nil && !state.Allowed && share > 0 {
		state, err = from.Allow(ctx, key, b.limit, missing)
		share = 0
	}
	if err != nil {
		return core.LimitState{}, err
	}
	if state.Allowed {
		b.left += min(missing+share, b.limit.Events) - n
	}
	b.state, b.since, b.until = state, now, now.Add(b.limit.Period/leaseShares)
	return b.answer(now, state.Allowed, state.RetryAfter), nil
}

// answer is the state with what is held here.
func (b *limitLease) answer(now time.Time, allowed bool, wait time.Duration) core.LimitState {
	return core.LimitState{
		Allowed: allowed, Remaining: b.state.Remaining + b.left, RetryAfter: wait,
		ResetAfter: max(0, b.state.ResetAfter-now.Sub(b.since)),
	}
}

// lease returns the key's lease. Ended ones are dropped each time that their
// number has doubled.
func (l *LeasedLimiter) lease(key core.LimitKey) *limitLease {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.leases[key]
	if !ok {
		b = &limitLease{}
		l.leases[key] = b
		l.sweep()
	}
	return b
}

func (l *LeasedLimiter) sweep() {
	if len(l.leases) < l.sweepAt {
		return
	}
	now := l.now()
	for key, b := range l.leases {
		if b.mu.TryLock() { // one that is in use stays
			if !now.Before(b.until) && !b.since.IsZero() {
				delete(l.leases, key)
			}
			b.mu.Unlock()
		}
	}
	l.sweepAt = max(fewLeases, 2*len(l.leases))
}
