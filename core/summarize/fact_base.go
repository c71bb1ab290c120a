package summarize

import (
	"sort"
	"strconv"
	"strings"
)

// factBase is the numbers, dates and names of a text.
type factBase struct {
	values   map[string]bool // numbers by value, times and versions by name
	sorted   []float64
	dates    []date
	acronyms map[string]bool // initials of runs of capitalized words
	capitals map[string]bool // words all in capitals
}

func newFactBase(text string) *factBase {
	b := &factBase{values: map[string]bool{}, acronyms: map[string]bool{}, capitals: map[string]bool{}}
	for _, f := range figures(text) {
		if f.name != "" {
			b.values[f.name] = true
		}
		for _, v := range f.values {
			if name := valueName(v); !b.values[name] {
				b.values[name] = true
				b.sorted = append(b.sorted, v)
			}
		}
	}
	sort.Float64s(b.sorted)
	seen := map[date]bool{}
	for _, d := range dates(text) {
		d.start, d.end = 0, 0
		if !seen[d] {
			seen[d] = true
			b.dates = append(b.dates, d)
		}
		if d.year > 0 {
			b.values[valueName(float64(d.year))] = true
		}
	}
	for _, run := range nameRuns(text) {
		b.addNames(run)
	}
	return b
}

// valueName returns a number as values are compared.
func valueName(v float64) string { return strconv.FormatFloat(v, 'g', 10, 64) }

// addNames notes what a run of capitalized words may be called in short.
func (b *factBase) addNames(run nameRun) {
	for _, w := range run.words {
		if text := run.text(w); allCaps(text) {
			b.capitals[strings.ToUpper(text)] = true
		}
	}
	for from := range run.words {
		for to := from + 2; to <= min(len(run.words), from+8); to++ {
			all, short := run.initials(from, to)
			b.acronyms[all], b.acronyms[short] = true, true
		}
	}
}

// has reports whether a number is in the text; rounded, when it says "about".
func (b *factBase) has(f figure) bool {
	if f.name != "" {
		return b.values[f.name]
	}
	for _, v := range f.values {
		if b.values[valueName(v)] {
			return true
		}
		if !f.hedged {
			continue
		}
		i := sort.SearchFloat64s(b.sorted, v)
		for k := max(0, i-1); k < min(len(b.sorted), i+1); k++ {
			if rounds(v, b.sorted[k]) {
				return true
			}
		}
	}
	return false
}

// hasDate reports whether a date is in the text, its year perhaps elsewhere.
func (b *factBase) hasDate(d date) bool {
	for _, source := range b.dates {
		all, withoutYear := d.says(source)
		if all || withoutYear && b.values[valueName(float64(d.year))] {
			return true
		}
	}
	return false
}
