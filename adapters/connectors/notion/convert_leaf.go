package notion

import (
	"net/url"
	"path"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// leaf reads a block that is one link or one picture.
func leaf(b block) []doctree.Block {
	c := b.content
	caption := spans(c.Caption)
	switch b.Type {
	case "child_page", "child_database":
		return link(doctree.Spans{{Text: or(spans(c.title()).Plain(), "Untitled")}}, pageURL(b.ID))
	case "link_to_page":
		if id := or(c.PageID, c.DatabaseID); id != "" {
			return link(nil, pageURL(id))
		}
		return nil
	case "bookmark", "embed", "link_preview":
		return link(caption, c.address())
	case "image":
		if c.address() == "" {
			return paragraph(caption)
		}
		return paragraph(doctree.Spans{{Kind: doctree.Image, Text: caption.Plain(), Source: c.address()}})
	}
	if !caption.Visible() {
		caption = doctree.Spans{{Text: or(c.Name, lastPart(c.address()))}}
	}
	return link(caption, c.address())
}

// link is a paragraph that is a link; without a text the address stands for it.
func link(text doctree.Spans, href string) []doctree.Block {
	if !text.Visible() {
		text = doctree.Spans{{Text: href}}
	}
	linked := make(doctree.Spans, len(text))
	for i, s := range text {
		s.Link = href
		linked[i] = s
	}
	return paragraph(linked)
}

// lastPart returns the last part of an address's path, decoded.
func lastPart(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Path == "" || u.Path == "/" {
		return ""
	}
	return path.Base(u.Path)
}
