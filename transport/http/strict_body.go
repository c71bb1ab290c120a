package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"reflect"
	"slices"

	"github.com/docsctl/docsctl/core"
)

// takesBody tells whether an operation's input has a body.
func takesBody(input reflect.Type) bool {
	_, typed := input.FieldByName("Body")
	_, raw := input.FieldByName("RawBody")
	return typed || raw
}

// refuseBody reads the body of a request to a route that takes none. Nothing, an empty
// object and null, which is how programs write a value that is not there, are as good as
// none; all else was meant to do something that it would not do. What comes with GET and HEAD has no meaning (RFC 9110, 9.3.1) and is let be.
func refuseBody(w http.ResponseWriter, r *http.Request, op operation) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, op.bodyLimit))
	if err != nil {
		return bodyError(err, op.bodyLimit, "the request body broke off; this route takes none, leave it out")
	}
	r.Body = http.NoBody // so that an Idempotency-Key takes {} for nothing
	if len(bytes.Trim(data, " \t\r\n")) == 0 {
		return nil
	}
	var sent any
	if err := strictJSON.Unmarshal(data, &sent); err != nil {
		broken, _ := errors.AsType[*strictError](err)
		return core.Invalid(broken.Field, broken.Constraint, "this route takes no body, and this one cannot be read; leave it out")
	}
	if sent == nil {
		return nil
	}
	fields, ok := sent.(map[string]any)
	if !ok {
		return core.Invalid("body", "type", "this route takes no body; leave it out")
	}
	return errUnknownFields(slices.Sorted(maps.Keys(fields)))
}

// errUnknownFields is nil when there are none.
func errUnknownFields(names []string) error {
	var found core.FieldErrors
	for _, name := range names[:min(len(names), maxFieldErrors)] {
		name = shortName(name)
		found = append(found, core.FieldError{Field: name, Constraint: "unknown", Message: name + " is no field of this request, which takes no body; remove it"})
	}
	if found == nil {
		return nil
	}
	return &core.Error{Code: core.CodeValidation, Message: found[0].Message, Details: found}
}

// bodyError says why a body could not be read to its end.
func bodyError(err error, limit int64, brokeOff string) error {
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return errTooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return core.Invalid("body", "timeout", "the request body did not arrive in time; send it again")
	case errors.Is(err, context.Canceled):
		return err
	default:
		e := core.Invalid("body", "incomplete", brokeOff)
		e.Err = err
		return e
	}
}
