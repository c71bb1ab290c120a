package guru

import (
	"slices"
	"strings"

	xhtml "golang.org/x/net/html"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// unit is an element at the first level of a card that shows something; in a card
// that is Markdown, a block of it.
type unit struct {
	markdown   string
	start, end int // its bytes
}

// void elements have no content.
var void = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

// htmlUnits returns the units of a card in HTML.
func htmlUnits(content string) []unit {
	z := xhtml.NewTokenizer(strings.NewReader(content))
	var out []unit
	var open []string
	start, at := 0, 0
	for {
		kind := z.Next()
		from := at
		at += len(z.Raw())
		switch kind {
		case xhtml.ErrorToken:
			return add(out, content, start, len(content))
		case xhtml.StartTagToken:
			if name, _ := z.TagName(); !slices.Contains(void, string(name)) {
				open = append(open, string(name))
				continue
			}
		case xhtml.EndTagToken:
			name, _ := z.TagName()
			i := len(open) - 1
			for i >= 0 && open[i] != string(name) {
				i--
			}
			if i < 0 {
				continue
			}
			open = open[:i]
		case xhtml.TextToken:
			if len(open) == 0 && strings.TrimSpace(content[from:at]) == "" {
				start = at
				continue
			}
		case xhtml.SelfClosingTagToken, xhtml.CommentToken, xhtml.DoctypeToken:
		}
		if len(open) == 0 {
			out = add(out, content, start, at)
			start = at
		}
	}
}

// markdownUnits returns the units of a card in Markdown.
func markdownUnits(content string) []unit {
	var out []unit
	starts := doctree.Starts(content)
	for i, start := range starts {
		end := len(content)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		text := strings.TrimRight(content[start:end], " \t\r\n")
		if text != "" {
			out = append(out, unit{strings.TrimRight(doctree.Canonical(text), "\n"), start, start + len(text)})
		}
	}
	return out
}

func add(units []unit, content string, start, end int) []unit {
	var r reader
	text, err := doctree.Write(r.readHTML(content[start:end]))
	if err != nil || text == "" {
		return units
	}
	return append(units, unit{strings.TrimRight(text, "\n"), start, end})
}

func markdowns(units []unit) []string {
	texts := make([]string, len(units))
	for i, u := range units {
		texts[i] = u.markdown
	}
	return texts
}
