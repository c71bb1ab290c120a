package coretest

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// RunLimiter checks a core.Limiter. open returns two nodes' limiters of one
// installation, in which no limit was touched; an adapter for installations of
// one node returns the same one twice.
func RunLimiter(t *testing.T, open func(t *testing.T) (one, other core.Limiter)) {
	openNodes := func(t *testing.T) limiters {
		one, other := open(t)
		return limiters{Limiter: one, other: other}
	}
	runCases(t, "RunLimiter", openNodes, map[string]func(t *testing.T, l limiters){
		"BurstOfAllEventsIsAllowedAndNoMore": limiterBoundsBursts,
		"EventsAreTakenAllOrNone":            limiterTakesAllOrNone,
		"AskingTakesNothing":                 limiterOnlyAnswers,
		"MoreThanAllEventsIsNeverAllowed":    limiterNeverAllowsMore,
		"RemainingIsExact":                   limiterCountsExactly,
		"RetryAndResetSayWhen":               limiterSaysWhen,
		"EventsComeBackEvenly":               limiterGivesBackEvenly,
		"WhoWaitsRetryAfterIsAllowed":        limiterKeepsItsWord,
		"KeysAreApart":                       limiterKeepsKeysApart,
		"NodesTakeFromOneLimitAtomically":    limiterIsAtomic,
		"ChangedLimitCountsWhatWasTaken":     limiterOutlivesItsLimit,
		"LimitsThatAreNoneAreRefused":        limiterRefusesNoLimits,
		"EndedContextEndsIt":                 limiterHonoursContext,
	})
}

// limiters are two nodes, the first of which most cases ask alone.
type limiters struct {
	core.Limiter
	other core.Limiter
}

func anotherLimit() core.LimitKey { return core.TenantLimit(anotherTenant(), "requests") }

// slowly lets no event come back while a case runs.
func slowly(events int) core.Limit { return core.Limit{Events: events, Period: 10_000 * time.Hour} }

func allow(t *testing.T, l core.Limiter, key core.LimitKey, limit core.Limit, n int) core.LimitState {
	t.Helper()
	s, err := l.Allow(t.Context(), key, limit, n)
	return must(t, "allow", s, err)
}

// wantAllow takes n events and checks the answer and what remains.
func wantAllow(t *testing.T, l core.Limiter, key core.LimitKey, limit core.Limit, n int, allowed bool, remaining int) {
	t.Helper()
	s := allow(t, l, key, limit, n)
	if s.Allowed != allowed || s.Remaining != remaining {
		t.Errorf("take %d of %d: got %+v, want allowed %v and %d remaining", n, limit.Events, s, allowed, remaining)
	}
	if s.Allowed != (s.RetryAfter == 0) || s.RetryAfter < 0 || s.ResetAfter < 0 {
		t.Errorf("take %d of %d: got %+v, want RetryAfter 0 when and only when allowed", n, limit.Events, s)
	}
}

func limiterBoundsBursts(t *testing.T, l limiters) {
	key, limit := anotherLimit(), slowly(10)
	for i := range 10 {
		wantAllow(t, l, key, limit, 1, true, 9-i)
	}
	for range 3 {
		wantAllow(t, l, key, limit, 1, false, 0)
	}
	wantAllow(t, l, anotherLimit(), limit, 10, true, 0)
	wantAllow(t, l, anotherLimit(), slowly(1), 1, true, 0)
}

func limiterTakesAllOrNone(t *testing.T, l limiters) {
	key, limit := anotherLimit(), slowly(5)
	wantAllow(t, l, key, limit, 3, true, 2)
	wantAllow(t, l, key, limit, 3, false, 2)
	wantAllow(t, l, key, limit, 3, false, 2)
	wantAllow(t, l, key, limit, 2, true, 0)
	wantAllow(t, l, key, limit, 1, false, 0)
}

func limiterOnlyAnswers(t *testing.T, l limiters) {
	key, limit := anotherLimit(), slowly(3)
	for range 5 {
		wantAllow(t, l, key, limit, 0, true, 3)
	}
	if s := allow(t, l, key, limit, 0); s.ResetAfter != 0 {
		t.Errorf("an untouched limit: got ResetAfter %v, want 0", s.ResetAfter)
	}
	wantAllow(t, l, key, limit, 2, true, 1)
	for range 5 {
		wantAllow(t, l, key, limit, 0, true, 1)
	}
	wantAllow(t, l, key, limit, 1, true, 0)
	wantAllow(t, l, key, limit, 0, true, 0)
}

func limiterNeverAllowsMore(t *testing.T, l limiters) {
	key, limit := anotherLimit(), core.Limit{Events: 3, Period: time.Millisecond}
	for _, n := range []int{4, 5, 1_000_000, math.MaxInt} {
		if s := allow(t, l, key, limit, n); s.Allowed || s.Remaining != 3 || s.RetryAfter <= 0 {
			t.Errorf("take %d of 3: got %+v, want it refused and 3 remaining", n, s)
		}
	}
	wantAllow(t, l, key, limit, 3, true, 0)
}

// limiterCountsExactly has limits whose intervals are no whole number of any unit.
func limiterCountsExactly(t *testing.T, l limiters) {
	for _, limit := range []core.Limit{
		{Events: 7, Period: 100 * time.Hour},
		{Events: 13, Period: 17 * 24 * time.Hour},
		{Events: 997, Period: 30 * 24 * time.Hour},
		{Events: 1_000_000, Period: 100_000 * time.Hour},
	} {
		key := anotherLimit()
		wantAllow(t, l, key, limit, 1, true, limit.Events-1)
		wantAllow(t, l, key, limit, 2, true, limit.Events-3)
		wantAllow(t, l, key, limit, limit.Events-3, true, 0)
		wantAllow(t, l, key, limit, 1, false, 0)
	}
}

