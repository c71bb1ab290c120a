package core

import (
	"fmt"
	"slices"
	"strings"
)

// promptVariables are the names that a prompt template may use.
var promptVariables = []string{"title", "content", "source_url", "format", "language"}

// promptPart is literal text, or the name of a variable.
type promptPart struct {
	text     string
	variable bool
}

// parsePrompt splits a template at its {{variables}}. Braces are strict: "{{"
// opens a variable always, and "}}" without one is an error. The error is one
// sentence for the template's author.
func parsePrompt(s string) ([]promptPart, error) {
	var parts []promptPart
	for {
		open, stray := strings.Index(s, "{{"), strings.Index(s, "}}")
		if open < 0 && stray < 0 {
			return append(parts, promptPart{text: s}), nil
		}
		if open < 0 || (stray >= 0 && stray < open) {
			return nil, fmt.Errorf("prompt_template has }} without {{; remove it or write a variable as {{title}}")
		}
		end := strings.Index(s[open:], "}}")
		if end < 0 {
			return nil, fmt.Errorf("prompt_template has {{ without }}; close the variable")
		}
		name := strings.TrimSpace(s[open+2 : open+end])
		if !slices.Contains(promptVariables, name) {
			return nil, fmt.Errorf("prompt_template uses an unknown variable; known are {{%s}}", strings.Join(promptVariables, "}} {{"))
		}
		parts = append(parts, promptPart{text: s[:open]}, promptPart{text: name, variable: true})
		s = s[open+end+2:]
	}
}

// RenderPrompt puts values in the place of a template's {{variables}}, in one pass over the
// template: what stands in a value is never expanded.
func RenderPrompt(template string, values map[string]string) (string, error) {
	parts, err := parsePrompt(template)
	if err != nil {
		return "", Invalid("prompt_template", "template", err.Error())
	}
	var b strings.Builder
	for _, p := range parts {
		if p.variable {
			b.WriteString(values[p.text])
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String(), nil
}
