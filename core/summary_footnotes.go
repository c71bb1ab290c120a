package core

import (
	"cmp"
	"slices"
	"unicode"
)

// FootnoteMark is the number of a footnote, from 1, at a place in a summary's text,
// in characters.
type FootnoteMark struct{ At, Number int }

// Footnotes returns the citations of a text as footnotes: their marks in the order
// of the text, each behind a cited passage and before white space, and the sources
// in the order of their numbers. A source has one number however often it is cited.
// Bounds that are not the text's are brought into it.
func Footnotes(text string, citations []Citation) (marks []FootnoteMark, sources []Source) {
	chars := []rune(text)
	ordered := slices.Clone(citations)
	slices.SortStableFunc(ordered, func(a, b Citation) int { return markAt(chars, a) - markAt(chars, b) })
	numbers := map[[2]int]int{}
	for _, c := range ordered {
		for _, s := range c.Sources {
			n, ok := numbers[[2]int{s.Start, s.End}]
			if !ok {
				sources = append(sources, s)
				n = len(sources)
				numbers[[2]int{s.Start, s.End}] = n
			}
			marks = append(marks, FootnoteMark{At: markAt(chars, c), Number: n})
		}
	}
	slices.SortFunc(marks, func(a, b FootnoteMark) int { return cmp.Or(a.At-b.At, a.Number-b.Number) })
	return slices.Compact(marks), sources
}

// markAt returns where the marks of c stand: at its end, before white space.
func markAt(chars []rune, c Citation) int {
	at := min(max(c.End, 0), len(chars))
	for at > max(c.Start, 0) && unicode.IsSpace(chars[at-1]) {
		at--
	}
	return at
}
