package summarize

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// figure is a number in a text, [start, end) in bytes. A text may mean several
// values: "1.234" is one in English and another in German.
type figure struct {
	start, end int
	values     []float64
	name       string // of what is no quantity: a time 10:30, a version 1.2.3
	hedged     bool   // "about" stands before it
	spelled    bool
}

// matters reports whether a number says how many: "one of the" and the two of "the
// two sides" do not.
func (f figure) matters() bool { return !f.spelled || f.values[0] > 2 }

// figures returns the numbers of a text in order.
func figures(text string) []figure {
	var out []figure
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case unicode.IsDigit(r):
			f := readFigure(text, i)
			i = f.end
			if f.values != nil || f.name != "" {
				out = append(out, f)
			}
		case unicode.IsLetter(r):
			end := i + wordLength(text[i:])
			if v, n := spelledNumber(text[i:], end-i); n > 0 {
				f := figure{start: i, end: i + n, values: []float64{v}, spelled: true}
				f.magnify(text)
				out = append(out, f)
				end = f.end
			}
			i = end
		default:
			i += size
		}
	}
	for k := range out {
		out[k].hedged = hedged(text[:out[k].start])
	}
	return out
}

// wordLength returns the length of the word that s begins with, digits inside it
// included: the 1 in H1N1 is no number.
func wordLength(s string) int {
	for i, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			return i
		}
	}
	return len(s)
}

// digitValue returns the value of a decimal digit of any script.
func digitValue(r rune) int {
	if r < 0x80 {
		return int(r - '0')
	}
	zero := r
	for n := 0; n < 9 && unicode.IsDigit(zero-1); n++ {
		zero--
	}
	return int(r - zero)
}

// readFigure reads the number that begins at text[start:]: digits with single
// separators between them, then what multiplies it.
func readFigure(text string, start int) figure {
	f := figure{start: start}
	var digits strings.Builder // ASCII digits, separators as . , or _ for blanks and apostrophes
	i := start
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if unicode.IsDigit(r) {
			digits.WriteByte(byte('0' + digitValue(r)))
			i += size
			continue
		}
		mark := separator(r)
		next, _ := utf8.DecodeRuneInString(text[i+size:])
		if mark == 0 || !unicode.IsDigit(next) || mark == '_' && !threeDigits(text[i+size:]) {
			break
		}
		digits.WriteByte(mark)
		i += size
	}
	f.end = i
	f.values, f.name = readings(digits.String())
	f.magnify(text)
	return f
}

// separator returns how a mark between digits is written down, 0 for others.
func separator(r rune) byte {
	switch r {
	case '.', '٫', '．':
		return '.'
	case ',', '٬', '，':
		return ','
	case ':':
		return ':'
	case ' ', '\u00a0', '\u202f', '\u2009', '\'', '’', '_':
		return '_'
	}
	return 0
}

// threeDigits reports whether s begins with exactly three digits.
func threeDigits(s string) bool {
	n := 0
	for _, r := range s {
		if !unicode.IsDigit(r) {
			break
		}
		n++
	}
	return n == 3
}

// readings returns what a number may mean.
func readings(s string) ([]float64, string) {
	if strings.Contains(s, ":") {
		return nil, s
	}
	if strings.Contains(s, "_") {
		if first, _, _ := strings.Cut(s, "_"); len(first) > 3 || strings.HasPrefix(first, "0") {
			s = s[:strings.IndexByte(s, '_')] // "in 2024 100 people": the rest is read as it comes
		}
		s = strings.ReplaceAll(s, "_", "")
	}
	dots, commas := strings.Count(s, "."), strings.Count(s, ",")
	switch {
	case dots+commas == 0:
		return parsed(s), ""
	case dots > 0 && commas > 0:
		if strings.LastIndexByte(s, '.') > strings.LastIndexByte(s, ',') {
			return parsed(strings.ReplaceAll(s, ",", "")), ""
		}
		return parsed(strings.Replace(strings.ReplaceAll(s, ".", ""), ",", ".", 1)), ""
	case dots+commas > 1:
		if whole := strings.NewReplacer(".", "", ",", "").Replace(s); grouped(s) {
			return parsed(whole), ""
		}
		return nil, s
	}
	decimal := parsed(strings.Replace(s, ",", ".", 1))
	if grouped(s) {
		return append(decimal, parsed(strings.NewReplacer(".", "", ",", "").Replace(s))...), ""
	}
	return decimal, ""
}

