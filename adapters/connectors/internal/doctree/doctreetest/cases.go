package doctreetest

import (
	"fmt"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// Case is a sample of a vendor's format and what becomes of it.
type Case struct {
	Name     string
	In       string
	Markdown string
	Warnings string // one a line
}

// Cases reads samples from a txtar file: NAME.in, NAME.md, and NAME.warnings where
// there are any.
func Cases(file string) ([]Case, error) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, f := range archive.Files {
		name, kind, _ := cutLast(f.Name, ".")
		if kind == "in" {
			cases = append(cases, Case{Name: name, In: strings.TrimSuffix(string(f.Data), "\n")})
			continue
		}
		if len(cases) == 0 || cases[len(cases)-1].Name != name {
			return nil, fmt.Errorf("%s: %s has no %s.in before it", file, f.Name, name)
		}
		switch last := &cases[len(cases)-1]; kind {
		case "md":
			last.Markdown = string(f.Data)
		case "warnings":
			last.Warnings = string(f.Data)
		default:
			return nil, fmt.Errorf("%s: %s is of no kind", file, f.Name)
		}
	}
	return cases, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// Check returns how a result differs from what is wanted, to the byte; "" if it
// does not.
func (c Case) Check(got doctree.Result) string {
	var warnings strings.Builder
	for _, w := range got.Warnings {
		warnings.WriteString(w.String() + "\n")
	}
	switch {
	case got.Markdown != c.Markdown:
		return Lines(got.Markdown, c.Markdown) + "\nall of it:\n" + got.Markdown
	case warnings.String() != c.Warnings:
		return Lines(warnings.String(), c.Warnings)
	}
	return ""
}
