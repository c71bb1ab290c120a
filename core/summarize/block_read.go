package summarize

import (
	"strings"
	"unicode"
)

// frontMatter reads a YAML or TOML block at the very start and returns the line after it.
func (s *scanner) frontMatter() int {
	if len(s.lines) < 3 {
		return 0
	}
	mark := s.lines[0].text
	if mark != "---" && mark != "+++" || !strings.ContainsAny(s.lines[1].text, ":=") {
		return 0
	}
	for i := 1; i < len(s.lines) && i < 100; i++ {
		if t := s.lines[i].text; t == mark || mark == "---" && t == "..." {
			s.add(Meta, 0, i+1)
			return i + 1
		}
	}
	return 0
}

// add closes the open paragraph and adds lines[from:to] as one block.
func (s *scanner) add(kind BlockKind, from, to int) *Block {
	s.flush(from)
	b := Block{Kind: kind, Start: lineBody(s.lines[from]), End: s.lines[to-1].end}
	b.body = b.Start
	s.blocks = append(s.blocks, b)
	return &s.blocks[len(s.blocks)-1]
}

// fence reads a fenced code block, to its end or that of the text.
func (s *scanner) fence(i int) int {
	text := s.lines[i].text
	mark := text[:len(text)-len(strings.TrimLeft(text, text[:1]))]
	if len(mark) < 3 || mark[0] != '`' && mark[0] != '~' || mark[0] == '`' && strings.Contains(text[len(mark):], "`") {
		return i
	}
	end := i + 1
	for end < len(s.lines) {
		l := s.lines[end].text
		end++
		if strings.HasPrefix(l, mark) && strings.Trim(l, mark[:1]) == "" {
			break
		}
	}
	s.add(Code, i, end).Title = strings.TrimSpace(text[len(mark):])
	return end
}

// comment reads an HTML comment that begins a line, unless text follows it.
func (s *scanner) comment(i int) int {
	if !strings.HasPrefix(s.lines[i].text, "<!--") {
		return i
	}
	end := s.commentEnd.next(s.lines, i, "-->")
	if end == len(s.lines) || !strings.HasSuffix(s.lines[end].text, "-->") {
		return i
	}
	s.add(Meta, i, end+1)
	return end + 1
}

// finder finds the next line with a text, and searches no line twice.
type finder struct{ at int }

// next returns the first line from i on that holds mark, in lower case, or
// len(lines). Calls must not go back.
func (f *finder) next(lines []line, i int, mark string) int {
	if f.at > i {
		return f.at
	}
	for f.at = i; f.at < len(lines); f.at++ {
		if strings.Contains(strings.ToLower(lines[f.at].text), mark) {
			break
		}
	}
	return f.at
}

// table reads rows with bars, grids of dashes and HTML tables.
func (s *scanner) table(i int) int {
	text := s.lines[i].text
	if len(text) >= 6 && strings.EqualFold(text[:6], "<table") {
		return s.htmlTable(i)
	}
	grid := strings.HasPrefix(text, "+-") && strings.HasSuffix(text, "+")
	bars := strings.HasPrefix(text, "|") && strings.Count(text, "|") >= 2
	ruled := i+1 < len(s.lines) && strings.Contains(text, "|") && isRule(s.lines[i+1].text)
	if !grid && !bars && !ruled {
		return i
	}
	end := i + 1
	for end < len(s.lines) && (strings.Contains(s.lines[end].text, "|") || grid && strings.HasPrefix(s.lines[end].text, "+")) {
		end++
	}
	s.add(Table, i, end)
	return end
}

// isRule reports whether a line is the one between a table's head and its rows.
func isRule(text string) bool {
	return strings.Trim(text, "|-: ") == "" && strings.Contains(text, "-") && strings.Contains(text, "|")
}

func (s *scanner) htmlTable(i int) int {
	end := s.tableEnd.next(s.lines, i, "</table")
	if end == len(s.lines) {
		return i
	}
	s.add(Table, i, end+1)
	return end + 1
}

