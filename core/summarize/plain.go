package summarize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// plainText returns one line of Markdown without its inline marks: links and
// images are their words, code spans and emphasis what they hold, HTML tags and
// footnote marks are gone. Text that only looks like marks stays.
func plainText(s string) string { return rewrite(s, false) }

// markdownText returns one line of Markdown that renders as the sentence alone
// does: marks with both halves in it stay, others are escaped; links that lead
// nowhere outside the document, footnote marks and HTML tags are gone.
func markdownText(s string) string { return rewrite(s, true) }

func rewrite(s string, keep bool) string {
	if !strings.ContainsAny(s, "[]*_`<\\~&") {
		return s
	}
	var out strings.Builder
	out.Grow(len(s))
	for i := 0; i < len(s); {
		text, size := inline(s, i)
		if keep {
			text = kept(s[i:i+size], text)
		}
		out.WriteString(text)
		i += size
	}
	return out.String()
}

// kept returns what Markdown shows for a mark that plain text shows as text.
func kept(mark, text string) string {
	switch mark[0] {
	case '`', '*', '_', '~':
		if mark == text && mark != "_" && mark != "~" {
			return "\\" + strings.Join(strings.Split(mark, ""), "\\") // its other half is not here
		}
		return mark
	case '[':
		if text != mark && strings.HasSuffix(mark, ")") && strings.Contains(mark, "](http") {
			return mark
		}
	case '<':
		if text == mark {
			return "\\<"
		}
		if text != "" {
			return mark
		}
	case '\\', '&':
		return mark
	}
	return text
}

// escapeStart keeps a sentence that begins like a heading, a quotation or a
// list item from becoming one.
func escapeStart(s string) string {
	if s == "" {
		return s
	}
	if strings.ContainsRune("#>-+|=", rune(s[0])) {
		return "\\" + s
	}
	if n := numberMark(s); n > 0 && isDigit(s[0]) {
		at := strings.IndexAny(s, ".)")
		if at > 0 && at < n {
			return s[:at] + "\\" + s[at:]
		}
	}
	return s
}

// inline returns what stands for the marks at s[i:] and how long they are.
func inline(s string, i int) (string, int) {
	rest := s[i:]
	switch rest[0] {
	case '\\':
		if len(rest) > 1 && strings.IndexByte("\\`*_{}[]()#+-.!|<>~", rest[1]) >= 0 {
			return rest[1:2], 2
		}
	case '`':
		return codeSpan(rest)
	case '!', '[':
		return link(rest)
	case '<':
		return tag(rest)
	case '&':
		return entity(rest)
	case '*', '_', '~':
		return emphasis(s, i)
	}
	return rest[:1], 1
}

// markReach is how many bytes away the other half of a mark may be. Without it
// a line of a million brackets would take hours.
const markReach = 2000

func codeSpan(s string) (string, int) {
	n := len(s) - len(strings.TrimLeft(s, "`"))
	s = s[:min(len(s), n+markReach)]
	if end := strings.Index(s[n:], s[:n]); end > 0 {
		return strings.TrimSpace(s[n : n+end]), end + 2*n
	}
	return s[:n], n
}

// link knows [text](url), [text][ref], ![alt](url) and [^note].
func link(s string) (string, int) {
	open := strings.IndexByte(s[:min(len(s), 2)], '[')
	if open == 1 && s[0] != '!' || open < 0 {
		return s[:1], 1
	}
	end := closing(s, open, '[', ']')
	if end < 0 {
		return s[:1], 1
	}
	text, after := s[open+1:end], s[end+1:]
	if strings.HasPrefix(text, "^") {
		return "", end + 1
	}
	for _, pair := range []string{"()", "[]"} {
		if strings.HasPrefix(after, pair[:1]) {
			if to := closing(after, 0, pair[0], pair[1]); to >= 0 {
				return plainText(text), end + 1 + to + 1
			}
		}
	}
	return s[:1], 1
}

// closing returns where the bracket that opens at s[at] closes, or -1.
func closing(s string, at int, open, shut byte) int {
	s = s[:min(len(s), at+markReach)]
	if strings.IndexByte(s[at:], shut) < 0 {
		return -1
	}
	depth := 0
	for i := at; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func tag(s string) (string, int) {
	end := strings.IndexByte(s[:min(len(s), markReach)], '>')
	if end < 2 {
		return s[:1], 1
	}
	in := s[1:end]
	if strings.Contains(in, "://") || strings.Contains(in, "@") {
		if strings.ContainsAny(in, " \t") {
			return s[:1], 1
		}
		return in, end + 1
	}
	if c := strings.TrimPrefix(in, "/"); c == "" || !isLetter(c[0]) && c[0] != '!' || strings.Contains(in, "<") {
		return s[:1], 1
	}
	return "", end + 1
}

var entities = map[string]string{
	"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": `"`, "&apos;": "'", "&#39;": "'", "&nbsp;": "\u00a0",
}

func entity(s string) (string, int) {
	if end := strings.IndexByte(s[:min(len(s), 8)], ';'); end > 0 {
		if text, ok := entities[s[:end+1]]; ok {
			return text, end + 1
		}
	}
	return s[:1], 1
}

// emphasis drops a run of marks that opens before a word or closes after one
// and has its other half in s. Marks inside words (snake_case) and alone stay.
func emphasis(s string, i int) (string, int) {
	n := i
	for n < len(s) && s[n] == s[i] {
		n++
	}
	mark := s[i:n]
	if len(mark) > 3 || s[i] == '~' && len(mark) != 2 {
		return mark, len(mark)
	}
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[n:])
	opens := n < len(s) && !unicode.IsSpace(after) && (i == 0 || !wordRune(before) || s[i] == '*' && dense(before))
	closes := i > 0 && !unicode.IsSpace(before) && (n == len(s) || !wordRune(after) || s[i] == '*' && dense(after))
	if opens && strings.Contains(s[n:], mark) || closes && strings.Contains(s[:i], mark) {
		return "", len(mark)
	}
	return mark, len(mark)
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// collapse makes one line of s: white space is one space, and none at all where
// a line break parts two characters of a script that writes no spaces. The
// quotation marks ">" of a new line go with the break.
func collapse(s string) string {
	var out strings.Builder
	out.Grow(len(s))
	var prev rune
	gap, broken := false, false
	for i, r := range s {
		if unicode.IsSpace(r) || broken && r == '>' {
			gap = true
			broken = broken || r == '\n'
			continue
		}
		if gap && out.Len() > 0 && !(broken && dense(prev) && dense(r)) {
			out.WriteByte(' ')
		}
		gap, broken = false, false
		_, size := utf8.DecodeRuneInString(s[i:])
		out.WriteString(s[i : i+size])
		prev = r
	}
	return out.String()
}
