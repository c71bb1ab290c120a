package extract

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// pdfPage is what is on a page, in the order in which the file draws it.
type pdfPage struct {
	width, height float64
	lines         []pdfLine
}

// pdfLine is a line of text, or the part of one between two wide gaps. Lengths are
// in points, y grows upwards.
type pdfLine struct {
	text        string
	left, right float64
	y           float64 // of the baseline
	size        float64 // of the font, as it is seen
	bold, mono  bool
	rtl         bool
	edge        float64 // how far the lines of its column reach to the right
	row         int     // parts of one line have the same number
}

var officeFileName = regexp.MustCompile(`(?i)^(microsoft word - .*|untitled.*|.*\.(docx?|pptx?|xlsx?|odt|tex|dvi|indd|pdf|rtf|fm|qxd))$`)

// page reads page i, counted from 0.
func (d *pdfDoc) page(i int) (pdfPage, error) {
	var p pdfPage
	page, err := d.inst.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: d.ref, Index: i})
	if err != nil {
		return p, err
	}
	defer func() { _, _ = d.inst.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: page.Page}) }()
	at := requests.Page{ByReference: &page.Page}
	if w, err := d.inst.FPDF_GetPageWidthF(&requests.FPDF_GetPageWidthF{Page: at}); err == nil {
		p.width = float64(w.PageWidth)
	}
	if h, err := d.inst.FPDF_GetPageHeightF(&requests.FPDF_GetPageHeightF{Page: at}); err == nil {
		p.height = float64(h.PageHeight)
	}
	text, err := d.inst.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: at})
	if err != nil {
		return p, err
	}
	r := pdfReader{pdfDoc: d, page: at, ref: text.TextPage}
	defer func() { _, _ = d.inst.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage}) }()
	p.lines, err = r.lines()
	return p, err
}

// pdfReader reads the characters of one page.
type pdfReader struct {
	*pdfDoc
	page  requests.Page
	ref   references.FPDF_TEXTPAGE
	chars []rune
	boxes [][2]float64 // left and right of each character, on right-to-left pages only
}

// lines returns the page's lines. PDFium puts the characters in the order of the
// file, each line in the order of its script, with line ends where it sees them.
func (r *pdfReader) lines() ([]pdfLine, error) {
	if err := r.load(); err != nil {
		return nil, err
	}
	if mostlyRTL(r.chars) {
		if err := r.loadBoxes(); err != nil {
			return nil, err
		}
	}
	var lines []pdfLine
	for start := 0; start < len(r.chars); {
		end := start
		for end < len(r.chars) && r.chars[end] != '\n' && r.chars[end] != '\r' && r.chars[end] != lineHyphen {
			end++
		}
		if end < len(r.chars) && r.chars[end] == lineHyphen { // no line end follows it
			end++
		}
		lines = sameRow(lines, r.line(start, end, len(lines)))
		start = max(end, start+1)
	}
	return lines, nil
}

// sameRow appends a line. One that stands to the right of the last is a part of
// it: PDFium ends a line at some wide gaps.
func sameRow(lines, next []pdfLine) []pdfLine {
	if len(lines) > 0 && len(next) > 0 {
		last, first := lines[len(lines)-1], next[0]
		if abs(last.y-first.y) < 0.1*last.size && first.left > last.right && !last.rtl {
			for i := range next {
				next[i].row = last.row
			}
		}
	}
	return append(lines, next...)
}

// load reads the characters, so that chars[i] is PDFium's character i. The text
// as a whole leaves out those without a code; then they are read one by one.
func (r *pdfReader) load() error {
	n, err := r.inst.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: r.ref})
	if err != nil || n.Count <= 0 {
		return err
	}
	all, err := r.inst.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: r.ref, Count: n.Count})
	if err != nil {
		return err
	}
	r.chars = []rune(strings.ReplaceAll(strings.TrimRight(all.Text, "\x00"), "\ufffe", string(lineHyphen)))
	if len(r.chars) == n.Count {
		return nil
	}
	r.chars = make([]rune, n.Count)
	for i := range r.chars {
		c, err := r.inst.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: r.ref, Index: i})
		if err != nil {
			return err
		}
		r.chars[i] = rune(c.Unicode)
	}
	return nil
}

// line returns the characters from start to end as a line, or as several when
// there are gaps in it as wide as those between columns.
func (r *pdfReader) line(start, end, row int) []pdfLine {
	for start < end && isPDFSpace(r.chars[start]) {
		start++
	}
	for end > start && isPDFSpace(r.chars[end-1]) {
		end--
	}
	if start == end {
		return nil
	}
	whole := r.measure(start, end)
	whole.row = row
	if r.boxes != nil && end-start < maxVisual && slices.ContainsFunc(r.chars[start:end], isRTL) {
		whole.text = r.visual(start, end, whole.size)
		for _, box := range r.boxes[start:min(end, len(r.boxes))] {
			whole.left, whole.right = min(whole.left, box[0]), max(whole.right, box[1])
		}
		whole.rtl = true
		return []pdfLine{whole}
	}
	if !r.hasGap(start, end, whole.size) {
		return []pdfLine{whole}
	}
	return r.parts(start, end, row, whole.size)
}

