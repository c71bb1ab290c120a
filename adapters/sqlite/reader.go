package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"github.com/docsctl/docsctl/core"
)

// querier runs statements that return rows: in the pool of readers, or in the
// transaction that is open.
type querier interface {
	// each calls row for every row of the answer, and stops at its first error.
	each(ctx context.Context, row func(*sql.Rows) error, statement string, args ...any) error
	// first is each for a statement that finds one row by a key. It is over at once
	// and so not interrupted, which spares the driver a goroutine: half of its time.
	first(ctx context.Context, row func(*sql.Rows) error, statement string, args ...any) error
}

// reader is a pool of connections that cannot write.
type reader struct {
	store *Store
	db    *sql.DB
	free  chan struct{} // one for each connection; who waits for it can leave

	mu         sync.RWMutex // guards what follows
	statements map[string]*sql.Stmt
	closed     bool
}

func newReader(s *Store, path string) (*reader, error) {
	db, err := sql.Open("sqlite", source(path, busyFor(s.cfg.BusyTimeout), "query_only(1)"))
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	db.SetMaxOpenConns(s.cfg.Readers)
	db.SetMaxIdleConns(s.cfg.Readers)
	return &reader{store: s, db: db, free: make(chan struct{}, s.cfg.Readers), statements: map[string]*sql.Stmt{}}, nil
}

func (r *reader) each(ctx context.Context, row func(*sql.Rows) error, statement string, args ...any) error {
	return r.run(ctx, ctx, row, statement, args)
}

func (r *reader) first(ctx context.Context, row func(*sql.Rows) error, statement string, args ...any) error {
	return r.run(ctx, context.WithoutCancel(ctx), row, statement, args)
}

// run waits for a connection as long as ctx lasts, and runs the statement as long
// as during does.
func (r *reader) run(ctx, during context.Context, row func(*sql.Rows) error, statement string, args []any) error {
	if r.store.inTx(ctx) {
		return core.ErrOuterRead
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case r.free <- struct{}{}:
		defer func() { <-r.free }()
	case <-ctx.Done():
		return ctx.Err()
	}
	stmt, err := r.prepared(during, statement)
	if err == nil {
		err = scan(during, stmt, row, args)
	}
	if err != nil && r.isClosed() {
		return errClosed()
	}
	return translate(during, err)
}

// scan runs a statement and calls row for every row of the answer.
func scan(ctx context.Context, stmt *sql.Stmt, row func(*sql.Rows) error, args []any) (err error) {
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer func() { err = firstError(err, rows.Close()) }()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// prepared keeps every statement that was ever asked for. There are a few dozen:
// statements are put together of constants only.
func (r *reader) prepared(ctx context.Context, statement string) (*sql.Stmt, error) {
	r.mu.RLock()
	stmt, ok := r.statements[statement]
	r.mu.RUnlock()
	if ok {
		return stmt, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if stmt, ok := r.statements[statement]; ok {
		return stmt, nil
	}
	if r.closed {
		return nil, errClosed()
	}
	stmt, err := r.db.PrepareContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	r.statements[statement] = stmt
	return stmt, nil
}

func (r *reader) isClosed() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.closed
}

// Close ends the connections; database/sql closes the statements with them.
func (r *reader) Close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	if err := r.db.Close(); err != nil {
		return fmt.Errorf("close the readers: %w", err)
	}
	return nil
}

// list returns what read makes of every row.
func list[T any](ctx context.Context, q querier, read func(*sql.Rows, *T) error, statement string, args ...any) ([]T, error) {
	var all []T
	err := q.each(ctx, func(rows *sql.Rows) error {
		var v T
		if err := read(rows, &v); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	}, statement, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// one returns what read makes of the only row, or CodeNotFound with the kind.
func one[T any](ctx context.Context, q querier, kind string, read func(*sql.Rows, *T) error, statement string, args ...any) (*T, error) {
	var found *T
	err := q.first(ctx, func(rows *sql.Rows) error {
		found = new(T)
		return read(rows, found)
	}, statement, args...)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, core.NotFound(kind)
	}
	return found, nil
}
