package summarize

import (
	"strings"
	"unicode/utf8"
)

// holdback passes on the text of an answer as it comes, without citation marks:
// what may become one is held back until that is known.
type holdback struct {
	tell func(offset int, text string)
	raw  string
	told string // what was passed on
}

func (h *holdback) write(text string) {
	h.raw += text
	h.pass(h.raw[:h.settled()])
}

// flush passes on the rest, after the last text.
func (h *holdback) flush() { h.pass(h.raw) }

// settled returns how much of the text no later one can change.
func (h *holdback) settled() int {
	end := len(h.raw)
	for { // a mark at the end: a link's address or another mark may follow
		kept := strings.TrimRight(h.raw[:end], " \u00a0\t")
		if !strings.HasSuffix(kept, "]") {
			break
		}
		i := strings.LastIndexByte(kept, '[')
		if i < 0 || len(kept)-i > longestMark {
			break
		}
		end = i
	}
	if i := strings.LastIndexByte(h.raw[:end], '['); i >= 0 && end-i < longestMark && !strings.Contains(h.raw[i:end], "]") {
		end = i
	}
	end = len(strings.TrimRight(h.raw[:end], " \u00a0\t"))
	for i := 1; i < utf8.UTFMax && i <= end; i++ { // half a character
		if utf8.RuneStart(h.raw[end-i]) {
			if !utf8.FullRuneInString(h.raw[end-i : end]) {
				end -= i
			}
			break
		}
	}
	return end
}

func (h *holdback) pass(raw string) {
	text, _ := stripMarks(raw)
	if len(text) <= len(h.told) || !strings.HasPrefix(text, h.told) {
		return
	}
	h.tell(utf8.RuneCountInString(h.told), text[len(h.told):])
	h.told = text
}
