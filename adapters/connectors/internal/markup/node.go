package markup

import "strings"

// Node is an element, or text if it has no name.
type Node struct {
	Name     string // in lower case, with its prefix if it has one: "ac:link"
	Text     string
	Attrs    map[string]string
	Children []*Node
}

// Child returns the first child of one of the names, or nil.
func (n *Node) Child(names ...string) *Node {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		for _, name := range names {
			if c.Name == name {
				return c
			}
		}
	}
	return nil
}

// Find returns the first element below of one of the names, or nil.
func (n *Node) Find(names ...string) *Node {
	if n == nil {
		return nil
	}
	if c := n.Child(names...); c != nil {
		return c
	}
	for _, c := range n.Children {
		if found := c.Find(names...); found != nil {
			return found
		}
	}
	return nil
}

// Inner returns the text below a node, to the character; line breaks are \n.
func (n *Node) Inner() string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *Node) write(b *strings.Builder) {
	b.WriteString(n.Text)
	if n.Name == "br" {
		b.WriteByte('\n')
	}
	for _, c := range n.Children {
		c.write(b)
	}
}

// Attr returns an attribute, "" if there is none.
func (n *Node) Attr(name string) string {
	if n == nil {
		return ""
	}
	return n.Attrs[name]
}
