package redis_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/redis"
	"github.com/docsctl/docsctl/core"
)

// asked counts how often a limiter is asked.
type asked struct {
	core.Limiter
	times atomic.Int64
}

func (a *asked) Allow(ctx context.Context, key core.LimitKey, l core.Limit, n int) (core.LimitState, error) {
	a.times.Add(1)
	return a.Limiter.Allow(ctx, key, l, n)
}

func TestLeasedLimiter_AsksSeldomAndAllowsNoMore(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return at }
	from := &asked{Limiter: inproc.NewLimiter(clock)}
	one, other := redis.NewLeasedLimiter(from, clock), redis.NewLeasedLimiter(from, clock)
	key, limit := core.PublicLimit("requests", "x"), core.Limit{Events: 1200, Period: time.Minute}
	allowed := 0
	take := func(l core.Limiter) core.LimitState {
		t.Helper()
		s, err := l.Allow(t.Context(), key, limit, 1)
		if err != nil {
			t.Fatal(err)
		}
		if s.Allowed {
			allowed++
		}
		return s
	}
	for range 1000 {
		take(one)
		take(other)
	}
	if allowed != 1200 {
		t.Errorf("2000 requests on two nodes: %d were allowed, want 1200", allowed)
	}
	if n := from.times.Load(); n > 30 {
		t.Errorf("the counters were asked %d times, want about 20", n)
	}
	s := take(one)
	if s.Allowed || s.RetryAfter <= 0 || s.Remaining != 0 {
		t.Errorf("over the limit: got %+v", s)
	}
	at = at.Add(s.RetryAfter)
	if s := take(one); !s.Allowed {
		t.Errorf("after RetryAfter: got %+v, want it allowed", s)
	}
	at = at.Add(time.Minute)
	if s := take(other); !s.Allowed || s.Remaining != 1199 {
		t.Errorf("a minute later: got %+v, want 1199 remaining", s)
	}
}
