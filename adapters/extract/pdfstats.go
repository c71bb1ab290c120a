package extract

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pdfStats is what the lines of a file have in common: what differs from it means
// something.
type pdfStats struct {
	body     float64         // font size of most characters
	pitch    float64         // distance of two lines as a multiple of their font size
	headings []float64       // font sizes of headings, the largest first
	words    map[string]bool // words that stand in one line, for hyphens
}

// maxWords bounds the memory of pdfStats.
const maxWords = 200000

func newPDFStats(pages []pdfPage) pdfStats {
	s := pdfStats{words: map[string]bool{}}
	sizes, pitches := map[float64]int{}, map[float64]int{}
	total := 0
	for _, p := range pages {
		for i, l := range p.lines {
			n := utf8.RuneCountInString(l.text)
			sizes[roundSize(l.size)] += n
			total += n
			if i > 0 && l.size > 0 && roundSize(p.lines[i-1].size) == roundSize(l.size) {
				if r := math.Round((p.lines[i-1].y-l.y)/l.size*20) / 20; r > 0.8 && r < 2.5 {
					pitches[r]++
				}
			}
			s.learn(l.text)
		}
	}
	s.body, s.pitch = mode(sizes), mode(pitches)
	if s.pitch == 0 {
		s.pitch = 1.2
	}
	for size, n := range sizes {
		if s.isBig(size) && n*4 < total {
			s.headings = append(s.headings, size)
		}
	}
	slices.SortFunc(s.headings, func(a, b float64) int { return int(math.Copysign(1, b-a)) })
	return s
}

func roundSize(size float64) float64 { return math.Round(size*2) / 2 }

// mode returns the most frequent value, of two equally frequent ones the smaller.
func mode(counts map[float64]int) float64 {
	best, at := 0, 0.0
	for v, n := range counts {
		if n > best || n == best && v < at {
			best, at = n, v
		}
	}
	return at
}

// isBig reports whether a font is larger than the body's by more than a caption.
func (s *pdfStats) isBig(size float64) bool { return size >= 1.15*s.body && size >= s.body+1 }

// rank returns the level of a heading by its font size.
func (s *pdfStats) rank(size float64) int {
	level := 1
	for _, h := range s.headings {
		if h > roundSize(size)+0.4 {
			level++
		}
	}
	return min(level, 5)
}

// learn notes the words of a line, except for those that its ends may cut.
func (s *pdfStats) learn(text string) {
	if len(s.words) > maxWords {
		return
	}
	words := strings.Fields(text)
	for i, w := range words {
		if i == len(words)-1 && endsInHyphen(w) {
			continue
		}
		s.words[wordKey(w)] = true
	}
}

func wordKey(w string) string {
	w = strings.ReplaceAll(w, string(lineHyphen), "-")
	return strings.ToLower(strings.TrimFunc(w, func(r rune) bool { return !isWordRune(r) }))
}

func endsInHyphen(s string) bool {
	return strings.HasSuffix(s, string(lineHyphen)) || strings.HasSuffix(s, "-") || strings.HasSuffix(s, "\u2010") || strings.HasSuffix(s, "\u00ad")
}

// join returns what comes between the end of a line and the beginning of the
// next, and the first line as it then ends.
func (s *pdfStats) join(line, next string) (string, string) {
	last, first := lastRune(line), firstRune(next)
	if !endsInHyphen(line) {
		if isUnspaced(last) && isUnspaced(first) {
			return line, ""
		}
		return line, " "
	}
	stem := strings.TrimRight(line, "-\u2010\u00ad"+string(lineHyphen))
	before := lastField(stem)
	after := firstField(next)
	switch {
	case last == '\u00ad':
		return stem, ""
	case !unicode.IsLetter(lastRune(stem)) || !unicode.IsLower(first):
		return stem + "-", ""
	case s.words[wordKey(before+after)]:
		return stem, ""
	case s.words[wordKey(before+"-"+after)]:
		return stem + "-", ""
	case strings.Contains(before, "-"), keepsHyphen[wordKey(before)]: // such as "state-of-the-art", "non-root"
		return stem + "-", ""
	}
	return stem, ""
}

// keepsHyphen are the beginnings of words that English parts from the rest anyway.
var keepsHyphen = map[string]bool{"non": true, "self": true, "well": true, "ex": true, "cross": true, "half": true, "high": true, "low": true}

// isUnspaced is for scripts that put no spaces between words.
func isUnspaced(r rune) bool {
	return r >= 0x2e80 && r <= 0x30ff || r >= 0x31f0 && r <= 0x4dbf || r >= 0x4e00 && r <= 0x9fff ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xff00 && r <= 0xff9f || r >= 0x20000 && r <= 0x3ffff ||
		r >= 0xe00 && r <= 0xeff || r >= 0x1780 && r <= 0x17ff
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func firstField(s string) string {
	if i := strings.IndexByte(s, ' '); i >= 0 {
		return s[:i]
	}
	return s
}

func lastField(s string) string { return s[strings.LastIndexByte(s, ' ')+1:] }
