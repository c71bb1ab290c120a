package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/migrations"
)

// Migration is one step of the schema and whether the database has it.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero: not yet
}

// lockEvery and lockTries bound the wait for another node's migration: ten minutes.
const (
	lockEvery = 1 // seconds, the least that goose allows
	lockTries = 600
)

// Up brings the database that url names up to date and returns how many steps that
// took. It makes the roles first, or returns an error with the SQL that does. Any
// number of nodes may call it at once: one migrates, the others wait. appUser is the
// user of the application's own URL; "": the same as url's. url must not lead
// through a pooler in transaction mode.
func Up(ctx context.Context, url, appUser string) (int, error) {
	steps := 0
	if appUser == "" {
		cfg, err := pgx.ParseConfig(url)
		if err != nil {
			return 0, errURL
		}
		appUser = cfg.User
	}
	err := withProvider(ctx, url, appUser, func(p *goose.Provider, conn *pgx.Conn) error {
		if err := checkSchema(ctx, conn); !errors.Is(err, errOlder) {
			return err // nobody waits for the lock when there is nothing to do
		}
		results, err := p.Up(ctx)
		steps = len(results)
		return err
	})
	return steps, err
}

// Down takes the last step of the schema back, with the data in it.
func Down(ctx context.Context, url string) error {
	return withProvider(ctx, url, "", func(p *goose.Provider, _ *pgx.Conn) error {
		_, err := p.Down(ctx)
		return err
	})
}

// Status returns every step, oldest first.
func Status(ctx context.Context, url string) ([]Migration, error) {
	var steps []Migration
	err := withProvider(ctx, url, "", func(p *goose.Provider, _ *pgx.Conn) error {
		all, err := p.Status(ctx)
		for _, m := range all {
			steps = append(steps, Migration{Version: m.Source.Version, Name: m.Source.Path, AppliedAt: m.AppliedAt})
		}
		return err
	})
	return steps, err
}

// withProvider connects and hands the migrations to work. With an appUser it makes
// the roles first; else it changes nothing by itself.
func withProvider(ctx context.Context, url, appUser string, work func(*goose.Provider, *pgx.Conn) error) (err error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return errURL
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return translate(ctx, err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	r, err := knownRoles(ctx, conn, cfg.Database)
	if err == nil && appUser != "" {
		r, err = ensureRoles(ctx, conn, cfg.Database, appUser)
	}
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*cfg)
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := provider(db, r)
	if err != nil {
		return err
	}
	if err := work(p, conn); err != nil {
		return fmt.Errorf("migrate the database: %w", explainSchema(err, cfg.Database, cfg.User))
	}
	return nil
}

func provider(db *sql.DB, r roles) (*goose.Provider, error) {
	files, err := migrations.Postgres(r.app, r.definer)
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockEvery, lockTries))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
}

// explainSchema says what a user lacks who may not make tables.
func explainSchema(err error, database, user string) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == codePrivilege {
		return &core.Error{Code: core.CodeUnavailable, Err: err, Message: fmt.Sprintf(
			"the user %q may not change the schema; have an administrator run this SQL and start again:\nALTER DATABASE %s OWNER TO %s;",
			user, quoteName(database), quoteName(user))}
	}
	return err
}

// newestMigration returns the version of the schema that this program needs.
func newestMigration() (int64, error) {
	files, err := migrations.Postgres("app", "definer")
	if err != nil {
		return 0, err
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, errors.Join(err, errors.New("postgres: no migrations"))
	}
	return goose.NumericComponent(names[len(names)-1])
}
