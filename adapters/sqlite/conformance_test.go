package sqlite

import (
	"context"
	"errors"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	coretest.RunStore(t, coretest.StoreFactory{
		Open: func(t *testing.T) core.Store { return openStore(t, migrated(t)) },
		Again: func(t *testing.T, s core.Store) core.Store {
			return openStore(t, s.(*Store).path)
		},
		Nodes: func(s core.Store) core.NodeCache { return s.(*Store).Nodes() },
	})
}

func TestNodes_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunNodeCache(t, func(t *testing.T) core.NodeCache {
		return openWith(t, migrated(t), &Config{CacheBytes: 16 << 20}).Nodes()
	}, func(t *testing.T, c core.NodeCache) core.Tenant { return coretest.NewOrg(t, c.(*Nodes).store).Tenant })
}

func TestMeter_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunUsageMeter(t, func(t *testing.T) (core.UsageMeter, core.Store) {
		s := openStore(t, migrated(t))
		return s.Meter(), s
	})
}

// migrated makes a store with the present schema that nobody has opened yet.
func migrated(t testing.TB) (path string) {
	t.Helper()
	return testenv.File(t, "sqlite.Store", func(ctx context.Context, path string) error {
		m, err := newMigrator(path)
		if err != nil {
			return err
		}
		return errors.Join(m.up(ctx), m.Close())
	})
}

// openStore opens a store that the end of the test closes.
func openStore(t testing.TB, path string) *Store {
	t.Helper()
	return openWith(t, path, nil)
}

func openWith(t testing.TB, path string, cfg *Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, cfg)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}
