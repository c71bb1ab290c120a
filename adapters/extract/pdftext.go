package extract

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

// composePDF makes paragraphs, headings, lists and tables out of lines.
func composePDF(title string, pages []pdfPage, max int) (*core.Extracted, error) {
	var empty []int
	for i := range pages {
		if len(pages[i].lines) == 0 {
			empty = append(empty, i+1)
		}
	}
	dropHeads(pages)
	for i := range pages {
		pages[i].arrange()
	}
	c := pdfComposer{md: &markdown{max: max}, stats: newPDFStats(pages)}
	for _, p := range pages {
		c.page(p)
		if err := c.md.check(); err != nil {
			return nil, err
		}
	}
	c.flush()
	out, err := extracted("", c.md, typePDF)
	if err != nil {
		return nil, err
	}
	out.Title = pdfTitle(title, out.Markdown)
	out.Pages = core.Pages{Starts: c.starts(utf8.RuneCountInString(out.Markdown)), WithoutText: empty}
	return out, nil
}

// titleWithin is how far into a text its title stands, in bytes.
const titleWithin = 4 << 10

// pdfTitle returns the title of the file's properties when it is one that the
// text has, too: others are often those of the template it was made from. Then
// the first heading is better.
func pdfTitle(properties, md string) string {
	head := md[:min(len(md), titleWithin)]
	if properties != "" && strings.Contains(headText(plainInline(head)), headText(properties)) {
		return properties
	}
	if h := firstHeading(md); h != "" {
		return h
	}
	return properties
}

// pdfComposer writes the lines of a file. The paragraph that it is in may go on
// with the next line, also over the end of a page.
type pdfComposer struct {
	md    *markdown
	stats pdfStats

	para    string    // text of the open paragraph, escaped
	mark    string    // of the list item it is, or ""
	level   int       // of that item
	heading int       // or the level of the heading it is
	lines   []pdfLine // of the open paragraph
	indents []float64 // left ends of the open list's levels

	pageOf  []int // for each page begun: where it starts
	waiting int   // pages whose first character has not been written
	inPara  []pageMark
}

// pageMark is a page that begins inside the open paragraph.
type pageMark struct{ page, at int }

// page writes the lines of a page.
func (c *pdfComposer) page(p pdfPage) {
	c.pageOf = append(c.pageOf, -1)
	for i := 0; i < len(p.lines); {
		if n := tableLength(p.lines[i:]); n > 0 {
			c.flush()
			c.table(p.lines[i : i+n])
			i += n
			continue
		}
		n := rowLength(p.lines[i:])
		l := joinRow(p.lines[i : i+n])
		var next *pdfLine
		if i+n < len(p.lines) {
			next = &p.lines[i+n]
		}
		c.line(l, next)
		i += n
	}
}

// line adds a line to the open paragraph or begins another with it.
func (c *pdfComposer) line(l pdfLine, next *pdfLine) {
	if l.mono && c.isCode(l) {
		c.flush()
		c.md.code(c.codeLine(l))
		c.begun()
		return
	}
	if c.continues(l) {
		c.extend(l)
		return
	}
	prev := c.lastLine()
	c.flush()
	c.heading = c.headingLevel(l, prev, next)
	text := l.text
	if c.heading == 0 {
		if isTableOfContents(text) {
			c.mark, text = "-", leaders.ReplaceAllString(text, " … ")
			c.level = c.listLevel(l.left)
		} else if mark, rest, ok := listMark(text); ok {
			c.mark, text = mark, rest
			c.level = c.listLevel(l.left)
		} else {
			c.indents = nil
		}
	}
	c.para = escapeInline(text)
	c.lines = append(c.lines, l)
	c.inPara = append(c.inPara, c.newPages(0)...)
}

// isCode reports whether a line in a font of equal widths is one of a listing and
// not the end of a paragraph on the same page.
func (c *pdfComposer) isCode(l pdfLine) bool {
	return len(c.lines) == 0 || c.waiting < len(c.pageOf) || !c.continues(l)
}

// codeLine gives a line of a listing its indentation back.
func (c *pdfComposer) codeLine(l pdfLine) string {
	if c.md.last != codeLine || len(c.indents) == 0 {
		c.indents = []float64{l.left}
	}
	n := 0
	if l.size > 0 {
		n = int((l.left-c.indents[0])/(0.6*l.size) + 0.5)
	}
	return strings.Repeat(" ", min(max(n, 0), 80)) + strings.ReplaceAll(l.text, string(lineHyphen), "-")
}

