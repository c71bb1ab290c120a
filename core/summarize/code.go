package summarize

import (
	"strings"
	"unicode"
)

// isCodeMark reports whether r is a character that programs are full of and prose is not.
func isCodeMark(r rune) bool {
	switch r {
	case '{', '}', '<', '>', '=', '_', ';', '|', '\\':
		return true
	}
	return false
}

// codeDensity returns the share of code marks among the characters of s.
func codeDensity(s string) float64 {
	marks, all := 0, 0
	for _, r := range s {
		if unicode.IsSpace(r) {
			continue
		}
		all++
		if isCodeMark(r) {
			marks++
		}
	}
	if all == 0 {
		return 0
	}
	return float64(marks) / float64(all)
}

// codeLines reports whether a paragraph that nothing marks as code is code: a
// listing pasted as it is. Two thirds of its lines could hardly be prose.
func codeLines(lines []line) bool { return codeShare(lines, 0.66, strongCode) }

// codeShare reports whether at least such a share of the lines that are not
// blank are code.
func codeShare(lines []line, least float64, isCode func(string) bool) bool {
	code, all := 0, 0
	for _, l := range lines {
		if l.blank() {
			continue
		}
		all++
		if isCode(l.text) {
			code++
		}
	}
	return float64(code) >= least*float64(all)
}

// codeLine reports whether one line looks like code, a prompt or its output.
// It is for lines that their indent makes suspect already.
func codeLine(s string) bool {
	if strongCode(s) {
		return true
	}
	letters, marks := 0, 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || r == ' ':
			letters++
		case strings.ContainsRune("{}<>=_;|\\()[]$#@/*&+", r):
			marks++
		}
	}
	return float64(marks) > 0.12*float64(letters+marks)
}

var (
	codeSigns    = []string{">>>", "$ ", "//", "/*", "#!", "#include", "#define", "#[", "</", "<?"}
	codeKeywords = []string{
		"import ", "from __", "def ", "fn ", "func ", "package ", "use ", "pub ", "return ", "static ", "class ",
		"const ", "let ", "var ", "SELECT ",
	}
	codeEnds = []string{"{", "}", "};", "});", "},", "*/", "\\"}
)

// strongCode reports whether a line could hardly be prose.
func strongCode(s string) bool {
	density := codeDensity(s)
	if density > 0.15 || startsIn(s, codeSigns...) || endsIn(s, codeEnds...) {
		return true
	}
	if startsIn(s, codeKeywords...) && !finished(s) && (density > 0.02 || wordCount(s) <= 3) {
		return true
	}
	if rest, ok := strings.CutSuffix(s, ";"); ok && wordCount(rest) <= 6 {
		return strings.Contains(rest, "=") || strings.Contains(rest, "()") || strings.HasSuffix(rest, ")") && !strings.HasPrefix(rest, "(")
	}
	return strings.HasPrefix(s, `"`) && (strings.HasSuffix(s, `",`) || strings.Contains(s, `": `))
}

func startsIn(s string, starts ...string) bool {
	for _, start := range starts {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return false
}

// delimited reports whether a paragraph is rows of cells between tabs, commas
// or semicolons: three lines at least, the same number of marks in each.
func delimited(lines []line) bool {
	if len(lines) < 3 {
		return false
	}
	for _, mark := range []string{"\t", ";", ","} {
		if _, ok := delimiterCount(lines, mark); ok {
			return true
		}
	}
	return false
}

func delimiterCount(lines []line, mark string) (int, bool) {
	n := strings.Count(lines[0].text, mark)
	if n < 1 || mark == "," && n < 2 {
		return 0, false
	}
	for _, l := range lines {
		if strings.Count(l.text, mark) != n || mark != "\t" && (finished(l.text) || strings.Contains(l.text, mark+" ")) {
			return 0, false
		}
	}
	return n, true
}
