package render

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// docxWriter writes the blocks of a Markdown tree as WordprocessingML.
type docxWriter struct {
	source []byte
	rtl    bool
	body   strings.Builder
	notes  map[int]string // content of footnotes, by number
	cited  map[int]bool   // that a mark has pointed to: Word wants one mark a footnote
	links  []string       // addresses, in the order of their relations
	lists  []bool         // lists that were begun; true for numbered ones
}

func newDocxWriter(source []byte, rtl bool) *docxWriter {
	return &docxWriter{source: source, rtl: rtl, notes: map[int]string{}, cited: map[int]bool{}}
}

// paragraph is the form of the paragraphs of a block.
type paragraph struct {
	style string
	list  int // of docxWriter.lists, from 1; 0: none
	level int // of the list, from 0
}

func (w *docxWriter) open(p paragraph) {
	w.body.WriteString("<w:p><w:pPr>")
	if p.style != "" {
		w.body.WriteString(`<w:pStyle w:val="` + p.style + `"/>`)
	}
	if p.list > 0 {
		fmt.Fprintf(&w.body, `<w:numPr><w:ilvl w:val="%d"/><w:numId w:val="%d"/></w:numPr>`, min(p.level, deepestLevel), p.list)
	}
	if w.rtl {
		w.body.WriteString("<w:bidi/>")
	}
	w.body.WriteString("</w:pPr>")
}

func (w *docxWriter) close() { w.body.WriteString("</w:p>") }

// deepestLevel of a list, from 0.
const deepestLevel = 8

// blocks writes the children of a block.
func (w *docxWriter) blocks(parent ast.Node, p paragraph) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.block(n, p)
	}
}

func (w *docxWriter) block(n ast.Node, p paragraph) {
	switch n := n.(type) {
	case *ast.Heading:
		w.text(n, paragraph{style: fmt.Sprintf("Heading%d", n.Level)})
	case *ast.Paragraph, *ast.TextBlock:
		w.text(n, p)
	case *ast.List:
		w.list(n, p)
	case *ast.Blockquote:
		w.blocks(n, paragraph{style: "Quote"})
	case *ast.FencedCodeBlock:
		w.code(n.Lines().Value(w.source))
	case *ast.CodeBlock:
		w.code(n.Lines().Value(w.source))
	case *ast.ThematicBreak:
		w.body.WriteString(`<w:p><w:pPr><w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="auto"/></w:pBdr></w:pPr></w:p>`)
	case *east.Table:
		w.table(n)
	case *east.FootnoteList:
		w.footnoteList(n)
	case *ast.HTMLBlock: // never of a model
	default:
		w.blocks(n, p)
	}
}

func (w *docxWriter) text(n ast.Node, p paragraph) {
	w.open(p)
	w.inlines(n, format{})
	w.close()
}

func (w *docxWriter) list(n *ast.List, p paragraph) {
	w.lists = append(w.lists, n.IsOrdered())
	item := paragraph{list: len(w.lists), level: p.level}
	if p.list > 0 {
		item.level = p.level + 1
	}
	for li := n.FirstChild(); li != nil; li = li.NextSibling() {
		w.blocks(li, item)
	}
}

func (w *docxWriter) code(lines []byte) {
	for l := range strings.SplitSeq(strings.TrimRight(string(lines), "\n"), "\n") {
		w.open(paragraph{style: "Code"})
		w.run(l, format{})
		w.close()
	}
}

func (w *docxWriter) table(n *east.Table) {
	const border = `w:val="single" w:sz="4" w:space="0" w:color="auto"/>`
	w.body.WriteString(`<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/><w:tblBorders><w:top ` + border + `<w:left ` + border + `<w:bottom ` + border +
		`<w:right ` + border + `<w:insideH ` + border + `<w:insideV ` + border + `</w:tblBorders></w:tblPr><w:tblGrid>` +
		strings.Repeat(`<w:gridCol/>`, len(n.Alignments)) + `</w:tblGrid>`)
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		_, head := row.(*east.TableHeader)
		w.body.WriteString("<w:tr>")
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			w.body.WriteString("<w:tc><w:tcPr/>")
			w.open(paragraph{})
			w.inlines(cell, format{bold: head})
			w.close()
			w.body.WriteString("</w:tc>")
		}
		w.body.WriteString("</w:tr>")
	}
	w.body.WriteString("</w:tbl><w:p/>") // two tables must not touch, and a cell or body not end with one
}

// footnoteList keeps what the footnotes say; the tree has them at its end.
func (w *docxWriter) footnoteList(n *east.FootnoteList) {
	body := w.body
	for f := n.FirstChild(); f != nil; f = f.NextSibling() {
		note, ok := f.(*east.Footnote)
		if !ok {
			continue
		}
		w.body = strings.Builder{}
		for p := f.FirstChild(); p != nil; p = p.NextSibling() {
			w.inlines(p, format{})
		}
		w.notes[note.Index] = w.body.String()
	}
	w.body = body
}

// numbering defines the lists that were written.
func (w *docxWriter) numbering() string {
	var b strings.Builder
	b.WriteString(xmlHead + `<w:numbering ` + namespaces + `>`)
	for kind, form := range []string{"bullet", "decimal"} {
		fmt.Fprintf(&b, `<w:abstractNum w:abstractNumId="%d"><w:multiLevelType w:val="hybridMultilevel"/>`, kind)
		for level := range deepestLevel + 1 {
			sign := "•"
			if form == "decimal" {
				sign = fmt.Sprintf("%%%d.", level+1)
			}
			fmt.Fprintf(&b, `<w:lvl w:ilvl="%d"><w:start w:val="1"/><w:numFmt w:val="%s"/><w:lvlText w:val="%s"/><w:lvlJc w:val="left"/>`+
				`<w:pPr><w:ind w:left="%d" w:hanging="360"/></w:pPr></w:lvl>`, level, form, sign, 720*(level+1))
		}
		b.WriteString(`</w:abstractNum>`)
	}
	for i, numbered := range w.lists {
		kind := 0
		if numbered {
			kind = 1
		}
		fmt.Fprintf(&b, `<w:num w:numId="%d"><w:abstractNumId w:val="%d"/>`, i+1, kind)
		if numbered { // each list counts from its beginning
			b.WriteString(`<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>`)
		}
		b.WriteString(`</w:num>`)
	}
	return b.String() + `</w:numbering>`
}
