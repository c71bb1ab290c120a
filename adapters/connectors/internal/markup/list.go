package markup

import (
	"strconv"
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// List reads ul and ol. A list that stands directly in it belongs to the item before.
func (r *Reader) List(n *Node) *doctree.List {
	l := &doctree.List{Ordered: n.Name == "ol", Start: 1}
	if start, err := strconv.Atoi(n.Attr("start")); err == nil {
		l.Start = start
	}
	for _, c := range n.Children {
		switch {
		case c.Name == "" && strings.TrimSpace(c.Text) == "":
		case c.Name == "li":
			l.Items = append(l.Items, doctree.Item{Blocks: r.Blocks(c)})
		default:
			l.AddInner(r.Blocks(&Node{Children: []*Node{c}})...)
		}
	}
	return l
}
