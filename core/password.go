package core

import (
	_ "embed"
	"strings"
	"sync"
	"unicode/utf8"
)

// Bounds of a password, in characters. Length and a list of the commonest ones
// are the whole rule, after NIST SP 800-63B: classes of characters are not asked for.
const (
	minPasswordChars = 10
	maxPasswordChars = 1024
)

//go:embed common_passwords.txt
var commonPasswordsText string

// commonPasswords holds the lower-case passwords of at least ten characters that
// attackers try first.
var commonPasswords = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonPasswordsText) {
		set[strings.TrimSpace(line)] = true
	}
	return set
})

func (v *validation) password(field, s string) {
	switch n := utf8.RuneCountInString(s); {
	case s == "":
		v.add(field, "required", field+" is required")
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		v.add(field, "encoding", field+" must be valid UTF-8 without NUL characters")
	case n < minPasswordChars:
		v.add(field, "min_length", field+" is shorter than 10 characters; choose a longer one")
	case n > maxPasswordChars:
		v.add(field, "max_length", field+" is longer than 1024 characters; choose a shorter one")
	case commonPasswords()[strings.ToLower(s)]:
		v.add(field, "common", field+" is among the commonest ones; choose another")
	}
}
