package confluence

import (
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// boxes are the macros that are boxes with a meaning.
var boxes = map[string]doctree.AlertKind{
	"info": doctree.Note, "tip": doctree.Tip, "note": doctree.Warn, "warning": doctree.Caution,
}

// blockMacro reads a macro that ends a paragraph, and reports whether it is one.
// inner reads its rich body.
func blockMacro(f *doctree.Flow, m macro, inner func() []doctree.Block) bool {
	if kind, ok := boxes[m.key]; ok {
		f.Block(&doctree.Alert{Kind: kind, Blocks: append(m.boldTitle(), inner()...)})
		return true
	}
	switch m.key {
	case "panel":
		f.Block(&doctree.Quote{Blocks: append(m.boldTitle(), inner()...)})
	case "expand":
		f.Block(&doctree.Details{Summary: or(m.param("title"), "Click here to expand..."), Blocks: inner()})
	case "code", "code-block", "codeblock":
		f.Block(m.titledCode(codeLanguage(m.param("language")))...)
	case "noformat":
		f.Block(m.titledCode("")...)
	case "html":
		f.Block(&doctree.Code{Language: "html", Text: doctree.TrimCode(m.body())})
	case "markdown":
		f.Block(&doctree.Raw{Markdown: m.body()})
	case "easy-math-block", "eazy-math-block", "mathblock", "latex":
		f.Block(&doctree.Code{Language: "math", Text: m.formula()})
	default:
		return diagram(f, m)
	}
	return true
}

// diagram reads a diagram that is text.
func diagram(f *doctree.Flow, m macro) bool {
	text := doctree.TrimCode(m.body())
	if text == "" {
		return false
	}
	for _, language := range []string{"mermaid", "plantuml"} {
		if strings.HasPrefix(m.key, language) {
			f.Block(&doctree.Code{Language: language, Text: text})
			return true
		}
	}
	return false
}

// titledCode returns code with its title, if there is any code.
func (m macro) titledCode(language string) []doctree.Block {
	text := doctree.TrimCode(m.body())
	if text == "" {
		return m.boldTitle()
	}
	return append(m.boldTitle(), &doctree.Code{Language: language, Text: text})
}

func (m macro) boldTitle() []doctree.Block {
	title := m.param("title")
	if title == "" {
		return nil
	}
	return []doctree.Block{&doctree.Paragraph{Text: doctree.Spans{{Text: doctree.Clean(title), Marks: doctree.Bold}}}}
}

// codeLanguages are Confluence's names of languages that are called otherwise in Markdown.
var codeLanguages = map[string]string{"none": "", "c#": "csharp", "c++": "cpp", "html/xml": "xml"}

func codeLanguage(name string) string {
	name = strings.ToLower(name)
	if fence, ok := codeLanguages[name]; ok {
		return fence
	}
	return name
}
