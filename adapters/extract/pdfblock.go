package extract

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxParagraph bounds a paragraph, as each line that joins it copies it.
const maxParagraph = 32 << 10

// continues reports whether a line goes on the open paragraph.
func (c *pdfComposer) continues(l pdfLine) bool {
	prev := c.lastLine()
	if prev == nil {
		return false
	}
	_, _, item := listMark(l.text)
	down := prev.y - l.y
	sameSize := roundSize(prev.size) == roundSize(l.size) || c.heading == 0 && abs(prev.size-l.size) < 0.15*prev.size
	switch {
	case !sameSize || len(c.para) > maxParagraph:
		return false
	case c.heading > 0:
		return down > 0 && down < 1.6*l.size && prev.bold == l.bold && !isNumbered(l.text) && c.waiting == len(c.pageOf)
	case item:
		return false
	case c.waiting < len(c.pageOf) || down <= 0 || down > 8*l.size: // on the next page or in the next column
		return !isSentenceEnd(prev.text) && (startsLower(l.text) || endsInHyphen(prev.text)) && !l.bold
	case down > 1.3*c.stats.pitch*l.size:
		return false
	case prev.bold && !l.bold && len(c.lines) == 1 && c.isLoneHeading(*prev):
		return false
	}
	return !c.endsParagraph(*prev, l)
}

// endsParagraph reports whether a paragraph ends with prev although the next line
// stands close to it: prev ends early, or the next is indented.
func (c *pdfComposer) endsParagraph(prev, l pdfLine) bool {
	start, end := l.left-prev.left, 0.0
	for _, o := range append(c.lines, l) {
		end = max(end, o.right)
	}
	short := end - prev.right
	if l.rtl {
		start = prev.right - l.right
		end = prev.left
		for _, o := range append(c.lines, l) {
			end = min(end, o.left)
		}
		short = prev.left - end
	}
	width := max(prev.right-prev.left, l.right-l.left)
	switch {
	case isTableOfContents(prev.text) || isTableOfContents(l.text):
		return true
	case endsInHyphen(prev.text):
		return false
	case !l.rtl && prev.right < l.edge-0.35*(l.edge-l.left) && !startsLower(l.text):
		return true
	case start > 0.8*l.size && start < 6*l.size && isSentenceEnd(prev.text) && c.mark == "":
		return true
	case short > 0.15*width && isSentenceEnd(prev.text) && !startsLower(l.text):
		return true
	}
	return short > 0.45*width && !startsLower(l.text)
}

var (
	numberedHeading = regexp.MustCompile(`^((?:\d{1,3}|[A-Z])(?:\.\d{1,3})*)[.)]?\s+(\S.*)$`)
	romanHeading    = regexp.MustCompile(`^[IVX]{1,6}\.\s+[\p{Lu}\d][\p{Lu}\d\s,:–-]{3,}$`)
	chapterHeading  = regexp.MustCompile(`(?i)^(chapter|part|appendix|kapitel|chapitre|capítulo|глава|第)\s*[\p{Nd}\p{Lu}一二三四五六七八九十百]+\s*(章|部|[.:]|$|\s)`)
	leaders         = regexp.MustCompile(`\s*(?:[.·…]\s?){4,}\s*`)
)

func isTableOfContents(s string) bool { return leaders.MatchString(s) }

func isNumbered(s string) bool {
	return numberedHeading.MatchString(s) || romanHeading.MatchString(s) || chapterHeading.MatchString(s)
}

