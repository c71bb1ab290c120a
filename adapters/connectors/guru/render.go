package guru

import (
	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/markup"
)

// HTML makes a card's content of Markdown.
func HTML(markdown string) string { return render(doctree.Parse(markdown)) }

func render(blocks []doctree.Block) string {
	w := &htmlWriter{}
	w.Writer = markup.Writer{Void: ">", Head: true, Image: writeImage, Special: w.special}
	return w.Blocks(blocks)
}

// htmlWriter writes what Guru has in a way of its own.
type htmlWriter struct{ markup.Writer }

func (w *htmlWriter) special(b doctree.Block) (string, bool) {
	switch b := b.(type) {
	case *doctree.List:
		if !b.HasTasks() {
			return "", false
		}
		return w.Blocks([]doctree.Block{boxed(b)}), true
	case *doctree.Alert:
		name := &doctree.Paragraph{Text: doctree.Spans{{Text: alertNames[b.Kind], Marks: doctree.Bold}}}
		return w.Blocks([]doctree.Block{&doctree.Quote{Blocks: append([]doctree.Block{name}, b.Blocks...)}}), true
	case *doctree.Details:
		return "<details><summary>" + markup.Escape(b.Summary) + "</summary>" + w.Blocks(b.Blocks) + "</details>", true
	case *doctree.Code:
		if b.Text == "" {
			return "", true
		}
		class := ""
		if b.Language != "" {
			class = ` class="language-` + markup.Escape(b.Language) + `"`
		}
		return "<pre><code" + class + ">" + markup.Escape(b.Text) + "\n</code></pre>", true
	}
	return "", false
}

// alertNames are the words of alerts, for which cards have no box that can be written.
var alertNames = map[doctree.AlertKind]string{
	doctree.Note: "Note", doctree.Tip: "Tip", doctree.Important: "Important", doctree.Warn: "Warning", doctree.Caution: "Caution",
}

// boxed returns a list with a box in the text of each task: cards have no tasks.
func boxed(l *doctree.List) *doctree.List {
	out := &doctree.List{Ordered: l.Ordered, Start: l.Start}
	for _, it := range l.Items {
		box := ""
		switch it.Task {
		case doctree.Open:
			box = "☐ "
		case doctree.Done:
			box = "☑ "
		case doctree.NoTask:
		}
		blocks := it.Blocks
		if box != "" {
			text := doctree.Spans{{Text: box}}
			if p, ok := doctree.Lead(blocks); ok {
				text, blocks = append(text, p.Text...), blocks[1:]
			}
			blocks = append([]doctree.Block{&doctree.Paragraph{Text: text}}, blocks...)
		}
		out.Items = append(out.Items, doctree.Item{Blocks: blocks})
	}
	return out
}

func writeImage(s doctree.Span) string {
	return `<img src="` + markup.Escape(s.Source) + `" alt="` + markup.Escape(s.Text) + `">`
}