func limiterSaysWhen(t *testing.T, l limiters) {
	key, limit := anotherLimit(), core.Limit{Events: 5, Period: 10 * time.Hour} // one in two hours
	began := time.Now()
	about := func(what string, got, want time.Duration) {
		t.Helper()
		if least := want - time.Since(began) - time.Second; got > want || got < least {
			t.Errorf("%s: got %v, want %v, less by what has gone since", what, got, want)
		}
	}
	about("ResetAfter of one", allow(t, l, key, limit, 1).ResetAfter, 2*time.Hour)
	about("ResetAfter of all", allow(t, l, key, limit, 4).ResetAfter, 10*time.Hour)
	for n := 1; n <= 5; n++ {
		s := allow(t, l, key, limit, n)
		about("RetryAfter", s.RetryAfter, time.Duration(n)*2*time.Hour)
		about("ResetAfter when refused", s.ResetAfter, 10*time.Hour)
	}
}

func limiterGivesBackEvenly(t *testing.T, l limiters) {
	key, limit := anotherLimit(), core.Limit{Events: 4, Period: time.Second}
	began := time.Now()
	if s := allow(t, l, key, limit, 4); !s.Allowed {
		t.Fatalf("take 4 of 4: got %+v, want it allowed", s)
	}
	for seen := 0; seen < 4; {
		eventually(t, "another event comes back", func() bool {
			got := allow(t, l, key, limit, 0).Remaining
			if got < seen {
				t.Fatalf("remaining went from %d to %d", seen, got)
			}
			grown := got > seen
			seen = got
			return grown
		})
		if gone, least := time.Since(began), time.Duration(seen)*limit.Period/4; gone < least-time.Millisecond {
			t.Errorf("%d events were back after %v, want them after %v", seen, gone, least)
		}
	}
	if s := allow(t, l, key, limit, 0); s.Remaining != 4 || s.ResetAfter != 0 {
		t.Errorf("afterwards: got %+v, want the whole limit", s)
	}
}

func limiterKeepsItsWord(t *testing.T, l limiters) {
	key, limit := anotherLimit(), core.Limit{Events: 3, Period: 90 * time.Millisecond}
	for range 5 {
		s := allow(t, l, key, limit, 3)
		for !s.Allowed {
			waited := time.NewTimer(s.RetryAfter)
			<-waited.C
			if s = allow(t, l, key, limit, 3); !s.Allowed && s.RetryAfter > time.Millisecond { // clocks may differ in their rates
				t.Fatalf("after the time of RetryAfter: got %+v, want it allowed", s)
			}
		}
	}
}

func limiterKeepsKeysApart(t *testing.T, l limiters) {
	limit, tenant, other := slowly(1), anotherTenant(), anotherTenant()
	for _, key := range []core.LimitKey{
		core.TenantLimit(tenant, "a"), core.TenantLimit(tenant, "b"), core.TenantLimit(other, "a"),
		core.PublicLimit("a", string(tenant.OrgID())), core.PublicLimit("b", string(tenant.OrgID())), core.PublicLimit("a", ""),
		core.PublicLimit("a", "\x00\xff\r\n"), core.PublicLimit("a", "*"), core.PublicLimit("a", "{}"),
	} {
		wantAllow(t, l, key, limit, 1, true, 0)
		wantAllow(t, l, key, limit, 1, false, 0)
	}
}

func limiterIsAtomic(t *testing.T, l limiters) {
	key, limit := anotherLimit(), slowly(50)
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		node := l.Limiter
		if i%2 == 1 {
			node = l.other
		}
		wg.Go(func() {
			for range 15 {
				s, err := node.Allow(t.Context(), key, limit, 1)
				if err != nil {
					t.Errorf("allow: %v", err)
				}
				if s.Allowed {
					allowed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if got := allowed.Load(); got != 50 {
		t.Errorf("120 requests on two nodes: %d were allowed, want 50", got)
	}
}

func limiterOutlivesItsLimit(t *testing.T, l limiters) {
	key := anotherLimit()
	wantAllow(t, l, key, slowly(10), 10, true, 0)
	wantAllow(t, l, key, slowly(20), 1, false, 0)
	wantAllow(t, l, key, slowly(5), 1, false, 0)
	key = anotherLimit()
	wantAllow(t, l, key, slowly(10), 5, true, 5)
	wantAllow(t, l, key, slowly(20), 0, true, 10)
	wantAllow(t, l, key, slowly(2), 1, true, 0)
	key = anotherLimit()
	wantAllow(t, l, key, slowly(10), 10, true, 0)
	wantAllow(t, l, key, core.Limit{Events: 10, Period: time.Hour}, 1, false, 0)
}

func limiterRefusesNoLimits(t *testing.T, l limiters) {
	key := anotherLimit()
	for _, limit := range []core.Limit{{}, {Events: 1}, {Period: time.Hour}, {Events: -1, Period: time.Hour}, {Events: 1, Period: -1}} {
		_, err := l.Allow(t.Context(), key, limit, 1)
		wantCode(t, "a limit of no events or no time", err, core.CodeValidation)
	}
	for _, n := range []int{-1, math.MinInt} {
		_, err := l.Allow(t.Context(), key, slowly(3), n)
		wantCode(t, "events given back", err, core.CodeValidation)
	}
	wantAllow(t, l, key, slowly(3), 0, true, 3)
}

func limiterHonoursContext(t *testing.T, l limiters) {
	key := anotherLimit()
	_, err := l.Allow(ended(t), key, slowly(3), 1)
	wantEnded(t, "Allow", err)
	wantAllow(t, l, key, slowly(3), 0, true, 3)
}
