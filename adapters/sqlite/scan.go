package sqlite

import (
	"encoding/json"
	"fmt"
	"time"
)

// instant reads and writes a time as microseconds since 1970.
type instant time.Time

// Scan implements sql.Scanner.
func (i *instant) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T", v)
	}
	*i = instant(time.UnixMicro(n).UTC())
	return nil
}

func micros(t time.Time) int64 { return t.UnixMicro() }

// optional reads a time that may be missing.
type optional struct{ to **time.Time }

// Scan implements sql.Scanner.
func (o optional) Scan(v any) error {
	if v == nil {
		*o.to = nil
		return nil
	}
	*o.to = new(time.Time)
	return (*instant)(*o.to).Scan(v)
}

func optionalMicros(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UnixMicro()
}

// raw reads JSON that is kept byte for byte; NULL is none.
type raw json.RawMessage

// Scan implements sql.Scanner.
func (r *raw) Scan(v any) error {
	switch text := v.(type) {
	case nil:
		*r = nil
	case string:
		*r = raw(text)
	default:
		return fmt.Errorf("JSON is stored as %T", v)
	}
	return nil
}

func rawText(r json.RawMessage) any {
	if len(r) == 0 {
		return nil
	}
	return string(r)
}

// object reads JSON into what to points to.
type object struct{ to any }

// Scan implements sql.Scanner.
func (o object) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("JSON is stored as %T", v)
	}
	return json.Unmarshal([]byte(text), o.to)
}

// optionalObject reads JSON that may be missing into what to points to.
type optionalObject[T any] struct{ to **T }

// Scan implements sql.Scanner.
func (o optionalObject[T]) Scan(v any) error {
	if v == nil {
		*o.to = nil
		return nil
	}
	*o.to = new(T)
	return object{*o.to}.Scan(v)
}

// texts returns the JSON forms of values that always have one.
func texts(values ...any) ([]any, error) {
	out := make([]any, len(values))
	for i, v := range values {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("encode %T: %w", v, err)
		}
		out[i] = string(b)
	}
	return out, nil
}
