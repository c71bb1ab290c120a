package notion

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// block reads a block that is no item of a list, with what is below it.
func (c *converter) block(ctx context.Context, b block, depth int) ([]doctree.Block, error) {
	if level := headings[b.Type]; level > 0 {
		return c.heading(ctx, b, level, depth)
	}
	switch b.Type {
	case "paragraph", "template":
		return c.textThenChildren(ctx, b, depth)
	case "quote", "callout":
		return c.quote(ctx, b, depth)
	case "toggle":
		inner, err := c.children(ctx, b, depth+1)
		return []doctree.Block{&doctree.Details{Summary: spans(b.content.RichText).Plain(), Blocks: inner}}, err
	case "code":
		return code(b.content), nil
	case "equation":
		return []doctree.Block{&doctree.Code{Language: "math", Text: b.content.Expression}}, nil
	case "divider":
		return []doctree.Block{&doctree.Rule{}}, nil
	case "table":
		return c.table(ctx, b)
	case "column_list", "column":
		return c.children(ctx, b, depth+1)
	case "synced_block":
		return c.synced(ctx, b, depth)
	case "tab":
		return c.tab(ctx, b, depth)
	case "meeting_notes", "transcription":
		return c.meeting(ctx, b, depth)
	case "child_page", "child_database", "link_to_page", "bookmark", "embed", "link_preview",
		"image", "video", "audio", "pdf", "file":
		return leaf(b), nil
	case "table_of_contents", "breadcrumb":
		return nil, nil
	case "unsupported":
		return c.lost("notion:unsupported " + or(b.content.BlockType, "block")), nil
	}
	return c.unknown(ctx, b, depth)
}

var headings = map[string]int{"heading_1": 1, "heading_2": 2, "heading_3": 3, "heading_4": 4}

func (c *converter) heading(ctx context.Context, b block, level, depth int) ([]doctree.Block, error) {
	text := spans(b.content.RichText)
	c.losses.Below(text.Plain())
	inner, err := c.children(ctx, b, depth+1)
	return append([]doctree.Block{&doctree.Heading{Level: level, Text: text}}, inner...), err
}

func (c *converter) textThenChildren(ctx context.Context, b block, depth int) ([]doctree.Block, error) {
	inner, err := c.children(ctx, b, depth+1)
	return append(paragraph(spans(b.content.RichText)), inner...), err
}

// quote reads a quote, or a callout with its icon.
func (c *converter) quote(ctx context.Context, b block, depth int) ([]doctree.Block, error) {
	text := spans(b.content.RichText)
	inner, err := c.children(ctx, b, depth+1)
	if err != nil || !text.Visible() && len(inner) == 0 {
		return nil, err
	}
	if icon := b.content.Icon.text(); icon != "" && b.Type == "callout" {
		text = append(doctree.Spans{{Text: icon + " "}}, text...)
	}
	return []doctree.Block{&doctree.Quote{Blocks: append(paragraph(text), inner...)}}, nil
}

func code(c content) []doctree.Block {
	out := []doctree.Block{&doctree.Code{Language: fenceLanguage(c.Language), Text: plainText(c.RichText)}}
	return append(out, paragraph(spans(c.Caption).With(doctree.Italic))...)
}

func (c *converter) table(ctx context.Context, b block) ([]doctree.Block, error) {
	raws, err := c.childrenOf(ctx, b)
	if err != nil {
		return c.lostIfUnreadable(err, b.Type)
	}
	t := &doctree.Table{Header: b.content.HasColumnHeader}
	for _, raw := range raws {
		row, ok := readBlock(raw)
		if !ok || row.InTrash || row.Archived {
			continue
		}
		c.read++
		t.Rows = append(t.Rows, cells(row.content.Cells, b.content.HasRowHeader))
	}
	return []doctree.Block{t}, nil
}

func cells(texts [][]richText, rowHeader bool) []doctree.Cell {
	row := make([]doctree.Cell, len(texts))
	for i, text := range texts {
		row[i] = doctree.Cell{Header: rowHeader && i == 0, Blocks: paragraph(spans(text))}
	}
	return row
}

// synced reads an original, or a copy: its original's content, or what the copy
// itself is said to have.
func (c *converter) synced(ctx context.Context, b block, depth int) ([]doctree.Block, error) {
	if b.content.SyncedFrom == nil {
		return c.children(ctx, b, depth+1)
	}
	for _, id := range []string{b.content.SyncedFrom.BlockID, b.ID} {
		if id == "" || c.open[id] {
			continue
		}
		raws, err := c.src.Children(ctx, id)
		switch {
		case errors.Is(err, ErrNotReadable):
			continue
		case err != nil:
			return nil, err
		case len(raws) == 0 && id != b.ID:
			continue
		case len(raws) == 0:
			return c.lost("notion:unavailable synced_block"), nil
		}
		c.open[id] = true
		defer delete(c.open, id)
		return c.blocks(ctx, raws, depth+1)
	}
	return c.lost("notion:unavailable synced_block"), nil
}

// tab reads tabs: the label of each in bold, then what it holds.
func (c *converter) tab(ctx context.Context, b block, depth int) ([]doctree.Block, error) {
	raws, err := c.childrenOf(ctx, b)
	if err != nil {
		return c.lostIfUnreadable(err, b.Type)
	}
	var out []doctree.Block
	for _, raw := range raws {
		label, ok := readBlock(raw)
		if !ok || label.InTrash || label.Archived {
			continue
		}
		inner, err := c.children(ctx, label, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, paragraph(spans(label.content.RichText).With(doctree.Bold))...)
		out = append(out, inner...)
	}
	return out, nil
}

// meeting reads the notes of a meeting without the transcript, which is all that was said.
func (c *converter) meeting(ctx context.Context, b block, depth int) ([]doctree.Block, error) {
	out := paragraph(spans(b.content.title()).With(doctree.Bold))
	raws, err := c.childrenOf(ctx, b)
	if err != nil {
		lost, err := c.lostIfUnreadable(err, b.Type)
		return append(out, lost...), err
	}
	var kept []json.RawMessage
	for _, raw := range raws {
		if inner, ok := readBlock(raw); ok && (inner.ID == "" || inner.ID != b.content.Children.Transcript) {
			kept = append(kept, raw)
		}
	}
	inner, err := c.blocks(ctx, kept, depth+1)
	return append(out, inner...), err
}

func (c *converter) childrenOf(ctx context.Context, b block) ([]json.RawMessage, error) {
	if !b.HasChildren {
		return nil, nil
	}
	return c.src.Children(ctx, b.ID)
}

func (c *converter) lostIfUnreadable(err error, kind string) ([]doctree.Block, error) {
	if errors.Is(err, ErrNotReadable) {
		return c.lost("notion:unavailable " + kind), nil
	}
	return nil, err
}

// unknown reads a type that is newer than this program.
func (c *converter) unknown(ctx context.Context, b block, depth int) ([]doctree.Block, error) {
	kind := "notion:unsupported " + b.Type
	out := paragraph(spans(b.content.RichText))
	if len(out) == 0 {
		out = c.lost(kind)
	} else {
		c.losses.Add(kind)
	}
	inner, err := c.children(ctx, b, depth+1)
	return append(out, inner...), err
}
