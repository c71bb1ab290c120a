package testenv

import (
	"testing"
	"time"
)

// promiseTries is how often a promise of time is put to the test.
const promiseTries = 5

// Promise checks a promise of time: that what takes no longer than limit. Each call
// of take tries it once and returns how long it took; the first that is quick enough
// will do. A machine that stands still for seconds spoils a try or two, a product
// that breaks its promise breaks it in all of them.
func Promise(tb testing.TB, what string, limit time.Duration, take func() time.Duration) {
	tb.Helper()
	var all []time.Duration
	for range promiseTries {
		took := take()
		if took <= limit {
			return
		}
		all = append(all, took)
	}
	tb.Errorf("%s took %v, want at most %v once", what, all, limit)
}
