//go:build unix

package redis_test

import (
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/docsctl/docsctl/adapters/redis"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(testenv.Goroutine))
}

// open returns a client that waits for a busy machine.
func open(t testing.TB, url string) *redis.Client {
	t.Helper()
	return openWith(t, url, patience)
}

// openHasty returns a client as a process of the product has one: it does not wait
// for a server that is away.
func openHasty(t testing.TB, url string) *redis.Client {
	t.Helper()
	return openWith(t, url, 0)
}

func openWith(t testing.TB, url string, timeout time.Duration) *redis.Client {
	t.Helper()
	c, err := redis.Open(t.Context(), url, &redis.Config{Logger: slog.New(slog.DiscardHandler), Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func openBus(t testing.TB, url string) *redis.Bus {
	t.Helper()
	return busOf(t, open(t, url))
}

func busOf(t testing.TB, c *redis.Client) *redis.Bus {
	t.Helper()
	b := redis.NewBus(c)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestBus_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunEventBus(t, func(t *testing.T) core.EventBus { return openBus(t, testenv.Redis(t).URL()) })
}

func TestCache_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunCache(t, func(t *testing.T) core.Cache { return redis.NewCache(open(t, testenv.Redis(t).URL())) })
}

func TestLimiter_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunLimiter(t, func(t *testing.T) (core.Limiter, core.Limiter) {
		url := testenv.Redis(t).URL()
		return redis.NewLimiter(open(t, url)), redis.NewLimiter(open(t, url))
	})
}

func TestLeasedLimiter_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunLimiter(t, func(t *testing.T) (core.Limiter, core.Limiter) {
		url := testenv.Redis(t).URL()
		return redis.NewLeasedLimiter(redis.NewLimiter(open(t, url)), nil), redis.NewLeasedLimiter(redis.NewLimiter(open(t, url)), nil)
	})
}

func TestPresence_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunPresence(t, func(t *testing.T) (core.Presence, core.Presence) {
		url := testenv.Redis(t).URL()
		return redis.NewPresence(open(t, url)), redis.NewPresence(open(t, url))
	})
}
