package extract

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/klippa-app/go-pdfium/requests"
)

// isRTL reports whether a letter belongs to a script written from right to left.
func isRTL(r rune) bool {
	return r >= 0x590 && r <= 0x8ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefe ||
		r >= 0x10800 && r <= 0x10fff || r >= 0x1e800 && r <= 0x1efff
}

// maxVisual bounds the line whose order is made from where its characters stand:
// each mark is compared with each letter.
const maxVisual = 3000

// mostlyRTL reports whether more letters are right-to-left ones than others.
func mostlyRTL(chars []rune) bool {
	rtl, ltr := 0, 0
	for _, c := range chars {
		switch {
		case !unicode.IsLetter(c):
		case isRTL(c):
			rtl++
		default:
			ltr++
		}
	}
	return rtl > ltr
}

// piece is a part of a line whose characters PDFium has in the right order: the
// joined letters of a word, or one other character.
type piece struct {
	chars       []int // their places in PDFium's order
	left, right float64
	ltr         bool
	ligature    int // where in chars the last ligature begins
}

// loadBoxes reads where all characters of the page stand.
func (r *pdfReader) loadBoxes() error {
	s, err := r.inst.GetPageTextStructured(&requests.GetPageTextStructured{Page: r.page, Mode: requests.GetPageTextStructuredModeChars})
	if err != nil {
		return err
	}
	r.boxes = make([][2]float64, len(s.Chars))
	for i, c := range s.Chars {
		r.boxes[i] = [2]float64{c.PointPosition.Left, c.PointPosition.Right}
	}
	return nil
}

// visual returns a line in the order in which it is read, made from where its
// words stand: programs draw the words of a right-to-left line in any order.
func (r *pdfReader) visual(start, end int, size float64) string {
	pieces := r.pieces(start, end, size)
	slices.SortStableFunc(pieces, func(a, b piece) int { return cmp.Compare(b.left+b.right, a.left+a.right) })
	var b strings.Builder
	for i := 0; i < len(pieces); {
		end := r.ltrRun(pieces, i)
		if end == i {
			r.write(&b, pieces[i], true)
			end++
		} else {
			for j := end - 1; j >= i; j-- {
				r.write(&b, pieces[j], false)
				if j > i && r.spaced(pieces[j-1], pieces[j], size) {
					b.WriteByte(' ')
				}
			}
		}
		if end < len(pieces) && r.spaced(pieces[end-1], pieces[end], size) {
			b.WriteByte(' ')
		}
		i = end
	}
	return cleanPDFText(b.String())
}

// ltrRun returns where a run of pieces ends that are read from left to right:
// letters and numbers with the signs between them.
func (r *pdfReader) ltrRun(pieces []piece, from int) int {
	end := from
	for i := from; i < len(pieces); i++ {
		switch {
		case pieces[i].ltr:
			end = i + 1
		case end == from || isRTL(r.chars[pieces[i].chars[0]]):
			return end
		}
	}
	return end
}

func (r *pdfReader) write(b *strings.Builder, a piece, rtl bool) {
	for _, i := range a.chars {
		c := r.chars[i]
		if rtl {
			c = mirrored(c)
		}
		b.WriteRune(c)
	}
}

// spaced reports whether there is a space between two pieces, of which the second
// stands to the left of the first. PDFium knows it of those that follow each
// other in its order too; of others the gap tells.
func (r *pdfReader) spaced(right, left piece, size float64) bool {
	gap := right.left - left.right
	if !r.isWord(right) || !r.isWord(left) { // PDFium's space may be on the other side of a sign
		return gap > 0.22*size
	}
	a, b := slices.Max(right.chars), slices.Min(left.chars)
	if a > b {
		a, b = slices.Max(left.chars), slices.Min(right.chars)
	}
	for i := a + 1; i < b; i++ {
		switch c := r.chars[i]; {
		case isPDFSpace(c):
			return gap > 0.05*size
		case !unicode.Is(unicode.Mn, c):
			return gap > 0.14*size
		}
	}
	return gap > 0.5*size
}

// pieces parts a line into pieces. A letter goes on a word when it follows in PDFium's order
// and does not stand back to the right.
func (r *pdfReader) pieces(start, end int, size float64) []piece {
	var out []piece
	var marks []int
	for i := start; i < min(end, len(r.boxes)); i++ {
		c, box := r.chars[i], r.boxes[i]
		last := len(out) - 1
		switch {
		case isPDFSpace(c):
		case unicode.Is(unicode.Mn, c):
			marks = append(marks, i)
		case last >= 0 && isRTL(c) && r.follows(out[last], i, size):
			out[last].add(r, i)
		default:
			out = append(out, piece{chars: []int{i}, left: box[0], right: box[1], ltr: isLTR(c)})
		}
	}
	for _, i := range marks {
		r.place(out, i)
	}
	return out
}

func isLTR(c rune) bool {
	return unicode.IsDigit(c) || unicode.IsLetter(c) && !isRTL(c) || strings.ContainsRune("/\\_@~$%+=", c)
}

// follows reports whether character i goes on the word a.
func (r *pdfReader) follows(a piece, i int, size float64) bool {
	prev := a.chars[len(a.chars)-1]
	if !isRTL(r.chars[prev]) {
		return false
	}
	for j := prev + 1; j < i; j++ {
		if !unicode.Is(unicode.Mn, r.chars[j]) {
			return false
		}
	}
	return r.boxes[i][1] < r.boxes[prev][1]+0.5*size
}

// add puts character i at the end of a word. PDFium turns what is drawn from left
// to right around, and with it the parts of a ligature, which have one place.
func (a *piece) add(r *pdfReader, i int) {
	box := r.boxes[i]
	if box == r.boxes[a.chars[len(a.chars)-1]] {
		a.chars = slices.Insert(a.chars, a.ligature, i)
	} else {
		a.ligature = len(a.chars)
		a.chars = append(a.chars, i)
	}
	a.left, a.right = min(a.left, box[0]), max(a.right, box[1])
}

// place puts a mark after the letter that it stands over.
func (r *pdfReader) place(pieces []piece, mark int) {
	var best *piece
	at, distance := 0, 0.0
	center := r.boxes[mark][0] + r.boxes[mark][1]
	for i := range pieces {
		for j, c := range pieces[i].chars {
			d := r.boxes[c][0] + r.boxes[c][1] - center
			if d = max(d, -d); best == nil || d < distance {
				best, at, distance = &pieces[i], j, d
			}
		}
	}
	if best != nil {
		best.chars = slices.Insert(best.chars, at+1, mark)
	}
}

func (r *pdfReader) isWord(p piece) bool { return isWordRune(r.chars[p.chars[0]]) }

// mirrored turns a bracket around: in a right-to-left line an opening bracket is
// drawn as a closing one.
func mirrored(c rune) rune {
	pairs := []rune("()[]{}<>«»")
	if i := slices.Index(pairs, c); i >= 0 {
		return pairs[i^1]
	}
	return c
}
