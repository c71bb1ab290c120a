package guru

import (
	"html"
	"regexp"
	"strings"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/docsctl/docsctl/adapters/connectors/internal/markup"
)

// parseHTML reads a card's content as a browser does. It fails for content that is
// nested deeper than browsers go.
func parseHTML(content string) (*markup.Node, error) {
	body := &xhtml.Node{Type: xhtml.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := xhtml.ParseFragment(strings.NewReader(content), body)
	if err != nil {
		return nil, err
	}
	root := &markup.Node{Name: "root"}
	for _, n := range nodes {
		root.Children = append(root.Children, node(n)...)
	}
	return root, nil
}

// node returns an element or text; none for comments.
func node(n *xhtml.Node) []*markup.Node {
	switch n.Type {
	case xhtml.TextNode:
		return []*markup.Node{{Text: n.Data}}
	case xhtml.ElementNode:
	default:
		return nil
	}
	out := &markup.Node{Name: n.Data, Attrs: make(map[string]string, len(n.Attr))}
	for _, a := range n.Attr {
		out.Attrs[a.Key] = a.Val
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		out.Children = append(out.Children, node(c)...)
	}
	return []*markup.Node{out}
}

var anyTag = regexp.MustCompile(`(?s)<!--.*?-->|</?[A-Za-z][^<>]*>`)

// plain returns the text between tags.
func plain(s string) string {
	return strings.TrimSpace(html.UnescapeString(anyTag.ReplaceAllString(s, " ")))
}
