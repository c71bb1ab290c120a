package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

// runner sends a statement of one tenant and hands its rows, if it has any, to
// rows. It returns how many rows the statement touched.
type runner interface {
	run(ctx context.Context, sql string, args []any, rows func(pgx.Rows) error) (int64, error)
	// ask sends questions whose arguments were checked, at once.
	ask(ctx context.Context, all []question) error
}

// question is a statement whose rows go to rows.
type question struct {
	sql  string
	args []any
	rows func(pgx.Rows) error
}

// scope is what every repository has: the way to the database, the statements and
// the tenant, which is $1 of each of them.
type scope struct {
	runner
	sql *statements
	org string
}

// send runs a statement whose first argument is the tenant.
func (s scope) send(ctx context.Context, sql string, args []any, rows func(pgx.Rows) error) (int64, error) {
	return s.run(ctx, sql, append([]any{s.org}, args...), rows)
}

// one returns the row of a statement, or CodeNotFound when there is none.
func one[T any](ctx context.Context, s scope, kind, sql string, scan func(pgx.CollectableRow) (T, error), args ...any) (*T, error) {
	var found []T
	_, err := s.send(ctx, sql, args, func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, scan)
		return err
	})
	switch {
	case errors.Is(err, errNoID), errors.Is(err, errText):
		return nil, core.NotFound(kind)
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, core.NotFound(kind)
	}
	return &found[0], nil
}

// wanted is a row that is asked for together with others.
type wanted struct {
	question
	kind  string
	found func() bool
}

// want asks for a row that is kept in into, the way one does.
func want[T any](s scope, into **T, kind, sql string, scan func(pgx.CollectableRow) (T, error), args ...any) wanted {
	rows := func(rows pgx.Rows) error {
		all, err := pgx.CollectRows(rows, scan)
		if *into = nil; len(all) > 0 {
			*into = &all[0]
		}
		return err
	}
	return wanted{question{sql, append([]any{s.org}, args...), rows}, kind, func() bool { return *into != nil }}
}

// together answers what is wanted in one round trip. It returns CodeNotFound of the
// first that is not there.
func (s scope) together(ctx context.Context, all ...wanted) error {
	var questions []question
	for _, w := range all {
		if checkArgs(w.args) == nil { // else there is no such row
			questions = append(questions, w.question)
		}
	}
	if err := s.ask(ctx, questions); err != nil {
		return err
	}
	for _, w := range all {
		if !w.found() {
			return core.NotFound(w.kind)
		}
	}
	return nil
}

// many returns the rows of a statement. An argument that nothing can match matches nothing.
func many[T any](ctx context.Context, s scope, sql string, scan func(pgx.CollectableRow) (T, error), args ...any) ([]T, error) {
	var found []T
	_, err := s.send(ctx, sql, args, func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, scan)
		return err
	})
	switch {
	case errors.Is(err, errNoID), errors.Is(err, errText):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return found, nil
}

// write runs a statement that changes any number of rows.
func (s scope) write(ctx context.Context, sql string, args ...any) (int64, error) {
	n, err := s.send(ctx, sql, args, nil)
	switch {
	case errors.Is(err, errNoID):
		return 0, nil
	case errors.Is(err, errText):
		return 0, invalidText()
	}
	return n, err
}

// writeOne runs a statement that changes one row, and returns CodeNotFound when it
// changed none.
func (s scope) writeOne(ctx context.Context, kind, sql string, args ...any) error {
	n, err := s.write(ctx, sql, args...)
	if err == nil && n == 0 {
		return core.NotFound(kind)
	}
	return err
}

// writeLater has a statement that changes one row sent with what follows it in tx.
// What is wrong with its arguments is told at once, all else later. The statement is
// one that divides by the rows that it changed, or inserts.
func (s scope) writeLater(ctx context.Context, tx *transaction, kind, sql string, args ...any) error {
	err := tx.postpone(ctx, kind, sql, append([]any{s.org}, args...))
	switch {
	case errors.Is(err, errNoID):
		return core.NotFound(kind)
	case errors.Is(err, errText):
		return invalidText()
	}
	return err
}

// Arguments that are refused before anything is sent.
var (
	errNoID = errors.New("not an id in canonical form")
	errText = errors.New("text is not UTF-8 or has a NUL")
)

// noID stands for a malformed id among the arguments.
type noID struct{}

// key returns an id as an argument. PostgreSQL reads several forms of a UUID; only
// the canonical one is an id of ours.
func key[T ~string](id T) any {
	if !core.ValidID(id) {
		return noID{}
	}
	return string(id)
}

// optionalKey is key for an id that may be nil.
func optionalKey[T ~string](id *T) any {
	if id == nil {
		return nil
	}
	return key(*id)
}

// rawJSON returns raw JSON as an argument; empty is NULL.
func rawJSON(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	return string(raw)
}

// checkArgs refuses what the server would refuse, which would end the transaction.
func checkArgs(args []any) error {
	var bad error
	for _, a := range args {
		switch a := a.(type) {
		case noID:
			return errNoID
		case string:
			if !validText(a) {
				bad = errText
			}
		case []string:
			for _, s := range a {
				if !validText(s) {
					bad = errText
				}
			}
		}
	}
	return bad
}

func invalidText() error {
	return &core.Error{Code: core.CodeValidation, Message: "text must be valid UTF-8 without NUL characters; correct it and try again"}
}

func validText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// list is a statement that optional clauses are added to.
type list struct {
	sql  strings.Builder
	args []any // without the tenant, which is $1
}

func newList(sql string) *list {
	l := &list{}
	l.sql.WriteString(sql)
	return l
}

// where adds a condition, with ? for the argument.
func (l *list) where(clause string, arg any) {
	l.args = append(l.args, arg)
	l.sql.WriteString(" and " + strings.ReplaceAll(clause, "?", l.last()))
}

// last is the placeholder of the argument added last.
func (l *list) last() string { return "$" + strconv.Itoa(len(l.args)+1) }

// page orders by (created_at, id) descending and cuts out the page.
func (l *list) page(table string, s core.Seek) {
	if s.After != nil {
		l.args = append(l.args, s.After.At)
		at := l.last()
		l.args = append(l.args, key(s.After.ID))
		l.sql.WriteString(" and (" + table + ".created_at, " + table + ".id) < (" + at + ", " + l.last() + ")")
	}
	l.args = append(l.args, max(s.Limit, 0))
	l.sql.WriteString(" order by " + table + ".created_at desc, " + table + ".id desc limit " + l.last())
}
