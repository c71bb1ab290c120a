package doctree

import (
	"strconv"
	"strings"
)

// cell writes a cell's content on one line. texts holds the cells that are already
// written: merged ones are written once for all their places.
func (w *writer) cell(c *Cell, header bool, texts map[*Cell]string) string {
	text, ok := texts[c]
	if !ok {
		marks := Marks(0)
		if c.Header && !header {
			marks = Bold
		}
		lines := cellLines(c.Blocks, marks, 0)
		text = strings.Join(lines, "<br>")
		texts[c] = text
	}
	return w.spend(text)
}

// cellLines writes blocks as the lines of a cell.
func cellLines(blocks []Block, marks Marks, depth int) []string {
	if depth > MaxDepth {
		return nil
	}
	var lines []string
	for _, b := range blocks {
		for _, line := range cellBlock(b, marks, depth) {
			if line != "" {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func cellBlock(b Block, marks Marks, depth int) []string {
	switch b := b.(type) {
	case *Paragraph:
		return []string{b.Text.With(marks).markdown(inCell)}
	case *Heading:
		return []string{b.Text.With(marks | Bold).markdown(inCell)}
	case *List:
		return cellList(b, marks, depth)
	case *Quote:
		return cellLines(b.Blocks, marks, depth+1)
	case *Alert:
		return cellLines(b.Blocks, marks, depth+1)
	case *Code:
		return cellCode(b)
	case *Table:
		return cellTable(b, marks, depth)
	case *Details:
		title := Spans{{Text: Clean(b.Summary), Marks: marks}}.markdown(inCell)
		return append([]string{title}, cellLines(b.Blocks, marks, depth+1)...)
	case *Comment:
		return []string{strings.ReplaceAll(comment(b.Text), "|", `\|`)}
	case *Raw:
		return strings.Split(strings.ReplaceAll(Clean(b.Markdown), "|", `\|`), "\n")
	}
	return nil
}

// cellList writes each item on its own line, those of inner lists like the others.
func cellList(l *List, marks Marks, depth int) []string {
	var lines []string
	for i, item := range l.Items {
		mark := "- "
		if l.Ordered {
			mark = strconv.Itoa(l.Start+i) + ". "
		}
		switch item.Task {
		case Open:
			mark += "[ ] "
		case Done:
			mark += "[x] "
		case NoTask:
		}
		inner := cellLines(item.Blocks, marks, depth+1)
		if _, list := first(item.Blocks).(*List); len(inner) == 0 || list {
			inner = append([]string{""}, inner...)
		}
		inner[0] = strings.TrimRight(mark+inner[0], " ")
		lines = append(lines, inner...)
	}
	return lines
}

func cellCode(c *Code) []string {
	var lines []string
	for line := range strings.SplitSeq(Clean(c.Text), "\n") {
		lines = append(lines, Spans{{Text: line, Marks: Monospace}}.markdown(inCell))
	}
	return lines
}

// cellTable writes a table inside a cell: a line a row.
func cellTable(t *Table, marks Marks, depth int) []string {
	var lines []string
	for _, row := range t.Rows {
		var cells []string
		for _, c := range row {
			if text := strings.Join(cellLines(c.Blocks, marks, depth+1), " "); text != "" {
				cells = append(cells, text)
			}
		}
		lines = append(lines, strings.Join(cells, " "))
	}
	return lines
}