// headingLevel returns the level of the heading that a line is, or 0.
func (c *pdfComposer) headingLevel(l pdfLine, prev, next *pdfLine) int {
	length := utf8.RuneCountInString(l.text)
	if length > 160 || length < 2 || isTableOfContents(l.text) || !strings.ContainsFunc(l.text, unicode.IsLetter) {
		return 0
	}
	m := numberedHeading.FindStringSubmatch(l.text)
	dots := 0
	if m != nil {
		dots = strings.Count(m[1], ".")
	}
	switch {
	case c.isHeadingSize(l.size):
		if m != nil && firstRune(m[1]) <= '9' {
			return min(dots+1, 6)
		}
		return c.stats.rank(l.size)
	case l.size < c.stats.body-0.6:
		return 0
	case romanHeading.MatchString(l.text):
		return min(len(c.stats.headings)+1, 4)
	case m != nil && dots > 0 && c.isLoneHeading(l) && (l.bold || isApart(l, prev, next, c.stats.pitch)):
		return min(dots+1, 6)
	case m != nil && l.bold && c.isLoneHeading(l):
		return min(dots+1, 6)
	case l.bold && c.isLoneHeading(l) && isApart(l, prev, nil, c.stats.pitch) && next != nil && !next.bold:
		return min(len(c.stats.headings)+1, 6)
	}
	return 0
}

func (c *pdfComposer) isHeadingSize(size float64) bool {
	for _, h := range c.stats.headings {
		if h == roundSize(size) {
			return true
		}
	}
	return false
}

// isLoneHeading reports whether a line reads like a heading: short, and without
// the end of a sentence.
func (c *pdfComposer) isLoneHeading(l pdfLine) bool {
	first := firstRune(l.text)
	return utf8.RuneCountInString(l.text) <= 90 && !strings.ContainsRune(".,;。、،؛", lastRune(l.text)) && !unicode.IsLower(first) && !endsInHyphen(l.text)
}

// isApart reports whether a line stands further from its neighbours than lines of
// a paragraph do. A neighbour that is nil is far away.
func isApart(l pdfLine, prev, next *pdfLine, pitch float64) bool {
	far := 1.25 * pitch * l.size
	if prev != nil && prev.y > l.y && prev.y-l.y < far {
		return false
	}
	return next == nil || next.y > l.y || l.y-next.y >= far
}

// rowLength returns how many parts the first line has.
func rowLength(lines []pdfLine) int {
	n := 1
	for n < len(lines) && lines[n].row == lines[0].row {
		n++
	}
	return n
}

// joinRow makes the parts of a line one again.
func joinRow(parts []pdfLine) pdfLine {
	l := parts[0]
	for _, p := range parts[1:] {
		l.text += " " + p.text
		l.left, l.right = min(l.left, p.left), max(l.right, p.right)
		l.bold, l.mono = l.bold && p.bold, l.mono && p.mono
	}
	return l
}

// tableLength returns how many lines at the beginning are the rows of a table:
// two or more in a row that have parts. The mark of a list item is no part.
func tableLength(lines []pdfLine) int {
	rows, end := 0, 0
	for end < len(lines) {
		n := rowLength(lines[end:])
		if n < 2 || isMarkOnly(lines[end].text) || isTableOfContents(lines[end].text) || isTableOfContents(lines[end+n-1].text) {
			break
		}
		if rows > 0 && lines[end-1].y-lines[end].y > 5*lines[end].size {
			break
		}
		rows, end = rows+1, end+n
	}
	if rows < 2 {
		return 0
	}
	return end
}

func isMarkOnly(s string) bool {
	_, _, ok := listMark(s + " x")
	return ok && utf8.RuneCountInString(s) <= 5
}

// table writes rows whose parts are put under those of the longest row.
func (c *pdfComposer) table(lines []pdfLine) {
	var rows [][]pdfLine
	var columns []pdfLine
	for len(lines) > 0 {
		n := rowLength(lines)
		rows = append(rows, lines[:n])
		if n > len(columns) {
			columns = lines[:n]
		}
		lines = lines[n:]
	}
	cells := make([][]string, len(rows))
	for i, row := range rows {
		cells[i] = make([]string, len(columns))
		at := 0
		for k, part := range row {
			for at+len(row)-k < len(columns) && abs(columns[at+1].left-part.left) < abs(columns[at].left-part.left) {
				at++
			}
			cells[i][at] = escapeInline(strings.ReplaceAll(part.text, string(lineHyphen), "-"))
			at++
		}
	}
	c.md.table(cells)
	c.begun()
}

func abs(x float64) float64 { return max(x, -x) }
