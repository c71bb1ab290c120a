//go:build unix

package testenv_test

import (
	"slices"
	"testing"

	"github.com/docsctl/docsctl/internal/testenv"
)

func TestStartPgBouncer(t *testing.T) {
	t.Parallel()
	pg := testenv.StartPostgres(t, testenv.PostgresOptions{}) // a given one may want passwords of roles
	direct := pg.Database(t, "empty", nil)
	mustExecute(t, direct, "CREATE TABLE notes (text text); INSERT INTO notes VALUES ('pooled')")
	name := database(t, direct)

	t.Run("TransactionsShareAConnection", func(t *testing.T) {
		pool := testenv.StartPgBouncer(t, pg, testenv.PgBouncerOptions{PoolSize: 1})
		one, other := connect(t, pool.URL(name)), connect(t, pool.URL(name))
		var first, second int
		if err := one.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&first); err != nil {
			t.Fatal(err)
		}
		// With one connection in the pool this would wait forever if sessions were pooled.
		if err := other.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&second); err != nil {
			t.Fatal(err)
		}
		if first != second {
			t.Errorf("two clients had the connections %d and %d, want the same", first, second)
		}
	})

	t.Run("AnyRoleMayLogIn", func(t *testing.T) {
		pool := testenv.StartPgBouncer(t, pg, testenv.PgBouncerOptions{})
		role := name + "_app"
		mustExecute(t, direct, "CREATE ROLE "+role+" LOGIN")
		conn := connect(t, pool.URL(name)+"&user="+role)
		var got string
		if err := conn.QueryRow(t.Context(), "SELECT current_user").Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != role {
			t.Errorf("logged in as %s, want %s", got, role)
		}
	})

	t.Run("AnswersAfterARestart", func(t *testing.T) {
		pool := testenv.StartPgBouncer(t, pg, testenv.PgBouncerOptions{})
		pool.Restart(t)
		pool.Kill(t)
		pool.Start(t)
		if got, want := texts(t, pool.URL(name)), []string{"pooled"}; !slices.Equal(got, want) {
			t.Errorf("through the pooler the table holds %q, want %q", got, want)
		}
	})
}
