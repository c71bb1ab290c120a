package summarize

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// defaultSchema is that of a JSON summary when the template has none.
const defaultSchema = `{"type":"object","properties":{"title":{"type":"string"},"summary":{"type":"string"},` +
	`"key_points":{"type":"array","items":{"type":"string"}}},"required":["title","summary","key_points"],"additionalProperties":false}`

// schema is the part of JSON Schema that answers are held to: types, properties,
// items and enumerations. Other keywords are for the model to follow.
type schema struct {
	Type                 types              `json:"type"`
	Properties           map[string]*schema `json:"properties"`
	Required             []string           `json:"required"`
	Items                *schema            `json:"items"`
	Enum                 []any              `json:"enum"`
	AdditionalProperties json.RawMessage    `json:"additionalProperties"`
}

// types are one type or several.
type types []string

// UnmarshalJSON reads "string" as well as ["string","null"].
func (t *types) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = types{one}
		return t.check()
	}
	var several []string
	if err := json.Unmarshal(data, &several); err != nil {
		return err
	}
	*t = several
	return t.check()
}

func (t types) check() error {
	for _, name := range t {
		if !slices.Contains([]string{"object", "array", "string", "number", "integer", "boolean", "null"}, name) {
			return fmt.Errorf("unknown type %q", name)
		}
	}
	return nil
}

func parseSchema(data []byte) (*schema, error) {
	if trimmed := bytes.TrimSpace(data); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, errors.New("a schema is a JSON object")
	}
	s := &schema{}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, err
	}
	return s, nil
}

// parseAnswer finds the JSON value in a model's answer and holds it to the schema.
// The error is a sentence for the model.
func parseAnswer(text string, s *schema) (string, error) {
	text = strings.TrimSpace(unfenced(text))
	if i := strings.IndexAny(text, "{["); i > 0 {
		text = text[i:]
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		return "", fmt.Errorf("it is not JSON: %w", err)
	}
	decoder = json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", fmt.Errorf("it is not JSON: %w", err)
	}
	if err := s.holds(value, "the value"); err != nil {
		return "", err
	}
	return string(raw), nil
}

// unfenced returns a text without the code fence that models like to put around it.
func unfenced(text string) string {
	trimmed := strings.TrimSpace(text)
	if !strings.HasPrefix(trimmed, "```") || !strings.HasSuffix(trimmed, "```") || len(trimmed) < 6 {
		return text
	}
	_, body, ok := strings.Cut(strings.TrimSuffix(trimmed, "```"), "\n")
	if !ok || strings.Contains(body, "\n```") {
		return text
	}
	return strings.TrimSpace(body)
}

// holds returns what of the schema a value breaks, nil for nothing.
func (s *schema) holds(value any, where string) error {
	if s == nil {
		return nil
	}
	if len(s.Type) > 0 && !slices.ContainsFunc(s.Type, func(t string) bool { return hasType(value, t) }) {
		return fmt.Errorf("%s is not of type %s", where, strings.Join(s.Type, " or "))
	}
	if len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(e any) bool { return same(e, value) }) {
		return fmt.Errorf("%s is none of the allowed values", where)
	}
	switch v := value.(type) {
	case map[string]any:
		return s.holdsObject(v, where)
	case []any:
		for i, item := range v {
			if err := s.Items.holds(item, fmt.Sprintf("%s[%d]", where, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *schema) holdsObject(v map[string]any, where string) error {
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			return fmt.Errorf("%s lacks %q", where, name)
		}
	}
	closed := string(s.AdditionalProperties) == "false"
	for _, name := range slices.Sorted(maps.Keys(v)) { // the same answer breaks the same rule each time
		property, known := s.Properties[name]
		if !known && closed {
			return fmt.Errorf("%s has %q, which the schema does not know", where, name)
		}
		if err := property.holds(v[name], fmt.Sprintf("%q", name)); err != nil {
			return err
		}
	}
	return nil
}

func hasType(value any, name string) bool {
	switch v := value.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	case json.Number:
		_, err := v.Int64()
		return name == "number" || name == "integer" && err == nil
	}
	return false
}

// same compares a value of an enumeration with one of an answer.
func same(enum, value any) bool {
	if n, ok := value.(json.Number); ok {
		f, err := n.Float64()
		return err == nil && reflect.DeepEqual(enum, f)
	}
	return reflect.DeepEqual(enum, value)
}
