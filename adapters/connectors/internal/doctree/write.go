package doctree

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// MaxDepth is how deep blocks may be nested. Readers flatten what is deeper.
const MaxDepth = 48

// maxMarkdown bounds what a document becomes, in bytes.
const maxMarkdown = 20 << 20

// Write makes Markdown of a tree: GitHub's dialect, details, sub- and superscript
// as HTML. It returns CodePayloadTooLarge when that is more than 20 MB, as merged
// cells of a small document may be.
func Write(blocks []Block) (string, error) {
	w := writer{left: maxMarkdown}
	text := w.blocks(blocks, 0)
	if w.left < 0 {
		return "", &core.Error{
			Code:    core.CodePayloadTooLarge,
			Message: "the page is larger than 20 MB as text; split it into several pages",
		}
	}
	if text == "" {
		return "", nil
	}
	return text + "\n", nil
}

// writer holds how many bytes may still be written, all levels counted.
type writer struct{ left int }

// spend takes what was written from the budget and returns it, or nothing.
func (w *writer) spend(text string) string {
	if w.left -= len(text); w.left < 0 {
		return ""
	}
	return text
}

// blocks writes blocks with an empty line between any two.
func (w *writer) blocks(blocks []Block, depth int) string {
	if depth > MaxDepth || w.left < 0 {
		return ""
	}
	var parts []string
	var list *List // what was written last, if it was a list
	other := false // whether it had the other delimiters
	for _, b := range blocks {
		l, _ := b.(*List)
		follows := l != nil && list != nil && l.Ordered == list.Ordered && !other
		text := w.spend(w.block(b, follows, depth))
		if text == "" {
			continue
		}
		parts = append(parts, text)
		list, other = l, follows
	}
	return strings.Join(parts, "\n\n")
}

// block writes one block, without a newline at its end.
func (w *writer) block(b Block, follows bool, depth int) string {
	switch b := b.(type) {
	case *Paragraph:
		return b.Text.markdown(inParagraph)
	case *Heading:
		return heading(b)
	case *List:
		return w.list(b, follows, depth)
	case *Quote:
		return quoted(w.blocks(b.Blocks, depth+1))
	case *Alert:
		return w.alert(b, depth)
	case *Code:
		return fenced(b.Language, b.Text)
	case *Table:
		return w.table(b)
	case *Details:
		return w.details(b, depth)
	case *Rule:
		return "---"
	case *Comment:
		return comment(b.Text)
	case *Raw:
		return strings.TrimRight(strings.Trim(Clean(b.Markdown), "\n"), " \t\n")
	}
	return ""
}

// closing is what a heading's line may end with and would lose.
var closing = regexp.MustCompile(`(^|\s)(#+)$`)

func heading(h *Heading) string {
	text := h.Text.markdown(inHeading)
	if text == "" {
		return ""
	}
	return strings.Repeat("#", min(max(h.Level, 1), 6)) + " " + closing.ReplaceAllString(text, `$1\$2`)
}

// maxNumber is what Markdown reads as a list's number.
const maxNumber = 999_999_999

