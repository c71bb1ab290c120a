package doctree

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// Parse makes a tree of Markdown: CommonMark with tables, strikethrough, tasks,
// bare addresses, footnotes, GitHub's alerts, and details. Footnotes become numbers
// in brackets and a numbered list at the end. Of other HTML only the text is kept.
func Parse(markdown string) []Block {
	source := []byte(Clean(markdown))
	p := parser{source: source}
	return p.blocks(parse(source), 0)
}

// mailAddress is what GitHub takes for one in plain text, with the bound of RFC 5321
// (4.5.3.1.1) before the @: it is tried at each word and underscore. goldmark's own form
// has no bound, and backticks in it, and so the start of code.
var mailAddress = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,64}@(?:[A-Za-z0-9_-]+\.)+[A-Za-z0-9_-]*[A-Za-z0-9]`)

func parse(source []byte) ast.Node {
	md := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList,
		extension.NewLinkify(extension.WithLinkifyEmailRegexp(mailAddress)), extension.Footnote))
	return md.Parser().Parse(text.NewReader(source))
}

// Starts returns where each block of Markdown begins, in bytes, at the beginning of
// its line.
func Starts(markdown string) []int {
	var starts []int
	for n := parse([]byte(markdown)).FirstChild(); n != nil; n = n.NextSibling() {
		pos := n.Pos()
		if pos < 0 || pos > len(markdown) {
			continue
		}
		pos = strings.LastIndexByte(markdown[:pos], '\n') + 1
		if len(starts) == 0 || pos > starts[len(starts)-1] {
			starts = append(starts, pos)
		}
	}
	return starts
}

// Canonical returns Markdown as the writer writes it. Two texts that say the same
// have the same canonical form.
func Canonical(markdown string) string {
	text, err := Write(Parse(markdown))
	if err != nil {
		return markdown // too large to be one of ours; compared as it is
	}
	return text
}

type parser struct{ source []byte }

// blocks reads the blocks inside a node.
func (p *parser) blocks(n ast.Node, depth int) []Block {
	if depth > MaxDepth {
		return paragraphOf(p.allText(n))
	}
	var out []Block
	for c := n.FirstChild(); c != nil; {
		if h, ok := c.(*ast.HTMLBlock); ok {
			var blocks []Block
			blocks, c = p.html(h, depth)
			out = append(out, blocks...)
			continue
		}
		out = append(out, p.block(c, depth)...)
		c = c.NextSibling()
	}
	return out
}

func paragraphOf(text string) []Block {
	var s Spans
	s.Add(text, 0, "")
	if !s.Visible() {
		return nil
	}
	return []Block{&Paragraph{Text: s}}
}

func (p *parser) block(n ast.Node, depth int) []Block {
	switch n := n.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		return []Block{&Paragraph{Text: p.spans(n)}}
	case *ast.Heading:
		return []Block{&Heading{Level: n.Level, Text: p.spans(n)}}
	case *ast.List:
		return []Block{p.list(n, depth)}
	case *ast.Blockquote:
		return []Block{p.quote(n, depth)}
	case *ast.FencedCodeBlock:
		return []Block{&Code{Language: string(n.Language(p.source)), Text: p.lines(n)}}
	case *ast.CodeBlock:
		return []Block{&Code{Text: p.lines(n)}}
	case *ast.ThematicBreak:
		return []Block{&Rule{}}
	case *east.Table:
		return []Block{p.table(n)}
	case *east.FootnoteList:
		return p.footnotes(n, depth)
	}
	return p.blocks(n, depth+1)
}

func (p *parser) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(p.source))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (p *parser) list(n *ast.List, depth int) *List {
	l := &List{Ordered: n.IsOrdered(), Start: n.Start}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		l.Items = append(l.Items, Item{Task: task(c), Blocks: p.blocks(c, depth+1)})
	}
	return l
}

// task returns the state of the box at an item's beginning.
func task(item ast.Node) Task {
	if first := item.FirstChild(); first != nil {
		if box, ok := first.FirstChild().(*east.TaskCheckBox); ok {
			if box.IsChecked {
				return Done
			}
			return Open
		}
	}
	return NoTask
}

var alertLine = regexp.MustCompile(`^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*$`)

func (p *parser) quote(n *ast.Blockquote, depth int) Block {
	para, ok := n.FirstChild().(*ast.Paragraph)
	if !ok || para.Lines().Len() == 0 {
		return &Quote{Blocks: p.blocks(n, depth+1)}
	}
	line := para.Lines().At(0)
	kind := alertLine.FindSubmatch(line.Value(p.source))
	if kind == nil {
		return &Quote{Blocks: p.blocks(n, depth+1)}
	}
	blocks := p.blocks(n, depth+1)
	if lead, ok := blocks[0].(*Paragraph); ok {
		lead.Text = lead.Text.after("[!" + string(kind[1]) + "]")
	}
	return &Alert{Kind: AlertKind(kind[1]), Blocks: blocks}
}

// after returns the spans without the text that they begin with.
func (s Spans) after(prefix string) Spans {
	for i, p := range s {
		if p.Kind == Text && len(p.Text) > len(prefix) {
			p.Text = strings.TrimLeft(strings.TrimPrefix(p.Text, prefix), " ")
			return append(Spans{p}, s[i+1:]...)
		}
		prefix = strings.TrimPrefix(prefix, p.Text)
	}
	return nil
}

func (p *parser) table(n *east.Table) *Table {
	t := &Table{Header: true}
	for r := n.FirstChild(); r != nil; r = r.NextSibling() {
		var row []Cell
		for c := r.FirstChild(); c != nil; c = c.NextSibling() {
			row = append(row, Cell{Blocks: []Block{&Paragraph{Text: p.spans(c)}}})
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) > 1 && emptyRow(t.Rows[0]) {
		t.Header, t.Rows = false, t.Rows[1:]
	}
	return t
}

func emptyRow(row []Cell) bool {
	for _, c := range row {
		if first(c.Blocks) != nil {
			return false
		}
	}
	return true
}

// footnotes makes a numbered list of the notes, in the order of their numbers.
func (p *parser) footnotes(n *east.FootnoteList, depth int) []Block {
	l := &List{Ordered: true, Start: 1}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		l.Items = append(l.Items, Item{Blocks: p.blocks(c, depth+1)})
	}
	return []Block{&Rule{}, l}
}
