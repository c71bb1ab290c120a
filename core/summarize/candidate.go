package summarize

import (
	"sort"
	"strings"
	"unicode"
)

// candidate is a sentence that a summary may hold.
type candidate struct {
	Sentence
	index    int    // among Sentences
	previous int    // index of the candidate before it, -1 for the first
	plain    string // one line, without speaker label and inline marks
	words    int
	kind     BlockKind
	opens    bool // the first candidate of its section
	dangling bool // begins with a pronoun that points at the candidate before it
}

// shortest is the number of words under which a sentence says too little.
const shortest = 4

// codeInProse is the density of code marks over which a sentence is code,
// whatever block it stands in.
const codeInProse = 0.06

// candidates returns the sentences of at least so many words that are prose.
func (t *Text) candidates(least int) []candidate {
	return t.candidatesBetween(least, 0, len(t.canon))
}

// candidatesBetween returns those of the sentences in [start, end).
func (t *Text) candidatesBetween(least, start, end int) []candidate {
	blocks, all := t.Blocks(), t.Sentences()
	first := sort.Search(len(all), func(i int) bool { return all[i].Start >= start })
	last := sort.Search(len(all), func(i int) bool { return all[i].End > end })
	out := make([]candidate, 0, max(0, last-first))
	section, previous := -1, -1
	for i := first; i < last; i++ {
		s := all[i]
		b := blocks[s.Block]
		from := s.Start
		if s.First {
			from = max(from, b.body)
		}
		raw := collapse(t.canon[from:s.End])
		c := candidate{Sentence: s, index: i, previous: previous, plain: plainText(raw), kind: b.Kind}
		c.words = wordCount(c.plain)
		if c.words < least || codeDensity(c.plain) > codeInProse || mostlyCode(raw) || !mostlyLetters(c.plain) || (s.First && isLabel(raw)) {
			continue
		}
		c.opens = b.section != section
		c.dangling = previous >= 0 && dangles(c.plain)
		section, previous = b.section, i
		out = append(out, c)
	}
	return out
}

// longestLabel is the number of words over which emphasis is a statement.
const longestLabel = 8

// isLabel reports whether a block's first sentence is set off whole by emphasis: a
// heading that runs on into its paragraph.
func isLabel(raw string) bool {
	for _, mark := range []string{"**", "__"} {
		inner, begins := strings.CutPrefix(strings.TrimSpace(raw), mark)
		inner, ends := strings.CutSuffix(inner, mark)
		if begins && ends && !strings.Contains(inner, mark) && wordCount(inner) <= longestLabel {
			return true
		}
	}
	return false
}

// mostlyCode reports whether half of a sentence stands in code spans.
func mostlyCode(raw string) bool {
	code, in := 0, false
	for i := range len(raw) {
		if raw[i] == '`' {
			in = !in
		} else if in {
			code++
		}
	}
	return code*2 > len(raw)
}

// mostlyLetters reports whether half of a text's characters are letters: rows
// of figures, rules and contents pages are no sentences.
func mostlyLetters(s string) bool {
	letters, all := 0, 0
	for _, r := range s {
		if unicode.IsSpace(r) {
			continue
		}
		all++
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			letters++
		}
	}
	return letters*2 > all
}
