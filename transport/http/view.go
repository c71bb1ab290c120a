package httpapi

import "encoding/json"

// Views say what is not there with null, so that every answer has every field:
// the functions below make pointers of what core keeps as a zero value.

// orNull is nil for a zero value.
func orNull[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}

// rawOrNull is what stands for JSON that may be missing.
func rawOrNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}
