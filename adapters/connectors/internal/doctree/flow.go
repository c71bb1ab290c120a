package doctree

import "strings"

// Flow collects what a reader meets in order: running text becomes paragraphs, and
// a block ends the paragraph that it stands in. The zero value is ready.
type Flow struct {
	blocks []Block
	line   Spans
}

// Text adds text in which white space means no more than a space.
func (f *Flow) Text(text string, marks Marks, link string) {
	f.line.Add(htmlSpaces.Replace(text), marks, link)
}

var htmlSpaces = strings.NewReplacer("\r", " ", "\n", " ", "\t", " ", "\f", " ")

// Inline adds spans.
func (f *Flow) Inline(spans ...Span) { f.line = append(f.line, spans...) }

// Block ends the paragraph and adds blocks.
func (f *Flow) Block(blocks ...Block) {
	f.EndLine()
	f.blocks = append(f.blocks, blocks...)
}

// EndLine ends the paragraph.
func (f *Flow) EndLine() {
	if f.line.Visible() || f.line.hidden() {
		f.blocks = append(f.blocks, &Paragraph{Text: f.line})
	}
	f.line = nil
}

// Blocks ends the paragraph and returns all.
func (f *Flow) Blocks() []Block {
	f.EndLine()
	return f.blocks
}

// Title tells text that may hold no block, such as a heading's, from blocks that
// stand in it: the paragraphs' text is the title, the rest follows it.
func Title(blocks []Block) (Spans, []Block) {
	var title Spans
	var rest []Block
	for _, b := range blocks {
		p, ok := b.(*Paragraph)
		if !ok {
			rest = append(rest, b)
			continue
		}
		if len(title) > 0 {
			title = append(title, Span{Kind: Break})
		}
		title = append(title, p.Text...)
	}
	return title, rest
}

// TrimCode drops the empty lines before code and the white space after it.
func TrimCode(text string) string {
	text = strings.TrimRight(Clean(text), " \t\n")
	for {
		line, rest, more := strings.Cut(text, "\n")
		if !more || !blank(line) {
			return text
		}
		text = rest
	}
}
