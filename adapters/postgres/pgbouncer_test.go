package postgres

import (
	"net/url"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
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

// pooled makes a database of the test's own and returns its URL through bouncer.
func pooled(t *testing.T, bouncer *testenv.PgBouncerServer) string {
	t.Helper()
	direct, err := url.Parse(migrated(t))
	if err != nil {
		t.Fatal(err)
	}
	return bouncer.URL(direct.Path[1:])
}
