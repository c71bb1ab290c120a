package confluence

import (
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/markup"
)

// attachment is the address of a file of the page.
func attachment(name string) string {
	return "attachment:" + strings.NewReplacer("%", "%25", " ", "%20").Replace(name)
}

// link reads ac:link.
func (r *storageReader) link(f *doctree.Flow, n *markup.Node, at markup.Place) {
	href, label := r.linked(n)
	body := n.Child("ac:link-body", "ac:plain-text-link-body")
	if n.Child("ri:user") != nil || body == nil || !r.says(body) {
		f.Text(label, at.Marks, or(href, at.Link))
		return
	}
	at.Link = or(href, at.Link)
	r.Content(f, body, at)
}

// says reports whether a reader would see anything of it.
func (r *storageReader) says(n *markup.Node) bool {
	return strings.TrimSpace(n.Inner()) != "" || n.Find("ac:image", "ac:emoticon", "ac:structured-macro", "img") != nil
}

// linked returns where ac:link leads, "" if that is not known, and what it is
// called if it has no text of its own.
func (r *storageReader) linked(n *markup.Node) (href, label string) {
	anchor := n.Attr("ac:anchor")
	for _, c := range n.Children {
		switch c.Name {
		case "ri:attachment":
			name := c.Attr("ri:filename")
			return attachment(name), name
		case "ri:url":
			return c.Attr("ri:value"), c.Attr("ri:value")
		case "ri:user":
			return "", r.mention(c)
		case "ri:blog-post", "ri:content-entity": // pages are looked for, by title
			return "", or(c.Attr("ri:content-title"), c.Attr("ri:content-id"))
		case "ri:page":
			title := c.Attr("ri:content-title")
			href := r.page(c.Attr("ri:space-key"), title)
			if href != "" && anchor != "" {
				href += "#" + anchor
			}
			return href, title
		case "ri:space":
			return "", c.Attr("ri:space-key")
		case "ri:shortcut":
			return "", or(c.Attr("ri:parameter"), c.Attr("ri:key"))
		}
	}
	if anchor != "" {
		return "#" + anchor, anchor
	}
	return "", ""
}

// mention returns a user's name as it is mentioned.
func (r *storageReader) mention(user *markup.Node) string {
	id := or(user.Attr("ri:account-id"), user.Attr("ri:userkey"), user.Attr("ri:username"))
	if id == "" {
		return "@user"
	}
	return "@" + or(r.user(id), "user")
}

// or returns the first text that is not empty.
func or(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// image reads ac:image, with a caption that says something else than its text.
func (r *storageReader) image(f *doctree.Flow, n *markup.Node, at markup.Place) {
	caption := doctree.Spans{}
	if c := n.Child("ac:caption"); c != nil {
		caption, _ = doctree.Title(r.Blocks(c))
	}
	source, name := "", ""
	if a := n.Child("ri:attachment"); a != nil {
		name = a.Attr("ri:filename")
		source = attachment(name)
	} else if u := n.Child("ri:url"); u != nil {
		source = u.Attr("ri:value")
	}
	if source == "" {
		return
	}
	alt := or(n.Attr("ac:alt"), caption.Plain(), name)
	f.Inline(doctree.Span{Kind: doctree.Image, Text: alt, Source: source, Link: at.Link})
	if text := caption.Plain(); text != "" && text != strings.Join(strings.Fields(alt), " ") {
		f.Inline(doctree.Span{Kind: doctree.Break})
		f.Inline(caption.With(doctree.Italic)...)
	}
}

// emoticons are the emoji of those emoticons that have a name only.
var emoticons = map[string]string{
	"smile": "🙂", "sad": "🙁", "cheeky": "😛", "laugh": "😀", "wink": "😉",
	"thumbs-up": "👍", "thumbs-down": "👎", "information": "ℹ️", "tick": "✅", "cross": "❌", "warning": "⚠️",
	"plus": "➕", "minus": "➖", "question": "❓", "light-on": "💡", "light-off": "💡",
	"yellow-star": "⭐", "red-star": "⭐", "green-star": "⭐", "blue-star": "⭐",
	"heart": "❤️", "broken-heart": "💔",
}

func emoticon(n *markup.Node) string {
	if fallback := n.Attr("ac:emoji-fallback"); fallback != "" {
		return fallback
	}
	name := n.Attr("ac:name")
	if emoji, ok := emoticons[name]; ok {
		return emoji
	}
	if name == "" {
		return n.Attr("ac:emoji-shortname")
	}
	return ":" + name + ":"
}

// extension reads ac:adf-extension: what the new editor has and storage format has
// not. Its fallback says the same once more.
func (r *storageReader) extension(f *doctree.Flow, n *markup.Node) {
	for _, c := range n.Children {
		if c.Name == "ac:adf-node" {
			r.adfNode(f, c)
		}
	}
}

func (r *storageReader) adfNode(f *doctree.Flow, n *markup.Node) {
	content := n.Child("ac:adf-content")
	switch n.Attr("type") {
	case "panel":
		f.Block(panel(adfAttribute(n, "panel-type"), r.Blocks(content)))
	case "decision-list":
		l := &doctree.List{}
		for _, item := range n.Children {
			if item.Name == "ac:adf-node" {
				l.Items = append(l.Items, doctree.Item{Blocks: r.Blocks(item.Child("ac:adf-content"))})
			}
		}
		f.Block(l)
	default:
		f.Block(r.Blocks(content)...)
		r.extension(f, n)
	}
}

func adfAttribute(n *markup.Node, key string) string {
	for _, c := range n.Children {
		if c.Name == "ac:adf-attribute" && c.Attr("key") == key {
			return strings.TrimSpace(c.Inner())
		}
	}
	return ""
}

// panels are the meanings of the new editor's panels.
var panels = map[string]doctree.AlertKind{
	"info": doctree.Note, "note": doctree.Important, "success": doctree.Tip, "tip": doctree.Tip,
	"warning": doctree.Warn, "error": doctree.Caution,
}

func panel(kind string, blocks []doctree.Block) doctree.Block {
	if alert, ok := panels[strings.ToLower(kind)]; ok {
		return &doctree.Alert{Kind: alert, Blocks: blocks}
	}
	return &doctree.Quote{Blocks: blocks}
}
