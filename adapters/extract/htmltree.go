package extract

import (
	"context"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The bounds of a tree: far above what people write, and low enough that no page
// takes more than seconds.
const (
	// maxTokens bounds the nodes of a tree and so its memory.
	maxTokens = 1 << 20
	// maxReopened bounds the nodes that unclosed tags such as <b> add: the parser
	// opens them again in each following block.
	maxReopened = 1 << 20
	// maxWork bounds the time of rendering: each level copies the text below it.
	maxWork = 1 << 30
	// maxScans bounds the time of escaping: for each mark the converter looks
	// through the line for its partner.
	maxScans = 4 << 30
	// maxCells bounds a table after its rows were made equally long.
	maxCells = 200000
	// maxSpan bounds how many cells one cell may cover.
	maxSpan = 100
)

// fitsTree reports whether the tree of a page stays within maxTokens and
// maxReopened. It reads tokens only.
func fitsTree(ctx context.Context, s string) bool {
	z := html.NewTokenizer(ctxReader{ctx, strings.NewReader(s)})
	open, reopened := 0, 0
	for tokens := 0; tokens <= maxTokens && reopened <= maxReopened; tokens++ {
		switch z.Next() {
		case html.ErrorToken:
			return true
		case html.StartTagToken:
			if name, _ := z.TagName(); isFormatting(atom.Lookup(name)) {
				open++
			} else {
				reopened += max(open-8, 0)
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); isFormatting(atom.Lookup(name)) {
				open = max(open-1, 0)
			} else {
				reopened += max(open-8, 0)
			}
		}
	}
	return false
}

func isFormatting(a atom.Atom) bool {
	switch a {
	case atom.A, atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.Nobr,
		atom.S, atom.Small, atom.Strike, atom.Strong, atom.Tt, atom.U:
		return true
	}
	return false
}

// tree takes off a page what is no text for a reader.
type tree struct {
	ctx   context.Context
	base  *url.URL // nil: links stay as they are
	alone bool     // the page is a part of a file: relative links lead nowhere
	nodes int
	work  int // bytes of text times the levels they stand in
	scans int // Markdown marks in the text times the length of their lines

	lineLen, lineMarks int // of the line that clean is in
}

// level is where a node stands.
type level struct {
	depth  int
	quotes int // of these, block quotes and lists: they rewrite each line in them
}

func (l level) below(n *html.Node) level {
	l.depth++
	switch n.DataAtom {
	case atom.Blockquote, atom.Ul, atom.Ol:
		l.quotes++
	}
	return l
}

// clean removes what is never shown and what only helps to navigate, and makes
// links absolute. The parser bounds the depth at 512.
func (t *tree) clean(n *html.Node, at level) {
	if t.nodes++; t.nodes%1024 == 0 && t.ctx.Err() != nil {
		return
	}
	if !isInline(n.DataAtom) {
		t.endLine()
		defer t.endLine()
	}
	var next *html.Node
	for c := n.FirstChild; c != nil; c = next {
		next = c.NextSibling
		switch {
		case c.Type == html.TextNode:
			t.weigh(c.Data, at)
		case c.Type != html.ElementNode && c.Type != html.DoctypeNode, c.Type == html.ElementNode && isDropped(c):
			n.RemoveChild(c)
		default:
			t.clean(c, at.below(c))
			t.mend(c)
		}
	}
}

// weigh adds up what rendering a text will take. A block quote's level weighs
// more than others: 400 of them around 10,000 lines took 16 s.
func (t *tree) weigh(text string, at level) {
	t.nodes++
	t.work += (len(text) + 64) * (1 + at.depth + 16*at.quotes)
	t.lineLen += len(text)
	for i := range len(text) {
		switch text[i] {
		case '*', '_', '`', '[', ']', '#', '~', '|', '-', '+', '=', '!', '\\':
			t.lineMarks++
		}
	}
}

func (t *tree) endLine() {
	t.scans += t.lineLen * t.lineMarks
	t.lineLen, t.lineMarks = 0, 0
}

// mend changes one element whose children are clean already.
func (t *tree) mend(n *html.Node) {
	switch n.DataAtom {
	case atom.A:
		if href, ok := t.absolute(attr(n, "href")); ok {
			setAttr(n, "href", href)
		} else {
			unwrap(n)
		}
	case atom.Img:
		if src, ok := t.absolute(attr(n, "src")); ok && src != "" {
			setAttr(n, "src", src)
		} else {
			n.Parent.RemoveChild(n)
		}
	case atom.Td, atom.Th:
		limitSpan(n, "colspan")
		limitSpan(n, "rowspan")
	case atom.Table:
		if tableCells(n) > maxCells {
			unwrapTable(n)
		}
	}
}

// absolute resolves a link; false is for one that leads nowhere outside a browser.
func (t *tree) absolute(ref string) (string, bool) {
	ref = strings.TrimSpace(ref)
	scheme, _, found := strings.Cut(ref, ":")
	if found {
		switch strings.ToLower(strings.Join(strings.Fields(scheme), "")) {
		case "javascript", "data", "vbscript", "blob", "about":
			return "", false
		}
	}
	if ref == "" {
		return "", false
	}
	if t.alone {
		return ref, webLink(ref) != ""
	}
	u, err := url.Parse(ref)
	if err != nil || t.base == nil || strings.HasPrefix(ref, "#") {
		return ref, true
	}
	return t.base.ResolveReference(u).String(), true
}

var hiddenStyle = regexp.MustCompile(`(?i)(^|;)\s*(display\s*:\s*none|visibility\s*:\s*hidden)\b`)

func isDropped(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Frame, atom.Frameset,
		atom.Object, atom.Embed, atom.Svg, atom.Canvas, atom.Audio, atom.Video, atom.Nav,
		atom.Input, atom.Select, atom.Textarea, atom.Button, atom.Datalist, atom.Link:
		return true
	case atom.Body, atom.Html:
		return false // pages hide themselves until a script shows them
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return a.Val != "until-found"
		case "aria-hidden":
			if a.Val == "true" {
				return true
			}
		case "role":
			if a.Val == "navigation" || a.Val == "search" {
				return true
			}
		case "style":
			if hiddenStyle.MatchString(a.Val) {
				return true
			}
		}
	}
	return false
}

