//go:build unix

package redis_test

import (
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/redis"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/testenv"
)

// BenchmarkAllow is the cost of a limit in the process and in Redis, alone and
// with all callers of a node at once.
func BenchmarkAllow(b *testing.B) {
	limit := core.Limit{Events: 1_000_000_000, Period: time.Hour}
	for _, bench := range []struct {
		name    string
		limiter core.Limiter
	}{
		{"InProcess", inproc.NewLimiter(nil)},
		{"Redis", redis.NewLimiter(open(b, testenv.Redis(b).URL()))},
	} {
		key := core.TenantLimit(tenant(), "requests")
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				if s, err := bench.limiter.Allow(b.Context(), key, limit, 1); err != nil || !s.Allowed {
					b.Fatal(s, err)
				}
			}
		})
		b.Run(bench.name+"Parallel", func(b *testing.B) {
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if s, err := bench.limiter.Allow(b.Context(), key, limit, 1); err != nil || !s.Allowed {
						b.Error(s, err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkNotifyToListener is the time from Notify to the listener of another
// node, of one notice and of ten in one call.
func BenchmarkNotifyToListener(b *testing.B) {
	local := inproc.NewBus()
	b.Cleanup(func() { _ = local.Close() })
	url := testenv.Redis(b).URL()
	for _, bench := range []struct {
		name     string
		from, to core.EventBus
	}{
		{"InProcess", local, local},
		{"Redis", openBus(b, url), openBus(b, url)},
	} {
		for name, n := range map[string]int{"One": 1, "Ten": 10} {
			b.Run(bench.name+name, func(b *testing.B) {
				topic := feed()
				l := listen(b, bench.to, topic)
				notices := make([]core.Notice, n)
				for i := range notices {
					notices[i] = core.Notice{Topic: topic, Body: make([]byte, 200)}
				}
				for b.Loop() {
					if err := bench.from.Notify(b.Context(), notices...); err != nil {
						b.Fatal(err)
					}
					for range n {
						next(b, l)
					}
				}
			})
		}
	}
}
