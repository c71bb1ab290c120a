package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	coretest.RunStore(t, coretest.StoreFactory{
		Open: func(t *testing.T) core.Store { return openURL(t, migrated(t)) },
		Again: func(t *testing.T, s core.Store) core.Store {
			return openURL(t, s.(*Store).pool.Config().ConnString())
		},
		Nodes: func(s core.Store) core.NodeCache { return s.(*Store).Nodes() },
	})
}

func TestNodes_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunNodeCache(t, func(t *testing.T) core.NodeCache {
		return openWith(t, migrated(t), &Config{CacheBytes: 16 << 20}, newStatements()).Nodes()
	}, func(t *testing.T, c core.NodeCache) core.Tenant { return coretest.NewOrg(t, c.(*Nodes).store).Tenant })
}

func TestMeter_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunUsageMeter(t, func(t *testing.T) (core.UsageMeter, core.Store) {
		s := openURL(t, migrated(t))
		return s.Meter(), s
	})
}

// migrated makes an empty database with the present schema for one test.
func migrated(tb testing.TB) (url string) {
	tb.Helper()
	return testenv.Database(tb, "postgres.Store", migrateUp)
}

func migrateUp(ctx context.Context, url string) error {
	_, err := Up(ctx, url, "")
	return err
}

// openURL opens a store that waits for a busy machine.
func openURL(tb testing.TB, url string) *Store {
	tb.Helper()
	return openWith(tb, url, &Config{
		StatementTimeout: time.Minute, LockTimeout: time.Minute, IdleTimeout: time.Minute, AcquireTimeout: time.Minute,
	}, newStatements())
}

func openWith(tb testing.TB, url string, cfg *Config, sql statements) *Store {
	tb.Helper()
	s, err := open(tb.Context(), url, cfg, sql)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}
