package core

import (
	"fmt"
	"log/slog"
)

// Secret is a token or password that must be seen by nobody. However it is printed,
// logged or encoded it reads "[secret]"; Reveal gives it to who has to send it. The
// zero Secret is empty.
type Secret struct{ value *string } // a pointer: what prints a field by reflection sees an address

// NewSecret returns s as a Secret.
func NewSecret(s string) Secret { return Secret{value: &s} }

// Reveal returns the secret itself.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.Reveal() == "" }

const hiddenSecret = "[secret]"

// String returns what may be shown.
func (s Secret) String() string { return hiddenSecret }

// Format writes what may be shown, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hiddenSecret)) }

// MarshalText returns what may be shown, so that no encoding holds the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hiddenSecret), nil }

// LogValue returns what may be shown.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hiddenSecret) }
