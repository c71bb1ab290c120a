package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	modernc "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/docsctl/docsctl/core"
)

// primary cuts an extended result code to its kind.
const primary = 0xff

// codeOf returns the extended result code of a driver's error, 0 for others.
func codeOf(err error) int {
	if e, ok := errors.AsType[*modernc.Error](err); ok {
		return e.Code()
	}
	return codes.SQLITE_OK
}

// busy reports whether another connection holds what is needed.
func busy(err error) bool {
	c := codeOf(err) & primary
	return c == codes.SQLITE_BUSY || c == codes.SQLITE_LOCKED
}

// fatal reports whether the transaction is lost and the connection not to be
// trusted any more: it is dropped, and the next one finds out whether the fault lasts.
func fatal(err error) bool {
	switch codeOf(err) & primary {
	case codes.SQLITE_FULL, codes.SQLITE_IOERR, codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_CORRUPT,
		codes.SQLITE_NOTADB, codes.SQLITE_NOMEM, codes.SQLITE_PERM, codes.SQLITE_AUTH, codes.SQLITE_PROTOCOL,
		codes.SQLITE_INTERRUPT, codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_MISUSE:
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}

// translate returns what an error of the driver means. Constraints are explained
// by who wrote the row; see refused.
func translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, ok := errors.AsType[*core.Error](err); ok {
		return err
	}
	switch codeOf(err) & primary {
	case codes.SQLITE_OK:
		if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
			return core.Unavailable("the connection to the store was lost; try again", time.Second, err)
		}
		return fmt.Errorf("sqlite: %w", err)
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return core.Unavailable("the store is in use by another program; try again", time.Second, err)
	case codes.SQLITE_FULL:
		return core.Unavailable("the disk of the store is full; free some space and try again", 10*time.Second, err)
	case codes.SQLITE_IOERR, codes.SQLITE_PROTOCOL:
		return core.Unavailable("the disk of the store does not work; check it and try again", 10*time.Second, err)
	case codes.SQLITE_READONLY, codes.SQLITE_PERM, codes.SQLITE_AUTH:
		return core.Unavailable("the store's file cannot be written; check its permissions and its disk", 10*time.Second, err)
	case codes.SQLITE_CANTOPEN:
		return core.Unavailable("the store's file cannot be opened; check its path and permissions", 10*time.Second, err)
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return core.Unavailable("the store's file is damaged or is no store; restore a copy of it", 0, err)
	case codes.SQLITE_NOMEM:
		return core.Unavailable("the machine has no memory left for the store; try again", 10*time.Second, err)
	case codes.SQLITE_TOOBIG:
		return &core.Error{Code: core.CodePayloadTooLarge, Message: "the text is too long to be stored; shorten it", Err: err}
	}
	return fmt.Errorf("sqlite: %w", err)
}

// refused is what the constraints of one statement mean.
type refused struct {
	taken   string // the sentence of its unique index
	missing string // the kind of row that its foreign keys look for
}

func (r refused) explain(err error) error {
	switch codeOf(err) {
	case codes.SQLITE_CONSTRAINT_UNIQUE:
		return &core.Error{Code: core.CodeConflict, Message: r.taken, Err: err}
	case codes.SQLITE_CONSTRAINT_PRIMARYKEY, codes.SQLITE_CONSTRAINT_ROWID:
		return &core.Error{Code: core.CodeConflict, Message: "this id is in use already; use another", Err: err}
	case codes.SQLITE_CONSTRAINT_FOREIGNKEY:
		return core.NotFound(r.missing)
	}
	return err
}

func errClosed() error {
	return core.Unavailable("the store is closed; the program is shutting down", time.Second, nil)
}

func errTenant() error {
	return &core.Error{Code: core.CodeInternal, Message: "an internal error occurred; report it", Err: errors.New("sqlite: a call for an invalid tenant")}
}

// errEnded is what a transaction's repositories answer after its function has returned.
var errEnded = errors.New("sqlite: the transaction has ended; its repositories cannot be used any more")

// errDangling is a row that points to one that was not written by the end of the transaction.
func errDangling() error { return core.NotFound("job") }

// errText refuses what Postgres could not keep either.
func errText() error {
	return &core.Error{Code: core.CodeValidation, Message: "text must be valid UTF-8 without NUL characters; correct it and try again"}
}

// foreignKey reports whether a row is missing that another points to.
func foreignKey(err error) bool { return codeOf(err) == codes.SQLITE_CONSTRAINT_FOREIGNKEY }
