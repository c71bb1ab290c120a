package confluence

import (
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/markup"
)

// storageReader reads one body in storage format.
type storageReader struct {
	markup.Reader
	user func(id string) string
	page func(space, title string) string
}

// newStorageReader returns a reader that knows no names.
func newStorageReader() *storageReader {
	r := &storageReader{user: func(string) string { return "" }, page: func(string, string) string { return "" }}
	r.Reader = markup.Reader{Special: r.special, TooDeep: "confluence:nested too deep"}
	return r
}

// read reads a body. Where its XML is broken the rest is plain text.
func (r *storageReader) read(storage string) []doctree.Block {
	root, rest := parseStorage(storage)
	blocks := r.Blocks(root)
	if rest != "" {
		r.Losses.Add("confluence:broken storage format")
		blocks = append(blocks, &doctree.Paragraph{Text: doctree.Spans{{Text: doctree.Clean(rest)}}})
	}
	return blocks
}

// special reads an element with a prefix, one that only storage format has.
func (r *storageReader) special(f *doctree.Flow, n *markup.Node, at markup.Place) bool {
	if !strings.Contains(n.Name, ":") {
		return false
	}
	switch n.Name {
	case "ac:structured-macro", "ac:macro":
		r.macro(f, n, at)
	case "ac:link":
		r.link(f, n, at)
	case "ac:image":
		r.image(f, n, at)
	case "ac:emoticon":
		f.Text(emoticon(n), at.Marks, at.Link)
	case "ac:task-list":
		f.Block(r.taskList(n))
	case "ac:layout", "ac:layout-section", "ac:layout-cell":
		r.Apart(f, n, markup.Place{})
	case "ac:adf-extension":
		r.extension(f, n)
	case "ac:placeholder", "ac:parameter", "ac:default-parameter":
	case "ac:inline-comment-marker", "ac:rich-text-body", "ac:link-body", "ac:caption", "ac:task", "ac:task-body":
		r.Content(f, n, at)
	default:
		r.unknown(f, n, at)
	}
	return true
}

// unknown reads an element that is not known; one that holds nothing
// leaves no mark, there is nothing to mark, but is counted.
func (r *storageReader) unknown(f *doctree.Flow, n *markup.Node, at markup.Place) {
	if strings.HasPrefix(n.Name, "at:") { // a template's variables
		return
	}
	if strings.TrimSpace(n.Inner()) == "" {
		r.Losses.Add("confluence:element " + n.Name)
		return
	}
	r.Content(f, n, at)
}

// taskList reads ac:task-list.
func (r *storageReader) taskList(n *markup.Node) doctree.Block {
	l := &doctree.List{}
	for _, c := range n.Children {
		switch c.Name {
		case "ac:task":
			it := doctree.Item{Task: doctree.Open, Blocks: r.Blocks(c.Child("ac:task-body"))}
			if strings.TrimSpace(c.Child("ac:task-status").Inner()) == "complete" {
				it.Task = doctree.Done
			}
			l.Items = append(l.Items, it)
			if inner := c.Child("ac:task-list"); inner != nil {
				l.AddInner(r.taskList(inner))
			}
		case "ac:task-list":
			l.AddInner(r.taskList(c))
		}
	}
	return l
}
