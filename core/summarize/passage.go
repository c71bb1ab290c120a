package summarize

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// passages returns the sentences of a part of the text; headings, tables and
// listings, which have none, are told line by line.
func (t *Text) passages(start, end int) []place {
	blocks, all := t.Blocks(), t.Sentences()
	var out []place
	from := sort.Search(len(blocks), func(i int) bool { return blocks[i].End > start })
	next := sort.Search(len(all), func(i int) bool { return all[i].Block >= from })
	for i := from; i < len(blocks) && blocks[i].Start < end; i++ {
		sentences := false
		for ; next < len(all) && all[next].Block == i; next++ {
			sentences = true
			if s := all[next]; s.Start < end && s.End > start {
				out = append(out, place{s.Start, s.End})
			}
		}
		if !sentences {
			out = append(out, t.lines(max(start, blocks[i].Start), min(end, blocks[i].End))...)
		}
	}
	return out
}

func (t *Text) lines(start, end int) []place {
	var out []place
	for start < end {
		to := end
		if i := strings.IndexByte(t.canon[start:end], '\n'); i >= 0 {
			to = start + i
		}
		if a, b := trimSpace(t.canon, start, to); a < b {
			out = append(out, place{a, b})
		}
		start = to + 1
	}
	return out
}

// wordForms calls yield with what stands for each word when texts are compared: its
// first letters without case and plural, pairs of characters for scripts without
// spaces.
func wordForms(text string, yield func(form string)) {
	prev := ""
	list := words.FromString(text)
	for list.Next() {
		w := list.Value()
		r, size := utf8.DecodeRuneInString(w)
		switch {
		case dense(r) && unicode.IsLetter(r) && size == len(w):
			if prev != "" {
				yield(prev + w)
			}
			prev = w
			continue
		case (unicode.IsLetter(r) || unicode.IsDigit(r)) && len(w) > 1:
			yield(wordForm(w))
		}
		prev = ""
	}
}

// wordForm returns what stands for a word.
func wordForm(w string) string {
	w = strings.ToLower(strings.ReplaceAll(w, "’", "'"))
	w = strings.TrimSuffix(w, "'s")
	if n := len(w); n > 3 && w[n-1] == 's' && w[n-2] != 's' {
		w = w[:n-1]
	}
	if v, ok := numberWordIndex()[w]; ok {
		return valueName(v)
	}
	if isDigit(w[0]) {
		return strings.ReplaceAll(w, ",", "")
	}
	n := 0
	for i := range w {
		if n == stemLength {
			return w[:i]
		}
		n++
	}
	return w
}

// telling reports whether a form says something of a text's matter.
func telling(form string) bool {
	return (len(form) > 2 || isDigit(form[0])) && !isFunctionWord(form)
}

func tellingForms(text string) []string {
	var out []string
	wordForms(text, func(form string) {
		if telling(form) {
			out = append(out, form)
		}
	})
	return out
}

// quoteTokens bounds the quotation that a note carries.
const quoteTokens = 40

// quoteFor returns the sentence in the places that says most of a note, "" for a
// note that repeats it word for word. It depends on nothing but them.
func (t *Text) quoteFor(text string, places []place) string {
	var all []place
	for _, p := range places {
		all = append(all, t.passages(p.start, p.end)...)
	}
	wanted := map[string]bool{}
	for _, form := range tellingForms(text) {
		wanted[form] = true
	}
	best, most := place{}, 0
	for _, p := range all {
		found := map[string]bool{}
		wordForms(t.canon[p.start:p.end], func(form string) {
			if wanted[form] {
				found[form] = true
			}
		})
		if n := len(found); n > most {
			best, most = p, n
		}
	}
	quote := collapse(t.canon[best.start:best.end])
	if strings.Contains(quote, strings.TrimRight(text, ".…")) {
		return ""
	}
	if cut := cutTokens(quote, 0, len(quote), quoteTokens); cut < len(quote) {
		quote = strings.TrimSpace(quote[:cut]) + "…"
	}
	return quote
}
