package doctree

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// entity is what Markdown reads as a character reference.
var entity = regexp.MustCompile(`^&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]*);`)

// escape puts a backslash before each character that Markdown would read as
// markup. next is the first character of what follows the text.
func escape(text string, next rune) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/16)
	before := ' '
	for i, r := range text {
		rest := text[i+utf8.RuneLen(r):]
		after := next
		if rest != "" {
			after, _ = utf8.DecodeRuneInString(rest)
		}
		if special(r, before, after, text[i:]) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

func special(r, before, after rune, rest string) bool {
	switch r {
	case '\\', '*', '`', '[', ']', '~':
		return true
	case '_':
		return !isWord(before) || !isWord(after)
	case '<':
		return after < utf8.RuneSelf && (unicode.IsLetter(after) || strings.ContainsRune("/!?", after))
	case '&':
		return entity.MatchString(rest)
	case '!':
		return after == '[' && len(rest) == 1
	}
	return false
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

var (
	headingStart = regexp.MustCompile(`^#{1,6}(\s|$)`)
	bulletStart  = regexp.MustCompile(`^([-+](\s|$)|--)`)
	numberStart  = regexp.MustCompile(`^([0-9]{1,9})([.)](\s|$))`)
	underline    = regexp.MustCompile(`^=+\s*$`)
	delimiterRow = regexp.MustCompile(`^[:|][\s:|-]*$`)
)

// escapeLineStarts does the same for what is markup at a line's start only.
func escapeLineStarts(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		switch {
		case headingStart.MatchString(line), bulletStart.MatchString(line), strings.HasPrefix(line, ">"),
			i > 0 && underline.MatchString(line), i > 0 && delimiterRow.MatchString(line):
			lines[i] = `\` + line
		default:
			lines[i] = numberStart.ReplaceAllString(line, `$1\$2`)
		}
	}
	return strings.Join(lines, "\n")
}

// target returns a link's address as Markdown takes it.
func target(href string) string {
	var b strings.Builder
	for _, r := range href {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r < ' ':
		case r == ' ' || r == '<' || r == '>' || r == '\\' || r == '`':
			b.WriteString("%" + strings.ToUpper(hex(r)))
		default:
			b.WriteRune(r)
		}
	}
	clean := b.String()
	if !balanced(clean) {
		clean = strings.NewReplacer("(", `\(`, ")", `\)`).Replace(clean)
	}
	return ampersand.ReplaceAllString(clean, "&amp;$1")
}

var ampersand = regexp.MustCompile(`&((?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]*);)`)

func hex(r rune) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[r>>4&15], digits[r&15]})
}

// balanced reports whether each parenthesis has its partner; CommonMark takes 32 levels.
func balanced(s string) bool {
	depth := 0
	for _, r := range s {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth < 0 || depth > 30 {
			return false
		}
	}
	return depth == 0
}

// autolink is what may stand between < and >.
var autolink = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\x00-\x20<>\x7f]*$`)

// bareURL is how text begins that GitHub and others make a link of by themselves, up
// to the next white space or "<": "Autolinks (extension)" of GitHub Flavored Markdown.
var bareURL = regexp.MustCompile(`(?i)(https?:|ftp:|www\.)[^\s<]*`)

// plainURLs keeps addresses in escaped text from becoming links that would take in
// what is not theirs: backslashes, or what is glued to the text's end.
func plainURLs(text string, glued func() bool) string {
	return bareURL.ReplaceAllStringFunc(text, func(url string) string {
		if !strings.Contains(url, `\`) && !(strings.HasSuffix(text, url) && glued()) {
			return url
		}
		at := strings.IndexAny(url, ":.")
		return url[:at] + `\` + url[at:]
	})
}

// codeSpan writes code within a line.
func codeSpan(text string) string {
	fence := strings.Repeat("`", longestRun(text, '`')+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		return fence + " " + text + " " + fence
	}
	return fence + text + fence
}

// longestRun returns the length of the longest run of a character.
func longestRun(s string, c byte) int {
	longest, n := 0, 0
	for i := range len(s) {
		if s[i] != c {
			n = 0
			continue
		}
		n++
		longest = max(longest, n)
	}
	return longest
}

// comment writes an HTML comment, its text made such that it cannot end early.
func comment(text string) string {
	text = squeeze(Clean(text))
	for strings.Contains(text, "--") {
		text = strings.ReplaceAll(text, "--", "- -")
	}
	text = strings.TrimRight(strings.TrimLeft(text, ">- "), "- ")
	return "<!-- " + text + " -->"
}
