package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/docsctl/docsctl/core"
)

// schemaLock keeps processes from changing a schema that others use. It is SQLite's
// own lock on an empty file beside the store: shared while the store is open,
// exclusive while it is migrated, and gone with its process.
type schemaLock struct {
	db   *sql.DB
	conn *sql.Conn
}

// lockSuffix names the file of a store's schema lock.
const lockSuffix = ".lock"

func newSchemaLock(ctx context.Context, path string) (*schemaLock, error) {
	path += lockSuffix
	if err := createFile(path); err != nil {
		return nil, core.Unavailable("the store's lock file cannot be made; check its folder's permissions", 0, err)
	}
	db, err := openOne(source(path, busyFor(0)))
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, firstError(translate(ctx, err), db.Close())
	}
	return &schemaLock{db: db, conn: conn}, nil
}

// Close frees the lock.
func (l *schemaLock) Close() error {
	return firstError(l.conn.Close(), l.db.Close())
}

// share locks out who would migrate. It returns false when somebody is at it.
func (l *schemaLock) share(ctx context.Context) (bool, error) {
	return l.lock(ctx, "BEGIN", "SELECT count(*) FROM sqlite_schema")
}

// exclude locks out everybody. It returns false when somebody uses the store.
func (l *schemaLock) exclude(ctx context.Context) (bool, error) {
	return l.lock(ctx, "BEGIN EXCLUSIVE")
}

func (l *schemaLock) lock(ctx context.Context, statements ...string) (bool, error) {
	for i, s := range statements {
		_, err := l.conn.ExecContext(ctx, s)
		if err == nil {
			continue
		}
		if i > 0 {
			err = firstError(l.free(), err)
		}
		if busy(err) {
			return false, nil
		}
		return false, translate(ctx, err)
	}
	return true, nil
}

func (l *schemaLock) free() error {
	_, err := l.conn.ExecContext(context.Background(), "ROLLBACK")
	return translate(context.Background(), err)
}

// migrationPatience is how long to wait for a process that migrates.
const migrationPatience = time.Minute

// holdSchema brings the schema up to date and returns the lock, shared. Processes
// that come at once are told apart by the lock: one migrates, the others wait.
func holdSchema(ctx context.Context, path string, patience time.Duration) (*schemaLock, error) {
	l, err := newSchemaLock(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := l.hold(ctx, path, patience); err != nil {
		return nil, firstError(err, l.Close())
	}
	return l, nil
}

func (l *schemaLock) hold(ctx context.Context, path string, patience time.Duration) error {
	m, err := newMigrator(path)
	if err != nil {
		return err
	}
	defer m.Close()
	begun := time.Now()
	for {
		shared, err := l.share(ctx)
		if err != nil {
			return err
		}
		limit, late := migrationPatience, errMigrating
		if shared {
			have, err := m.version(ctx)
			if err != nil || have >= m.latest {
				return firstError(err, m.checkNotNewer(have))
			}
			if err := l.free(); err != nil {
				return err
			}
			done, err := l.migrate(ctx, m)
			if err != nil {
				return err
			}
			if done {
				continue
			}
			limit, late = patience, errOlderInUse
		}
		if time.Since(begun) > limit {
			return late()
		}
		if !pause(ctx, nil) {
			return ctx.Err()
		}
	}
}

// migrate brings the schema up to date, unless somebody uses the store.
func (l *schemaLock) migrate(ctx context.Context, m *migrator) (bool, error) {
	alone, err := l.exclude(ctx)
	if err != nil || !alone {
		return false, err
	}
	return true, firstError(m.up(ctx), l.free())
}

func errMigrating() error {
	return core.Unavailable("another program brings the store up to date; try again when it is done", time.Second, nil)
}

func errOlderInUse() error {
	return core.Conflict("another program uses the store with an older schema; end it, then start this one again")
}

func errInUse() error {
	return core.Conflict("another program uses the store; end it, then try again")
}
