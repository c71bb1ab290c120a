package summarize

import (
	"strings"
	"unicode"

	"github.com/clipperhouse/uax29/v2/words"
)

// languageSample is how many bytes of a text Language reads: some pages.
const languageSample = 64 << 10

// Language returns the dominant language of a text as a BCP 47 code, "" when
// unsure. The script decides where it can; languages that share one are told
// apart by their function words.
func Language(text string) string {
	counts := scripts(sampleOf(text))
	script, letters := "", 0
	for _, name := range scriptOrder {
		if n := counts[name]; n > letters {
			script, letters = name, n
		}
	}
	if counts["Kana"] > 0 && counts["Kana"]*20 >= counts["Han"] && counts["Kana"]+counts["Han"] > letters/2 {
		return "ja"
	}
	switch {
	case letters < 2:
		return ""
	case script == "Latin" || script == "Cyrillic" || script == "Arabic":
		return byFunctionWords(script, sampleOf(text))
	}
	return scriptLanguage[script]
}

// sampleOf returns the beginning of a long text, cut at a space where there is one.
func sampleOf(text string) string {
	if len(text) <= languageSample {
		return text
	}
	if i := strings.LastIndexByte(text[:languageSample], ' '); i > languageSample/2 {
		return text[:i]
	}
	return strings.ToValidUTF8(text[:languageSample], "")
}

// scriptOrder is the order in which scripts win ties.
var scriptOrder = []string{
	"Latin", "Cyrillic", "Arabic", "Han", "Kana", "Hangul", "Greek", "Hebrew", "Thai", "Devanagari",
	"Armenian", "Georgian", "Bengali", "Tamil",
}

var scriptLanguage = map[string]string{
	"Han": "zh", "Kana": "ja", "Hangul": "ko", "Greek": "el", "Hebrew": "he", "Thai": "th",
	"Devanagari": "hi", "Armenian": "hy", "Georgian": "ka", "Bengali": "bn", "Tamil": "ta",
}

func scripts(text string) map[string]int {
	counts := map[string]int{}
	latin := 0
	for _, r := range text {
		if r < 0x80 {
			if isLetter(byte(r)) {
				latin++
			}
			continue
		}
		for _, name := range scriptOrder {
			if name == "Kana" && isKana(r) || name != "Kana" && unicode.Is(unicode.Scripts[name], r) {
				counts[name]++
				break
			}
		}
	}
	counts["Latin"] += latin / 3 // names and terms in Latin letters stand in texts of all scripts
	if latin > 0 && len(counts) == 1 || counts["Latin"] > 0 && latin*2 > len(text) {
		counts["Latin"] += latin
	}
	return counts
}

// byFunctionWords returns the language of the script whose function words make
// up most of the text, when they are a tenth of its words and clearly more than
// the next language's.
func byFunctionWords(script, text string) string {
	hits := map[string]float64{}
	total := 0
	list := words.FromString(text)
	for list.Next() {
		w := strings.ToLower(strings.ReplaceAll(list.Value(), "’", "'"))
		if !unicode.IsLetter(firstRune(w)) {
			continue
		}
		total++
		for _, lang := range functionWordIndex()[w] {
			hits[lang]++
		}
	}
	best, second := "", 0.0
	for _, l := range functionWords {
		if l.script != script {
			continue
		}
		switch n := hits[l.code]; {
		case best == "" || n > hits[best]:
			best, second = l.code, hits[best]
		case n > second:
			second = n
		}
	}
	if n := hits[best]; total == 0 || n < 2 || n < 0.1*float64(total) || n <= 1.05*second {
		return ""
	}
	return best
}
