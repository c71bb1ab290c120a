package inproc_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/core"
)

// clock is a time that stands still until it is moved.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{at: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time { return c.at }

func (c *clock) move(d time.Duration) { c.at = c.at.Add(d) }

func tenant() core.Tenant { return core.TrustTenant(core.NewID[core.OrgID]()) }

func TestCache_KeepsWithinItsBytesWhatIsUsed(t *testing.T) {
	t.Parallel()
	const most = 100_000
	c, org, ctx := inproc.NewCache(inproc.CacheConfig{MaxBytes: most}), tenant(), t.Context()
	set := func(key string, size int) {
		t.Helper()
		if err := c.Set(ctx, org, key, bytes.Repeat([]byte("x"), size), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	size := func(key string) int {
		t.Helper()
		v, _, err := c.Get(ctx, org, key)
		if err != nil {
			t.Fatal(err)
		}
		return len(v)
	}
	set("used", 1000)
	for i := range 1000 {
		set(fmt.Sprint(i), 1000)
		if size("used") != 1000 {
			t.Fatalf("after %d others, what is used each time is gone", i+1)
		}
	}
	kept := 0
	for i := range 1000 {
		kept += size(fmt.Sprint(i))
	}
	if kept > most || kept < most/2 {
		t.Errorf("%d bytes are kept, want up to %d and most of that", kept, most)
	}
	if size("999") == 0 || size("0") != 0 {
		t.Error("the latest is gone or the oldest is there")
	}
	set("huge", most+1)
	if size("huge") != 0 {
		t.Error("a value larger than the cache was kept")
	}
}

func TestCache_ValueExpiresByItsClock(t *testing.T) {
	t.Parallel()
	at := newClock()
	c, org, ctx := inproc.NewCache(inproc.CacheConfig{Now: at.now}), tenant(), t.Context()
	if err := c.Set(ctx, org, "key", []byte("value"), time.Minute); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if _, found, err := c.Get(ctx, org, "key"); found != want || err != nil {
			t.Errorf("at %v: got found %v, %v, want %v", at.at, found, err, want)
		}
		at.move(time.Minute)
	}
}

func TestPresence_EntryEndsByItsClock(t *testing.T) {
	t.Parallel()
	at := newClock()
	p, org, ctx := inproc.NewPresence(at.now), tenant(), t.Context()
	if err := p.Put(ctx, org, core.Connection{ID: "id"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} {
		if list, err := p.List(ctx, org); len(list) != want || err != nil {
			t.Errorf("at %v: got %d connections, %v, want %d", at.at, len(list), err, want)
		}
		at.move(time.Minute)
	}
}

// TestLimiter_NeverAllowsMoreThanItsRate checks GCRA's law for any sequence of
// calls: within any span, at most Events and what comes back in it are allowed,
// and what is refused would have broken that or was more than Remaining.
func TestLimiter_NeverAllowsMoreThanItsRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := newClock()
		l, key := inproc.NewLimiter(at.now), core.PublicLimit("sign-in", "somebody")
		limit := core.Limit{
			Events: rapid.IntRange(1, 50).Draw(t, "events"),
			Period: time.Duration(rapid.Int64Range(1, int64(time.Hour/time.Microsecond)).Draw(t, "period")) * time.Microsecond,
		}
		interval := float64(limit.Period) / float64(limit.Events)
		type taken struct {
			at time.Time
			n  int
		}
		var all []taken
		for range rapid.IntRange(1, 40).Draw(t, "calls") {
			at.move(time.Duration(rapid.Float64Range(0, 3*interval).Draw(t, "pause")))
			n := rapid.IntRange(0, limit.Events+1).Draw(t, "n")
			before, err := l.Allow(context.Background(), key, limit, 0)
			if err != nil {
				t.Fatal(err)
			}
			s, err := l.Allow(context.Background(), key, limit, n)
			if err != nil {
				t.Fatal(err)
			}
			if s.Allowed != (n <= before.Remaining) {
				t.Fatalf("took %d of %+v: got %+v", n, before, s)
			}
			if !s.Allowed {
				continue
			}
			all = append(all, taken{at.at, n})
			sum := 0
			for i := len(all) - 1; i >= 0; i-- {
				sum += all[i].n
				// Two microseconds for what the clock's fractions add.
				span := float64(at.at.Sub(all[i].at) + 2*time.Microsecond)
				if most := float64(limit.Events) + span/interval; float64(sum) > most {
					t.Fatalf("%d events within %v, want at most %.3f", sum, at.at.Sub(all[i].at), most)
				}
			}
		}
	})
}

func TestLimiter_WhoWaitsExactlyAsToldIsAllowed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := newClock()
		l, key := inproc.NewLimiter(at.now), core.PublicLimit("sign-in", "somebody")
		limit := core.Limit{
			Events: rapid.IntRange(1, 100).Draw(t, "events"),
			Period: time.Duration(rapid.Int64Range(1_000, int64(time.Hour/time.Microsecond)).Draw(t, "period")) * time.Microsecond,
		}
		for range 20 {
			n := rapid.IntRange(1, limit.Events).Draw(t, "n")
			s, err := l.Allow(context.Background(), key, limit, n)
			if err != nil {
				t.Fatal(err)
			}
			if s.Allowed {
				continue
			}
			at.move(s.RetryAfter - time.Microsecond)
			if early, _ := l.Allow(context.Background(), key, limit, n); early.Allowed {
				t.Fatalf("%v before the time of RetryAfter %v it is allowed", time.Microsecond, s.RetryAfter)
			}
			at.move(time.Microsecond)
			if after, _ := l.Allow(context.Background(), key, limit, n); !after.Allowed {
				t.Fatalf("after RetryAfter %v: got %+v", s.RetryAfter, after)
			}
		}
	})
}
