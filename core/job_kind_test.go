package core

import (
	"testing"
	"time"
)

func TestBackoff_GrowsIsBoundedAndHonoursTheOtherSide(t *testing.T) {
	t.Parallel()
	for attempt := range 100 {
		ceiling := backoffMax
		if attempt < 8 {
			ceiling = min(backoffMax, backoffBase<<max(attempt-1, 0))
		}
		for range 50 {
			if got := backoff(attempt, 0); got < 0 || got > ceiling {
				t.Fatalf("attempt %d: got %s, want 0 to %s", attempt, got, ceiling)
			}
		}
		if got := backoff(attempt, time.Hour); got < time.Hour {
			t.Errorf("attempt %d: got %s although the other side asked for an hour", attempt, got)
		}
	}
}

func TestJobKinds_HaveARule(t *testing.T) {
	t.Parallel()
	kinds := jobKinds(Config{})
	if len(kinds) == 0 {
		t.Fatal("there are no kinds")
	}
	for typ, k := range kinds {
		if r := kindRules[typ]; r.maxAttempts < 1 || r.queue == "" {
			t.Errorf("%s has no rule", typ)
		}
		if k.handle == nil || k.ended == nil || k.restarted == nil {
			t.Errorf("%s lacks a function", typ)
		}
	}
}
