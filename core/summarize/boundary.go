package summarize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// abbreviations that are followed by what they introduce: never the end of a
// sentence. Case-folded, without the last full stop.
var leadingAbbreviations = set(`
	mr mrs ms dr prof st sen rep gov gen lt col sgt capt rev hon messrs mt ft
	e.g i.e cf vs viz approx ca fig figs eq sec secs vol pp ed eds no nos ch art par para
	jan feb mar apr jun jul aug sep sept oct nov dec
	mio mrd tsd
	z.b d.h u.a o.ä s.o s.u vgl bzw ggf evtl bspw sog inkl exkl nr hr fr frl dipl ing str abs abb kap
	i.d.r i.a m.e v.a
	mm mme mlle mgr p.ex c.-à-d env av boul
	sr sra srta sres dña ud uds pág págs núm art p.ej
	г-н г-жа им ул см рис табл т.е т.н напр проф акад гл стр
	sig sig.ra dott ecc.mo p.es
	d.w.z o.a bijv dhr mevr`)

// abbreviations that may stand at a sentence's end as well as inside.
var trailingAbbreviations = set(`
	inc ltd co corp jr sr bros dept univ assn u.s u.k u.n e.u d.c ph.d a.m p.m b.c a.d
	gmbh ag s.a s.l s.p.a c.v z.t
	г гг в вв р руб тыс млн млрд`)

// months and the like that follow a day's number and its full stop in German,
// Danish, Czech and their neighbours.
var ordinalNouns = set(`
	januar jänner februar märz april mai juni juli august september oktober november dezember
	jahrhundert jahrhunderts jahrhunderten kapitel auflage band platz stock tag klasse
	marts maj oktober ledna února března dubna května června července srpna září října listopadu prosince
	mars avril juin juillet août`)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// lookAhead is how far behind a possible end the next word is looked for, in bytes.
const lookAhead = 256

// isBoundary reports whether a sentence ends between before and after, where
// UAX #29 sees an end.
func isBoundary(before, after string) bool {
	after = after[:min(len(after), lookAhead)]
	text := strings.TrimRight(strings.TrimRightFunc(before, unicode.IsSpace), "*_")
	next := firstWord(after)
	lower := next != "" && startsLower(next)
	switch last, _ := utf8.DecodeLastRuneInString(text); {
	case last == '.':
		return !continues(strings.TrimSuffix(text, "."), next, after, lower)
	case last == '。' || last == '！' || last == '？' || last == '؟' || last == '।':
		return true
	}
	// 「…。」と話す: the quotation is the object of what follows.
	if r := firstRune(after); endsIn(text, "」", "』") && unicode.Is(unicode.Hiragana, r) {
		return false
	}
	// "Stop!" he said, Yahoo! is: what goes on in lower case is the same sentence.
	return !lower
}

// continues reports whether the full stop after text ends no sentence.
func continues(text, next, after string, lower bool) bool {
	word := lastWord(text)
	folded := strings.ToLower(word)
	switch {
	case next == "" && strings.TrimSpace(after) == "":
		return false
	case leadingAbbreviations[folded]:
		return folded != "no" || next != "" && unicode.IsDigit(firstRune(next))
	case spacedAbbreviation(text):
		return true
	case utf8.RuneCountInString(word) == 1 && startsLower(word) && utf8.RuneCountInString(next) == 1:
		return true // the first half of "z. B."
	case isInitial(word):
		return !opensSentence(next)
	case trailingAbbreviations[folded]:
		return lower || next != "" && !opensSentence(next) && startsUpper(next)
	case isOrdinal(word):
		return ordinalNouns[strings.ToLower(next)] || len(strings.TrimSpace(text)) == len(word)
	}
	return lower
}

// spacedAbbreviation knows those written with spaces: "z. B.", "т. е.", "p. ej.".
func spacedAbbreviation(text string) bool {
	fields := strings.Fields(text[max(0, len(text)-16):])
	if len(fields) < 2 {
		return false
	}
	two := strings.ToLower(strings.TrimLeft(fields[len(fields)-2]+fields[len(fields)-1], `(["„“«`))
	if !strings.Contains(two, ".") {
		return false
	}
	return leadingAbbreviations[two] || two == "и.о" || two == "u.v" || two == "т.е"
}

// isInitial reports whether word is one capital letter, or capitals with full
// stops between: "J", "J.R.R".
func isInitial(word string) bool {
	letters := 0
	for part := range strings.SplitSeq(word, ".") {
		r, size := utf8.DecodeRuneInString(part)
		if size != len(part) || !unicode.IsUpper(r) {
			return false
		}
		letters++
	}
	return letters > 0
}

func isOrdinal(word string) bool {
	if word == "" || len(word) > 3 {
		return false
	}
	return strings.Trim(word, "0123456789") == ""
}

// opensSentence reports whether word, capitalized, is one that goes on with
// nothing before it: an article, a pronoun, a conjunction of a known language.
func opensSentence(word string) bool {
	return startsUpper(word) && utf8.RuneCountInString(word) > 1 && isFunctionWord(strings.ToLower(word)) ||
		word == "A" || word == "I" || word == "В" || word == "Я" || word == "И"
}

func lastWord(s string) string {
	i := strings.LastIndexFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`("'“”„«»‘’[*_—–/`, r)
	})
	if i < 0 {
		return s
	}
	_, size := utf8.DecodeRuneInString(s[i:])
	return s[i+size:]
}

func firstWord(s string) string {
	s = strings.TrimLeftFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	end := strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	if end < 0 {
		return s
	}
	return s[:end]
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func startsLower(s string) bool { return unicode.IsLower(firstRune(s)) }
func startsUpper(s string) bool { return unicode.IsUpper(firstRune(s)) }