// parts returns a line cut at its gaps.
func (r *pdfReader) parts(start, end, row int, size float64) []pdfLine {
	var out []pdfLine
	from := start
	cut := func(to int) {
		part := r.measure(from, to)
		part.row = row
		out = append(out, part)
	}
	for i := start + 1; i < end-1; i++ {
		if !isPDFSpace(r.chars[i]) {
			continue
		}
		next := i
		for next < end && isPDFSpace(r.chars[next]) {
			next++
		}
		if r.distance(i-1, next) > gapWidth(size) {
			cut(i)
			from = next
		}
		i = next
	}
	cut(end)
	return out
}

// gapWidth is the gap from which on two words are no neighbours in a sentence.
func gapWidth(size float64) float64 { return max(1.8*size, 12) }

// hasGap reports whether boxes of the line stand far apart. They are much fewer
// than characters.
func (r *pdfReader) hasGap(start, end int, size float64) bool {
	n, err := r.inst.FPDFText_CountRects(&requests.FPDFText_CountRects{TextPage: r.ref, StartIndex: start, Count: end - start})
	if err != nil || n.Count < 2 {
		return false
	}
	left, right := 0.0, 0.0
	for i := range min(n.Count, 1000) {
		box, err := r.inst.FPDFText_GetRect(&requests.FPDFText_GetRect{TextPage: r.ref, Index: i})
		if err != nil {
			return false
		}
		if i > 0 && max(box.Left-right, left-box.Right) > gapWidth(size) {
			return true
		}
		left, right = box.Left, box.Right
	}
	return false
}

// distance returns the horizontal gap between two characters.
func (r *pdfReader) distance(i, j int) float64 {
	a, errA := r.inst.FPDFText_GetCharBox(&requests.FPDFText_GetCharBox{TextPage: r.ref, Index: i})
	b, errB := r.inst.FPDFText_GetCharBox(&requests.FPDFText_GetCharBox{TextPage: r.ref, Index: j})
	if errA != nil || errB != nil {
		return 0
	}
	return max(b.Left-a.Right, a.Left-b.Right)
}

// measure finds out where a line stands and how it looks, from its first, middle
// and last character.
func (r *pdfReader) measure(start, end int) pdfLine {
	l := pdfLine{text: r.text(start, end), left: math.Inf(1), right: math.Inf(-1), bold: true, mono: true}
	for _, i := range []int{start, end - 1} {
		if box, err := r.inst.FPDFText_GetCharBox(&requests.FPDFText_GetCharBox{TextPage: r.ref, Index: i}); err == nil {
			l.left, l.right = min(l.left, box.Left), max(l.right, box.Right)
		}
	}
	if math.IsInf(l.left, 0) {
		l.left, l.right = 0, 0
	}
	if o, err := r.inst.FPDFText_GetCharOrigin(&requests.FPDFText_GetCharOrigin{TextPage: r.ref, Index: start}); err == nil {
		l.y = o.Y
	}
	for _, i := range r.samples(start, end) {
		size, bold, mono := r.font(i)
		l.size = max(l.size, size)
		l.bold, l.mono = l.bold && bold, l.mono && mono
	}
	return l
}

// samples returns up to three characters of a line that are visible.
func (r *pdfReader) samples(start, end int) []int {
	middle := (start + end) / 2
	for middle < end-1 && isPDFSpace(r.chars[middle]) {
		middle++
	}
	switch end - start {
	case 1:
		return []int{start}
	case 2, 3:
		return []int{start, end - 1}
	}
	return []int{start, middle, end - 1}
}

// font returns the size that a character is seen in and how its font looks.
func (r *pdfReader) font(i int) (size float64, bold, mono bool) {
	if s, err := r.inst.FPDFText_GetFontSize(&requests.FPDFText_GetFontSize{TextPage: r.ref, Index: i}); err == nil {
		size = s.FontSize
	}
	if m, err := r.inst.FPDFText_GetMatrix(&requests.FPDFText_GetMatrix{TextPage: r.ref, Index: i}); err == nil {
		size *= math.Hypot(float64(m.Matrix.C), float64(m.Matrix.D))
	}
	if f, err := r.inst.FPDFText_GetFontInfo(&requests.FPDFText_GetFontInfo{TextPage: r.ref, Index: i}); err == nil {
		name := strings.ToLower(f.FontName)
		bold = f.Flags&(1<<18) != 0 || strings.Contains(name, "bold") || strings.Contains(name, "black") || strings.Contains(name, "heavy")
		mono = f.Flags&1 != 0 || isMonospace(name)
	}
	return size, bold, mono
}

func (r *pdfReader) text(start, end int) string { return cleanPDFText(string(r.chars[start:end])) }

func isPDFSpace(r rune) bool { return r == 0 || unicode.IsSpace(r) }

// cleanPDFText takes out what is no character, and makes runs of spaces one. A
// hyphen at a line end stays marked.
func cleanPDFText(s string) string {
	var b strings.Builder
	space := false
	for _, r := range s {
		switch {
		case isPDFSpace(r):
			space = true
			continue
		case r == lineHyphen:
		case r == utf8.RuneError, r < 0x20, r == 0x7f, r == 0xffff:
			continue
		case r == '\uf0b7', r == '\uf0a7', r == '\uf0d8': // bullets of the symbol fonts
			r = '•'
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}

// lineHyphen stands for a hyphen at a line's end. PDFium has it as a character, but
// as U+FFFE in the text of a whole page, and no line end after it.
const lineHyphen = '\x02'
