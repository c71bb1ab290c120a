package render

import (
	"bufio"
	"bytes"
	"fmt"
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	ghtml "github.com/yuin/goldmark/renderer/html"
)

// format is how a run of text looks.
type format struct{ bold, italic, code, strike, link bool }

func (f format) properties() string {
	var b strings.Builder
	for _, p := range []struct {
		on  bool
		xml string
	}{
		{f.link, `<w:rStyle w:val="Hyperlink"/>`}, {f.code, `<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:cs="Consolas"/>`},
		{f.bold, "<w:b/><w:bCs/>"}, {f.italic, "<w:i/><w:iCs/>"}, {f.strike, "<w:strike/>"},
	} {
		if p.on {
			b.WriteString(p.xml)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "<w:rPr>" + b.String() + "</w:rPr>"
}

// run writes text as it is.
func (w *docxWriter) run(text string, f format) {
	if text = sound(text); text == "" {
		return
	}
	w.body.WriteString("<w:r>" + f.properties() + `<w:t xml:space="preserve">` + xmlText(text) + "</w:t></w:r>")
}

// inlines writes what a block or an inline holds.
func (w *docxWriter) inlines(parent ast.Node, f format) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.inline(n, f)
	}
}

func (w *docxWriter) inline(n ast.Node, f format) {
	switch n := n.(type) {
	case *ast.Text:
		w.run(unescaped(n.Segment.Value(w.source)), f)
		switch {
		case n.HardLineBreak():
			w.body.WriteString("<w:r><w:br/></w:r>")
		case n.SoftLineBreak():
			w.run(" ", f)
		}
	case *ast.String:
		w.run(string(n.Value), f)
	case *ast.Emphasis:
		f.italic, f.bold = f.italic || n.Level == 1, f.bold || n.Level > 1
		w.inlines(n, f)
	case *ast.CodeSpan:
		f.code = true
		for t := n.FirstChild(); t != nil; t = t.NextSibling() {
			if t, ok := t.(*ast.Text); ok {
				w.run(string(t.Segment.Value(w.source)), f)
			}
		}
	case *east.Strikethrough:
		f.strike = true
		w.inlines(n, f)
	case *ast.Link:
		w.link(string(n.Destination), func(f format) { w.inlines(n, f) }, f)
	case *ast.AutoLink:
		w.link(string(n.URL(w.source)), func(f format) { w.run(string(n.Label(w.source)), f) }, f)
	case *east.FootnoteLink:
		w.reference(n.Index)
	case *ast.RawHTML, *east.FootnoteBacklink:
	default: // an image is its alternative text
		w.inlines(n, f)
	}
}

// link writes a link to where it is safe to go, else its text.
func (w *docxWriter) link(address string, label func(format), f format) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" {
		label(f)
		return
	}
	w.links = append(w.links, u.String())
	fmt.Fprintf(&w.body, `<w:hyperlink r:id="link%d">`, len(w.links))
	f.link = true
	label(f)
	w.body.WriteString("</w:hyperlink>")
}

// reference writes a footnote's mark. A footnote has one in Word; where it is cited
// again its number stands alone.
func (w *docxWriter) reference(number int) {
	if w.cited[number] {
		fmt.Fprintf(&w.body, `<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>%d</w:t></w:r>`, number)
		return
	}
	w.cited[number] = true
	fmt.Fprintf(&w.body, `<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteReference w:id="%d"/></w:r>`, number)
}

func (w *docxWriter) footnotes() string {
	var b strings.Builder
	b.WriteString(xmlHead + `<w:footnotes ` + namespaces + `>` +
		`<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>` +
		`<w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/></w:r></w:p></w:footnote>`)
	for _, number := range slices.Sorted(maps.Keys(w.cited)) {
		fmt.Fprintf(&b, `<w:footnote w:id="%d"><w:p><w:pPr><w:pStyle w:val="FootnoteText"/></w:pPr><w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr>`+
			`<w:footnoteRef/></w:r><w:r><w:t xml:space="preserve"> </w:t></w:r>%s</w:p></w:footnote>`, number, w.notes[number])
	}
	return b.String() + `</w:footnotes>`
}

func (w *docxWriter) relations() string {
	var b strings.Builder
	b.WriteString(xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for _, part := range []string{"styles", "numbering", "footnotes"} {
		fmt.Fprintf(&b, `<Relationship Id="%s" Type="%s%s" Target="%s.xml"/>`, part, relTypes, part, part)
	}
	for i, address := range w.links {
		fmt.Fprintf(&b, `<Relationship Id="link%d" Type="%shyperlink" Target="%s" TargetMode="External"/>`, i+1, relTypes, xmlText(address))
	}
	return b.String() + `</Relationships>`
}

// unescaped takes the backslashes and entities out of a piece of Markdown text.
func unescaped(raw []byte) string {
	var escaped bytes.Buffer
	w := bufio.NewWriter(&escaped)
	ghtml.DefaultWriter.Write(w, raw)
	_ = w.Flush() // a bytes.Buffer takes everything
	return html.UnescapeString(escaped.String())
}
