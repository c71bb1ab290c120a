package sqlite

import (
	"strings"

	"github.com/docsctl/docsctl/core"
)

// statement is SQL put together of constants, with its arguments beside it.
type statement struct {
	text strings.Builder
	args []any
}

func newStatement(text string, args ...any) *statement {
	s := &statement{}
	return s.add(text, args...)
}

// add appends a piece of SQL. It is always a constant: values go into args.
func (s *statement) add(text string, args ...any) *statement {
	s.text.WriteString(text)
	s.args = append(s.args, args...)
	return s
}

// where narrows to rows whose column equals v, unless v is "".
func (s *statement) where(condition string, v string) *statement {
	if v == "" {
		return s
	}
	return s.add(condition, v)
}

// page orders newest first and goes on behind the seek's key. Rows are told apart
// by created_at and id, which an index holds in this order.
func (s *statement) page(k core.Seek) *statement {
	return s.after(k).newest(k)
}

func (s *statement) after(k core.Seek) *statement {
	if k.After == nil {
		return s
	}
	return s.add(` AND (created_at, id) < (?, ?)`, micros(k.After.At), k.After.ID)
}

func (s *statement) newest(k core.Seek) *statement {
	return s.add(` ORDER BY created_at DESC, id DESC LIMIT ?`, max(k.Limit, 0))
}
