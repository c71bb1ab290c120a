package confluence

import (
	"encoding/xml"
	"errors"
	"html"
	"io"
	"regexp"
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/markup"
)

// maxXMLDepth bounds the tree; the text of deeper elements goes to the last that fits.
const maxXMLDepth = 256

// void elements have no content, whether they are closed or not.
var void = map[string]bool{"br": true, "hr": true, "img": true, "col": true, "wbr": true}

// parseStorage reads a fragment. An end tag closes what is open inside of its
// element, one without a beginning is ignored, and unknown entities are text. From
// where the XML is broken the rest is returned as text.
func parseStorage(storage string) (root *markup.Node, rest string) {
	d := xml.NewDecoder(strings.NewReader(storage))
	d.Strict = false
	d.Entity = xml.HTMLEntity // xml.HTMLAutoClose would break ac:link; void is ours
	b := treeBuilder{stack: []*markup.Node{{Name: "root"}}}
	for {
		t, err := d.RawToken()
		if err != nil {
			if end := int(d.InputOffset()); !errors.Is(err, io.EOF) && end <= len(storage) {
				rest = storage[end:]
			}
			return b.stack[0], plain(rest)
		}
		b.token(t)
	}
}

var anyTag = regexp.MustCompile(`(?s)<!--.*?-->|<!\[CDATA\[|\]\]>|</?[A-Za-z][^<>]*>`)

// plain returns the text between tags.
func plain(s string) string {
	return strings.TrimSpace(html.UnescapeString(anyTag.ReplaceAllString(s, " ")))
}

type treeBuilder struct {
	stack   []*markup.Node
	skipped int // open elements that are too deep
}

func (b *treeBuilder) top() *markup.Node { return b.stack[len(b.stack)-1] }

func (b *treeBuilder) token(t xml.Token) {
	switch t := t.(type) {
	case xml.StartElement:
		b.start(t)
	case xml.EndElement:
		b.end(qualified(t.Name))
	case xml.CharData:
		top := b.top()
		if n := len(top.Children); n > 0 && top.Children[n-1].Name == "" {
			top.Children[n-1].Text += string(t)
			return
		}
		top.Children = append(top.Children, &markup.Node{Text: string(t)})
	}
}

func (b *treeBuilder) start(t xml.StartElement) {
	n := &markup.Node{Name: qualified(t.Name), Attrs: make(map[string]string, len(t.Attr))}
	for _, a := range t.Attr {
		n.Attrs[qualified(a.Name)] = a.Value
	}
	if len(b.stack) > maxXMLDepth {
		if !void[n.Name] {
			b.skipped++
		}
		return
	}
	top := b.top()
	top.Children = append(top.Children, n)
	if !void[n.Name] {
		b.stack = append(b.stack, n)
	}
}

func (b *treeBuilder) end(name string) {
	if b.skipped > 0 {
		b.skipped--
		return
	}
	for i := len(b.stack) - 1; i > 0; i-- {
		if b.stack[i].Name == name {
			b.stack = b.stack[:i]
			return
		}
	}
}

func qualified(n xml.Name) string {
	if n.Space == "" {
		return strings.ToLower(n.Local)
	}
	return strings.ToLower(n.Space + ":" + n.Local)
}
