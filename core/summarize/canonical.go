package summarize

import (
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

// Span is a half-open range of code points of the stored text, which is how the
// contract's citations count. For every span that this package returns,
// []rune(stored)[Start:End] is the quote.
type Span struct{ Start, End int }

// Text is a document in canonical form. It is safe for concurrent use.
type Text struct {
	stored string
	canon  string
	runs   []run
	points []point
	ascii  bool

	once      sync.Once
	blocks    []Block
	sentences []Sentence
}

// run is a stretch that canonical and stored text share: n bytes from byte
// canon of the one and from byte stored of the other.
type run struct{ canon, stored, n int }

// point says that cp code points stand before byte at of the stored text.
type point struct{ at, cp int }

// pointEvery is how far apart points are, in bytes: an offset costs at most
// this much counting, and a text costs 1/16 of its size for the way back.
const pointEvery = 256

// Canonical returns the canonical form of a stored text: line ends are LF,
// blanks at line ends and the zero-width U+200B, U+2060 and U+FEFF are gone,
// and three or more blank lines are two. U+200C and U+200D stay, they carry
// meaning. Letters are kept as they are stored, composed or not.
func Canonical(stored string) *Text {
	t := &Text{stored: stored}
	var out strings.Builder
	out.Grow(len(stored))
	blank := 0
	for at := 0; at < len(stored); {
		end, next := lineEnd(stored, at)
		last := trimLine(stored, at, end)
		if last == at {
			blank++
		} else {
			blank = 0
		}
		if blank <= 2 {
			t.copyLine(&out, at, last)
			if next > end {
				t.copyBytes(&out, "\n", next-1)
			}
		}
		at = next
	}
	t.canon = out.String()
	t.index()
	return t
}

// lineEnd returns where the line that begins at byte at ends and the next begins.
func lineEnd(s string, at int) (end, next int) {
	i := strings.IndexAny(s[at:], "\r\n")
	if i < 0 {
		return len(s), len(s)
	}
	end = at + i
	if s[end] == '\r' && end+1 < len(s) && s[end+1] == '\n' {
		return end, end + 2
	}
	return end, end + 1
}

// trimLine returns the end of s[at:end] without blanks and zero-width characters.
func trimLine(s string, at, end int) int {
	for end > at {
		switch {
		case s[end-1] == ' ' || s[end-1] == '\t':
			end--
		case zeroWidth(s[max(at, end-3):end]):
			end -= 3
		default:
			return end
		}
	}
	return at
}

func zeroWidth(s string) bool {
	return s == "\u200b" || s == "\u2060" || s == "\ufeff"
}

// copyLine copies stored[from:to] without zero-width characters.
func (t *Text) copyLine(out *strings.Builder, from, to int) {
	start := from
	for i := from; i+3 <= to; {
		if c := t.stored[i]; (c == 0xe2 || c == 0xef) && zeroWidth(t.stored[i:i+3]) {
			t.copyBytes(out, t.stored[start:i], start)
			i += 3
			start = i
			continue
		}
		i++
	}
	t.copyBytes(out, t.stored[start:to], start)
}

// copyBytes appends s, which stands at byte stored of the stored text. A
// carriage return that became a line feed is a run of one, like any other.
func (t *Text) copyBytes(out *strings.Builder, s string, stored int) {
	if s == "" {
		return
	}
	if k := len(t.runs) - 1; k >= 0 && t.runs[k].stored+t.runs[k].n == stored {
		t.runs[k].n += len(s)
	} else {
		t.runs = append(t.runs, run{canon: out.Len(), stored: stored, n: len(s)})
	}
	out.WriteString(s)
}

// index counts the stored text's code points once, a point every few bytes.
func (t *Text) index() {
	t.ascii = true
	cp, next := 0, 0
	for i, r := range t.stored {
		if r >= utf8.RuneSelf {
			t.ascii = false
		}
		if i >= next {
			t.points = append(t.points, point{at: i, cp: cp})
			next = i - i%pointEvery + pointEvery
		}
		cp++
	}
	if t.ascii {
		t.points = nil
	}
}

// String returns the canonical text. Blocks and sentences are told in bytes of it.
func (t *Text) String() string { return t.canon }

// Source returns the span of the stored text that canon[start:end] came from;
// both must be character boundaries within the canonical text. What was left
// out inside it is part of the span, what was left out around it is not.
func (t *Text) Source(start, end int) Span {
	if start >= end {
		at := t.codePoint(t.storedByte(start))
		return Span{Start: at, End: at}
	}
	return Span{
		Start: t.codePoint(t.storedByte(start)),
		End:   t.codePoint(t.storedByte(end-1) + 1),
	}
}

// storedByte returns the byte of the stored text that byte at of the canonical
// text came from, and the end of the copied text for the canonical end.
func (t *Text) storedByte(at int) int {
	if len(t.runs) == 0 {
		return 0
	}
	k := sort.Search(len(t.runs), func(i int) bool { return t.runs[i].canon > at }) - 1
	r := t.runs[max(k, 0)]
	return r.stored + min(max(at-r.canon, 0), r.n)
}

// codePoint returns how many code points stand before byte at of the stored text.
func (t *Text) codePoint(at int) int {
	if t.ascii || len(t.points) == 0 {
		return at
	}
	k := sort.Search(len(t.points), func(i int) bool { return t.points[i].at > at }) - 1
	p := t.points[max(k, 0)]
	return p.cp + utf8.RuneCountInString(t.stored[p.at:at])
}

// Quote returns the stored text of a span, byte for byte. A span outside the
// text is cut to it.
func (t *Text) Quote(s Span) string {
	start, end := t.byteOf(s.Start), t.byteOf(s.End)
	if start >= end {
		return ""
	}
	return t.stored[start:end]
}

// byteOf returns the byte of the stored text at which code point cp begins.
func (t *Text) byteOf(cp int) int {
	if t.ascii || len(t.points) == 0 {
		return min(max(cp, 0), len(t.stored))
	}
	k := sort.Search(len(t.points), func(i int) bool { return t.points[i].cp > cp }) - 1
	p := t.points[max(k, 0)]
	at, left := p.at, cp-p.cp
	for left > 0 && at < len(t.stored) {
		_, size := utf8.DecodeRuneInString(t.stored[at:])
		at += size
		left--
	}
	return at
}
