package markup

import (
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// Reader reads one document.
type Reader struct {
	// Special reads an element that only the vendor has, or reads in a way of its own,
	// and reports whether it did.
	Special func(f *doctree.Flow, n *Node, at Place) bool
	// Losses counts what is lost.
	Losses doctree.Losses
	// TooDeep is the kind of loss of elements that are nested deeper than Markdown can say.
	TooDeep string

	depth int // of Blocks within Blocks
}

// Place is where an element stands: within which marks and link, and whether in a
// paragraph.
type Place struct {
	Marks     doctree.Marks
	Link      string
	Paragraph bool
}

// Blocks reads the content of an element that holds blocks; nil has none. Beyond the
// depth that Markdown can hold only the text is read.
func (r *Reader) Blocks(n *Node) []doctree.Block {
	if n == nil {
		return nil
	}
	r.depth++
	defer func() { r.depth-- }()
	var f doctree.Flow
	if r.depth > doctree.MaxDepth {
		r.Losses.Add(r.TooDeep)
		f.Text(n.Inner(), 0, "")
		return f.Blocks()
	}
	r.Content(&f, n, Place{})
	return f.Blocks()
}

// Content reads what is inside of an element into the flow; nil has nothing.
func (r *Reader) Content(f *doctree.Flow, n *Node, at Place) {
	if n == nil {
		return
	}
	for _, c := range n.Children {
		r.node(f, c, at)
	}
}

var marks = map[string]doctree.Marks{
	"strong": doctree.Bold, "b": doctree.Bold, "em": doctree.Italic, "i": doctree.Italic,
	"s": doctree.Strike, "del": doctree.Strike, "strike": doctree.Strike,
	"sub": doctree.Sub, "sup": doctree.Sup, "code": doctree.Monospace,
}

var levels = map[string]int{"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}

// containers are elements that begin and end a paragraph and mean nothing else.
var containers = map[string]bool{
	"div": true, "section": true, "article": true, "main": true, "header": true, "footer": true, "aside": true,
	"nav": true, "figure": true, "figcaption": true, "address": true, "center": true, "dl": true, "dt": true, "dd": true,
}

func (r *Reader) node(f *doctree.Flow, n *Node, at Place) {
	switch {
	case n.Name == "":
		f.Text(n.Text, at.Marks, at.Link)
	case r.Special(f, n, at):
	case marks[n.Name] != 0:
		at.Marks |= marks[n.Name]
		r.Content(f, n, at)
	case levels[n.Name] > 0:
		r.heading(f, n)
	case containers[n.Name]:
		r.Apart(f, n, at)
	default:
		r.element(f, n, at)
	}
}

// Apart reads what is inside of an element, apart from the paragraphs around it.
func (r *Reader) Apart(f *doctree.Flow, n *Node, at Place) {
	f.EndLine()
	r.Content(f, n, at)
	f.EndLine()
}

func (r *Reader) heading(f *doctree.Flow, n *Node) {
	title, rest := doctree.Title(r.Blocks(n))
	r.Losses.Below(title.Plain())
	f.Block(&doctree.Heading{Level: levels[n.Name], Text: title})
	f.Block(rest...)
}

func (r *Reader) element(f *doctree.Flow, n *Node, at Place) {
	switch n.Name {
	case "p":
		at.Paragraph = true
		r.Apart(f, n, at)
	case "ul", "ol":
		f.Block(r.List(n))
	case "table":
		f.Block(r.Caption(n)...)
		f.Block(r.Table(n))
	case "blockquote":
		f.Block(&doctree.Quote{Blocks: r.Blocks(n)})
	case "pre":
		f.Block(&doctree.Code{Text: doctree.TrimCode(n.Inner())})
	case "hr":
		f.Block(&doctree.Rule{})
	case "br":
		f.Inline(doctree.Span{Kind: doctree.Break})
	case "img":
		f.Inline(doctree.Span{Kind: doctree.Image, Text: n.Attr("alt"), Source: n.Attr("src"), Link: at.Link})
	case "style", "script", "colgroup":
	default:
		r.inline(f, n, at)
	}
}

func (r *Reader) inline(f *doctree.Flow, n *Node, at Place) {
	switch n.Name {
	case "a":
		if href := n.Attr("href"); href != "" {
			at.Link = href
		}
	case "span":
		if strings.Contains(strings.ReplaceAll(n.Attr("style"), " ", ""), "text-decoration:line-through") {
			at.Marks |= doctree.Strike
		}
	case "time":
		if date := n.Attr("datetime"); date != "" {
			f.Text(date, at.Marks, at.Link)
			return
		}
	}
	r.Content(f, n, at)
}
