package core

import (
	"strings"
	"testing"
)

func TestPasswordRule(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"":                              "required",
		"short":                         "min_length",
		"日本語日本語日本語":                     "min_length",
		"日本語日本語日本語日":                    "",
		"password123":                   "common",
		"PassWord123":                   "common",
		"correct horse battery":         "",
		"tab\x00and nul":                "encoding",
		"\xff\xfe\xfd\xfc invalid utf":  "encoding",
		strings.Repeat("ab", 512):       "",
		strings.Repeat("ab", 512) + "c": "max_length",
	} {
		var v validation
		v.password("password", password)
		got := ""
		if len(v.errs) > 0 {
			got = v.errs[0].Constraint
		}
		if got != want {
			t.Errorf("%.20q: got %q, want %q", password, got, want)
		}
	}
}

func TestCommonPasswords_AreThoseThatLengthLetsThrough(t *testing.T) {
	t.Parallel()
	list := commonPasswords()
	if len(list) < 500 {
		t.Fatalf("the list has %d entries", len(list))
	}
	for p := range list {
		if len(p) < minPasswordChars || p != strings.ToLower(p) {
			t.Errorf("%q is shorter than the rule or not lower case", p)
		}
	}
}
