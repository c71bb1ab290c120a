package cli

import (
	"fmt"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// text is what is printed of the i-th input: its summary, under a heading where
// there are several.
func (s *summarizing) text(i int, r result) string {
	var b strings.Builder
	if len(s.opts.Inputs) > 1 {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "# %s\n\n", displayName(r.input))
	}
	text := r.sum.Text
	if s.opts.Citations && !s.citationsLost(r.sum) {
		text = withFootnotes(text, r.sum.Citations)
	}
	b.WriteString(strings.TrimRight(text, "\n") + "\n")
	return b.String()
}

// citationsLost reports whether footnotes are asked of a text that cannot hold them.
func (s *summarizing) citationsLost(sum *core.Summary) bool {
	return s.opts.Citations && s.opts.Print == printDefault && sum.Format == core.FormatJSON
}

// withFootnotes puts a mark behind each cited passage of text and the quoted
// sources below it, as Markdown footnotes.
func withFootnotes(text string, citations []core.Citation) string {
	marks, sources := core.Footnotes(text, citations)
	chars := []rune(text)
	var b strings.Builder
	written := 0
	for _, m := range marks {
		b.WriteString(string(chars[written:m.At]))
		fmt.Fprintf(&b, "[^%d]", m.Number)
		written = m.At
	}
	b.WriteString(strings.TrimRight(string(chars[written:]), "\n") + "\n")
	for i, s := range sources {
		if i == 0 {
			b.WriteString("\n")
		}
		page := ""
		if s.Page > 0 {
			page = fmt.Sprintf(" (page %d)", s.Page)
		}
		// A footnote is one line, so the quote's own line breaks become spaces.
		fmt.Fprintf(&b, "[^%d]: \"%s\"%s\n", i+1, strings.Join(strings.Fields(s.Quote), " "), page)
	}
	return b.String()
}
