package doctree

import "strings"

// maxCells bounds a table with all that its merged cells cover.
const maxCells = 200_000

// maxColumns is what HTML lets a cell cover.
const maxColumns = 1000

// table writes a table. Without a header row it has an empty one.
func (w *writer) table(t *Table) string {
	grid := t.grid()
	cols := 0
	for _, row := range grid {
		cols = max(cols, len(row))
	}
	if cols == 0 {
		return ""
	}
	if !t.Header {
		grid = append([][]*Cell{nil}, grid...)
	}
	texts := map[*Cell]string{}
	var b strings.Builder
	for i, row := range grid {
		for c := range cols {
			text := ""
			if c < len(row) && row[c] != nil {
				text = w.cell(row[c], i == 0 && t.Header, texts)
			}
			b.WriteString("| " + text + " ")
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("| --- ", cols) + "|\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// grid places the cells; a merged one stands in every place that it covers.
func (t *Table) grid() [][]*Cell {
	grid := make([][]*Cell, len(t.Rows))
	cells := 0
	for r, row := range t.Rows {
		c := 0
		for i := range row {
			for c < len(grid[r]) && grid[r][c] != nil {
				c++
			}
			cell := &row[i]
			rows := min(max(cell.Rows, 1), len(t.Rows)-r)
			cols := min(max(cell.Cols, 1), maxColumns)
			if cells += rows * cols; cells > maxCells {
				rows, cols = 1, 1
			}
			cover(grid[r:r+rows], c, cols, cell)
			c += cols
		}
	}
	return grid
}

func cover(rows [][]*Cell, col, cols int, cell *Cell) {
	for r := range rows {
		for len(rows[r]) < col+cols {
			rows[r] = append(rows[r], nil)
		}
		for c := col; c < col+cols; c++ {
			if rows[r][c] == nil {
				rows[r][c] = cell
			}
		}
	}
}

// HeaderRow reports whether the first row has header cells only.
func (t *Table) HeaderRow() bool {
	if len(t.Rows) == 0 || len(t.Rows[0]) == 0 {
		return false
	}
	for _, c := range t.Rows[0] {
		if !c.Header {
			return false
		}
	}
	return true
}
