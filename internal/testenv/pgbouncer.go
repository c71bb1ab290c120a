//go:build unix

package testenv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/docsctl/docsctl/internal/testenv/servers"
)

// PgBouncerOptions say how a PgBouncer runs. It pools transactions.
type PgBouncerOptions struct {
	PoolSize int // connections to PostgreSQL for each user and database; 0 means 20
	// Settings are further settings of the section pgbouncer; they win over ours.
	Settings map[string]string
}

// PgBouncerServer is a PgBouncer before a PostgreSQL. It asks no user for a
// password, and knows the superuser's only, should PostgreSQL ask.
type PgBouncerServer struct {
	*Process
	base url.URL
}

// StartPgBouncer starts a PgBouncer before pg that only this test uses, gone at
// its end.
func StartPgBouncer(tb testing.TB, pg *PostgresServer, o PgBouncerOptions) *PgBouncerServer {
	tb.Helper()
	s, err := startPgBouncer(tb.Context(), pg, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.discard(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// URL returns the superuser's URL of a database through the pooler. It makes pgx
// keep no prepared statements, which a pooled connection would lose.
func (s *PgBouncerServer) URL(database string) string {
	u := s.base
	u.Path = "/" + database
	return u.String()
}

func startPgBouncer(ctx context.Context, pg *PostgresServer, o PgBouncerOptions) (*PgBouncerServer, error) {
	bin, err := servers.Find(ctx, os.Stderr, servers.PgBouncer())
	if err != nil {
		return nil, err
	}
	h, err := processHome()
	if err != nil {
		return nil, err
	}
	dir, err := h.folder("pgbouncer", false)
	if err != nil {
		return nil, err
	}
	user := pg.base.User.Username()
	users, config := filepath.Join(dir, "users.txt"), filepath.Join(dir, "pgbouncer.ini")
	password, _ := pg.base.User.Password()
	if err := h.write(users, quoteUser(user)+" "+quoteUser(password)+"\n"); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	p := &Process{
		name: "PgBouncer", dir: dir, home: h,
		ready: "process up",
		stop:  syscall.SIGINT, // lets running transactions end
		drop:  syscall.SIGKILL,
	}
	port, err := p.launch(ctx, func(port int) ([]string, error) {
		return []string{filepath.Join(bin, "pgbouncer"), config}, h.write(config, o.config(pg, port, users))
	})
	if err != nil {
		return nil, err
	}
	return &PgBouncerServer{Process: p, base: url.URL{
		Scheme: "postgres", User: url.User(user), Host: loopback(port),
		RawQuery: "default_query_exec_mode=exec&sslmode=disable&" + patiently,
	}}, nil
}

// config is the text of pgbouncer.ini. Users other than pg's superuser, such as
// the roles that migrations make, are looked up in PostgreSQL.
func (o PgBouncerOptions) config(pg *PostgresServer, port int, users string) string {
	user, target := pg.base.User.Username(), pg.base.Port()
	if target == "" {
		target = "5432"
	}
	settings := map[string]string{
		"listen_addr":               "127.0.0.1",
		"listen_port":               strconv.Itoa(port),
		"unix_socket_dir":           "",
		"pool_mode":                 "transaction",
		"auth_type":                 "trust",
		"auth_file":                 users,
		"auth_user":                 user,
		"admin_users":               user,
		"server_tls_sslmode":        "prefer",
		"max_client_conn":           "1000",
		"default_pool_size":         strconv.Itoa(cmp.Or(o.PoolSize, 20)),
		"ignore_startup_parameters": "extra_float_digits",
	}
	maps.Copy(settings, o.Settings)
	var text strings.Builder
	fmt.Fprintf(&text, "[databases]\n* = host=%s port=%s\n\n[pgbouncer]\n", pg.base.Hostname(), target)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s = %s\n", name, settings[name])
	}
	return text.String()
}

// quoteUser quotes a name or password for PgBouncer's list of users.
func quoteUser(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }
