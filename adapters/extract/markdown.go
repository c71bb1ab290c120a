package extract

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

// markdown builds a text out of blocks.
type markdown struct {
	b       strings.Builder
	max     int   // bytes; more is an error
	last    block // what was written last
	indents []int // of the open list, for each level where its text begins
	start   int   // where the last block or line of code begins, in characters

	counted int // bytes of which the characters are known
	runes   int
}

type block int

const (
	nothing block = iota
	paragraph
	item
	codeLine
)

// text returns what was written.
func (m *markdown) text() string {
	m.endCode()
	return strings.TrimRight(m.b.String(), "\n") + "\n"
}

// check returns CodePayloadTooLarge as soon as the text is over its limit.
func (m *markdown) check() error {
	if m.b.Len() > m.max {
		return textTooLarge()
	}
	return nil
}

func textTooLarge() error {
	return &core.Error{
		Code:    core.CodePayloadTooLarge,
		Message: "the text in the file is larger than the limit; split the file and send its parts",
	}
}

// next returns where the next block will begin, in characters; it ends a list.
func (m *markdown) next() int {
	if m.last == item {
		m.last = paragraph
	}
	switch m.last {
	case nothing:
		return m.end()
	case codeLine:
		return m.end() + len("\n```\n\n")
	}
	return m.end() + len("\n\n")
}

// end returns how much has been written, in characters.
func (m *markdown) end() int {
	s := m.b.String()
	m.runes += utf8.RuneCountInString(s[m.counted:])
	m.counted = len(s)
	return m.runes
}

// begin separates the next block from the last.
func (m *markdown) begin(kind block) {
	m.endCode()
	switch {
	case m.last == nothing:
	case m.last == item && kind == item:
		m.b.WriteByte('\n')
	default:
		m.b.WriteString("\n\n")
	}
	if kind != item {
		m.indents = m.indents[:0]
	}
	m.last = kind
	m.start = m.end()
}

func (m *markdown) endCode() {
	if m.last == codeLine {
		m.b.WriteString("\n```")
		m.last = paragraph
	}
}

// raw writes a block that is Markdown already.
func (m *markdown) raw(s string) {
	if s = strings.Trim(s, "\n"); !isBlank(s) {
		m.begin(paragraph)
		m.b.WriteString(s)
	}
}

func (m *markdown) paragraph(s string) {
	if !isBlank(s) {
		m.begin(paragraph)
		m.b.WriteString(escapeStart(s))
	}
}

func (m *markdown) heading(level int, s string) {
	if isBlank(s) {
		return
	}
	m.begin(paragraph)
	m.b.WriteString(strings.Repeat("#", min(max(level, 1), 6)) + " " + s)
}

// item writes an item of a list. Level 0 is the outermost; mark is "-" or "3.".
func (m *markdown) item(level int, mark, s string) {
	if isBlank(s) {
		return
	}
	m.begin(item)
	level = min(level, len(m.indents))
	indent := 0
	if level > 0 {
		indent = m.indents[level-1]
	}
	m.indents = append(m.indents[:level], indent+len(mark)+1)
	m.start += indent
	m.b.WriteString(strings.Repeat(" ", indent) + mark + " " + escapeStart(s))
}

// code writes a line of a code block; lines that follow each other are one block.
func (m *markdown) code(line string) {
	if m.last != codeLine {
		m.begin(codeLine)
		m.b.WriteString("```")
	} else {
		m.start = m.end() + 1
	}
	m.b.WriteString("\n" + strings.ReplaceAll(line, "```", "` ` `"))
}

// maxColumns bounds the columns of a table, empty ones included.
const maxColumns = 256

// table writes rows of cells; the first row is the head. Empty rows and empty
// columns at the end are left out.
func (m *markdown) table(rows [][]string) {
	width := 0
	for _, row := range rows {
		for i, cell := range row[:min(len(row), maxColumns)] {
			if !isBlank(cell) {
				width = max(width, i+1)
			}
		}
	}
	if width == 0 {
		return
	}
	m.begin(paragraph)
	for i, row := range rows {
		if i > 0 {
			m.b.WriteByte('\n')
		}
		m.row(row, width)
		if i == 0 {
			m.b.WriteString("\n|" + strings.Repeat(" --- |", width))
		}
		if m.b.Len() > m.max {
			return
		}
	}
}

func (m *markdown) row(row []string, width int) {
	m.b.WriteByte('|')
	for i := range width {
		cell := ""
		if i < len(row) {
			cell = tableCell(row[i])
		}
		if cell != "" {
			m.b.WriteByte(' ')
			m.b.WriteString(cell)
		}
		m.b.WriteString(" |")
	}
}

var bars = strings.NewReplacer("|", `\|`)

func tableCell(s string) string {
	if strings.ContainsAny(s, "\n\r\t") {
		s = strings.Join(strings.Fields(s), " ")
	}
	return strings.TrimSpace(bars.Replace(s))
}

// blockStart is the beginning of a line that Markdown takes for a block's.
var blockStart = regexp.MustCompile("^(#{1,6}(\\s|$)|[-+*](\\s|$)|>|```|~~~|(=+|-{2,}|\\*{3,}|_{3,})\\s*$|\\|)")

var numberStart = regexp.MustCompile(`^(\d{1,9})([.)])(\s|$)`)

// escapeStart keeps a paragraph from being read as another block.
func escapeStart(s string) string {
	if blockStart.MatchString(s) {
		return `\` + s
	}
	if at := numberStart.FindStringSubmatchIndex(s); at != nil {
		return s[:at[3]] + `\` + s[at[4]:]
	}
	return s
}

// decimal returns the mark of an item of a numbered list.
func decimal(n int) string { return strconv.Itoa(min(max(n, 0), 999999999)) + "." }
