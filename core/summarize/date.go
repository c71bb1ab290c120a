package summarize

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// date is a day, a day without a year, or a month of a year; what is not said is 0.
type date struct {
	start, end       int // bytes of the text
	year, month, day int
	swapped          bool // month and day may be the other way round
}

// months are the names of the months in the main languages, abbreviations too.
var months = []string{
	"january jan januar jänner janvier enero janeiro gennaio januari января январь января",
	"february feb februar février febrero fevereiro febbraio februari февраля февраль",
	"march mar märz mars marzo março maart марта март",
	"april apr avril abril aprile апреля апрель",
	"may mai mayo maio maggio mei maj мая май",
	"june jun juni juin junio junho giugno июня июнь",
	"july jul juli juillet julio julho luglio июля июль",
	"august aug août agosto augustus augusti августа август",
	"september sep sept septembre septiembre setembro settembre сентября сентябрь",
	"october oct okt oktober octobre octubre outubro ottobre октября октябрь",
	"november nov novembre noviembre novembro ноября ноябрь",
	"december dec dez dezember décembre diciembre dezembro dicembre декабря декабрь",
}

var monthIndex = sync.OnceValue(func() map[string]int {
	out := map[string]int{}
	for i, list := range months {
		for _, w := range strings.Fields(list) {
			out[w] = i + 1
		}
	}
	return out
})

// token is a number of up to four digits, a word, or a mark.
type token struct {
	start, end int
	number     int // -1 for others
	digits     int
	text       string
}

// dates returns the dates of a text in order. They do not overlap.
func dates(text string) []date {
	tokens := dateTokens(text)
	var out []date
	for i := 0; i < len(tokens); {
		d, n := dateAt(tokens[i:])
		if n == 0 {
			i++
			continue
		}
		d.start, d.end = tokens[i].start, tokens[i+n-1].end
		out = append(out, d)
		i += n
	}
	return out
}

// dateTokens parts a text into numbers, words and marks. White space parts and is
// no token; a word that no date has is one, together with what follows it and begins no
// date either.
func dateTokens(text string) []token {
	var out []token
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		end := i + size
		t := token{start: i, number: -1}
		switch {
		case unicode.IsDigit(r):
			value := 0
			for end = i; end < len(text); {
				d, n := utf8.DecodeRuneInString(text[end:])
				if !unicode.IsDigit(d) {
					break
				}
				value, end = min(value*10+digitValue(d), 1e6), end+n
				t.digits++
			}
			t.number = value
		case unicode.Is(unicode.Han, r):
		case unicode.IsLetter(r):
			for end < len(text) {
				d, n := utf8.DecodeRuneInString(text[end:])
				if !unicode.IsLetter(d) || unicode.Is(unicode.Han, d) {
					break
				}
				end += n
			}
		case unicode.IsSpace(r):
			i = end
			continue
		}
		t.end, t.text = end, strings.ToLower(text[i:end])
		i = end
		if t.number < 0 && monthIndex()[t.text] == 0 {
			if len(out) == 0 || out[len(out)-1].text == noDateWord {
				continue // a date begins with a number or a month
			}
			if end-t.start > 2 {
				t.text = noDateWord
			}
		}
		out = append(out, t)
	}
	return out
}

// noDateWord stands for words of more than two letters that name no month: none of
// them is in a date. The marks and words between a date's parts are shorter.
const noDateWord = "word"

// dateAt reads a date at the beginning of tokens and returns how many it takes.
func dateAt(ts []token) (date, int) {
	for _, read := range []func([]token) (date, int){numericDate, hanDate, dayFirst, monthFirst} {
		if d, n := read(ts); n > 0 && d.month >= 1 && d.month <= 12 && d.day <= 31 {
			return d, n
		}
	}
	return date{}, 0
}

func (t token) isYear() bool { return t.digits == 4 && t.number >= 1000 && t.number <= 2999 }
func (t token) isDay() bool  { return t.digits > 0 && t.digits <= 2 && t.number >= 1 && t.number <= 31 }

