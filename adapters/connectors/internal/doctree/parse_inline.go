package doctree

import (
	"html"
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// spans reads the running text of a block.
func (p *parser) spans(n ast.Node) Spans {
	r := inlineReader{parser: p}
	r.children(n, 0, "", 0)
	return r.out.merged().formulas()
}

type inlineReader struct {
	*parser
	out  Spans
	html Marks // that HTML tags have opened
}

func (r *inlineReader) children(n ast.Node, marks Marks, link string, depth int) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		r.node(c, marks, link, depth)
	}
}

func (r *inlineReader) node(n ast.Node, marks Marks, link string, depth int) {
	if depth > 4*MaxDepth {
		r.out.Add(r.allText(n), marks, link)
		return
	}
	switch n := n.(type) {
	case *ast.Text:
		r.text(n, marks|r.html, link)
	case *ast.String:
		r.out.Add(string(n.Value), marks|r.html, link)
	case *ast.CodeSpan:
		r.out.Add(strings.ReplaceAll(r.allText(n), "\n", " "), marks|r.html|Monospace, link)
	case *ast.Emphasis:
		r.children(n, marks|[]Marks{Italic, Bold}[n.Level-1], link, depth+1)
	case *east.Strikethrough:
		r.children(n, marks|Strike, link, depth+1)
	case *ast.Link:
		r.children(n, marks, unescape(string(n.Destination)), depth+1)
	case *ast.AutoLink:
		r.autolink(n, marks|r.html)
	case *ast.Image:
		r.image(n, link)
	case *ast.RawHTML:
		r.tag(n, marks, link)
	case *east.FootnoteLink:
		r.out.Add("["+strconv.Itoa(n.Index)+"]", marks|r.html, link)
	case *east.TaskCheckBox, *east.FootnoteBacklink:
	default:
		r.children(n, marks, link, depth+1)
	}
}

func (r *inlineReader) text(n *ast.Text, marks Marks, link string) {
	value := string(n.Segment.Value(r.source))
	if !n.IsRaw() {
		value = unescape(value)
	}
	r.out.Add(value, marks, link)
	switch {
	case n.HardLineBreak():
		r.out = append(r.out, Span{Kind: Break, Marks: marks, Link: link})
	case n.SoftLineBreak():
		r.out.Add(" ", marks, link)
	}
}

func (r *inlineReader) autolink(n *ast.AutoLink, marks Marks) {
	label := string(n.Label(r.source))
	href := string(n.URL(r.source))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(href), "mailto:") {
		href = "mailto:" + href
	}
	r.out.Add(label, marks, href)
}

func (r *inlineReader) image(n *ast.Image, link string) {
	alt := inlineReader{parser: r.parser}
	alt.children(n, 0, "", 0)
	r.out = append(r.out, Span{Kind: Image, Text: alt.out.Plain(), Source: unescape(string(n.Destination)), Link: link})
}

var tagName = regexp.MustCompile(`^<(/?)([A-Za-z][A-Za-z0-9]*)`)

var marksOfTags = map[string]Marks{
	"strong": Bold, "b": Bold, "em": Italic, "i": Italic, "del": Strike, "s": Strike, "strike": Strike,
	"sub": Sub, "sup": Sup, "code": Monospace,
}

// tag reads HTML within a line: marks, breaks and comments; other tags are dropped.
func (r *inlineReader) tag(n *ast.RawHTML, marks Marks, link string) {
	var b strings.Builder
	for i := range n.Segments.Len() {
		seg := n.Segments.At(i)
		b.Write(seg.Value(r.source))
	}
	raw := b.String()
	if note, ok := commentText(raw); ok {
		if note != "" {
			r.out = append(r.out, Span{Kind: Hidden, Text: note})
		}
		return
	}
	m := tagName.FindStringSubmatch(raw)
	if m == nil {
		return
	}
	name := strings.ToLower(m[2])
	switch mark := marksOfTags[name]; {
	case name == "br":
		r.out = append(r.out, Span{Kind: Break, Marks: marks | r.html, Link: link})
	case m[1] == "":
		r.html |= mark
	default:
		r.html &^= mark
	}
}

func commentText(raw string) (string, bool) {
	text, ok := strings.CutPrefix(strings.TrimSpace(raw), "<!--")
	if !ok {
		return "", false
	}
	text, _, _ = strings.Cut(text, "-->")
	return squeeze(strings.TrimSpace(text)), true
}

// formulas turns code between dollar signs into formulas.
func (s Spans) formulas() Spans {
	for i := 1; i < len(s)-1; i++ {
		before, code, after := &s[i-1], &s[i], &s[i+1]
		if code.Kind == Text && code.Marks == Monospace && before.Kind == Text && after.Kind == Text &&
			strings.HasSuffix(before.Text, "$") && strings.HasPrefix(after.Text, "$") {
			before.Text = strings.TrimSuffix(before.Text, "$")
			after.Text = strings.TrimPrefix(after.Text, "$")
			code.Kind, code.Marks = Math, 0
		}
	}
	return s
}

// unescape resolves backslashes and character references.
func unescape(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", s[i+1]) >= 0:
			i++
			b.WriteByte(s[i])
		case s[i] == '&':
			ref := entity.FindString(s[i:])
			if ref == "" {
				b.WriteByte('&')
				continue
			}
			b.WriteString(html.UnescapeString(ref))
			i += len(ref) - 1
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// allText returns the text below a node without marks.
func (p *parser) allText(n ast.Node) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(p.source))
			if t.SoftLineBreak() || t.HardLineBreak() {
				b.WriteByte('\n')
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}
