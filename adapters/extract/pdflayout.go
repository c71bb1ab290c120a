package extract

import (
	"math"
	"slices"
)

// minColumnRows is how many lines must have a gap at one place before it is taken
// for what parts two columns rather than for a table.
const minColumnRows = 8

// maxGaps bounds the search for columns, which compares each gap with each.
const maxGaps = 2000

// arrange puts the lines of a page in the order in which they are read. Files
// keep that order themselves, but for two kinds: those that draw the lines of two
// columns across both, and those that draw from the bottom up.
func (p *pdfPage) arrange() {
	defer p.findEdges()
	if x, ok := p.gutter(); ok {
		p.splitColumns(x)
		return
	}
	ups := 0
	for i := 1; i < len(p.lines); i++ {
		if p.lines[i].y > p.lines[i-1].y+p.lines[i].size {
			ups++
		}
	}
	if ups*5 > len(p.lines)*2 {
		slices.SortStableFunc(p.lines, func(a, b pdfLine) int {
			switch d := b.y - a.y; {
			case d > b.size/2:
				return 1
			case d < -b.size/2:
				return -1
			}
			return 0
		})
	}
}

// gutter returns the place between two columns of running text, each drawn on
// one line with the other.
func (p *pdfPage) gutter() (float64, bool) {
	var gaps [][2]float64
	for i := 1; i < len(p.lines); i++ {
		if a, b := p.lines[i-1], p.lines[i]; a.row == b.row {
			if a.left > b.left {
				a, b = b, a
			}
			gaps = append(gaps, [2]float64{a.right, b.left})
		}
	}
	if len(gaps) > maxGaps {
		return 0, false
	}
	best, at := 0, 0.0
	for _, g := range gaps {
		x, n := (g[0]+g[1])/2, 0
		for _, o := range gaps {
			if o[0] <= x && x <= o[1] {
				n++
			}
		}
		if n > best {
			best, at = n, x
		}
	}
	return at, best >= minColumnRows && p.isProse(at)
}

// isProse reports whether what stands on both sides of x fills its side as
// running text does; the cells of a table do not.
func (p *pdfPage) isProse(x float64) bool {
	left, right := math.Inf(1), math.Inf(-1)
	for _, l := range p.lines {
		left, right = min(left, l.left), max(right, l.right)
	}
	full := [2]int{}
	all := [2]int{}
	for _, l := range p.lines {
		switch {
		case l.right <= x:
			all[0]++
			if l.right-l.left > 0.75*(x-left) {
				full[0]++
			}
		case l.left >= x:
			all[1]++
			if l.right-l.left > 0.75*(right-x) {
				full[1]++
			}
		}
	}
	return full[0]*2 > all[0] && full[1]*2 > all[1] && all[0] >= minColumnRows && all[1] >= minColumnRows
}

// splitColumns orders the lines left column first, from one line that crosses x
// to the next. In a right-to-left text the right column is first.
func (p *pdfPage) splitColumns(x float64) {
	var out, left, right []pdfLine
	rtl := 0
	flush := func() {
		if rtl > 0 {
			left, right = right, left
		}
		out = append(append(out, left...), right...)
		left, right = nil, nil
	}
	for _, l := range p.lines {
		if l.rtl {
			rtl++
		} else {
			rtl--
		}
	}
	for i, l := range p.lines {
		l.row = i // no parts of a row any more
		switch {
		case l.right <= x+2:
			left = append(left, l)
		case l.left >= x-2:
			right = append(right, l)
		default:
			flush()
			out = append(out, l)
		}
	}
	flush()
	p.lines = out
}

// findEdges notes for each line how far the lines of its column reach: four in
// five of them, as a title above two columns reaches further.
func (p *pdfPage) findEdges() {
	const step = 30
	rights := map[int][]float64{}
	for _, l := range p.lines {
		b := int(l.left / step)
		for _, near := range []int{b - 1, b, b + 1} {
			rights[near] = append(rights[near], l.right)
		}
	}
	edges := map[int]float64{}
	for b, r := range rights {
		slices.Sort(r)
		edges[b] = r[len(r)*4/5]
	}
	for i, l := range p.lines {
		p.lines[i].edge = edges[int(l.left/step)]
	}
}
