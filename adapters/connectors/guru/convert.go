package guru

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/markup"
)

// Convert makes Markdown of a card's content, which is HTML or Markdown. Unknown
// elements leave their content. It returns ctx's error, and CodePayloadTooLarge
// for a card of more than 20 MB.
func Convert(ctx context.Context, content string) (doctree.Result, error) {
	if err := ctx.Err(); err != nil {
		return doctree.Result{}, err
	}
	var r reader
	text, err := doctree.Write(r.read(content))
	return doctree.Result{Markdown: text, Warnings: r.Losses.Warnings()}, err
}

// element is a tag that makes a card's content HTML.
var element = regexp.MustCompile(`(?i)</?(p|div|span|h[1-6]|[uo]l|li|table|t[rdh]|thead|tbody|blockquote|pre|code|hr|br|img|a|` +
	`strong|b|em|i|u|s|del|strike|mark|sub|sup|section|details|summary|iframe|video|figure)(\s[^>]*)?/?>`)

func isHTML(content string) bool { return element.MatchString(content) }

// reader reads one card.
type reader struct{ markup.Reader }

func (r *reader) read(content string) []doctree.Block {
	if !isHTML(content) {
		return []doctree.Block{&doctree.Raw{Markdown: content}}
	}
	return r.readHTML(content)
}

func (r *reader) readHTML(content string) []doctree.Block {
	r.Reader = markup.Reader{Special: r.special, TooDeep: "guru:nested too deep"}
	root, err := parseHTML(content)
	if err != nil {
		r.Losses.Add("guru:broken HTML")
		return []doctree.Block{&doctree.Paragraph{Text: doctree.Spans{{Text: doctree.Clean(plain(content))}}}}
	}
	return r.Blocks(root)
}

// special reads the elements that Guru gives a meaning of its own.
func (r *reader) special(f *doctree.Flow, n *markup.Node, at markup.Place) bool {
	switch n.Name {
	case "section":
		return r.callout(f, n)
	case "details":
		f.Block(r.details(n))
	case "div":
		return markdownBlock(f, n)
	case "pre":
		f.Block(&doctree.Code{Language: language(n), Text: doctree.TrimCode(codeLines(n))})
	case "table":
		t := r.Table(n)
		if header := n.Attr("data-ghq-table-header"); header != "" {
			t.Header = header == "true"
		}
		f.Block(append(r.Caption(n), t)...)
	case "img":
		alt := n.Attr("alt")
		if alt == "" {
			alt = n.Attr("data-ghq-card-content-image-filename")
		}
		f.Inline(doctree.Span{Kind: doctree.Image, Text: alt, Source: n.Attr("src"), Link: at.Link})
	case "iframe", "video", "audio", "embed":
		embed(f, n, at)
	default:
		return false
	}
	return true
}

// colours are the meanings of callouts.
var colours = map[string]doctree.AlertKind{
	"blue": doctree.Note, "green": doctree.Tip, "yellow": doctree.Warn, "red": doctree.Caution,
}

func (r *reader) callout(f *doctree.Flow, n *markup.Node) bool {
	if n.Attr("data-ghq-card-content-type") != "CALLOUT" && !strings.Contains(n.Attr("class"), "callout") {
		return false
	}
	blocks := r.Blocks(n)
	if kind, ok := colours[n.Attr("data-ghq-color")]; ok {
		f.Block(&doctree.Alert{Kind: kind, Blocks: blocks})
	} else {
		f.Block(&doctree.Quote{Blocks: blocks})
	}
	return true
}

func (r *reader) details(n *markup.Node) doctree.Block {
	summary := n.Child("summary")
	inner := &markup.Node{Children: slices.DeleteFunc(slices.Clone(n.Children), func(c *markup.Node) bool { return c == summary })}
	title, _ := doctree.Title(r.Blocks(summary))
	return &doctree.Details{Summary: title.Plain(), Blocks: r.Blocks(inner)}
}

// markdownBlock reads a block that holds Markdown in an attribute; its HTML is what
// Guru made of it.
func markdownBlock(f *doctree.Flow, n *markup.Node) bool {
	text, err := url.PathUnescape(n.Attr("data-ghq-card-content-markdown-content"))
	if text == "" || err != nil {
		return false
	}
	f.Block(&doctree.Raw{Markdown: text})
	return true
}

// codeLines joins the lines of code, each of which is an element.
func codeLines(n *markup.Node) string {
	var lines []string
	for _, c := range n.Children {
		switch {
		case c.Name == "code":
			lines = append(lines, c.Inner())
		case strings.TrimSpace(c.Inner()) != "" || c.Name == "br":
			return n.Inner()
		}
	}
	return strings.Join(lines, "\n")
}

// language returns the language of code as Markdown has it.
func language(pre *markup.Node) string {
	name := pre.Attr("data-ghq-code-block-syntax")
	if name == "" {
		for class := range strings.FieldsSeq(pre.Child("code").Attr("class")) {
			if l, ok := strings.CutPrefix(class, "language-"); ok {
				name = l
			}
		}
	}
	name = strings.ToLower(name)
	if name == "none" || name == "text" || strings.HasPrefix(name, "plain") {
		return ""
	}
	return name
}

// embed reads what is shown from elsewhere: a line of its own, or a link in a line.
func embed(f *doctree.Flow, n *markup.Node, at markup.Place) {
	src := n.Attr("src")
	if src == "" {
		src = n.Find("source").Attr("src")
	}
	if src == "" {
		return
	}
	if !at.Paragraph {
		f.EndLine()
		defer f.EndLine()
	}
	title := n.Attr("title")
	if title == "" {
		title = src
	}
	f.Inline(doctree.Span{Text: doctree.Clean(title), Link: src})
}