func (c *pdfComposer) lastLine() *pdfLine {
	if len(c.lines) == 0 {
		return nil
	}
	return &c.lines[len(c.lines)-1]
}

// extend joins a line to the open paragraph.
func (c *pdfComposer) extend(l pdfLine) {
	para, gap := c.stats.join(c.para, l.text)
	c.para = para + gap
	c.inPara = append(c.inPara, c.newPages(utf8.RuneCountInString(c.para))...)
	c.para += escapeInline(l.text)
	c.lines = append(c.lines, l)
}

// flush writes the open paragraph.
func (c *pdfComposer) flush() {
	if len(c.lines) == 0 {
		return
	}
	text := strings.ReplaceAll(c.para, string(lineHyphen), "-")
	switch {
	case c.heading > 0:
		c.md.heading(c.heading, text)
	case c.mark != "":
		c.md.item(c.level, c.mark, text)
	default:
		c.md.paragraph(text)
	}
	for _, m := range c.inPara {
		c.pageOf[m.page] = c.md.start
		if m.at > 0 {
			c.pageOf[m.page] = c.md.end() - utf8.RuneCountInString(text) + m.at
		}
	}
	c.para, c.mark, c.heading, c.level, c.lines, c.inPara = "", "", 0, 0, nil, nil
}

// newPages returns the pages that begin at a place of the open paragraph.
func (c *pdfComposer) newPages(at int) []pageMark {
	var marks []pageMark
	for ; c.waiting < len(c.pageOf); c.waiting++ {
		marks = append(marks, pageMark{c.waiting, at})
	}
	return marks
}

// begun notes that the pages begun start with the block that was written last.
func (c *pdfComposer) begun() {
	for _, m := range c.newPages(0) {
		c.pageOf[m.page] = c.md.start
	}
}

// starts returns where the pages begin; a page without text begins where the next
// one does.
func (c *pdfComposer) starts(length int) []int {
	next := length
	for i := len(c.pageOf) - 1; i >= 0; i-- {
		if c.pageOf[i] < 0 || c.pageOf[i] > next {
			c.pageOf[i] = next
		}
		next = c.pageOf[i]
	}
	return c.pageOf
}

var (
	bulletMark = regexp.MustCompile(`^[•◦▪▫‣●○■□➢➤✓✔·∙⁃*–—-]\s*(\S.*)$`)
	numberMark = regexp.MustCompile(`^(\d{1,3})[.)]\s+(\S.*)$`)
	letterMark = regexp.MustCompile(`^(\(?(?:[a-zA-Z]|[ivx]{1,4}|\d{1,2})\))\s+(\S.*)$`)
)

// listMark parts the mark of a list item from its text.
func listMark(s string) (mark, rest string, ok bool) {
	if m := bulletMark.FindStringSubmatch(s); m != nil {
		first := firstRune(s)
		if !strings.ContainsRune("*–—-·", first) || strings.HasPrefix(s[utf8.RuneLen(first):], " ") {
			return "-", m[1], true
		}
	}
	if m := numberMark.FindStringSubmatch(s); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			return decimal(n), m[2], true
		}
	}
	if m := letterMark.FindStringSubmatch(s); m != nil {
		return "-", s, true
	}
	return "", "", false
}

// listLevel returns the level of an item by where it stands.
func (c *pdfComposer) listLevel(left float64) int {
	for len(c.indents) > 0 && left < c.indents[len(c.indents)-1]-4 {
		c.indents = c.indents[:len(c.indents)-1]
	}
	if len(c.indents) == 0 || left > c.indents[len(c.indents)-1]+4 {
		c.indents = append(c.indents, left)
	}
	return len(c.indents) - 1
}

func isSentenceEnd(s string) bool {
	s = strings.TrimRight(s, `"'”’)]»」』）`)
	return strings.ContainsRune(".!?:;。．！？：；؟।", lastRune(s)) && s != ""
}

func startsLower(s string) bool {
	r := firstRune(s)
	return unicode.IsLower(r) || isUnspaced(r) || unicode.Is(unicode.Lo, r)
}
