package summarize

import (
	"crypto/rand"
	"strings"
)

// fence encloses data in a prompt with a word that nobody who wrote the data can
// know: text in it can pretend to end it, but not end it.
type fence struct{ word string }

// newFence returns a fence whose word stands in none of the texts.
func (p *Pipeline) newFence(texts ...string) fence {
	for {
		f := fence{word: p.cfg.Delimiter()}
		if f.word != "" && !containsAny(texts, f.word) {
			return f
		}
		f.word = rand.Text()
		if !containsAny(texts, f.word) {
			return f
		}
	}
}

func containsAny(texts []string, word string) bool {
	for _, s := range texts {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}

// enclose returns data between the two lines of the fence.
func (f fence) enclose(data string) string {
	return "<<<" + f.word + "\n" + strings.TrimSuffix(data, "\n") + "\n" + f.word + ">>>"
}

// inline returns a short value such as a title on one line between brackets that
// it cannot hold itself.
func inlineData(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r == '⟦' || r == '⟧' || r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if s = collapse(s); s == "" {
		return ""
	}
	return "⟦" + clipText(s, most) + "⟧"
}
