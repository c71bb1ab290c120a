package wire

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/docsctl/docsctl/adapters/postgres"
	"github.com/docsctl/docsctl/adapters/sqlite"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/transport/cli"
)

// migrate moves the store's schema, or tells its state.
func migrate(ctx context.Context, o cli.Overrides, m cli.Migration) ([]cli.MigrationStatus, error) {
	loaded, err := Load(o)
	if err != nil {
		return nil, err
	}
	if loaded.Postgres() {
		return loaded.migratePostgres(ctx, m)
	}
	return loaded.migrateSQLite(ctx, m)
}

func (c Config) migrateSQLite(ctx context.Context, m cli.Migration) ([]cli.MigrationStatus, error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, &core.Error{Code: core.CodeUnavailable, Message: "the data folder cannot be made; check its path and permissions", Err: err}
	}
	var states []sqlite.MigrationStatus
	var err error
	switch path := c.storePath(); m {
	case cli.MigrateUp:
		states, err = sqlite.Up(ctx, path)
	case cli.MigrateDown:
		states, err = sqlite.Down(ctx, path)
	default:
		states, err = sqlite.Status(ctx, path)
	}
	out := make([]cli.MigrationStatus, len(states))
	for i, s := range states {
		out[i] = cli.MigrationStatus(s)
	}
	return out, err
}

func (c Config) migratePostgres(ctx context.Context, m cli.Migration) ([]cli.MigrationStatus, error) {
	app, err := c.databaseConfig()
	if err != nil {
		return nil, err
	}
	switch m {
	case cli.MigrateUp:
		_, err = postgres.Up(ctx, c.directURL(), app.User)
	case cli.MigrateDown:
		err = postgres.Down(ctx, c.directURL())
	}
	if err != nil {
		return nil, explainPostgres(err)
	}
	steps, err := postgres.Status(ctx, c.directURL())
	if err != nil {
		return nil, explainPostgres(err)
	}
	var out []cli.MigrationStatus
	for _, s := range steps {
		state := cli.MigrationStatus{Version: s.Version, Name: s.Name}
		if !s.AppliedAt.IsZero() {
			state.AppliedAt = &s.AppliedAt
		}
		out = append(out, state)
	}
	return out, nil
}

// rolesSQL is what an administrator runs where our user may not make roles.
func rolesSQL(_ context.Context, o cli.Overrides) (string, error) {
	loaded, err := Load(o)
	if err != nil {
		return "", err
	}
	if !loaded.Postgres() {
		return "", &core.Error{Code: core.CodeValidation, Message: "the embedded store has no roles; they are for Postgres, which --database-url names"}
	}
	c, err := loaded.databaseConfig()
	if err != nil {
		return "", err
	}
	return postgres.PrintRoles(c.Database, c.User), nil
}

// directURL is the way to Postgres past a pooler.
func (c Config) directURL() string {
	if c.DatabaseDirectURL != "" {
		return c.DatabaseDirectURL
	}
	return c.DatabaseURL
}

// explainPostgres says what kept a Postgres from being opened, in one line: the
// server's own words, which hold no password, or that it cannot be reached.
func explainPostgres(err error) error {
	if _, ok := errors.AsType[*core.Error](err); ok {
		return err
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return &core.Error{Code: core.CodeUnavailable, Message: fmt.Sprintf("Postgres answered: %s (SQLSTATE %s); check the user, password and database of database_url", pg.Message, pg.Code), Err: err}
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return &core.Error{Code: core.CodeUnavailable, Message: "Postgres cannot be reached; check the host and port of database_url and that the server runs", Err: err}
	}
	return err
}

func (c Config) databaseConfig() (*pgx.ConnConfig, error) {
	parsed, err := pgx.ParseConfig(c.DatabaseURL)
	if err != nil { // its text may hold the password
		return nil, &core.Error{Code: core.CodeValidation, Message: "database_url is no address of a Postgres; write it as postgres://user:password@host:5432/database"}
	}
	return parsed, nil
}