// list writes a list. One that follows another of its kind has other delimiters:
// with the same, both would be one.
func (w *writer) list(l *List, follows bool, depth int) string {
	start := l.Start
	if start < 0 || start > maxNumber-len(l.Items) {
		start = 1
	}
	var b strings.Builder
	for i, item := range l.Items {
		if w.left < 0 {
			break
		}
		mark := delimiter(l.Ordered, start+i, follows)
		text := w.spend(w.item(item, mark, depth))
		if text == mark && depth > 0 && i == len(l.Items)-1 {
			text += " <!-- -->" // goldmark ends all lists at an empty last item
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(text)
	}
	return b.String()
}

func delimiter(ordered bool, number int, follows bool) string {
	switch {
	case ordered && follows:
		return strconv.Itoa(number) + ")"
	case ordered:
		return strconv.Itoa(number) + "."
	case follows:
		return "*"
	}
	return "-"
}

// item writes an item with its mark; further lines stand below the item's text.
func (w *writer) item(it Item, mark string, depth int) string {
	text := w.itemText(it, depth)
	if _, rule := first(it.Blocks).(*Rule); rule {
		text = "___" + strings.TrimPrefix(text, "---") // "- ---" would be a line itself
	}
	switch it.Task {
	case Open:
		text = "[ ] " + taskText(text, it.Blocks)
	case Done:
		text = "[x] " + taskText(text, it.Blocks)
	case NoTask:
	}
	if text == "" {
		return mark
	}
	return mark + " " + indented(text, len(mark)+1)
}

// taskText makes sure that a task's box stands before text, without which it would
// be text itself.
func taskText(text string, blocks []Block) string {
	switch _, paragraph := first(blocks).(*Paragraph); {
	case text == "":
		return "<!-- -->"
	case !paragraph:
		return "<!-- -->\n\n" + text
	}
	return text
}

// first returns the first block that is written.
func first(blocks []Block) Block {
	for b := range visible(blocks) {
		return b
	}
	return nil
}

// itemText writes an item's blocks; a list stands right below the text before it.
func (w *writer) itemText(it Item, depth int) string {
	var b strings.Builder
	blocks := slices.Collect(visible(it.Blocks))
	for i := 0; i < len(blocks); {
		j := i + 1 // a run that blocks may write together: lists know their neighbours
		for j < len(blocks) && !isParagraph(blocks[j-1]) {
			j++
		}
		text := w.blocks(blocks[i:j], depth+1)
		if text != "" {
			if b.Len() > 0 {
				b.WriteString(between(blocks[i-1], blocks[i]))
			}
			b.WriteString(text)
		}
		i = j
	}
	return b.String()
}

func isParagraph(b Block) bool {
	_, ok := b.(*Paragraph)
	return ok
}

// between returns what separates a paragraph of an item from what follows. A list
// may interrupt it if it begins with a 1 or a bullet, and with text.
func between(before, b Block) string {
	l, ok := b.(*List)
	if !ok || !isParagraph(before) || l.Ordered && l.Start != 1 || len(l.Items) == 0 {
		return "\n\n"
	}
	if p, ok := first(l.Items[0].Blocks).(*Paragraph); !ok || !p.Text.Visible() {
		return "\n\n"
	}
	return "\n"
}

// indented moves all lines but the first to the right.
func indented(text string, n int) string {
	pad := strings.Repeat(" ", n)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if i > 0 && line != "" {
			lines[i] = pad + line
		}
	}
	return strings.Join(lines, "\n")
}

func quoted(text string) string {
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if lines[i] = ">"; line != "" {
			lines[i] = "> " + line
		}
	}
	return strings.Join(lines, "\n")
}

func (w *writer) alert(a *Alert, depth int) string {
	text := w.blocks(a.Blocks, depth+1)
	if text == "" {
		return ""
	}
	sep := "\n"
	if !isParagraph(first(a.Blocks)) {
		sep = "\n\n"
	}
	return quoted("[!" + string(a.Kind) + "]" + sep + text)
}

func fenced(language, text string) string {
	text = Clean(text)
	if text == "" {
		return ""
	}
	fence := strings.Repeat("`", max(3, longestRun(text, '`')+1))
	return fence + infoString(language) + "\n" + text + "\n" + fence
}

// infoString returns a language's name as one word that ends no fence.
func infoString(language string) string {
	words := strings.Fields(strings.ToLower(Clean(language)))
	return strings.Map(func(r rune) rune {
		if r == '`' || r == '\\' || r == '&' {
			return -1
		}
		return r
	}, strings.Join(words, "-"))
}

func (w *writer) details(d *Details, depth int) string {
	summary := escapeHTML(d.Summary)
	text := w.blocks(d.Blocks, depth+1)
	if strings.TrimSpace(summary) == "" && text == "" {
		return ""
	}
	if text != "" {
		text += "\n\n"
	}
	return "<details>\n<summary>" + strings.TrimSpace(summary) + "</summary>\n\n" + text + "</details>"
}
