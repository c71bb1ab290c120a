package summarize

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/sentences"
)

// Sentence is one sentence of a paragraph, list item, quotation or turn.
// Start and End are bytes of the canonical text, without white space around.
type Sentence struct {
	Start, End int
	Block      int  // index into Blocks
	First      bool // the first of its block; in a turn the label belongs to it
}

// Sentences returns the document's sentences in order. Code, tables, headings
// and meta have none. A sentence may run over hard line breaks. The slice is
// shared, do not change it.
func (t *Text) Sentences() []Sentence {
	t.once.Do(t.read)
	return t.sentences
}

// longestSentence is the length in words over which a "sentence" is a run of
// text without punctuation and is cut into pieces.
const longestSentence = 150

func (t *Text) splitBlocks() []Sentence {
	var out []Sentence
	for i, b := range t.blocks {
		switch b.Kind {
		case Code, Table, Meta, Heading:
			continue
		}
		flat := joinLines(t.canon[b.body:b.End])
		first := true
		for _, end := range sentenceEnds(flat) {
			start, end := trimSpace(t.canon, b.body+end[0], b.body+end[1])
			if start == end {
				continue
			}
			if first && b.Kind == Turn {
				start = b.Start
			}
			out = append(out, Sentence{Start: start, End: end, Block: i, First: first})
			first = false
		}
	}
	return out
}

// joinLines replaces line breaks, and the quotation marks of the next line, by
// as many spaces: sentences run over them, and offsets stay what they are.
func joinLines(s string) string {
	if !strings.Contains(s, "\n") {
		return s
	}
	out := []byte(s)
	for i := 0; i < len(out); i++ {
		if out[i] != '\n' {
			continue
		}
		for j := i; j < len(out) && (out[j] == '\n' || out[j] == ' ' || out[j] == '\t' || out[j] == '>'); j++ {
			out[j] = ' '
		}
	}
	return string(out)
}

func trimSpace(s string, start, end int) (int, int) {
	part := s[start:end]
	left := strings.TrimLeftFunc(part, unicode.IsSpace)
	start = end - len(left)
	return start, start + len(strings.TrimRightFunc(left, unicode.IsSpace))
}

// sentenceEnds returns the pieces of one paragraph: the boundaries of UAX #29
// without those after abbreviations, initials and ordinals.
func sentenceEnds(flat string) [][2]int {
	var out [][2]int
	start := 0
	pieces := sentences.FromString(flat)
	for pieces.Next() {
		end := max(pieces.End(), start)
		end += closingMarks(flat[end:])
		end -= openingMarks(flat[start:end])
		if end < len(flat) && !isBoundary(flat[start:end], flat[end:]) {
			continue
		}
		if end == start {
			continue
		}
		out = appendRuns(out, flat, start, end)
		start = end
	}
	return out
}

// closingMarks returns the length of the emphasis marks that s begins with when
// a space follows: they belong to the sentence before, "**Scope.** It …".
func closingMarks(s string) int {
	rest := strings.TrimLeft(s, "*_")
	if n := len(s) - len(rest); n > 0 && n <= 3 && (rest == "" || rest[0] == ' ') {
		return n
	}
	return 0
}

// openingMarks returns the length of the opening brackets that s ends with: UAX
// #29 counts them to the sentence before when no space parts the two.
func openingMarks(s string) int {
	return len(s) - len(strings.TrimRight(s, "「『《〈【（“‘«„"))
}

// appendRuns appends flat[start:end], cut at commas or spaces when it is far
// longer than sentences are.
func appendRuns(out [][2]int, flat string, start, end int) [][2]int {
	for tooLong(flat[start:end]) {
		cut := runEnd(flat[start:end])
		out = append(out, [2]int{start, start + cut})
		start += cut
	}
	return append(out, [2]int{start, end})
}

// tooLong reports whether s has more words than a sentence may; it reads no
// further than it must.
func tooLong(s string) bool {
	words, inWord := 0.0, false
	for _, r := range s {
		if words, inWord = countRune(words, inWord, r); words > longestSentence {
			return true
		}
	}
	return false
}

// runEnd returns where to cut s: at the last clause within the first third of
// longestSentence, else at the last space, else after as many characters.
func runEnd(s string) int {
	words, clause, space := 0.0, 0, 0
	inWord := false
	for i, r := range s {
		words, inWord = countRune(words, inWord, r)
		if words > longestSentence/3 {
			switch {
			case clause > 0:
				return clause
			case space > 0:
				return space
			case i > 0:
				return i
			}
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		after := i + size
		switch {
		case strings.ContainsRune(",;:،؛，；：、", r):
			clause = after
		case unicode.IsSpace(r):
			space = after
		}
	}
	return len(s)
}

// wordCount counts words as people do: runs without white space, and two
// characters of a script that writes none as one word, rounded up.
func wordCount(s string) int {
	words, inWord := 0.0, false
	for _, r := range s {
		words, inWord = countRune(words, inWord, r)
	}
	whole := int(words)
	if float64(whole) < words {
		whole++
	}
	return whole
}

func countRune(words float64, inWord bool, r rune) (float64, bool) {
	switch {
	case unicode.IsSpace(r):
		return words, false
	case dense(r):
		if unicode.IsLetter(r) {
			words += 0.5
		}
		return words, false
	case !inWord && (unicode.IsLetter(r) || unicode.IsDigit(r)):
		return words + 1, true
	}
	return words, inWord
}

// dense reports whether r is of a script written without spaces between words.
func dense(r rune) bool {
	return r >= 0x0e00 && (unicode.Is(unicode.Han, r) || isKana(r) ||
		unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) ||
		r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xff65)
}
