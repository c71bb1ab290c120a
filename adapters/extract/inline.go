package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// style is how a piece of text is marked.
type style struct {
	bold, italic, strike, code bool
	raw                        bool   // already Markdown, such as the mark of a footnote
	href                       string // where it links to
}

// run is text of one style.
type run struct {
	style
	text string
}

// spans is the text of a paragraph.
type spans []run

// add appends text; neighbours of one style become one run.
func (s *spans) add(text string, st style) {
	if text == "" {
		return
	}
	if n := len(*s); n > 0 && (*s)[n-1].style == st {
		(*s)[n-1].text += text
		return
	}
	*s = append(*s, run{st, text})
}

// plain returns the text without marks.
func (s spans) plain() string {
	var b strings.Builder
	for _, p := range s {
		if !p.raw {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// markdown returns the text with its marks, and with a backslash where a
// character of the text would be one. Line breaks become spaces.
func (s spans) markdown() string {
	var b strings.Builder
	for i := 0; i < len(s); {
		j := i + 1
		for j < len(s) && s[j].href == s[i].href {
			j++
		}
		text := s[i:j].marked(lastRune(b.String()), s.firstRune(j))
		if href := s[i].href; href != "" && !isBlank(text) {
			lead, word, trail := splitSpace(text)
			text = lead + "[" + word + "](" + linkTarget(href) + ")" + trail
		}
		b.WriteString(text)
		i = j
	}
	return strings.TrimSpace(b.String())
}

// marked renders spans of one link target, which stand between before and after.
func (s spans) marked(before, after rune) string {
	var b strings.Builder
	for i, p := range s {
		next := s.firstRune(i + 1)
		if next == 0 {
			next = after
		}
		prev := before
		if b.Len() > 0 {
			prev = lastRune(b.String())
		}
		b.WriteString(p.marked(prev, next))
	}
	return b.String()
}

func (p run) marked(prev, next rune) string {
	if p.raw {
		return p.text
	}
	text := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' || r == '\v' || r == '\f' {
			return ' '
		}
		return r
	}, p.text)
	lead, word, trail := splitSpace(text)
	if word == "" {
		return text
	}
	inWord := lead == "" && isWordRune(prev) || trail == "" && isWordRune(next)
	if p.code && !inWord && !strings.Contains(word, "`") {
		return lead + "`" + word + "`" + trail
	}
	word = escapeInline(word)
	if !inWord { // a mark inside a word is none in Markdown, or parts the word
		switch {
		case p.bold && p.italic:
			word = "***" + word + "***"
		case p.bold:
			word = "**" + word + "**"
		case p.italic:
			word = "*" + word + "*"
		}
		if p.strike {
			word = "~~" + word + "~~"
		}
	}
	return lead + word + trail
}

// firstRune returns the first character from run i on, or 0.
func (s spans) firstRune(i int) rune {
	if i < len(s) && s[i].text != "" {
		r, _ := utf8.DecodeRuneInString(s[i].text)
		return r
	}
	return 0
}

func lastRune(s string) rune {
	if s == "" {
		return 0
	}
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

func splitSpace(s string) (lead, word, trail string) {
	word = strings.TrimLeftFunc(s, unicode.IsSpace)
	lead = s[:len(s)-len(word)]
	trimmed := strings.TrimRightFunc(word, unicode.IsSpace)
	return lead, trimmed, word[len(trimmed):]
}

// escapeInline puts a backslash before what Markdown would take for a mark. A
// star between spaces and an underscore inside a word are none.
func escapeInline(s string) string {
	if !strings.ContainsAny(s, "\\`*_[<~&") {
		return s
	}
	var b strings.Builder
	prev, lastLink := rune(0), strings.LastIndex(s, "](")
	for i, r := range s {
		next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		escape := false
		switch r {
		case '`':
			escape = true
		case '\\':
			escape = next < 0x80 && (unicode.IsPunct(next) || unicode.IsSymbol(next))
		case '*':
			escape = !isGap(prev) || !isGap(next)
		case '_':
			escape = !(isWordRune(prev) && isWordRune(next)) && !(isGap(prev) && isGap(next))
		case '~':
			escape = next == '~' || prev == '~'
		case '<':
			escape = beginsTag(next)
		case '[':
			escape = i < lastLink
		case '&':
			escape = beginsEntity(s[i+1:])
		}
		if escape {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		prev = r
	}
	return b.String()
}

func isGap(r rune) bool { return r == 0 || r == utf8.RuneError || unicode.IsSpace(r) }

// beginsEntity reports whether s, after an ampersand, goes on as an HTML entity.
func beginsEntity(s string) bool {
	end := strings.IndexByte(s[:min(len(s), 32)], ';')
	if end < 1 {
		return false
	}
	for _, r := range s[:end] {
		if r != '#' && (r > 'z' || !unicode.IsLetter(r) && !unicode.IsDigit(r)) {
			return false
		}
	}
	return true
}

// linkTarget makes a link safe inside parentheses.
func linkTarget(href string) string {
	return strings.NewReplacer(" ", "%20", "(", "%28", ")", "%29", "<", "%3C", ">", "%3E", "\n", "", "\r", "").Replace(href)
}
