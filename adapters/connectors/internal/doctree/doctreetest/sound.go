package doctreetest

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/core"
)

// Sound returns what is wrong with a result whatever it was made from; "" if nothing is.
func Sound(r doctree.Result, err error) string {
	var known *core.Error
	switch {
	case err != nil && !errors.As(err, &known):
		return "an error that is not ours: " + err.Error()
	case err != nil && r.Markdown != "":
		return "half a document beside " + err.Error()
	case !utf8.ValidString(r.Markdown):
		return "invalid UTF-8"
	case strings.ContainsAny(r.Markdown, "\x00\r\v\f\u00a0\u2028"):
		return "characters that documents do not hold"
	case r.Markdown != "" && (!strings.HasSuffix(r.Markdown, "\n") || strings.HasSuffix(r.Markdown, "\n\n")):
		return "not one newline at the end"
	}
	for _, w := range r.Warnings {
		if w.Kind == "" || w.Count < 1 {
			return "a warning without kind or count"
		}
	}
	return ""
}
