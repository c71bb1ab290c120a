package httpapi

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
)

// maxFieldErrors bounds how many wrong fields one answer lists.
const maxFieldErrors = 20

// fieldErrors makes ours of Huma's, which have a place and an English sentence
// but no constraint. A field breaks a constraint once, though Huma sees a format and
// a pattern. Unknown fields come last and sorted: Huma finds them in the order of a map.
func fieldErrors(errs []error) core.FieldErrors {
	var found core.FieldErrors
	seen := map[[2]string]bool{}
	for _, err := range errs {
		e := fieldErrorOf(err)
		if breach := [2]string{e.Field, e.Constraint}; !seen[breach] {
			seen[breach] = true
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b core.FieldError) int {
		if a.Constraint != "unknown" || b.Constraint != "unknown" {
			return cmp.Compare(rank(a), rank(b))
		}
		return cmp.Compare(a.Field, b.Field)
	})
	return found[:min(len(found), maxFieldErrors)]
}

func rank(e core.FieldError) int {
	if e.Constraint == "unknown" {
		return 1
	}
	return 0
}

func fieldErrorOf(err error) core.FieldError {
	detail, ok := errors.AsType[*huma.ErrorDetail](err)
	if !ok {
		return core.FieldError{Field: "body", Constraint: "body", Message: "the request cannot be read; check it against the API's description"}
	}
	if e, ok := decodeStrict(detail.Message); ok {
		return e
	}
	field := fieldOf(detail.Location)
	for _, rule := range humaRules {
		bound, ok := strings.CutPrefix(detail.Message, rule.prefix)
		if !ok {
			continue
		}
		return rule.fieldError(field, bound, detail.Value)
	}
	return core.FieldError{Field: field, Constraint: "invalid", Message: field + " is not valid; see the API's description"}
}

// fieldOf is the name of a field: a location without its "body.", "query.", ….
func fieldOf(location string) string {
	if _, name, ok := strings.Cut(location, "."); ok {
		return shortName(name)
	}
	return cmp.Or(location, "body")
}

// shortName cuts a name that the user chose; it goes into an answer.
func shortName(name string) string {
	name = strings.ToValidUTF8(name, "?")
	if r := []rune(name); len(r) > 64 {
		return string(r[:64]) + "…"
	}
	return name
}

// humaRule knows one of Huma's sentences by its beginning; what follows is the bound.
type humaRule struct {
	prefix     string
	constraint string
	message    string // with the field and the bound
}

// humaRules are the sentences of Huma's validation package. A prefix of another
// comes after it.
var humaRules = []humaRule{
	{"expected required property ", "required", "%s is required"},
	{"required query parameter is missing", "required", "%s is required"},
	{"required path parameter is missing", "required", "%s is required"},
	{"required header parameter is missing", "required", "%s is required"},
	{"unexpected property", "unknown", "%s is no field of this request; remove it"},
	{"unknown query parameter", "unknown", "%s is no parameter of this route; remove it"},
	{"expected value to be one of ", "enum", "%s must be one of %s"},
	{"expected number >= ", "range", "%s must be at least %s"},
	{"expected number <= ", "range", "%s must be at most %s"},
	{"expected length >= ", "min_length", "%s is shorter than %s characters; lengthen it"},
	{"expected length <= ", "max_length", "%s is longer than %s characters; shorten it"},
	{"expected array length >= ", "min_items", "%s has fewer than %s items; add some"},
	{"expected array length <= ", "max_items", "%s has more than %s items; remove some"},
	{"expected string to be RFC 4122 uuid", "format", "%s must be an id"},
	{"expected string to be RFC 3339 date-time", "format", "%s must be a time such as 2026-01-31T09:30:00Z"},
	{"invalid date/time for format ", "format", "%s must be a time such as 2026-01-31T09:30:00Z"},
	{"expected string to match pattern ", "format", "%s does not have the form that the API's description gives"},
	{"expected string to be ", "format", "%s must be %s"}, // what follows is our patternDescription
	{"expected string", "type", "%s must be a string"},
	{"expected boolean", "type", "%s must be true or false"},
	{"invalid boolean", "type", "%s must be true or false"},
	{"expected integer", "type", "%s must be a whole number"},
	{"invalid integer", "type", "%s must be a whole number"},
	{"expected number", "type", "%s must be a number"},
	{"invalid float", "type", "%s must be a number"},
	{"expected array", "type", "%s must be a list"},
	{"expected object", "type", "%s must be an object"},
}

func (r humaRule) fieldError(field, bound string, value any) core.FieldError {
	if name, _, ok := strings.Cut(bound, " to be present"); ok && r.constraint == "required" {
		field = joinField(field, name)
	}
	if r.constraint == "min_length" && value == "" { // core says of an empty text that it is missing
		return core.FieldError{Field: field, Constraint: "required", Message: field + " is required"}
	}
	message := fmt.Sprintf(r.message, field)
	if strings.Count(r.message, "%s") == 2 {
		message = fmt.Sprintf(r.message, field, strings.Trim(bound, `"`))
	}
	return core.FieldError{Field: field, Constraint: r.constraint, Message: message}
}

// joinField is the name of a property of the object at parent.
func joinField(parent, name string) string {
	if parent == "body" {
		return name
	}
	return parent + "." + name
}
