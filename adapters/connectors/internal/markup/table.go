package markup

import (
	"strconv"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// Caption reads a table's caption.
func (r *Reader) Caption(n *Node) []doctree.Block { return r.Blocks(n.Child("caption")) }

// Table reads a table. Its first row is its header if it stands in thead or if all
// its cells are header cells.
func (r *Reader) Table(n *Node) *doctree.Table {
	t := &doctree.Table{}
	inHead := false
	for _, c := range n.Children {
		switch c.Name {
		case "thead", "tbody", "tfoot":
			inHead = inHead || c.Name == "thead" && len(t.Rows) == 0
			for _, row := range c.Children {
				r.row(t, row)
			}
		default:
			r.row(t, c)
		}
	}
	t.Header = len(t.Rows) > 0 && (inHead || t.HeaderRow())
	return t
}

func (r *Reader) row(t *doctree.Table, n *Node) {
	if n.Name != "tr" {
		return
	}
	var row []doctree.Cell
	for _, c := range n.Children {
		if c.Name == "td" || c.Name == "th" {
			row = append(row, doctree.Cell{
				Header: c.Name == "th", Cols: span(c, "colspan"), Rows: span(c, "rowspan"), Blocks: r.Blocks(c),
			})
		}
	}
	t.Rows = append(t.Rows, row)
}

func span(n *Node, attr string) int {
	if count, err := strconv.Atoi(n.Attr(attr)); err == nil {
		return count
	}
	return 1
}
