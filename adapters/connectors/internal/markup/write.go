package markup

import (
	"html"
	"regexp"
	"strconv"
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// Writer writes a tree as the elements that HTML and storage format have in common.
type Writer struct {
	// Special writes a block that the vendor has in a way of its own, and reports
	// whether it did.
	Special func(b doctree.Block) (string, bool)
	// Image writes a picture.
	Image func(s doctree.Span) string
	// Void ends an element that has no content: ">" or "/>".
	Void string
	// Head says that a table's header row stands in thead.
	Head bool
}

// Blocks writes blocks, each on its own line.
func (w Writer) Blocks(blocks []doctree.Block) string {
	var parts []string
	for _, b := range blocks {
		if text := w.block(b); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "\n")
}

func (w Writer) block(b doctree.Block) string {
	if text, ok := w.Special(b); ok {
		return text
	}
	switch b := b.(type) {
	case *doctree.Paragraph:
		return element("p", w.Inline(b.Text))
	case *doctree.Heading:
		return element("h"+strconv.Itoa(min(max(b.Level, 1), 6)), w.Inline(b.Text))
	case *doctree.List:
		return w.list(b)
	case *doctree.Quote:
		return element("blockquote", w.Blocks(b.Blocks))
	case *doctree.Table:
		return w.table(b)
	case *doctree.Rule:
		return "<hr" + w.Void
	}
	return ""
}

// element returns an element, or nothing if it holds nothing.
func element(name, content string) string {
	if content == "" {
		return ""
	}
	return "<" + name + ">" + content + "</" + name + ">"
}

func (w Writer) list(l *doctree.List) string {
	name, attrs := "ul", ""
	if l.Ordered {
		name = "ol"
		if l.Start != 1 {
			attrs = ` start="` + strconv.Itoa(l.Start) + `"`
		}
	}
	var b strings.Builder
	for _, it := range l.Items {
		b.WriteString("<li>" + w.Item(it.Blocks) + "</li>")
	}
	return "<" + name + attrs + ">" + b.String() + "</" + name + ">"
}

// Item writes what an item holds. A paragraph that is alone, or has only lists
// below it, needs no element.
func (w Writer) Item(blocks []doctree.Block) string {
	for i, b := range blocks {
		_, list := b.(*doctree.List)
		_, paragraph := b.(*doctree.Paragraph)
		if !(list || i == 0 && paragraph) {
			return w.Blocks(blocks)
		}
	}
	if len(blocks) == 0 {
		return ""
	}
	if p, ok := blocks[0].(*doctree.Paragraph); ok {
		return w.Inline(p.Text) + w.Blocks(blocks[1:])
	}
	return w.Blocks(blocks)
}

func (w Writer) table(t *doctree.Table) string {
	var head, body strings.Builder
	for i, row := range t.Rows {
		cell, out := "td", &body
		if t.Header && i == 0 {
			cell = "th"
			if w.Head {
				out = &head
			}
		}
		out.WriteString("<tr>")
		for _, c := range row {
			out.WriteString("<" + cell + ">" + w.Item(c.Blocks) + "</" + cell + ">")
		}
		out.WriteString("</tr>")
	}
	return "<table>" + element("thead", head.String()) + element("tbody", body.String()) + "</table>"
}

// Inline writes running text.
func (w Writer) Inline(s doctree.Spans) string {
	return s.HTML(func(s doctree.Span) string {
		switch s.Kind {
		case doctree.Break:
			return "<br" + w.Void
		case doctree.Image:
			return w.Image(s)
		case doctree.Math:
			return "$<code>" + html.EscapeString(s.Text) + "</code>$"
		case doctree.Hidden:
			return ""
		}
		return Escape(s.Text)
	}, linkable)
}

// Escape writes text between elements or in an attribute.
func Escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// safe is where a published link may lead: no scheme that runs what it names.
var safe = regexp.MustCompile(`(?i)^(https?:|mailto:|tel:|[/#?]|[^:]*$|[^:/?#]*[/?#])`)

func linkable(href string) bool { return safe.MatchString(href) }
