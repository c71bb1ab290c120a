package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/migrations"
)

// MigrationStatus is one migration of the schema; AppliedAt is nil until it is applied.
type MigrationStatus struct {
	Version   int64
	Name      string
	AppliedAt *time.Time
}

// Up applies every migration that the store at path lacks, making the store if
// there is none, and returns the state of all. It returns CodeConflict when the
// store is in use by a program with an older schema, or is newer than this one.
func Up(ctx context.Context, path string) ([]MigrationStatus, error) {
	s, err := Open(ctx, path, nil) // a migrated store has been born, too
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return Status(ctx, path)
}

// Down undoes the last migration of the store at path, with what it holds, and
// returns the state of all. It returns CodeConflict when the store is in use.
func Down(ctx context.Context, path string) ([]MigrationStatus, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, core.NotFound("store")
	}
	path, err := prepare(path)
	if err != nil {
		return nil, err
	}
	if err := down(ctx, path); err != nil {
		return nil, err
	}
	return Status(ctx, path)
}

func down(ctx context.Context, path string) error {
	l, err := newSchemaLock(ctx, path)
	if err != nil {
		return err
	}
	defer l.Close()
	alone, err := l.exclude(ctx)
	if err == nil && !alone {
		err = errInUse()
	}
	if err != nil {
		return err
	}
	m, err := newMigrator(path)
	if err != nil {
		return err
	}
	defer m.Close()
	have, err := m.version(ctx)
	if err == nil {
		err = m.checkNotNewer(have)
	}
	if err != nil {
		return err
	}
	if have == 0 {
		return core.Conflict("no migration is applied; there is nothing to undo")
	}
	_, err = m.provider.Down(ctx)
	return explainMigration(ctx, err)
}

// Status returns the state of every migration of the store at path, oldest first.
// A store that does not exist has none applied; it is not made.
func Status(ctx context.Context, path string) ([]MigrationStatus, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		path = "" // SQLite's name of an empty database in memory
	}
	m, err := newMigrator(path)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	have, err := m.version(ctx)
	if err != nil {
		return nil, err
	}
	states := make([]MigrationStatus, 0, len(m.provider.ListSources()))
	for _, src := range m.provider.ListSources() {
		s := MigrationStatus{Version: src.Version, Name: nameOf(src.Path)}
		if src.Version <= have {
			if s.AppliedAt, err = m.appliedAt(ctx, src.Version); err != nil {
				return nil, err
			}
		}
		states = append(states, s)
	}
	return states, m.checkNotNewer(have)
}

// nameOf returns "initial" for "00001_initial.sql".
func nameOf(path string) string {
	base := strings.TrimSuffix(filepath.Base(path), ".sql")
	_, name, _ := strings.Cut(base, "_")
	return name
}

// migrator knows a store's schema and the program's.
type migrator struct {
	db       *sql.DB
	provider *goose.Provider
	latest   int64
}

func newMigrator(path string) (*migrator, error) {
	dsn := ":memory:"
	if path != "" {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("find the store: %w", err)
		}
		dsn = source(abs, writing(5*time.Second)...)
	}
	files, err := fs.Sub(migrations.SQLite, "sqlite")
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	db, err := openOne(dsn)
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, firstError(fmt.Errorf("read the migrations: %w", err), db.Close())
	}
	m := &migrator{db: db, provider: p}
	for _, src := range p.ListSources() {
		m.latest = max(m.latest, src.Version)
	}
	return m, nil
}

// Close ends the connection.
func (m *migrator) Close() error { return m.db.Close() }

func (m *migrator) up(ctx context.Context) error {
	_, err := m.provider.Up(ctx)
	return explainMigration(ctx, err)
}

func explainMigration(ctx context.Context, err error) error {
	if err = translate(ctx, err); err == nil || core.CodeOf(err) == core.CodeUnavailable {
		return err
	}
	return fmt.Errorf("migrate the store: %w", err)
}

// version returns the newest migration that is applied, 0 for an empty file.
func (m *migrator) version(ctx context.Context) (int64, error) {
	var tables int
	err := m.db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'goose_db_version'`).Scan(&tables)
	if err != nil || tables == 0 {
		return 0, translate(ctx, err)
	}
	var v sql.NullInt64
	err = m.db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&v)
	return v.Int64, translate(ctx, err)
}

func (m *migrator) appliedAt(ctx context.Context, version int64) (*time.Time, error) {
	var seconds int64
	err := m.db.QueryRowContext(ctx, `SELECT unixepoch(tstamp) FROM goose_db_version WHERE version_id = ? ORDER BY id DESC LIMIT 1`, version).Scan(&seconds)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // not applied
	}
	if err != nil {
		return nil, translate(ctx, err)
	}
	at := time.Unix(seconds, 0).UTC()
	return &at, nil
}

func (m *migrator) checkNotNewer(have int64) error {
	if have > m.latest {
		return core.Conflict("the store was made by a newer version of this program; update the program")
	}
	return nil
}
