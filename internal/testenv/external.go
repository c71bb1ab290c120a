//go:build unix

package testenv

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

// namePrefix begins the name of every database that tests make.
const namePrefix = "docsctl_test_"

// openExternal uses a server that somebody else runs. The databases of runs that
// have ended are dropped first: a run holds a connection, named by the prefix of
// its databases, for as long as its process lives, so nothing needs to be done at
// its end, and a killed one leaves nothing for long.
func openExternal(ctx context.Context, text string) (*PostgresServer, error) {
	base, err := url.Parse(text)
	if err != nil || (base.Scheme != "postgres" && base.Scheme != "postgresql") {
		return nil, errors.New("DOCSCTL_TEST_POSTGRES_URL is not a URL such as postgres://postgres@127.0.0.1:5432/postgres; correct it")
	}
	maintenance := strings.TrimPrefix(base.Path, "/")
	if maintenance == "" {
		maintenance = "postgres"
	}
	s := newPostgresServer(nil, *base, maintenance)
	config, err := pgx.ParseConfig(s.URL(maintenance))
	if err != nil {
		return nil, errors.New("DOCSCTL_TEST_POSTGRES_URL is not understood; correct it")
	}
	config.RuntimeParams["application_name"] = s.prefix
	lease, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the server of DOCSCTL_TEST_POSTGRES_URL; start it or unset the variable: %w", err)
	}
	if err := dropLeftovers(ctx, lease); err != nil {
		return nil, errors.Join(fmt.Errorf("drop the databases of earlier test runs: %w", err), lease.Close(ctx))
	}
	s.lease = lease
	return s, nil
}

// dropLeftovers drops the databases, and then the roles, of runs whose process
// has gone. Two processes may do so at once: what is gone is no error.
func dropLeftovers(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `
		SELECT datname, run FROM pg_database, substring(datname FROM '^`+namePrefix+`[0-9a-f]{8}') run
		WHERE run IS NOT NULL AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = run)`)
	if err != nil {
		return err
	}
	type leftover struct{ Database, Run string }
	left, err := pgx.CollectRows(rows, pgx.RowToStructByPos[leftover])
	if err != nil {
		return err
	}
	for _, l := range left {
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(l.Database)+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	for _, l := range left {
		if err := dropRoles(ctx, conn, l.Run+"_"); err != nil {
			return err
		}
	}
	return nil
}
