package summarize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// nameRun is a run of capitalized words, small words between them left out.
type nameRun struct {
	source string
	words  []place // in bytes of source
	small  []bool  // whether small words stand before words[i]
	opens  bool    // the first word may be capitalized because it begins a sentence
}

func (r nameRun) text(w place) string { return r.source[w.start:w.end] }

// initials returns those of words [from, to), with and without the small words.
func (r nameRun) initials(from, to int) (all, short string) {
	for i := from; i < to; i++ {
		first, _ := utf8.DecodeRuneInString(r.text(r.words[i]))
		if i > from && r.small[i] {
			between := r.source[r.words[i-1].end:r.words[i].start]
			for w := range strings.FieldsSeq(between) {
				all += strings.ToUpper(w[:firstSize(w)])
			}
		}
		all += string(unicode.ToUpper(first))
		short += string(unicode.ToUpper(first))
	}
	return all, short
}

func firstSize(s string) int {
	_, size := utf8.DecodeRuneInString(s)
	return size
}

// smallWords stand inside names.
var smallWords = set(`of the and for de la le del der die das des von van du da do dos & y e et und för`)

// nameRuns returns the runs of capitalized words in Latin, Greek and Cyrillic.
func nameRuns(text string) []nameRun {
	var out []nameRun
	var run nameRun
	flush := func() {
		if len(run.words) > 0 {
			out = append(out, run)
		}
		run = nameRun{source: text}
	}
	flush()
	opens, small := true, false
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			switch {
			case unicode.IsSpace(r) && r != '\n' || r == '-' || r == '\'' || r == '’' || r == '&':
			case r == '.' && len(run.words) > 0 && initialBefore(text[:i]):
			default:
				flush()
				small = false
				opens = opens || strings.ContainsRune(".!?:;\n\"“”«»‘([•-–—", r)
			}
			i += size
			continue
		}
		end := i + nameLength(text[i:])
		word := text[i:end]
		switch {
		case isNameWord(word, r):
			if len(run.words) == 0 {
				run.opens = opens
			}
			run.words, run.small = append(run.words, place{i, end}), append(run.small, small)
			small = false
		case smallWords[word] && len(run.words) > 0:
			small = true
		case word == "s" && i > 0 && text[i-1] != ' ': // a possessive
		default:
			flush()
			small = false
		}
		opens = false
		i = end
	}
	flush()
	return out
}

// nameLength is wordLength that takes AUTO_INCREMENT for the one word that it is.
func nameLength(s string) int {
	end := wordLength(s)
	for end > 0 && strings.HasPrefix(s[end:], "_") {
		more := wordLength(s[end+1:])
		if more == 0 {
			break
		}
		end += 1 + more
	}
	return end
}

// initialBefore reports whether a text ends with a single capital letter, as in "J.".
func initialBefore(text string) bool {
	return isInitial(lastWord(text))
}

func isNameWord(word string, first rune) bool {
	return unicode.IsUpper(first) && utf8.RuneCountInString(word) > 1 && unicode.In(first, unicode.Latin, unicode.Greek, unicode.Cyrillic)
}

func allCaps(word string) bool {
	return utf8.RuneCountInString(word) > 1 && strings.ToUpper(word) == word && strings.ToLower(word) != word
}

// unsupportedNames returns the parts of a claim that name what the document does not.
func (e *evidence) unsupportedNames(text, language string) []place {
	var out []place
	for _, run := range nameRuns(text) {
		if nounsAreCapitalized(language) && len(run.words) == 1 && !allCaps(run.text(run.words[0])) {
			continue
		}
		if _, short := run.initials(0, len(run.words)); len(run.words) > 1 && e.facts.capitals[short] {
			continue
		}
		for i, w := range run.words {
			word := run.text(w)
			if i == 0 && run.opens && len(run.words) == 1 && !allCaps(word) || e.knowsName(word) {
				continue
			}
			if k := len(out) - 1; k >= 0 && i > 0 && out[k].end == run.words[i-1].end {
				out[k].end = w.end
				continue
			}
			out = append(out, w)
		}
	}
	return out
}

// knowsName reports whether the document has a word, or what it is short for.
func (e *evidence) knowsName(word string) bool {
	if _, ok := e.ids[wordForm(word)]; ok {
		return true
	}
	lower := strings.ToLower(word)
	if isFunctionWord(lower) || monthIndex()[lower] > 0 || numberWordIndex()[lower] > 0 {
		return true
	}
	return allCaps(word) && e.facts.acronyms[strings.TrimSuffix(word, "S")]
}

// nounsAreCapitalized reports whether a language writes all nouns like names.
func nounsAreCapitalized(language string) bool { return primary(language) == "de" }
