// Package doctreetest compares Markdown by its meaning, with a renderer and an HTML
// parser that docsctl did not write.
package doctreetest

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Normal returns what Markdown says, a line a block or a run of equally marked
// words. Two texts have the same normal form if and only if they differ in nothing
// but white space, the choice of delimiters, tight or loose lists, neighbouring
// bullet lists, the encoding of addresses, and marks on white space.
func Normal(markdown string) (string, error) {
	var rendered bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList),
		goldmark.WithRendererOptions(html.WithUnsafe()))
	if err := md.Convert([]byte(markdown), &rendered); err != nil {
		return "", err
	}
	return NormalHTML(rendered.String())
}

// NormalHTML does the same for HTML.
func NormalHTML(content string) (string, error) {
	nodes, err := xhtml.ParseFragment(strings.NewReader(content), &xhtml.Node{Type: xhtml.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		return "", err
	}
	n := normal{}
	n.blocks(nodes, 0)
	return n.out.String(), nil
}

type normal struct{ out strings.Builder }

func (n *normal) line(depth int, format string, args ...any) {
	fmt.Fprintf(&n.out, "%s%s\n", strings.Repeat("  ", depth), fmt.Sprintf(format, args...))
}

var blockTags = []string{"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "table", "hr", "details", "summary", "div"}

// blocks writes nodes; running text between blocks is a paragraph.
func (n *normal) blocks(nodes []*xhtml.Node, depth int) {
	var inline []*xhtml.Node
	list := ""
	flush := func() {
		if text := runs(inline); text != "" {
			n.line(depth, "p %s", text)
			list = ""
		}
		inline = nil
	}
	for _, c := range nodes {
		switch {
		case c.Type == xhtml.ElementNode && slices.Contains(blockTags, c.Data):
			flush()
			if c.Data != "ul" || list != "ul" { // neighbouring bullet lists are one
				n.blockHead(c, depth)
			}
			n.block(c, depth)
			list = c.Data
		case c.Type == xhtml.CommentNode && len(inline) == 0:
			if text := strings.Join(strings.Fields(c.Data), " "); text != "" {
				n.line(depth, "comment %q", text)
				list = ""
			}
		default:
			inline = append(inline, c)
		}
	}
	flush()
}

func (n *normal) blockHead(c *xhtml.Node, depth int) {
	switch c.Data {
	case "ul", "blockquote", "details":
		n.line(depth, "%s", c.Data)
	case "ol":
		start := attr(c, "start")
		if start == "" {
			start = "1"
		}
		n.line(depth, "ol %s", start)
	case "hr":
		n.line(depth, "hr")
	}
}

func (n *normal) block(c *xhtml.Node, depth int) {
	switch c.Data {
	case "p":
		n.blocks(children(c), depth)
	case "h1", "h2", "h3", "h4", "h5", "h6", "summary":
		for _, br := range find(c, "br") { // Markdown has no breaks there
			br.Type, br.Data = xhtml.TextNode, " "
		}
		n.line(depth, "%s %s", c.Data, runs(children(c)))
	case "ul", "ol", "blockquote", "details":
		n.blocks(children(c), depth+1)
	case "li":
		n.item(c, depth)
	case "div":
		n.blocks(children(c), depth)
	case "pre":
		n.code(c, depth)
	case "table":
		n.line(depth, "table")
		for _, row := range find(c, "tr") {
			n.row(row, depth+1)
		}
	}
}

func (n *normal) item(c *xhtml.Node, depth int) {
	state := ""
	for _, box := range find(c, "input") {
		if !within(box, c) {
			continue
		}
		state = " [ ]"
		if hasAttr(box, "checked") {
			state = " [x]"
		}
		box.Parent.RemoveChild(box)
		break
	}
	n.line(depth, "li%s", state)
	n.blocks(children(c), depth+1)
}

// within reports whether a box is the item's own and no inner item's.
func within(box, item *xhtml.Node) bool {
	for p := box.Parent; p != nil; p = p.Parent {
		if p.Data == "li" {
			return p == item
		}
	}
	return false
}

func (n *normal) code(c *xhtml.Node, depth int) {
	language := ""
	for _, code := range find(c, "code") {
		language = strings.TrimPrefix(attr(code, "class"), "language-")
	}
	n.line(depth, "code %q %q", language, strings.TrimSuffix(text(c), "\n"))
}

func (n *normal) row(row *xhtml.Node, depth int) {
	var cells []string
	header := true // and nothing in it: what a table without a header has in Markdown
	for c := row.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == xhtml.ElementNode {
			text := runs(children(c))
			header = header && c.Data == "th" && text == ""
			cells = append(cells, c.Data+" "+text)
		}
	}
	if header {
		return
	}
	n.line(depth, "row %s", strings.Join(cells, " | "))
}

// run is text with one set of marks.
type run struct{ text, marks, link string }

// runs writes running text.
func runs(nodes []*xhtml.Node) string {
	var all []run
	for _, c := range nodes {
		inline(c, nil, "", &all)
	}
	var b strings.Builder
	for _, r := range joined(all) {
		fmt.Fprintf(&b, "%s%s%s ", strconv.Quote(r.text), r.marks, r.link)
	}
	return strings.TrimSpace(b.String())
}

// Atoms within running text, in characters that no text has.
const (
	atomOpen  = "\ue000"
	atomClose = "\ue001"
	lineBreak = "\ue002"
)

func inline(c *xhtml.Node, marks []string, link string, all *[]run) {
	name := map[string]string{"strong": "b", "b": "b", "em": "i", "i": "i", "del": "s", "s": "s", "strike": "s",
		"sub": "sub", "sup": "sup", "code": "code"}
	switch {
	case c.Type == xhtml.TextNode:
		sorted := slices.Clone(marks)
		slices.Sort(sorted)
		*all = append(*all, run{c.Data, fmt.Sprint(slices.Compact(sorted)), link})
		return
	case c.Type == xhtml.CommentNode:
		if note := strings.Join(strings.Fields(c.Data), " "); note != "" {
			*all = append(*all, run{atomOpen + "comment " + note + atomClose, "", ""})
		}
		return
	case c.Data == "br":
		*all = append(*all, run{lineBreak, "", ""})
	case c.Data == "img":
		*all = append(*all, run{atomOpen + "img " + attr(c, "alt") + " " + address(attr(c, "src")) + atomClose, "", link})
	case c.Data == "a":
		link = " -> " + address(attr(c, "href"))
	case name[c.Data] != "":
		marks = append(slices.Clone(marks), name[c.Data])
	}
	for d := c.FirstChild; d != nil; d = d.NextSibling {
		inline(d, marks, link, all)
	}
}

func address(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

const spaces = " \t\n\u00a0"

// joined returns the runs with white space made alike: none is marked, none stands
// at an edge or beside a break, and there is never more than one.
func joined(all []run) []run {
	var out []run
	space := false
	add := func(word, marks, link string) {
		lead := ""
		if space && len(out) > 0 && word != lineBreak && !strings.HasSuffix(out[len(out)-1].text, lineBreak) {
			lead = " "
		}
		space = false
		if n := len(out); n > 0 && word == lineBreak {
			out[n-1].text = strings.TrimRight(out[n-1].text, " ")
			if strings.HasSuffix(out[n-1].text, lineBreak) {
				return
			}
			out[n-1].text += lineBreak
			return
		}
		if word == lineBreak {
			return
		}
		if n := len(out); n > 0 && out[n-1].marks == marks && out[n-1].link == link {
			out[n-1].text += lead + word
			return
		}
		if lead != "" {
			out[len(out)-1].text += " "
		}
		out = append(out, run{word, marks, link})
	}
	for _, r := range all {
		rest := r.text
		for rest != "" {
			word := strings.TrimLeft(rest, spaces)
			space = space || len(word) < len(rest)
			end := strings.IndexAny(word, spaces)
			if end < 0 {
				end = len(word)
			}
			if end > 0 {
				add(word[:end], r.marks, r.link)
			}
			rest = word[end:]
		}
	}
	if n := len(out); n > 0 {
		out[n-1].text = strings.TrimRight(out[n-1].text, " "+lineBreak)
		if out[n-1].text == "" {
			out = out[:n-1]
		}
	}
	return out
}

func children(n *xhtml.Node) []*xhtml.Node {
	var all []*xhtml.Node
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		all = append(all, c)
	}
	return all
}

// find returns the elements of a name below a node, in order.
func find(n *xhtml.Node, name string) []*xhtml.Node {
	var all []*xhtml.Node
	for d := range n.Descendants() {
		if d.Type == xhtml.ElementNode && d.Data == name {
			all = append(all, d)
		}
	}
	return all
}

func text(n *xhtml.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == xhtml.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func attr(n *xhtml.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *xhtml.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a xhtml.Attribute) bool { return a.Key == name })
}
