package summarize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// listMark returns how many bytes of a line are its list mark and the white
// space after it, 0 when it has none.
func listMark(s string) int {
	if n := bulletMark(s); n > 0 {
		return n
	}
	return numberMark(s)
}

func bulletMark(s string) int {
	r, size := utf8.DecodeRuneInString(s)
	if !strings.ContainsRune("-*+•‣◦▪–", r) {
		return 0
	}
	n := markEnd(s, size)
	if rest := s[n:]; n > 0 && len(rest) > 3 && (rest[:4] == "[ ] " || rest[:4] == "[x] ") {
		n += 4 // a task list's box
	}
	return n
}

// numberMark knows "3." "3)" "(3)" "(a)" "(iv)" and the full-width forms.
func numberMark(s string) int {
	open := strings.HasPrefix(s, "(") || strings.HasPrefix(s, "（")
	rest := strings.TrimPrefix(strings.TrimPrefix(s, "("), "（")
	n := 0
	for n < len(rest) && n < 4 && (isDigit(rest[n]) || open && isLetter(rest[n])) {
		n++
	}
	if n == 0 || n == 4 && !open {
		return 0
	}
	at := len(s) - len(rest) + n
	switch r, size := utf8.DecodeRuneInString(s[at:]); {
	case r == ')' || !open && r == '.':
		return markEnd(s, at+size)
	case r == '）' || !open && r == '、':
		return at + size
	}
	return 0
}

// markEnd returns the end of the white space that must follow a mark at s[:n].
func markEnd(s string, n int) int {
	rest := strings.TrimLeft(s[n:], " \t\u00a0")
	if len(rest) == len(s)-n || rest == "" {
		return 0
	}
	return len(s) - len(rest)
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// quoteMark returns the length of a line's "> " marks.
func quoteMark(s string) int {
	return len(s) - len(strings.TrimLeft(s, "> "))
}

// speaker returns the length of a turn's label with the colon and the white
// space after it: "Project Manager: ", "[00:12:03] DR. LEE: ".
func speaker(s string) int {
	from := 0
	if strings.HasPrefix(s, "[") || strings.HasPrefix(s, "(") {
		if end := strings.IndexAny(s, "])"); end > 0 && end < 16 && strings.ContainsAny(s[:end], "0123456789") {
			from = len(s) - len(strings.TrimLeft(s[end+1:], " "))
		}
	}
	rest := strings.TrimPrefix(s[from:], "**")
	label, _, ok := strings.Cut(rest, ":")
	if !ok {
		label, _, ok = strings.Cut(rest, "：")
	}
	if !ok || !speakerName(strings.TrimRight(label, "*")) {
		return 0
	}
	at := len(s) - len(rest) + len(label)
	_, size := utf8.DecodeRuneInString(s[at:])
	text := strings.TrimLeft(s[at+size:], " *")
	if text == "" || len(text) == len(s)-at-size && size == 1 {
		return 0
	}
	return len(s) - len(text)
}

func speakerName(label string) bool {
	first, _ := utf8.DecodeRuneInString(label)
	if unicode.IsLower(first) || !unicode.IsLetter(first) || len(strings.Fields(label)) > 5 {
		return false
	}
	n := 0
	for _, r := range label {
		if n++; n > 40 {
			return false
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune(" .'’-_&()/", r) {
			return false
		}
	}
	return true
}

// isTranscript reports whether a text is a record of who said what: at least
// four turns, a quarter of its lines, by speakers who come back.
func isTranscript(lines []line) bool {
	turns, texts := 0, 0
	names := map[string]bool{}
	for _, l := range lines {
		if l.blank() {
			continue
		}
		texts++
		if n := speaker(l.text); n > 0 {
			turns++
			names[l.text[:n]] = true
		}
	}
	return turns >= 4 && turns*4 >= texts && len(names)*2 <= turns
}

// plainHeading reports whether a line that stands alone is a heading although
// nothing marks it: all capitals, a section number in front, or the first line
// of a text when it does not end as a sentence.
func plainHeading(s string, first bool) bool {
	words := wordCount(s)
	if words == 0 || words > 16 || finished(s) && !allCapitals(s) || speaker(s) > 0 {
		return false
	}
	return allCapitals(s) || sectionNumber(s) > 0 || first && words >= 2
}

func allCapitals(s string) bool {
	upper := 0
	for _, r := range s {
		if unicode.IsLower(r) {
			return false
		}
		if unicode.IsUpper(r) {
			upper++
		}
	}
	return upper >= 4
}

// sectionNumber returns the depth of the number a line begins with: 2 for
// "3.2 Scope", 1 for "第3章 …", 0 for none.
func sectionNumber(s string) int {
	if strings.HasPrefix(s, "第") {
		if i := strings.IndexAny(s, "章節节部編编"); i > 0 && i < 16 {
			return 1
		}
	}
	depth, i := 0, 0
	for i < len(s) && isDigit(s[i]) {
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		depth++
		if i < len(s) && s[i] == '.' {
			i++
		}
	}
	if depth == 0 || i > 12 || i >= len(s) || s[i] != ' ' {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(s[i:], " "))
	if unicode.IsUpper(r) || unicode.IsLetter(r) && !unicode.IsLower(r) {
		return depth
	}
	return 0
}

func plainLevel(s string) int {
	if n := sectionNumber(s); n > 0 {
		return min(n, 6)
	}
	return 2
}

// headingTitle returns a heading's text without its marks.
func headingTitle(s string) string {
	s = strings.TrimSpace(strings.Trim(strings.TrimSpace(s), "#"))
	if i := strings.LastIndex(s, "{#"); i > 0 && strings.HasSuffix(s, "}") {
		s = strings.TrimSpace(s[:i])
	}
	return plainText(s)
}
