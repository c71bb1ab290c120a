package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/docsctl/docsctl/core"
)

// codec writes a row as a JSON object and reads it back. Every exported field of
// the row's type is in it, also one that no API shows and one that is added later,
// but for those that are computed.
type codec struct {
	typ    reflect.Type
	fields []field
}

type field struct {
	index int
	name  string
}

// newCodec returns the codec of a struct type.
func newCodec(t reflect.Type, computed ...string) codec {
	c := codec{typ: t}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || slices.Contains(computed, f.Name) {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			name = snake(f.Name)
		}
		c.fields = append(c.fields, field{index: i, name: name})
	}
	return c
}

// snake writes FamilyID as family_id.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && !unicode.IsUpper(runes[i-1]) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

var rawType = reflect.TypeFor[json.RawMessage]()

// encode appends row, a pointer to the codec's type, to b. Raw JSON is written as
// a text, since a JSON encoder would change its spaces.
func (c codec) encode(b *bytes.Buffer, row any) error {
	v := reflect.ValueOf(row).Elem()
	for i, f := range c.fields {
		b.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(b, "%q:", f.name)
		value := v.Field(f.index).Interface()
		if raw, ok := value.(json.RawMessage); ok {
			value = (*string)(nil)
			if len(raw) > 0 {
				value = string(raw)
			}
		}
		if err := encodeJSON(b, value); err != nil {
			return fmt.Errorf("encode %s of a %s: %w", f.name, c.typ.Name(), err)
		}
	}
	b.WriteByte('}')
	return nil
}

// encodeJSON appends v without a line end.
func encodeJSON(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1)
	return nil
}

// What makes a record unreadable. The reader adds where it stands.
var (
	errUnknownField = errors.New("has a field that this version does not know")
	errFieldType    = errors.New("has a field of the wrong type")
	errID           = errors.New("has an id that is none")
	errForeign      = errors.New("is of another organization")
)

// decode reads data into a new row of the codec's type. A field that is missing
// keeps its zero value, as it does in an archive of an older version.
func (c codec) decode(data []byte, org core.OrgID) (any, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil || object == nil {
		return nil, errFieldType
	}
	row := reflect.New(c.typ)
	for _, f := range c.fields {
		raw, ok := object[f.name]
		if !ok {
			continue
		}
		delete(object, f.name)
		to := row.Elem().Field(f.index)
		if err := decodeField(raw, to); err != nil {
			return nil, err
		}
		if err := checkID(to, org); err != nil {
			return nil, err
		}
	}
	if len(object) > 0 {
		return nil, errUnknownField
	}
	return row.Interface(), nil
}

func decodeField(raw []byte, to reflect.Value) error {
	if to.Type() != rawType {
		if json.Unmarshal(raw, to.Addr().Interface()) != nil {
			return errFieldType
		}
		return nil
	}
	var text *string
	if json.Unmarshal(raw, &text) != nil || text != nil && !json.Valid([]byte(*text)) {
		return errFieldType
	}
	if text != nil {
		to.SetBytes([]byte(*text))
	}
	return nil
}

var orgType = reflect.TypeFor[core.OrgID]()

// checkID refuses an id of ours that is malformed, and one of another organization.
func checkID(v reflect.Value, org core.OrgID) error {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	t := v.Type()
	switch {
	case t.Kind() != reflect.String || t.PkgPath() != orgType.PkgPath() || !strings.HasSuffix(t.Name(), "ID"):
		return nil
	case !core.ValidID(v.String()):
		return errID
	case t == orgType && v.String() != string(org):
		return errForeign
	}
	return nil
}
