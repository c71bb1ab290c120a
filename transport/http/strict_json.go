package httpapi

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds how deep a body's objects and lists may be nested.
const maxDepth = 64

// strictJSON is Huma's format for JSON: what two parsers could read in two ways
// is refused. Names are compared by case, and unknown ones are errors.
var strictJSON = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		b := answers.Get().(*bufio.Writer)
		b.Reset(w)
		defer func() { b.Reset(nil); answers.Put(b) }()
		if err := json.MarshalWrite(b, v, json.Deterministic(true)); err != nil {
			return err
		}
		return b.Flush()
	},
	Unmarshal: func(data []byte, v any) error {
		if _, first := v.(*any); first { // Huma reads a body twice: loosely to check it, then typed
			if e := checkText(data); e != nil {
				return e
			}
		}
		if err := json.Unmarshal(data, v, json.RejectUnknownMembers(true), json.WithUnmarshalers(writableTimes)); err != nil {
			return jsonError(err)
		}
		return nil
	},
}

// writableTimes refuses times that no answer could have: with its zone a time can lie
// before the year 0 or after 9999 in UTC, where RFC 3339 ends.
var writableTimes = json.UnmarshalFromFunc(func(d *jsontext.Decoder, t *time.Time) error {
	var text string
	if err := json.UnmarshalDecode(d, &text); err != nil {
		return err
	}
	if err := t.UnmarshalText([]byte(text)); err != nil {
		return err
	}
	if year := t.UTC().Year(); year < 0 || year > 9999 {
		return errUnwritableTime
	}
	return nil
})

var errUnwritableTime = errors.New("a time that has no RFC 3339 form in UTC")

// answers has buffers in which a page of a list has room, so that it is one write.
var answers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 32<<10) }}

// strictError is a refused body. Huma keeps only the text of an error, so the
// text is made to be read back by decodeStrict.
type strictError core.FieldError

const (
	strictMark = "strict\x1f"
	strictSep  = "\x1f"
)

func (e *strictError) Error() string {
	return strictMark + strings.Join([]string{e.Field, e.Constraint, e.Message}, strictSep)
}

func decodeStrict(text string) (e core.FieldError, ok bool) {
	text, ok = strings.CutPrefix(text, strictMark)
	parts := strings.Split(text, strictSep)
	if !ok || len(parts) != 3 {
		return e, false
	}
	return core.FieldError{Field: parts[0], Constraint: parts[1], Message: parts[2]}, true
}

// jsonError says what is wrong without showing any of the body but a name.
func jsonError(err error) *strictError {
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return syntaxError(e)
	}
	field := "body"
	if e, ok := errors.AsType[*json.SemanticError](err); ok && e.JSONPointer != "" {
		field = fieldOf("body" + strings.ReplaceAll(string(e.JSONPointer), "/", "."))
	}
	field = strings.ReplaceAll(field, strictSep, "?")
	if errors.Is(err, errUnwritableTime) {
		return &strictError{Field: field, Constraint: "range", Message: field + " must lie in the years 0 to 9999 of UTC; choose another time"}
	}
	return &strictError{Field: field, Constraint: "type", Message: "a value has the wrong type or is out of range; see the API's description"}
}

func syntaxError(e *jsontext.SyntacticError) *strictError {
	if errors.Is(e.Err, jsontext.ErrDuplicateName) {
		name := strings.ReplaceAll(shortName(e.JSONPointer.LastToken()), strictSep, "?")
		return &strictError{Field: name, Constraint: "duplicate", Message: "a field stands twice in the same object; remove one"}
	}
	// The library names the reason in its text only; both are fixed words of it.
	if e.Err != nil && (strings.Contains(e.Err.Error(), "UTF-8") || strings.Contains(e.Err.Error(), "surrogate")) {
		return &strictError{Field: "body", Constraint: "encoding", Message: fmt.Sprintf("the body is not valid UTF-8 at byte %d; encode it as UTF-8", e.ByteOffset)}
	}
	return &strictError{Field: "body", Constraint: "json", Message: fmt.Sprintf("the body is not valid JSON at byte %d; send one JSON object", e.ByteOffset)}
}

// checkText refuses, before anything is built of it, a body that is nested too
// deep or has a NUL in a string; neither is against JSON's grammar.
func checkText(data []byte) *strictError {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			if bytes.HasPrefix(data[i+1:], []byte("u0000")) {
				return &strictError{Field: "body", Constraint: "encoding", Message: fmt.Sprintf("the body has a NUL character at byte %d; remove it", i)}
			}
			i++ // what follows a backslash ends no string
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return &strictError{Field: "body", Constraint: "depth", Message: fmt.Sprintf("the body is nested deeper than %d levels; flatten it", maxDepth)}
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}