// grouped reports whether separators may part groups of digits: the last three
// stand alone, as in 1,234 and 1,00,000.
func grouped(s string) bool {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == ',' })
	for i, p := range parts {
		last := i == len(parts)-1
		if last && len(p) != 3 || !last && (len(p) > 3 || i > 0 && len(p) < 2) {
			return false
		}
	}
	return !strings.HasPrefix(s, "0")
}

func parsed(s string) []float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil
	}
	return []float64{v}
}

// magnify reads a word after the number that multiplies it: 3.5 million, 10k, 3万.
func (f *figure) magnify(text string) {
	rest := text[f.end:]
	gap := 0
	if rest != "" && (rest[0] == ' ' || rest[0] == '-') {
		gap = 1
	} else if strings.HasPrefix(rest, "\u00a0") {
		gap = len("\u00a0")
	}
	n := wordLength(rest[gap:])
	word := strings.ToLower(rest[gap : gap+n])
	by, known := magnitudes[word]
	switch r, size := utf8.DecodeRuneInString(rest); {
	case hanMagnitudes[r] > 0:
		f.multiply(hanMagnitudes[r], false)
		f.end += size
	case known && len(word) > 1:
		f.multiply(by, false)
		f.end += gap + n
	case known && gap == 0:
		f.multiply(by, true) // 5m may be metres
		f.end += n
	}
}

func (f *figure) multiply(by float64, perhaps bool) {
	for i, v := range f.values {
		if perhaps {
			f.values = append(f.values, v*by)
		} else {
			f.values[i] = v * by
		}
	}
}

var hanMagnitudes = map[rune]float64{'千': 1e3, '万': 1e4, '萬': 1e4, '億': 1e8, '亿': 1e8, '兆': 1e12, '만': 1e4, '억': 1e8}

var magnitudes = magnitudeWords(map[float64]string{
	1e2:  "hundred hundreds",
	1e3:  "k thousand thousands tsd tausend mille mil duizend тыс тысяч тысячи ألف",
	1e6:  "m mn mio million millions millionen millón millones milhão milhões milione milioni miljoen млн миллион миллиона миллионов مليون",
	1e9:  "b bn mrd billion billions milliard milliards milliarde milliarden miljard miliardi bilhão bilhões млрд миллиард миллиарда миллиардов مليار",
	1e12: "tn trillion trillions billionen billones трлн",
})

func magnitudeWords(lists map[float64]string) map[string]float64 {
	out := map[string]float64{}
	for by, list := range lists {
		for _, w := range strings.Fields(list) {
			out[w] = by
		}
	}
	return out
}

// hedges are words after which a number may be rounded.
var hedges = set(`about around over under nearly almost approximately roughly some more less than at least circa ca up to
	etwa rund knapp über unter fast ungefähr gut mehr als environ près presque plus de moins quelque
	unos unas cerca casi alrededor más menos circa quasi oltre più meno ruim bijna ongeveer meer dan
	около почти более менее свыше примерно 约 約 超过 近`)

// hedged reports whether one of the last two words of a text is a hedge.
func hedged(before string) bool {
	fields := strings.Fields(strings.ToLower(before[max(0, len(before)-40):]))
	for _, w := range fields[max(0, len(fields)-2):] {
		if hedges[strings.Trim(w, "$€£~≈(")] {
			return true
		}
	}
	return strings.HasSuffix(strings.TrimRight(before, " $€£"), "~")
}

// rounds reports whether v is x rounded to the digits that v shows.
func rounds(v, x float64) bool {
	if v == 0 || x == 0 {
		return v == x
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(v))))
	for range 6 {
		if r := v / unit; math.Abs(r-math.Round(r)) < 1e-9 {
			break
		}
		unit /= 10
	}
	return math.Abs(v-x) < unit
}
