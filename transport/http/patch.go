package httpapi

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// patch is a field of a merge patch (RFC 7396): absent, null, or a value.
type patch[T any] struct {
	value *T
	null  bool
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom. It is not called for an
// absent field.
func (p *patch[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if p.null = dec.PeekKind() == 'n'; p.null {
		return dec.SkipValue()
	}
	p.value = new(T)
	return json.UnmarshalDecode(dec, p.value)
}

// Schema implements huma.SchemaProvider.
func (patch[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// orEmpty is the change of a field that may be empty: null makes it so.
func (p patch[T]) orEmpty() *T {
	if p.null {
		return new(T)
	}
	return p.value
}

// nonNull collects the fields of a patch that are null and may not be empty.
type nonNull struct{ errs core.FieldErrors }

func (n *nonNull) check(field string, null bool) {
	if null {
		n.errs = append(n.errs, core.FieldError{Field: field, Constraint: "required", Message: field + " cannot be empty; leave it out to keep it"})
	}
}

func (n *nonNull) err() error {
	if len(n.errs) == 0 {
		return nil
	}
	return &core.Error{Code: core.CodeValidation, Message: n.errs[0].Message, Details: n.errs}
}
