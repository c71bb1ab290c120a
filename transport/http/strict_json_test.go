package httpapi

import (
	"strings"
	"testing"
)

func TestStrictJSON(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for body, constraint := range map[string]string{
		`{"a":1}`:                                      "",
		`{"a":"\\u0000 is no NUL, \" neither"}`:        "",
		nested(maxDepth):                               "",
		nested(maxDepth + 1):                           "depth",
		strings.Repeat(`{"a":`, 1_000_000):             "depth",
		`{"a":"[[[[` + strings.Repeat("[", 100) + `"}`: "",
		`{"a":"\u0000"}`:                               "encoding",
		`{"\u0000":1}`:                                 "encoding",
		"{\"a\":\"\x00\"}":                             "json",
		"{\"a\":\"\xff\"}":                             "encoding",
		`{"a":"\ud800"}`:                               "encoding",
		`{"a":1,"a":2}`:                                "duplicate",
		`{"b":{"a":1,"a":2}}`:                          "duplicate",
		`{"a":1} x`:                                    "json",
		`{"a":1}{"a":1}`:                               "json",
		`{"a":1,}`:                                     "json",
		`{'a':1}`:                                      "json",
		`{"a":01}`:                                     "json",
		`{"a":NaN}`:                                    "json",
		"\xef\xbb\xbf{\"a\":1}":                        "json",
		`{`:                                            "json",
		`"\`:                                           "json",
		`hunter2`:                                      "json",
	} {
		name := body[:min(len(body), 30)]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var v any
			err := strictJSON.Unmarshal([]byte(body), &v)
			got := ""
			if err != nil {
				e, ok := decodeStrict(err.Error())
				if !ok {
					t.Fatalf("%v cannot be read back", err)
				}
				got = e.Constraint
				if strings.Contains(e.Message, "hunter2") {
					t.Errorf("message %q has the body's text", e.Message)
				}
			}
			if got != constraint {
				t.Errorf("constraint %q, want %q", got, constraint)
			}
		})
	}
}

func TestStrictJSON_NameOfDuplicateCannotForgeAnError(t *testing.T) {
	t.Parallel()
	var v any
	err := strictJSON.Unmarshal([]byte(`{"a\u001fb\u001fc":1,"a\u001fb\u001fc":2}`), &v)
	e, ok := decodeStrict(err.Error())
	if !ok || e.Constraint != "duplicate" {
		t.Errorf("%+v, want the constraint duplicate", e)
	}
}
