package notion

import (
	"encoding/json"
	"regexp"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// Block is a block that is to be written. It marshals into the body that Notion
// takes, with its children.
type Block struct {
	// ID is "" until the block is written; then it is the id that Notion gave.
	ID string
	// Type is Notion's, such as "paragraph".
	Type string
	// Children are the blocks below it.
	Children []*Block
	// content is the object under Type's name.
	content map[string]any
}

// MarshalJSON writes the block as the API takes it.
func (b *Block) MarshalJSON() ([]byte, error) {
	content := make(map[string]any, len(b.content)+1)
	for k, v := range b.content {
		content[k] = v
	}
	if len(b.Children) > 0 {
		content["children"] = b.Children
	}
	return json.Marshal(map[string]any{"object": "block", "type": b.Type, b.Type: content})
}

// Blocks makes blocks of Markdown.
func Blocks(markdown string) []*Block { return render(doctree.Parse(markdown)) }

func render(blocks []doctree.Block) []*Block {
	var out []*Block
	numbered := false
	for _, b := range blocks {
		l, ok := b.(*doctree.List)
		if numbered && ok && l.Ordered { // without a block between them they would be one list
			out = append(out, &Block{Type: "paragraph", content: map[string]any{"rich_text": []any{}}})
		}
		numbered = ok && l.Ordered
		out = append(out, renderBlock(b)...)
	}
	return out
}

func renderBlock(b doctree.Block) []*Block {
	switch b := b.(type) {
	case *doctree.Paragraph:
		return renderParagraph(b)
	case *doctree.Heading:
		return withText([]string{"heading_1", "heading_2", "heading_3", "heading_4"}[min(max(b.Level, 1), 4)-1], b.Text, nil, nil)
	case *doctree.List:
		return renderList(b)
	case *doctree.Quote:
		return renderQuote("quote", nil, b.Blocks)
	case *doctree.Alert:
		icon := map[string]any{"icon": map[string]any{"type": "emoji", "emoji": icons[b.Kind]}}
		return renderQuote("callout", icon, b.Blocks)
	case *doctree.Code:
		return renderCode(b)
	case *doctree.Table:
		return renderTable(b)
	case *doctree.Details:
		return withText("toggle", doctree.Spans{{Text: b.Summary}}, nil, render(b.Blocks))
	case *doctree.Rule:
		return []*Block{{Type: "divider", content: map[string]any{}}}
	}
	return nil
}

// icons are the emoji of alerts.
var icons = map[doctree.AlertKind]string{
	doctree.Note: "ℹ️", doctree.Tip: "💡", doctree.Important: "❗", doctree.Warn: "⚠️", doctree.Caution: "🛑",
}

// withText makes a block with text. What one block cannot hold goes into
// paragraphs: below it if it may have children, else after it.
func withText(kind string, text doctree.Spans, more map[string]any, children []*Block) []*Block {
	parts := richTexts(text)
	content := map[string]any{"rich_text": parts[0]}
	for k, v := range more {
		content[k] = v
	}
	var rest []*Block
	for _, items := range parts[1:] {
		rest = append(rest, &Block{Type: "paragraph", content: map[string]any{"rich_text": items}})
	}
	b := &Block{Type: kind, content: content, Children: children}
	if kind == "paragraph" || headings[kind] > 0 {
		return append([]*Block{b}, rest...)
	}
	b.Children = append(rest, children...)
	return []*Block{b}
}

// webAddress is what Notion takes as the address of a picture.
var webAddress = regexp.MustCompile(`^https?://[^\s]+$`)

func isPicture(s doctree.Span) bool {
	return s.Kind == doctree.Image && webAddress.MatchString(s.Source) && length(s.Source) <= maxURL
}

// renderParagraph makes a paragraph; pictures in it become blocks between its parts.
func renderParagraph(p *doctree.Paragraph) []*Block {
	var out []*Block
	var text doctree.Spans
	flush := func() {
		if text.Visible() {
			out = append(out, withText("paragraph", text, nil, nil)...)
		}
		text = nil
	}
	for _, s := range p.Text {
		if !isPicture(s) {
			text = append(text, s)
			continue
		}
		flush()
		content := map[string]any{"type": "external", "external": map[string]any{"url": s.Source}}
		if s.Text != "" {
			content["caption"] = richTexts(doctree.Spans{{Text: s.Text}})[0]
		}
		out = append(out, &Block{Type: "image", content: content})
	}
	flush()
	return out
}

func renderList(l *doctree.List) []*Block {
	var out []*Block
	for _, it := range l.Items {
		kind, more := "bulleted_list_item", map[string]any(nil)
		switch {
		case it.Task != doctree.NoTask:
			kind, more = "to_do", map[string]any{"checked": it.Task == doctree.Done}
		case l.Ordered:
			kind = "numbered_list_item"
		}
		text, rest := lead(it.Blocks)
		out = append(out, withText(kind, text, more, render(rest))...)
	}
	return out
}

// lead returns the text that blocks begin with, which is the text of the block that
// holds them, and the other blocks. A picture cannot be such text.
func lead(blocks []doctree.Block) (doctree.Spans, []doctree.Block) {
	if len(blocks) == 0 {
		return nil, nil
	}
	p, ok := blocks[0].(*doctree.Paragraph)
	if !ok {
		return nil, blocks
	}
	for _, s := range p.Text {
		if isPicture(s) {
			return nil, blocks
		}
	}
	return p.Text, blocks[1:]
}

func renderQuote(kind string, more map[string]any, blocks []doctree.Block) []*Block {
	text, rest := lead(blocks)
	return withText(kind, text, more, render(rest))
}

// maxExpression is how long a formula may be.
const maxExpression = 1000

func renderCode(c *doctree.Code) []*Block {
	if c.Language == "math" && length(c.Text) <= maxExpression {
		return []*Block{{Type: "equation", content: map[string]any{"expression": c.Text}}}
	}
	var out []*Block
	for _, items := range exactTexts(c.Text) {
		out = append(out, &Block{Type: "code", content: map[string]any{"rich_text": items, "language": notionLanguage(c.Language)}})
	}
	return out
}

func renderTable(t *doctree.Table) []*Block {
	width := 0
	for _, row := range t.Rows {
		width = max(width, len(row))
	}
	if width == 0 {
		return nil
	}
	b := &Block{Type: "table", content: map[string]any{
		"table_width": width, "has_column_header": t.Header, "has_row_header": false,
	}}
	for _, row := range t.Rows {
		cells := make([][]any, width)
		for i := range cells {
			cells[i] = []any{}
			if i < len(row) {
				text, _ := doctree.Title(row[i].Blocks)
				cells[i] = oneRichText(text)
			}
		}
		b.Children = append(b.Children, &Block{Type: "table_row", content: map[string]any{"cells": cells}})
	}
	return []*Block{b}
}
