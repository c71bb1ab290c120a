package postgres

import (
	"net/url"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// TestConformanceThroughPgBouncer runs the whole suite with connections that change
// between transactions.
func TestConformanceThroughPgBouncer(t *testing.T) {
	t.Parallel()
	bouncer := testenv.StartPgBouncer(t, testenv.Postgres(t), testenv.PgBouncerOptions{PoolSize: 3})
	coretest.RunStore(t, coretest.StoreFactory{
		Open: func(t *testing.T) core.Store { return openURL(t, pooled(t, bouncer)) },
		Again: func(t *testing.T, s core.Store) core.Store {
			return openURL(t, s.(*Store).pool.Config().ConnString())
		},
		Nodes: func(s core.Store) core.NodeCache { return s.(*Store).Nodes() },
	})
}

// A URL that forgot default_query_exec_mode=exec leaves nothing behind in the server's
// sessions, which are others' after the transaction.
func TestPlanOnce_IsForOwnSessionsOnly(t *testing.T) {
	t.Parallel()
	bouncer := testenv.StartPgBouncer(t, testenv.Postgres(t), testenv.PgBouncerOptions{PoolSize: 1})
	preparing := func(address string) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Del("default_query_exec_mode")
		u.RawQuery = q.Encode()
		return u.String()
	}
	for want, address := range map[string]string{"force_generic_plan": migrated(t), "auto": preparing(pooled(t, bouncer))} {
		config, err := (Config{}).poolConfig(address)
		if err != nil {
			t.Fatal(err)
		}
		pool, err := pgxpool.NewWithConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		var got string
		if err := pool.QueryRow(t.Context(), "show plan_cache_mode", pgx.QueryExecModeExec).Scan(&got); err != nil || got != want {
			t.Errorf("plan_cache_mode is %q, %v, want %q", got, err, want)
		}
	}
}

// pooled makes a database of the test's own and returns its URL through bouncer.
func pooled(t *testing.T, bouncer *testenv.PgBouncerServer) string {
	t.Helper()
	direct, err := url.Parse(migrated(t))
	if err != nil {
		t.Fatal(err)
	}
	return bouncer.URL(direct.Path[1:])
}
