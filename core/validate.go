package core

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// validation collects every field of an input that does not hold.
type validation struct{ errs FieldErrors }

func (v *validation) add(field, constraint, message string) {
	v.errs = append(v.errs, FieldError{Field: field, Constraint: constraint, Message: message})
}

// err returns nil, or one CodeValidation error whose sentence is the first field's.
func (v *validation) err() error {
	if len(v.errs) == 0 {
		return nil
	}
	return &Error{Code: CodeValidation, Message: v.errs[0].Message, Details: v.errs}
}

// text checks encoding and length in characters.
func (v *validation) text(field, s string, lo, hi int) {
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		v.add(field, "encoding", field+" must be valid UTF-8 without NUL characters")
	case n < lo && n == 0:
		v.add(field, "required", field+" is required")
	case n < lo:
		v.add(field, "min_length", fmt.Sprintf("%s is shorter than %d characters; lengthen it", field, lo))
	case n > hi:
		v.add(field, "max_length", fmt.Sprintf("%s is longer than %d characters; shorten it", field, hi))
	}
}

// name is text that has something to read in it.
func (v *validation) name(field, s string) {
	if strings.TrimSpace(s) == "" {
		v.add(field, "required", field+" is required")
		return
	}
	v.text(field, s, 1, 200)
}

// url checks an optional address for people to follow; nothing is fetched from it.
func (v *validation) url(field, s string) {
	if s == "" {
		return
	}
	if len(s) > maxURLBytes {
		v.add(field, "max_length", field+" is longer than 2048 bytes; shorten it")
		return
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
		v.add(field, "format", field+" must be an http or https address")
	}
}

func oneOf[T ~string](v *validation, field string, s T, allowed ...T) {
	if slices.Contains(allowed, s) {
		return
	}
	words := make([]string, len(allowed))
	for i, a := range allowed {
		words[i] = string(a)
	}
	v.add(field, "enum", field+" must be one of "+strings.Join(words, ", "))
}
