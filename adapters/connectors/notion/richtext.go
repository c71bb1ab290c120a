package notion

import (
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// site is what links within Notion begin with.
const site = "https://www.notion.so"

// richText is one item of a rich text.
type richText struct {
	Type      string `json:"type"`
	PlainText string `json:"plain_text"`
	Href      string `json:"href"`
	Text      struct {
		Content string `json:"content"`
		Link    struct {
			URL string `json:"url"`
		} `json:"link"`
	} `json:"text"`
	Annotations struct {
		Bold          bool `json:"bold"`
		Italic        bool `json:"italic"`
		Strikethrough bool `json:"strikethrough"`
		Code          bool `json:"code"`
	} `json:"annotations"`
	Mention  mention `json:"mention"`
	Equation struct {
		Expression string `json:"expression"`
	} `json:"equation"`
}

type mention struct {
	Type        string    `json:"type"`
	Date        dateValue `json:"date"`
	LinkPreview struct {
		URL string `json:"url"`
	} `json:"link_preview"`
	LinkMention struct {
		Href  string `json:"href"`
		Title string `json:"title"`
	} `json:"link_mention"`
	CustomEmoji struct {
		Name string `json:"name"`
	} `json:"custom_emoji"`
}

// dateValue is a date, or a span of two.
type dateValue struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

func (d dateValue) text() string {
	if d.End == "" {
		return d.Start
	}
	return d.Start + " → " + d.End
}

// spans reads a rich text.
func spans(items []richText) doctree.Spans {
	var out doctree.Spans
	for _, r := range items {
		marks := r.marks()
		switch r.Type {
		case "equation":
			out = append(out, doctree.Span{Kind: doctree.Math, Text: r.Equation.Expression})
		case "mention":
			text, link := r.mention()
			out.Add(text, marks, link)
		default:
			out.Add(r.plain(), marks, r.link())
		}
	}
	return out
}

func (r richText) plain() string {
	if r.PlainText == "" {
		return r.Text.Content
	}
	return r.PlainText
}

// link returns the address with the site's name, which links within Notion lack.
func (r richText) link() string {
	href := r.Href
	if href == "" {
		href = r.Text.Link.URL
	}
	if strings.HasPrefix(href, "/") {
		return site + href
	}
	return href
}

func (r richText) marks() doctree.Marks {
	var m doctree.Marks
	for mark, set := range map[doctree.Marks]bool{
		doctree.Bold: r.Annotations.Bold, doctree.Italic: r.Annotations.Italic,
		doctree.Strike: r.Annotations.Strikethrough, doctree.Monospace: r.Annotations.Code,
	} {
		if set {
			m |= mark
		}
	}
	return m
}

// mention returns what a mention says and where it leads.
func (r richText) mention() (text, link string) {
	m := r.Mention
	switch m.Type {
	case "user", "template_mention":
		return r.PlainText, ""
	case "date":
		return m.Date.text(), ""
	case "page", "database":
		return or(r.PlainText, "Untitled"), r.link()
	case "link_preview":
		return or(m.LinkPreview.URL, r.Href), or(m.LinkPreview.URL, r.Href)
	case "link_mention":
		href := or(m.LinkMention.Href, r.Href)
		return or(m.LinkMention.Title, href), href
	case "custom_emoji":
		return ":" + m.CustomEmoji.Name + ":", ""
	}
	return r.PlainText, r.link()
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

// plainText joins a rich text's words, to the character.
func plainText(items []richText) string {
	var b strings.Builder
	for _, r := range items {
		b.WriteString(r.plain())
	}
	return b.String()
}

// pageURL is the address of a page or database.
func pageURL(id string) string { return site + "/" + strings.ReplaceAll(id, "-", "") }