// numericDate knows 2024-05-31, 2024/5/31, 31.5.2024 and 5/31/2024.
func numericDate(ts []token) (date, int) {
	if len(ts) < 5 || ts[1].text != ts[3].text || !strings.Contains("-/.", ts[1].text) || ts[2].number < 0 || ts[4].end-ts[0].start > 12 {
		return date{}, 0
	}
	switch a, b, c := ts[0], ts[2], ts[4]; {
	case a.isYear() && b.isDay() && c.isDay():
		return date{year: a.number, month: b.number, day: c.number}, 5
	case a.isDay() && b.isDay() && c.isYear():
		d := date{year: c.number, month: b.number, day: a.number, swapped: ts[1].text == "/" && a.number <= 12 && b.number <= 12}
		if d.month > 12 {
			d.month, d.day = d.day, d.month
		}
		return d, 5
	}
	return date{}, 0
}

// hanDate knows 2024年5月31日, 2024年5月 and 5月31日.
func hanDate(ts []token) (date, int) {
	at, d := 0, date{}
	for _, part := range []struct {
		mark  string
		value *int
	}{{"年", &d.year}, {"月", &d.month}, {"日", &d.day}} {
		if at+1 < len(ts) && ts[at].number > 0 && ts[at+1].text == part.mark {
			*part.value = ts[at].number
			at += 2
		}
	}
	if d.month == 0 || d.year == 0 && d.day == 0 {
		return date{}, 0
	}
	return d, at
}

// dayFirst knows 5 May 2024, 5. Mai, 5th of May, 2024 and 5 de mayo de 2024.
func dayFirst(ts []token) (date, int) {
	if len(ts) < 2 || !ts[0].isDay() {
		return date{}, 0
	}
	at := skipTokens(ts, 1, ".", "st", "nd", "rd", "th", "er", "of", "de")
	month := monthAt(ts, at)
	if month == 0 {
		return date{}, 0
	}
	d := date{day: ts[0].number, month: month}
	at = skipTokens(ts, at+1, ".")
	if y := skipTokens(ts, at, ",", "de"); y < len(ts) && ts[y].isYear() {
		d.year = ts[y].number
		return d, y + 1
	}
	return d, at
}

// monthFirst knows May 5, 2024, May 5th and May 2024.
func monthFirst(ts []token) (date, int) {
	month := monthAt(ts, 0)
	if month == 0 {
		return date{}, 0
	}
	at := skipTokens(ts, 1, ".", "de", ",")
	if at >= len(ts) {
		return date{}, 0
	}
	if ts[at].isYear() {
		return date{year: ts[at].number, month: month}, at + 1
	}
	if !ts[at].isDay() {
		return date{}, 0
	}
	d := date{month: month, day: ts[at].number}
	at = skipTokens(ts, at+1, "st", "nd", "rd", "th")
	if y := skipTokens(ts, at, ","); y < len(ts) && ts[y].isYear() {
		d.year = ts[y].number
		return d, y + 1
	}
	return d, at
}

func monthAt(ts []token, at int) int {
	if at >= len(ts) {
		return 0
	}
	return monthIndex()[ts[at].text]
}

// skipTokens returns the place after tokens of the given texts, two at most.
func skipTokens(ts []token, at int, texts ...string) int {
	for n := 0; n < 2 && at < len(ts); n++ {
		skipped := false
		for _, s := range texts {
			if ts[at].text == s {
				skipped = true
			}
		}
		if !skipped {
			break
		}
		at++
	}
	return at
}

// says reports whether a date of a source says all of d, but perhaps the year.
func (d date) says(source date) (all, withoutYear bool) {
	day := d.day == 0 || d.day == source.day && d.month == source.month
	if source.swapped || d.swapped {
		day = day || d.day == source.month && d.month == source.day
	} else {
		day = day && d.month == source.month
	}
	if d.day == 0 {
		day = d.month == source.month
	}
	return day && (d.year == 0 || d.year == source.year), day && source.year == 0
}
