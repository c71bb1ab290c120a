package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	modernc "modernc.org/sqlite"

	"github.com/docsctl/docsctl/core"
)

// session is the writer's connection with its statements. One goroutine at a time
// uses it. Statements run to their end whatever happens to a caller's context:
// an interrupted one would undo the whole group that is open on the connection.
type session struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	broken     error // why the open transaction is lost; nil while it is not
}

func newSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, statements: map[string]*sql.Stmt{}}, nil
}

func (s *session) prepared(ctx context.Context, statement string) (*sql.Stmt, error) {
	if stmt, ok := s.statements[statement]; ok {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	s.statements[statement] = stmt
	return stmt, nil
}

// note remembers an error after which nothing of the transaction can be kept.
func (s *session) note(err error) error {
	if err != nil && s.broken == nil && fatal(err) {
		s.broken = err
	}
	return err
}

func (s *session) each(ctx context.Context, row func(*sql.Rows) error, statement string, args ...any) error {
	ctx = context.WithoutCancel(ctx)
	stmt, err := s.prepared(ctx, statement)
	if err == nil {
		err = scan(ctx, stmt, row, args)
	}
	return translate(ctx, s.note(err))
}

func (s *session) first(ctx context.Context, row func(*sql.Rows) error, statement string, args ...any) error {
	return s.each(ctx, row, statement, args...)
}

// exec returns how many rows were changed.
func (s *session) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	n, err := s.run(context.WithoutCancel(ctx), statement, args...)
	return n, translate(context.WithoutCancel(ctx), s.note(err))
}

func (s *session) run(ctx context.Context, statement string, args ...any) (int64, error) {
	stmt, err := s.prepared(ctx, statement)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// inSavepoint keeps what work did only when it returns nil and left no row that
// points nowhere.
func (s *session) inSavepoint(work func(*session) error) error {
	ctx := context.Background()
	if _, err := s.exec(ctx, "SAVEPOINT member"); err != nil {
		return err
	}
	kept := false
	defer func() { // also when work panics or ends its goroutine
		if !kept {
			s.undo(ctx)
		}
	}()
	if err := work(s); err != nil {
		return err
	}
	if dangling, err := s.dangling(); err != nil || dangling {
		return firstError(err, errDangling())
	}
	if _, err := s.exec(ctx, "RELEASE member"); err != nil {
		return err
	}
	kept = true
	return nil
}

func (s *session) undo(ctx context.Context) {
	if s.broken != nil {
		return
	}
	_, err := s.run(ctx, "ROLLBACK TO member")
	if err == nil {
		_, err = s.run(ctx, "RELEASE member")
	}
	if err != nil {
		s.broken = fmt.Errorf("undo a savepoint: %w", err)
	}
}

// dangling reports whether a deferred foreign key is not met yet. SQLite itself
// would look only at the commit, and then refuse the whole group.
func (s *session) dangling() (bool, error) {
	open := 0
	err := s.conn.Raw(func(c any) (err error) {
		status, ok := c.(modernc.DBStatus)
		if !ok {
			return fmt.Errorf("sqlite: %T tells no status", c)
		}
		open, _, err = status.Status(modernc.DBStatusDeferredFKs, false)
		return err
	})
	return open != 0, s.note(err)
}

// end commits, or returns why nothing was kept.
func (s *session) end() error {
	ctx := context.Background()
	if s.broken == nil {
		if _, err := s.exec(ctx, "COMMIT"); err == nil {
			return nil
		} else if s.broken == nil {
			s.broken = err
		}
	}
	return lost(s.broken)
}

// lost explains the end of a transaction to those who shared it without a fault
// of theirs.
func lost(err error) error {
	err = translate(context.Background(), err)
	if core.CodeOf(err) == core.CodeUnavailable {
		return err
	}
	return core.Unavailable("the store could not keep the change; try again", 0, err)
}

// drop closes the connection itself, not only its use: the next session begins
// with a new one. SQLite rolls back what was open on it.
func (s *session) drop() {
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn }) // has database/sql forget it
	_ = s.conn.Close()
}
