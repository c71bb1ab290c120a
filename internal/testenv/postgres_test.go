//go:build unix

package testenv_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/internal/testenv"
)

func TestDatabase(t *testing.T) {
	t.Parallel()
	key := "notes " + rand.Text() // with -count the server is the same and so would be the template
	var prepared atomic.Int64
	prepare := func(ctx context.Context, url string) error {
		prepared.Add(1)
		return execute(ctx, url, "CREATE TABLE notes (text text); INSERT INTO notes VALUES ('of the template')")
	}

	t.Run("EachTestHasItsOwnCopyOfTheTemplate", func(t *testing.T) {
		var urls []string
		for range 5 {
			began := time.Now()
			u := testenv.Database(t, key, prepare)
			t.Logf("database in %s", time.Since(began).Round(time.Millisecond))
			urls = append(urls, u)
		}
		mustExecute(t, urls[0], "INSERT INTO notes VALUES ('of the first test')")

		if got, want := texts(t, urls[0]), []string{"of the first test", "of the template"}; !slices.Equal(got, want) {
			t.Errorf("first database holds %q, want %q", got, want)
		}
		if got, want := texts(t, urls[4]), []string{"of the template"}; !slices.Equal(got, want) {
			t.Errorf("last database holds %q, want %q", got, want)
		}
		if got, want := prepared.Load(), int64(1); got != want {
			t.Errorf("prepare ran %d times, want %d", got, want)
		}
	})

	t.Run("FailedPrepareFailsEveryTest", func(t *testing.T) {
		key := "broken " + rand.Text()
		for range 2 {
			tb := &recorder{TB: t, done: make(chan struct{})}
			go func() {
				defer close(tb.done)
				testenv.Database(tb, key, func(context.Context, string) error { return errors.New("no such column") })
			}()
			<-tb.done
			if !strings.Contains(tb.fatal, "no such column") {
				t.Errorf("the test failed with %q, want the error of prepare", tb.fatal)
			}
		}
	})

	t.Run("DropsDatabaseAndItsRolesAtTheEnd", func(t *testing.T) {
		var name string
		t.Run("Test", func(t *testing.T) {
			u := testenv.Database(t, "empty", nil)
			name = database(t, u)
			mustExecute(t, u, "CREATE ROLE "+pgx.Identifier{name + "_app"}.Sanitize())
			left := connect(t, u) // open past the drop, as a leaking test's
			t.Cleanup(func() { _ = left.Close(context.Background()) })
		})
		conn := connect(t, testenv.Postgres(t).URL("postgres"))
		var databases, roles int
		err := conn.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM pg_database WHERE datname = $1),
			(SELECT count(*) FROM pg_roles WHERE starts_with(rolname, $1))`, name).Scan(&databases, &roles)
		if err != nil {
			t.Fatal(err)
		}
		if databases != 0 || roles != 0 {
			t.Errorf("%d databases and %d roles are left, want none", databases, roles)
		}
	})
}

func TestStartPostgres(t *testing.T) {
	t.Parallel()

	t.Run("KilledServerKeepsWhatWasCommitted", func(t *testing.T) {
		t.Parallel()
		pg := testenv.StartPostgres(t, testenv.PostgresOptions{})
		u := pg.Database(t, "empty", nil)
		mustExecute(t, u, "CREATE TABLE notes (text text); INSERT INTO notes VALUES ('committed')")
		open := connect(t, u)

		pg.Kill(t)
		if err := open.Ping(t.Context()); err == nil {
			t.Error("a connection outlived the killed server")
		}
		pg.Start(t)
		if got, want := texts(t, u), []string{"committed"}; !slices.Equal(got, want) {
			t.Errorf("after the kill the table holds %q, want %q", got, want)
		}
		pg.Restart(t)
		if got, want := texts(t, u), []string{"committed"}; !slices.Equal(got, want) {
			t.Errorf("after the restart the table holds %q, want %q", got, want)
		}
	})

	t.Run("PausedServerAnswersAfterContinue", func(t *testing.T) {
		t.Parallel()
		pg := testenv.StartPostgres(t, testenv.PostgresOptions{})
		conn := connect(t, pg.URL("postgres"))
		answer := make(chan error, 1)

		pg.Pause(t)
		go func() { answer <- conn.Ping(context.WithoutCancel(t.Context())) }()
		select {
		case err := <-answer:
			t.Fatalf("the paused server answered: %v", err)
		case <-time.After(200 * time.Millisecond):
		}
		pg.Continue(t)
		if err := <-answer; err != nil {
			t.Errorf("the open connection did not survive the pause: %v", err)
		}
	})

	t.Run("EndsKilledAndPausedServersAtTheEnd", func(t *testing.T) {
		t.Parallel()
		pg := testenv.StartPostgres(t, testenv.PostgresOptions{})
		_ = pg.Database(t, "empty", nil)
		pg.Kill(t)
		other := testenv.StartPostgres(t, testenv.PostgresOptions{})
		_ = other.Database(t, "empty", nil)
		other.Pause(t)
	})

	t.Run("SettingsHold", func(t *testing.T) {
		t.Parallel()
		pg := testenv.StartPostgres(t, testenv.PostgresOptions{Fsync: true, Settings: map[string]string{"max_connections": "7"}})
		conn := connect(t, pg.URL("postgres"))
		for name, want := range map[string]string{"fsync": "on", "max_connections": "7", "server_encoding": "UTF8"} {
			var got string
			if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
	})

	t.Run("PortIsNotTheMachinesOwn", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{testenv.StartPostgres(t, testenv.PostgresOptions{}).URL("x"), testenv.StartRedis(t, testenv.RedisOptions{}).URL()} {
			u, err := url.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if got := u.Port(); u.Hostname() != "127.0.0.1" || got == "" || got == "5432" || got == "6379" {
				t.Errorf("server is on %s, want another port of 127.0.0.1", u.Host)
			}
		}
	})
}

// recorder is a test that is expected to fail.
type recorder struct {
	testing.TB
	fatal string
	done  chan struct{}
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.fatal = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func connect(tb testing.TB, url string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(ctx context.Context, url, sql string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.PgConn().Exec(ctx, sql).ReadAll()
	return err
}

func mustExecute(tb testing.TB, url, sql string) {
	tb.Helper()
	if err := execute(tb.Context(), url, sql); err != nil {
		tb.Fatal(err)
	}
}

func texts(tb testing.TB, url string) []string {
	tb.Helper()
	rows, err := connect(tb, url).Query(tb.Context(), "SELECT text FROM notes ORDER BY text")
	if err != nil {
		tb.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

func database(tb testing.TB, text string) string {
	tb.Helper()
	u, err := url.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return u.Path[1:]
}
