package summarize

import (
	"strings"
	"unicode/utf8"
)

// Unit is what chunks are made of: a block, or a piece of one that is too long
// to be whole. Units follow each other without a gap: together they are the
// canonical text. Offsets are bytes of it.
type Unit struct {
	Start, End int
	Block      int // index into Blocks; -1 in a text without any
	Prio       Prio
	Tokens     int
}

// longestUnit is the number of tokens over which a block is cut at its
// sentences, or at its lines when it has none.
const longestUnit = 3000

// Units returns the units of the document in order.
func (t *Text) Units() []Unit { return t.unitsWithin(longestUnit) }

// unitsWithin is Units with another bound on a unit's tokens.
func (t *Text) unitsWithin(limit int) []Unit {
	blocks := t.Blocks()
	if len(blocks) == 0 {
		if t.canon == "" {
			return nil
		}
		return []Unit{{End: len(t.canon), Block: -1, Tokens: EstimateTokens(t.canon)}}
	}
	var out []Unit
	sentence := 0
	for i, b := range blocks {
		start, end := b.Start, len(t.canon)
		if i == 0 {
			start = 0
		}
		if i+1 < len(blocks) {
			end = blocks[i+1].Start
		}
		var inner []int
		for ; sentence < len(t.sentences) && t.sentences[sentence].Block == i; sentence++ {
			if at := t.sentences[sentence].Start; at > b.body {
				inner = append(inner, at)
			}
		}
		out = append(out, t.unitsOf(i, start, end, inner, limit)...)
	}
	return out
}

// unitsOf returns block i as one unit or several; inner are its cut points.
func (t *Text) unitsOf(i, start, end int, inner []int, limit int) []Unit {
	text := t.canon[start:end]
	tokens := EstimateTokens(text)
	b := t.blocks[i]
	if tokens <= limit {
		opening := text
		if b.Kind == Heading && i+1 < len(t.blocks) {
			next := t.blocks[i+1]
			opening += t.canon[next.Start:min(next.End, next.Start+8*openingLength)]
		}
		return []Unit{{Start: start, End: end, Block: i, Prio: prioOf(b.Level, opening), Tokens: tokens}}
	}
	if len(inner) == 0 {
		inner = lineStarts(t.canon, start, end)
	}
	var out []Unit
	for k, at := range append([]int{start}, inner...) {
		to := end
		if k < len(inner) {
			to = inner[k]
		}
		for at < to {
			cut := cutTokens(t.canon, at, to, limit)
			piece := t.canon[at:cut]
			out = append(out, Unit{Start: at, End: cut, Block: i, Prio: prioOf(0, piece), Tokens: EstimateTokens(piece)})
			at = cut
		}
	}
	return out
}

func lineStarts(s string, start, end int) []int {
	var out []int
	for at := start; ; {
		i := strings.IndexByte(s[at:end], '\n')
		if i < 0 || at+i+1 >= end {
			return out
		}
		at += i + 1
		out = append(out, at)
	}
}

// cutTokens returns end, or where s[start:end] exceeds limit tokens: after the
// last space before that, else right there.
func cutTokens(s string, start, end, limit int) int {
	sum, space := 0.0, 0
	for at := start; at < end; {
		r, size := utf8.DecodeRuneInString(s[at:end])
		if sum += tokenWeight(r); sum > float64(limit) {
			if space > start {
				return space
			}
			return at
		}
		at += size
		if r == ' ' {
			space = at
		}
	}
	return end
}