func limitSpan(n *html.Node, key string) {
	if v := attr(n, key); v != "" {
		if span, err := strconv.Atoi(strings.TrimSpace(v)); err != nil || span < 1 || span > maxSpan {
			setAttr(n, key, "1")
		}
	}
}

// tableCells returns how many cells a table has when all its rows are as long as
// the longest can be.
func tableCells(table *html.Node) int {
	rows, longest, covered := 0, 0, 0
	for n := range table.Descendants() {
		switch n.DataAtom {
		case atom.Tr:
			rows++
			width := 0
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				across, down := span(c, "colspan"), span(c, "rowspan")
				width += across
				covered += across * (down - 1)
			}
			longest = max(longest, width)
		}
	}
	return rows*longest + covered
}

func span(n *html.Node, key string) int {
	if v, err := strconv.Atoi(strings.TrimSpace(attr(n, key))); err == nil {
		return v
	}
	return 1
}

// unwrapTable makes a table's rows paragraphs.
func unwrapTable(table *html.Node) {
	for n := range table.Descendants() {
		switch n.DataAtom {
		case atom.Table, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Caption:
			n.DataAtom, n.Data = atom.Div, "div"
		case atom.Td, atom.Th:
			n.DataAtom, n.Data = atom.Span, "span"
			n.AppendChild(&html.Node{Type: html.TextNode, Data: " "})
		}
	}
	table.DataAtom, table.Data = atom.Div, "div"
}

// unwrap puts the children of n in its place.
func unwrap(n *html.Node) {
	for n.FirstChild != nil {
		c := n.FirstChild
		n.RemoveChild(c)
		n.Parent.InsertBefore(c, n)
	}
	n.Parent.RemoveChild(n)
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func setAttr(n *html.Node, key, val string) {
	for i, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			n.Attr[i].Val = val
		}
	}
}

func first(n *html.Node, a atom.Atom) *html.Node {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.DataAtom == a {
			return d
		}
	}
	return nil
}

func innerText(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// proseLen counts the characters of n that are no white space, but for those in
// links and in the parts that stand beside the content.
func proseLen(n *html.Node) int {
	length := 0
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode:
			for _, r := range c.Data {
				if !unicode.IsSpace(r) {
					length++
				}
			}
		case c.DataAtom != atom.A && c.DataAtom != atom.Aside && c.DataAtom != atom.Footer && c.DataAtom != atom.Header:
			length += proseLen(c)
		}
	}
	return length
}
