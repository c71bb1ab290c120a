package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/docsctl/docsctl/core"
)

// text is what is printed of the i-th input: its summary, under a heading where
// there are several.
func (s *summarizing) text(i int, r result) string {
	var b strings.Builder
	if len(s.opts.Inputs) > 1 {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "# %s\n\n", displayName(r.input))
	}
	text := r.sum.Text
	if s.opts.Citations && !s.citationsLost(r.sum) {
		text = withFootnotes(text, r.sum.Citations)
	}
	b.WriteString(strings.TrimRight(text, "\n") + "\n")
	return b.String()
}

// citationsLost reports whether footnotes are asked of a text that cannot hold them.
func (s *summarizing) citationsLost(sum *core.Summary) bool {
	return s.opts.Citations && s.opts.Print == printDefault && sum.Format == core.FormatJSON
}

// withFootnotes puts a mark behind each cited passage of text and the quoted
// sources below it, as Markdown footnotes. A source has one number however often
// it is cited. Offsets count code points.
func withFootnotes(text string, citations []core.Citation) string {
	chars := []rune(text)
	ordered := slices.Clone(citations)
	slices.SortStableFunc(ordered, func(a, b core.Citation) int { return markAt(chars, a) - markAt(chars, b) })
	notes := footnotes{numbers: map[[2]int]int{}}
	var marks []mark
	for _, c := range ordered {
		for _, source := range c.Sources {
			marks = append(marks, mark{at: markAt(chars, c), number: notes.number(source)})
		}
	}
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Or(a.at-b.at, a.number-b.number) })
	var b strings.Builder
	written := 0
	for _, m := range slices.Compact(marks) {
		b.WriteString(string(chars[written:m.at]))
		fmt.Fprintf(&b, "[^%d]", m.number)
		written = m.at
	}
	b.WriteString(strings.TrimRight(string(chars[written:]), "\n") + "\n")
	if len(notes.lines) > 0 {
		b.WriteString("\n" + strings.Join(notes.lines, "\n") + "\n")
	}
	return b.String()
}

// mark is a footnote's number at a place in the text.
type mark struct{ at, number int }

// markAt returns where the marks of c stand: at its end, before white space.
func markAt(chars []rune, c core.Citation) int {
	at := min(max(c.End, 0), len(chars))
	for at > max(c.Start, 0) && unicode.IsSpace(chars[at-1]) {
		at--
	}
	return at
}

// footnotes numbers sources in the order in which they are first cited.
type footnotes struct {
	numbers map[[2]int]int // by the source's bounds
	lines   []string
}

func (f *footnotes) number(s core.Source) int {
	key := [2]int{s.Start, s.End}
	if n, ok := f.numbers[key]; ok {
		return n
	}
	n := len(f.lines) + 1
	f.numbers[key] = n
	page := ""
	if s.Page > 0 {
		page = fmt.Sprintf(" (page %d)", s.Page)
	}
	// A footnote is one line, so the quote's own line breaks become spaces.
	quote := strings.Join(strings.Fields(s.Quote), " ")
	f.lines = append(f.lines, fmt.Sprintf("[^%d]: \"%s\"%s", n, quote, page))
	return n
}
