package inproc_test

import (
	"testing"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestBus(t *testing.T) {
	t.Parallel()
	coretest.RunEventBus(t, func(t *testing.T) core.EventBus {
		b := inproc.NewBus()
		t.Cleanup(func() { _ = b.Close() })
		return b
	})
}

func TestCache(t *testing.T) {
	t.Parallel()
	coretest.RunCache(t, func(*testing.T) core.Cache { return inproc.NewCache(inproc.CacheConfig{}) })
}

func TestNodes(t *testing.T) {
	t.Parallel()
	coretest.RunNodeCache(t, func(*testing.T) core.NodeCache { return inproc.NewNodes(16 << 20) }, nil)
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	coretest.RunLimiter(t, func(*testing.T) (core.Limiter, core.Limiter) {
		l := inproc.NewLimiter(nil)
		return l, l
	})
}

func TestPresence(t *testing.T) {
	t.Parallel()
	coretest.RunPresence(t, func(*testing.T) (core.Presence, core.Presence) {
		p := inproc.NewPresence(nil)
		return p, p
	})
}
