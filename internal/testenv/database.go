//go:build unix

package testenv

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// dropTimeout bounds the end of a test whose server hangs.
const dropTimeout = time.Minute

// patiently has clients wait for a server on a machine that stands still for a while.
// A server that is away refuses them at once all the same.
const patiently = "connect_timeout=60"

// template is a database that is filled once and then copied.
type template struct {
	once sync.Once
	name string
	err  error // until prepare has returned: that it has not
}

// Database makes a database on the server that the tests of this process share:
// see PostgresServer.Database.
func Database(tb testing.TB, key string, prepare func(ctx context.Context, url string) error) (url string) {
	tb.Helper()
	return Postgres(tb).Database(tb, key, prepare)
}

// URL returns the superuser's URL of a database, whether it exists or not.
func (s *PostgresServer) URL(database string) string {
	u := s.base
	u.Path = "/" + database
	return u.String()
}

// Database makes a database for one test, a copy of a template, and drops it at
// the test's end together with the roles whose names begin with its name and an
// underscore. The template is made at the first call with its key: an empty
// database filled by prepare, which closes its connections before it returns and
// may be nil. Equal keys are for equal contents. When prepare fails, every test
// with the key fails.
//
// Roles belong to the server, not to a database: what prepare grants to a role is
// granted to the same role in each copy.
func (s *PostgresServer) Database(tb testing.TB, key string, prepare func(ctx context.Context, url string) error) (url string) {
	tb.Helper()
	ctx := tb.Context()
	t := s.template(key)
	t.once.Do(func() { t.err = s.fill(context.WithoutCancel(ctx), t.name, prepare) })
	if t.err != nil {
		tb.Fatalf("template %q: %v", key, t.err)
	}
	name := fmt.Sprintf("%s_%d", s.prefix, s.numbers.Add(1))
	if err := s.create(ctx, name, t.name); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if s.Process != nil && !s.answers() {
			return // the test has killed or paused it: the databases go with the server
		}
		ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
		defer cancel()
		if err := s.drop(ctx, name); err != nil {
			tb.Errorf("drop the test's database: %v", err)
		}
	})
	return s.URL(name)
}

func (s *PostgresServer) template(key string) *template {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.templates[key]
	if t == nil {
		t = &template{
			name: fmt.Sprintf("%s_t%d", s.prefix, len(s.templates)+1),
			err:  errors.New("prepare did not return: the first test that used it has failed"),
		}
		s.templates[key] = t
	}
	return t
}

func (s *PostgresServer) fill(ctx context.Context, name string, prepare func(context.Context, string) error) error {
	if err := s.create(ctx, name, "template1"); err != nil {
		return err
	}
	if prepare == nil {
		return nil
	}
	return prepare(ctx, s.URL(name))
}

func (s *PostgresServer) create(ctx context.Context, name, template string) error {
	return s.administer(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "CREATE DATABASE "+quote(name)+" TEMPLATE "+quote(template))
		return err
	})
}

// drop ends the connections that the test has left open.
func (s *PostgresServer) drop(ctx context.Context, name string) error {
	return s.administer(ctx, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)"); err != nil {
			return err
		}
		return dropRoles(ctx, conn, name+"_")
	})
}

// dropRoles drops the roles whose names begin with prefix.
func dropRoles(ctx context.Context, conn *pgx.Conn, prefix string) error {
	rows, err := conn.Query(ctx, "SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)", prefix)
	if err != nil {
		return err
	}
	roles, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, role := range roles {
		if _, err := conn.Exec(ctx, "DROP ROLE IF EXISTS "+quote(role)); err != nil {
			return err
		}
	}
	return nil
}

// administer connects anew each time (3 ms): nothing to mend after the server was
// restarted, and no connection that a test could count.
func (s *PostgresServer) administer(ctx context.Context, work func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.URL(s.maintenance))
	if err != nil {
		return fmt.Errorf("connect to the test's PostgreSQL: %w", err)
	}
	return errors.Join(work(conn), conn.Close(context.WithoutCancel(ctx)))
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
