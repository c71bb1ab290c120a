package cli

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/docsctl/docsctl/core"
)

// findTemplate returns the id of the template that the user names: by id, or by
// name without regard to case, spaces and punctuation, so that "key-points" is
// "Key points". The organization's own come before the global ones.
func findTemplate(ctx context.Context, l *Local, asked string) (core.TemplateID, error) {
	if asked == "" {
		return "", nil
	}
	if id := core.TemplateID(strings.ToLower(asked)); core.ValidID(id) {
		return id, nil
	}
	all, err := allTemplates(ctx, l)
	if err != nil {
		return "", err
	}
	for _, matches := range []func(core.Template) bool{
		func(t core.Template) bool { return t.Name == asked && !t.Global() },
		func(t core.Template) bool { return t.Name == asked },
		func(t core.Template) bool { return sameName(t.Name, asked) && !t.Global() },
		func(t core.Template) bool { return sameName(t.Name, asked) },
	} {
		found := slices.Collect(func(yield func(core.TemplateID) bool) {
			for _, t := range all {
				if matches(t) && !yield(t.ID) {
					return
				}
			}
		})
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return "", core.Conflict("several templates have this name; name one by its id: " + strings.Join(words(found), ", "))
		}
	}
	var names []string
	for _, t := range all {
		names = append(names, t.Name)
	}
	slices.Sort(names)
	return "", &core.Error{Code: core.CodeNotFound, Message: "there is no template of this name; there are: " + strings.Join(names, ", ")}
}

func allTemplates(ctx context.Context, l *Local) ([]core.Template, error) {
	var all []core.Template
	next := core.PageRequest{Limit: core.MaxPageLimit}
	for {
		page, err := l.App.Templates.List(ctx, l.Actor, next)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if next.Cursor = page.Next; next.Cursor == "" {
			return all, nil
		}
	}
}

// sameName compares names by their letters and digits.
func sameName(a, b string) bool {
	a, b = letters(a), letters(b)
	return a != "" && a == b
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
