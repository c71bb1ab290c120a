package extract

import (
	"math"
	"regexp"
	"strings"
)

// headZone is the part of a page's height at its top and at its bottom in which
// running heads and page numbers stand.
const headZone = 0.12

// slot is a place on the page at which running heads stand.
type slot struct {
	y      int // baseline, in steps of two points
	height int // of the page: files mix formats
}

// dropHeads takes running heads and page numbers off the pages: lines at the top
// or the bottom that stand at the same place on many pages and that say the same
// there, but for their numbers.
func dropHeads(pages []pdfPage) {
	texts := map[slot]map[string]int{}
	for _, p := range pages {
		for _, l := range p.lines {
			if s, ok := p.slotOf(l); ok {
				if texts[s] == nil {
					texts[s] = map[string]int{}
				}
				texts[s][headText(l.text)]++
			}
		}
	}
	heads := map[slot]bool{}
	for s, seen := range texts {
		heads[s] = isHead(seen, len(pages))
	}
	for i := range pages {
		p := &pages[i]
		kept := p.lines[:0]
		for _, l := range p.lines {
			s, ok := p.slotOf(l)
			if !ok || !heads[s] && texts[s][headText(l.text)] < max(3, len(pages)/4) {
				kept = append(kept, l)
			}
		}
		p.lines = kept
	}
}

// isHead reports whether the lines at one place are running heads: there are many
// and at least half of them are not the only one of their text.
func isHead(seen map[string]int, pages int) bool {
	all, repeated := 0, 0
	for _, n := range seen {
		all += n
		if n > 1 {
			repeated += n
		}
	}
	return all >= max(2, pages*2/5) && repeated*2 >= all && repeated >= 2
}

func (p *pdfPage) slotOf(l pdfLine) (slot, bool) {
	if p.height <= 0 || l.y > headZone*p.height && l.y < (1-headZone)*p.height {
		return slot{}, false
	}
	return slot{y: int(math.Round(l.y / 2)), height: int(p.height)}, true
}

var (
	digits       = regexp.MustCompile(`\p{Nd}+`)
	romanNumeral = regexp.MustCompile(`^[ivxlc]{1,8}$`)
)

// headText is what running heads of different pages have in common.
func headText(s string) string {
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	if romanNumeral.MatchString(s) {
		return "#"
	}
	return digits.ReplaceAllString(s, "#")
}
