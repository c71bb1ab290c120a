package inproc

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

var _ core.Limiter = (*Limiter)(nil)

// fewBuckets is how many keys are kept before anybody looks for full ones.
const fewBuckets = 1024

// Limiter is a core.Limiter within one process.
type Limiter struct {
	now     func() time.Time
	mu      sync.Mutex // guards what follows
	buckets map[core.LimitKey]bucket
	sweepAt int // how many buckets there are when the full ones are dropped
}

// NewLimiter returns a Limiter whose limits are all untouched. The clock now is
// time.Now when it is nil.
func NewLimiter(now func() time.Time) *Limiter {
	if now == nil {
		now = time.Now
	}
	return &Limiter{now: now, buckets: map[core.LimitKey]bucket{}, sweepAt: fewBuckets}
}

// Allow implements core.Limiter.
func (l *Limiter) Allow(ctx context.Context, key core.LimitKey, limit core.Limit, n int) (core.LimitState, error) {
	if err := ctx.Err(); err != nil {
		return core.LimitState{}, err
	}
	if limit.Events < 1 || limit.Period < time.Microsecond {
		return core.LimitState{}, core.Invalid("limit", "minimum", "a limit has at least one event and a period; correct the limit")
	}
	if n < 0 {
		return core.LimitState{}, core.Invalid("n", "minimum", "events cannot be given back; ask for 0 or more")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b := l.buckets[key].at(now, limit)
	after, state := b.take(limit, n)
	if state.Allowed && n > 0 {
		l.buckets[key] = after
		l.sweep(now)
	}
	return state, nil
}

// sweep drops the full buckets, which are as good as none, each time that their
// number has doubled; so a call pays for a constant number of them on average.
func (l *Limiter) sweep(now time.Time) {
	if len(l.buckets) < l.sweepAt {
		return
	}
	for key, b := range l.buckets {
		if now.Sub(b.since) >= microseconds(b.owed/b.events) {
			delete(l.buckets, key)
		}
	}
	l.sweepAt = max(fewBuckets, 2*len(l.buckets))
}

// bucket is the state of a limit. An event costs its period in microseconds, and
// each microsecond gives back as much as the limit has events: so all amounts are
// whole numbers, and exact, where intervals between events would be fractions.
type bucket struct {
	since  time.Time
	owed   float64 // what was taken and has not come back, at since
	events float64 // of the limit in whose measure owed is; 0: untouched
}

// at returns the bucket of the limit as it is at now. When the limit has changed,
// the time stays in which everything will be back.
func (b bucket) at(now time.Time, limit core.Limit) bucket {
	events := float64(limit.Events)
	if b.events == 0 {
		return bucket{since: now, events: events}
	}
	owed := b.owed
	if b.events != events {
		owed = math.Ceil(owed * events / b.events)
	}
	// What has gone of the next microsecond counts when it has gone wholly.
	gone := max(0, now.Sub(b.since)/time.Microsecond)
	return bucket{since: b.since.Add(gone * time.Microsecond), owed: max(0, owed-float64(gone)*events), events: events}
}

// take returns b without n events, or b as it is when they are not all there.
func (b bucket) take(limit core.Limit, n int) (bucket, core.LimitState) {
	cost := float64(limit.Period / time.Microsecond)
	full := cost * b.events
	want := b.owed + cost*float64(n)
	state := core.LimitState{Allowed: want <= full}
	if state.Allowed {
		b.owed = want
	} else {
		state.RetryAfter = microseconds((want - full) / b.events)
	}
	state.Remaining = int(max(0, b.events-math.Ceil(b.owed/cost)))
	state.ResetAfter = microseconds(b.owed / b.events)
	return b, state
}

// microseconds rounds up, so that who waits as long has waited long enough.
func microseconds(n float64) time.Duration {
	const most = math.MaxInt64 / time.Microsecond
	return time.Duration(min(math.Ceil(n), float64(most-1))) * time.Microsecond
}
