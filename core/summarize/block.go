package summarize

import "strings"

// BlockKind says what a block of a document is.
type BlockKind int

// The kinds of blocks. Code, tables and meta hold no sentences; a heading is
// not a sentence either, it names what follows.
const (
	Paragraph BlockKind = iota
	Heading
	ListItem
	Quote
	Turn // what one speaker of a transcript says, with the label before it
	Code
	Table
	Meta // front matter, link definitions, HTML comments, rules, directives
)

// Block is a part of a document that is never cut inside unless it is too long.
// Start and End are bytes of the canonical text, without the last line end.
type Block struct {
	Kind        BlockKind
	Level       int // of a heading, from 1; 0 otherwise
	Start, End  int
	Title       string   // a heading's text, without marks; the info string of fenced code
	HeadingPath []string // titles of the headings above, the outermost first; shared, do not change

	body    int // where the text begins, after list marks and speaker labels
	section int // number of the section, counted by headings
}

// Blocks returns the document's blocks in order. They do not overlap; what is
// between them is white space. The slice is shared, do not change it.
func (t *Text) Blocks() []Block {
	t.once.Do(t.read)
	return t.blocks
}

func (t *Text) read() {
	s := &scanner{text: t.canon, lines: splitLines(t.canon)}
	s.transcript = isTranscript(s.lines)
	s.scan()
	t.blocks = withPaths(s.blocks)
	t.sentences = t.splitBlocks()
}

// withPaths gives each block the titles above it.
func withPaths(blocks []Block) []Block {
	var path []string
	var levels []int
	section := 0
	for i := range blocks {
		b := &blocks[i]
		if b.Kind == Heading {
			section++
			keep := len(levels)
			for keep > 0 && levels[keep-1] >= b.Level {
				keep--
			}
			path, levels = path[:keep:keep], levels[:keep]
		}
		b.HeadingPath, b.section = path, section
		if b.Kind == Heading {
			path, levels = append(path, b.Title), append(levels, b.Level)
		}
	}
	return blocks
}

// line is one line of the canonical text: text[start:end], without its end.
type line struct {
	start, end int
	indent     int    // columns of white space in front, a tab to the next fourth
	text       string // without the indent
}

func (l line) blank() bool { return l.text == "" }

func splitLines(text string) []line {
	lines := make([]line, 0, strings.Count(text, "\n")+1)
	for at := 0; at < len(text); {
		end := len(text)
		if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i
		}
		lines = append(lines, newLine(text, at, end))
		at = end + 1
	}
	return lines
}

func newLine(text string, start, end int) line {
	l := line{start: start, end: end}
	i := start
	for ; i < end; i++ {
		if text[i] == ' ' {
			l.indent++
		} else if text[i] == '\t' {
			l.indent += 4 - l.indent%4
		} else {
			break
		}
	}
	l.text = text[i:end]
	return l
}

// scanner reads blocks from lines, one pass, no way back.
type scanner struct {
	text       string
	lines      []line
	transcript bool
	blocks     []Block
	commentEnd finder
	tableEnd   finder
	open       int // first line of the paragraph being read, -1 when none
	openList   bool
}

func (s *scanner) scan() {
	s.open = -1
	for i := s.frontMatter(); i < len(s.lines); {
		i = s.step(i)
	}
	s.flush(len(s.lines))
}

// step reads what begins at line i and returns the line after it.
func (s *scanner) step(i int) int {
	l := s.lines[i]
	if l.blank() {
		s.flush(i)
		return i + 1
	}
	for _, read := range []func(int) int{s.fence, s.comment, s.table, s.indented, s.setext, s.heading, s.meta} {
		if next := read(i); next > i {
			return next
		}
	}
	if s.breaksParagraph(i) {
		s.flush(i)
	}
	if s.open < 0 {
		s.open = i
		s.openList = listMark(l.text) > 0
	}
	return i + 1
}

// flush ends the open paragraph before line i.
func (s *scanner) flush(i int) {
	if s.open < 0 {
		return
	}
	lines := s.lines[s.open:i]
	s.open = -1
	b := Block{Start: lineBody(lines[0]), End: lines[len(lines)-1].end}
	b.body = b.Start
	first := lines[0].text
	switch {
	case delimited(lines):
		b.Kind = Table
	case codeLines(unquoted(lines)):
		b.Kind = Code
	case strings.HasPrefix(first, ">"):
		b.Kind = Quote
		b.body += quoteMark(first)
	case listMark(first) > 0:
		b.Kind = ListItem
		b.body += listMark(first)
	case s.transcript && speaker(first) > 0:
		b.Kind = Turn
		b.body += speaker(first)
	case len(lines) == 1 && plainHeading(first, len(s.blocks) == 0):
		b.Kind, b.Level, b.Title = Heading, plainLevel(first), headingTitle(first)
	}
	s.blocks = append(s.blocks, b)
}

// unquoted returns lines without the marks of a quotation. Three of them are a
// Python prompt.
func unquoted(lines []line) []line {
	if !strings.HasPrefix(lines[0].text, ">") || strings.HasPrefix(lines[0].text, ">>>") {
		return lines
	}
	out := make([]line, len(lines))
	for i, l := range lines {
		l.text = strings.TrimLeft(l.text, "> ")
		out[i] = l
	}
	return out
}

func lineBody(l line) int { return l.end - len(l.text) }

// breaksParagraph reports whether line i begins a new paragraph without a blank
// line before it: a list item, a turn, the other side of a quotation, or an
// indented first line after a finished sentence (bills and typescripts).
func (s *scanner) breaksParagraph(i int) bool {
	if s.open < 0 {
		return false
	}
	l, prev := s.lines[i], s.lines[i-1]
	if s.transcript && speaker(l.text) > 0 {
		return true
	}
	if strings.HasPrefix(l.text, ">") != strings.HasPrefix(s.lines[s.open].text, ">") {
		return strings.HasPrefix(l.text, ">")
	}
	if strings.Trim(l.text, "> ") == "" {
		return true
	}
	if listMark(l.text) > 0 {
		return bulletMark(l.text) > 0 || s.openList || finished(prev.text) || l.indent > prev.indent+1
	}
	return l.indent >= prev.indent+2 && finished(prev.text)
}

// finished reports whether a line ends as a sentence, a clause of a list or an
// introduction to one does.
func finished(line string) bool {
	line = strings.TrimRight(line, `"'”’»)]}*_`)
	for _, end := range []string{".", "!", "?", ":", ";", "--", "—", "。", "！", "？", "：", "؟", "।", "…"} {
		if strings.HasSuffix(line, end) {
			return true
		}
	}
	return false
}
