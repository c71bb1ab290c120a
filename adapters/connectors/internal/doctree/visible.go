package doctree

import "iter"

// Visible reports whether a block is written at all.
func Visible(b Block) bool {
	switch b := b.(type) {
	case *Paragraph:
		return b.Text.Visible() || b.Text.hidden()
	case *Heading:
		return b.Text.Visible() || b.Text.hidden()
	case *List:
		return len(b.Items) > 0
	case *Quote:
		return first(b.Blocks) != nil
	case *Alert:
		return first(b.Blocks) != nil
	case *Code:
		return Clean(b.Text) != ""
	case *Table:
		return len(b.Rows) > 0
	case *Details:
		return !blank(b.Summary) || first(b.Blocks) != nil
	case *Raw:
		return !blank(b.Markdown)
	case *Rule, *Comment:
		return true
	}
	return false
}

// visible yields the blocks that are written.
func visible(blocks []Block) iter.Seq[Block] {
	return func(yield func(Block) bool) {
		for _, b := range blocks {
			if Visible(b) && !yield(b) {
				return
			}
		}
	}
}

// hidden reports whether there is a comment.
func (s Spans) hidden() bool {
	for _, p := range s {
		if p.Kind == Hidden {
			return true
		}
	}
	return false
}