// indented reads lines indented by four or more that do not continue a
// paragraph, when they look like code. Bills and typescripts indent prose too, and
// the first line of a paragraph more than the rest.
func (s *scanner) indented(i int) int {
	if s.open >= 0 || s.lines[i].indent < 4 {
		return i
	}
	end := i
	for end < len(s.lines) && !s.lines[end].blank() && s.lines[end].indent >= 4 {
		end++
	}
	opens := end == i+1 && end < len(s.lines) && !s.lines[end].blank()
	if opens || !codeShare(s.lines[i:end], 0.5, codeLine) {
		return i
	}
	s.add(Code, i, end)
	return end
}

// setext reads a line of = or - (reStructuredText also knows ~ ^ " *) under an
// open paragraph of one or two lines as a heading.
func (s *scanner) setext(i int) int {
	text := s.lines[i].text
	if s.open < 0 || i-s.open > 2 || len(text) < 2 || !strings.ContainsAny(text[:1], `=-~^"*`) {
		return i
	}
	title := s.text[lineBody(s.lines[s.open]):s.lines[i-1].end]
	if strings.Trim(text, text[:1]) != "" || wordCount(title) > 24 || s.openList {
		return i
	}
	level := strings.IndexByte(`=-~^"*`, text[0]) + 1
	if level > 2 && len(text) < min(4, len(title)) {
		return i
	}
	from := s.open
	s.open = -1
	b := s.add(Heading, from, i+1)
	b.Level, b.Title = level, headingTitle(collapse(title))
	return i + 1
}

// heading reads an ATX heading.
func (s *scanner) heading(i int) int {
	text := s.lines[i].text
	level := len(text) - len(strings.TrimLeft(text, "#"))
	if level == 0 || level > 6 || s.lines[i].indent > 3 || len(text) > level && text[level] != ' ' && text[level] != '\t' {
		return i
	}
	if strings.HasPrefix(text, "#!") {
		return i
	}
	b := s.add(Heading, i, i+1)
	b.Level, b.Title = level, headingTitle(text)
	return i + 1
}

// meta reads what is for the renderer, not the reader: rules, link definitions,
// directives with their indented lines.
func (s *scanner) meta(i int) int {
	text := s.lines[i].text
	switch {
	case strings.HasPrefix(text, ".. ") || text == "..":
		end := i + 1
		for end < len(s.lines) && !s.lines[end].blank() && s.lines[end].indent > s.lines[i].indent {
			end++
		}
		s.add(Meta, i, end)
		return end
	case linkDefinition(text), isDivider(text), alertMark(text):
		s.add(Meta, i, i+1)
		return i + 1
	}
	return i
}

// alertMark reports whether a line is the first of an alert, "> [!NOTE]", which says
// what the quote below it is.
func alertMark(text string) bool {
	mark := strings.TrimSpace(text[quoteMark(text):])
	kind, ok := strings.CutPrefix(mark, "[!")
	if !ok || text == mark {
		return false
	}
	kind, ok = strings.CutSuffix(kind, "]")
	return ok && kind != "" && !strings.ContainsFunc(kind, func(r rune) bool { return !unicode.IsLetter(r) })
}

func linkDefinition(text string) bool {
	if !strings.HasPrefix(text, "[") {
		return false
	}
	end := strings.Index(text, "]:")
	return end > 1 && strings.TrimSpace(text[end+2:]) != "" && !strings.Contains(text[:end], "](")
}

// isDivider reports whether a line is three or more of one drawing character.
func isDivider(text string) bool {
	bare := strings.ReplaceAll(text, " ", "")
	for _, mark := range []string{"-", "*", "_", "=", "~", "━", "─", "═", "—"} {
		if len(bare) >= 3*len(mark) && strings.ReplaceAll(bare, mark, "") == "" {
			return true
		}
	}
	return false
}
