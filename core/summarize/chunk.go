package summarize

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// Prio says how good a place to cut before a unit is: headings first, the
// outermost best, then a hash of the unit's opening. It depends on nothing but
// the unit, so an edit elsewhere moves no cut.
type Prio struct {
	Rank int
	Hash uint64
}

func (p Prio) less(q Prio) bool {
	return p.Rank < q.Rank || p.Rank == q.Rank && p.Hash < q.Hash
}

// openingLength is how much of a unit its hash reads, in characters.
const openingLength = 120

// prioOf returns the priority of a unit. level is a heading's, 0 for others; a
// heading's text should carry that of the unit after it, since two headings
// "Example" must differ.
func prioOf(level int, text string) Prio {
	start := collapse(text[:min(len(text), 8*openingLength)])
	if utf8.RuneCountInString(start) <= openingLength { // nearly all of it was white space
		start = collapse(text)
	}
	text = strings.ToLower(start)
	if n := 0; len(text) > openingLength {
		for i := range text {
			if n++; n > openingLength {
				text = text[:i]
				break
			}
		}
	}
	sum := sha256.Sum256([]byte(text))
	p := Prio{Hash: binary.BigEndian.Uint64(sum[:8])}
	if level > 0 {
		p.Rank = max(1, 5-level)
	}
	return p
}

// Cut returns where chunks begin in a row of units, the first at 0. There is a
// cut before unit i when its priority exceeds all those less than window to the
// left and is at least all those less than window to the right; distance is the
// sum of sizes. A chunk over limit is split at its best inner cut.
func Cut(prios []Prio, sizes []int, window, limit int) []int {
	if len(prios) == 0 {
		return nil
	}
	cuts := []int{0}
	for i := 1; i < len(prios); i++ {
		if isPeak(prios, sizes, i, window) {
			cuts = append(cuts, i)
		}
	}
	var out []int
	for k, from := range cuts {
		to := len(prios)
		if k+1 < len(cuts) {
			to = cuts[k+1]
		}
		out = append(out, splitChunk(prios, sizes, from, to, window, limit)...)
	}
	return out
}

func isPeak(prios []Prio, sizes []int, i, window int) bool {
	for j, d := i-1, 0; j > 0; j-- {
		if d += sizes[j]; d >= window {
			break
		}
		if !prios[j].less(prios[i]) {
			return false
		}
	}
	for j, d := i+1, sizes[i]; j < len(prios) && d < window; j++ {
		if prios[i].less(prios[j]) {
			return false
		}
		d += sizes[j]
	}
	return true
}

// splitChunk returns the begins of the parts of units[from:to] that each hold
// at most limit, the first being from; both sides hold window/2 where possible.
func splitChunk(prios []Prio, sizes []int, from, to, window, limit int) []int {
	total := 0
	for _, n := range sizes[from:to] {
		total += n
	}
	if total <= limit || to-from < 2 {
		return []int{from}
	}
	best := -1
	for left, i := sizes[from], from+1; i < to; i++ {
		if left >= window/2 && total-left >= window/2 && (best < 0 || prios[best].less(prios[i])) {
			best = i
		}
		left += sizes[i]
	}
	if best < 0 {
		best = from + (to-from)/2
	}
	return append(splitChunk(prios, sizes, from, best, window, limit),
		splitChunk(prios, sizes, best, to, window, limit)...)
}
