package rouge

import "strings"

// Stem returns the Porter stem of a lower-case word (Porter 1980), with the
// small departures that ROUGE's common implementation makes: words of four
// letters in -ies and -ied, -alli, -fulli, -logi, and a list of exceptions.
func Stem(w string) string {
	if s, ok := irregular[w]; ok {
		return s
	}
	if len(w) <= 2 {
		return w
	}
	w = plural(w)
	w = participle(w)
	if strings.HasSuffix(w, "y") && len(w) > 2 && consonant(w, len(w)-2) {
		w = w[:len(w)-1] + "i"
	}
	w = replaceEnd(w, doubleEnds)
	w = replaceFirst(w, tripleEnds)
	w = dropEnd(w)
	return final(w)
}

var irregular = map[string]string{
	"sky": "sky", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "news": "news",
	"innings": "inning", "inning": "inning", "outings": "outing", "outing": "outing",
	"cannings": "canning", "canning": "canning", "howe": "howe", "proceed": "proceed",
	"exceed": "exceed", "succeed": "succeed",
}

type ending struct{ from, to string }

var doubleEnds = []ending{
	{"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"}, {"bli", "ble"},
	{"alli", "al"}, {"entli", "ent"}, {"eli", "e"}, {"ousli", "ous"}, {"ization", "ize"}, {"ation", "ate"},
	{"ator", "ate"}, {"alism", "al"}, {"iveness", "ive"}, {"fulness", "ful"}, {"ousness", "ous"},
	{"aliti", "al"}, {"iviti", "ive"}, {"biliti", "ble"}, {"fulli", "ful"},
}

var tripleEnds = []ending{
	{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"}, {"ical", "ic"}, {"ful", ""}, {"ness", ""},
}

var lastEnds = []string{
	"al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism",
	"ate", "iti", "ous", "ive", "ize",
}

func plural(w string) string {
	switch {
	case strings.HasSuffix(w, "ies") && len(w) == 4:
		return w[:len(w)-1]
	case strings.HasSuffix(w, "sses"), strings.HasSuffix(w, "ies"):
		return w[:len(w)-2]
	case strings.HasSuffix(w, "ss"):
		return w
	}
	return strings.TrimSuffix(w, "s")
}

func participle(w string) string {
	if strings.HasSuffix(w, "ied") {
		if len(w) == 4 {
			return w[:len(w)-1]
		}
		return w[:len(w)-2]
	}
	if strings.HasSuffix(w, "eed") {
		if measure(w[:len(w)-3]) > 0 {
			return w[:len(w)-1]
		}
		return w
	}
	for _, end := range []string{"ed", "ing"} {
		if s, ok := strings.CutSuffix(w, end); ok && hasVowel(s) {
			return afterParticiple(s)
		}
	}
	return w
}

func afterParticiple(s string) string {
	last := len(s) - 1
	switch {
	case strings.HasSuffix(s, "at"), strings.HasSuffix(s, "bl"), strings.HasSuffix(s, "iz"):
		return s + "e"
	case last > 0 && s[last] == s[last-1] && consonant(s, last):
		if strings.IndexByte("lsz", s[last]) >= 0 {
			return s
		}
		return s[:last]
	case measure(s) == 1 && shortEnd(s):
		return s + "e"
	}
	return s
}

func replaceEnd(w string, list []ending) string {
	if s, ok := strings.CutSuffix(w, "alli"); ok && measure(s) > 0 {
		return replaceEnd(s+"al", list)
	}
	for _, e := range list {
		if s, ok := strings.CutSuffix(w, e.from); ok {
			if measure(s) > 0 {
				return s + e.to
			}
			return w
		}
	}
	if s, ok := strings.CutSuffix(w, "logi"); ok && measure(s+"l") > 0 {
		return s + "log"
	}
	return w
}

func replaceFirst(w string, list []ending) string {
	for _, e := range list {
		if s, ok := strings.CutSuffix(w, e.from); ok {
			if measure(s) > 0 {
				return s + e.to
			}
			return w
		}
	}
	return w
}

func dropEnd(w string) string {
	for _, end := range lastEnds {
		if s, ok := strings.CutSuffix(w, end); ok {
			if measure(s) > 1 && (end != "ion" || strings.HasSuffix(s, "s") || strings.HasSuffix(s, "t")) {
				return s
			}
			return w
		}
	}
	return w
}

func final(w string) string {
	if s, ok := strings.CutSuffix(w, "e"); ok {
		if m := measure(s); m > 1 || m == 1 && !shortEnd(s) {
			w = s
		}
	}
	if strings.HasSuffix(w, "ll") && measure(w[:len(w)-1]) > 1 {
		w = w[:len(w)-1]
	}
	return w
}

func consonant(w string, i int) bool {
	switch w[i] {
	case 'a', 'e', 'i', 'o', 'u':
		return false
	case 'y':
		return i == 0 || !consonant(w, i-1)
	}
	return true
}

func hasVowel(w string) bool {
	for i := range len(w) {
		if !consonant(w, i) {
			return true
		}
	}
	return false
}

// measure is Porter's m: how often a vowel is followed by a consonant.
func measure(w string) int {
	m, vowel := 0, false
	for i := range len(w) {
		c := consonant(w, i)
		if c && vowel {
			m++
		}
		vowel = !c
	}
	return m
}

// shortEnd is Porter's *o: consonant, vowel, consonant other than w, x or y.
func shortEnd(w string) bool {
	n := len(w)
	if n == 2 {
		return !consonant(w, 0) && consonant(w, 1)
	}
	return n > 2 && consonant(w, n-3) && !consonant(w, n-2) && consonant(w, n-1) && strings.IndexByte("wxy", w[n-1]) < 0
}
