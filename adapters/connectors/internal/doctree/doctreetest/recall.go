package doctreetest

import (
	"strings"
	"unicode"
)

// Recall returns how many of the words in a source are in the Markdown that it
// became, each as often as it occurs, and how many there are.
func Recall(source, markdown string) (found, total int) {
	have := map[string]int{}
	for _, w := range wordsOf(strings.ReplaceAll(markdown, `\`, "")) {
		have[w]++
	}
	for _, w := range wordsOf(source) {
		total++
		if have[w] > 0 {
			have[w]--
			found++
		}
	}
	return found, total
}

func wordsOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
