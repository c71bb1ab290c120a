package inproc

import (
	"fmt"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestLimiter_ForgetsKeysThatAreFullAgain(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	l, limit := NewLimiter(func() time.Time { return at }), core.Limit{Events: 5, Period: time.Minute}
	allow := func(by string, n int) core.LimitState {
		t.Helper()
		s, err := l.Allow(t.Context(), core.PublicLimit("sign-in", by), limit, n)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := allow("first", 5); !s.Allowed {
		t.Fatalf("take 5 of 5: got %+v, want it allowed", s)
	}
	most := 0
	for i := range 20_000 {
		allow(fmt.Sprint("address ", i), 1)
		most = max(most, len(l.buckets))
		if i == 10_000 { // long after the first sweep
			if s := allow("first", 0); s.Remaining != 4 {
				t.Errorf("after 50 s: got %+v, want 4 of 5 back", s)
			}
		}
		at = at.Add(5 * time.Millisecond) // 2,400 keys are not full at any time
	}
	if most > 3*2400 {
		t.Errorf("%d keys were kept, most of which were full again", most)
	}
}
