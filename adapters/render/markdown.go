package render

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// markdownOf writes a summary as Markdown: title, text with its marks, what it was
// made of, footnotes.
func markdownOf(in core.RenderRequest) string {
	var b strings.Builder
	b.WriteString("# " + escape(oneLine(in.Title)) + "\n\n")
	marks, sources := core.Footnotes(in.Summary.Text, in.Summary.Citations)
	b.WriteString(body(in.Summary, marks) + "\n\n---\n\n" + origin(in) + "\n")
	for i, s := range sources {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "[^%d]: “%s”%s\n", i+1, escape(oneLine(s.Quote)), page(s))
	}
	return sound(b.String())
}

func page(s core.Source) string {
	if s.Page == 0 {
		return ""
	}
	return fmt.Sprintf(" (page %d)", s.Page)
}

// body is the text with the marks of its footnotes. JSON is shown as it is, with
// its marks below: none can stand in it.
func body(sum *core.Summary, marks []core.FootnoteMark) string {
	switch sum.Format {
	case core.FormatJSON:
		fence := "```"
		for strings.Contains(sum.Text, fence) {
			fence += "`"
		}
		return fence + "json\n" + sum.Text + "\n" + fence + "\n\n" + strings.TrimSpace(marked("", marksAt(marks, 0), nil))
	case core.FormatPlain:
		return marked(sum.Text, marks, escapeLines)
	default:
		return marked(sum.Text, marks, withoutFootnotes)
	}
}

// marksAt moves all marks to one place.
func marksAt(marks []core.FootnoteMark, at int) []core.FootnoteMark {
	seen := map[int]bool{}
	var out []core.FootnoteMark
	for _, m := range marks {
		if !seen[m.Number] {
			seen[m.Number] = true
			out = append(out, core.FootnoteMark{At: at, Number: m.Number})
		}
	}
	return out
}

// withoutFootnotes keeps what looks like a footnote of the text's own from being
// taken for one of ours.
func withoutFootnotes(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, `\[^`, "[^"), "[^", `\[^`)
}

// marked puts the marks into a text whose parts between them go through change.
func marked(text string, marks []core.FootnoteMark, change func(string) string) string {
	if change == nil {
		change = func(s string) string { return s }
	}
	chars := []rune(text)
	var b strings.Builder
	written := 0
	for _, m := range marks {
		b.WriteString(change(string(chars[written:m.At])))
		fmt.Fprintf(&b, "[^%d]", m.Number)
		written = m.At
	}
	b.WriteString(change(string(chars[written:])))
	return strings.TrimRight(b.String(), "\n")
}

// origin tells in one paragraph what the summary was made of, and what its reader
// should check.
func origin(in core.RenderRequest) string {
	sum := in.Summary
	line := "Summary"
	if in.SourceURL != "" {
		line += " of " + escape(oneLine(in.SourceURL))
	}
	line += fmt.Sprintf(", made by %s on %s; %d of %d characters were read.", escape(oneLine(sum.ModelUsed)),
		sum.UpdatedAt.UTC().Format("2006-01-02"), sum.Coverage.CharsRead, sum.Coverage.CharsTotal)
	if sum.Stale {
		line += " The document has changed since."
	}
	if len(sum.Warnings) == 0 {
		return line
	}
	line += " To be checked:\n"
	for _, w := range sum.Warnings {
		line += "\n- " + escape(oneLine(w.Message)) + about(sum.Text, w)
	}
	return line
}

// about quotes what a warning is about.
func about(text string, w core.Warning) string {
	if w.Start == nil || w.End == nil {
		return ""
	}
	chars := []rune(text)
	start, end := min(max(*w.Start, 0), len(chars)), min(max(*w.End, 0), len(chars))
	if start >= end {
		return ""
	}
	return ": “" + escape(oneLine(string(chars[start:end]))) + "”"
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// marksOfMarkdown are the characters that mean something anywhere in a line.
const marksOfMarkdown = "\\`*_[]<>|~&#"

// escape makes a text stand within a line of Markdown as it is.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(marksOfMarkdown, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// opensList matches what would begin a list, or a line under a heading.
var opensList = regexp.MustCompile(`^(\d{0,9})([.)+=-])`)

// escapeLines is escape for a text of several lines, which stay apart and begin no
// block of code and no list.
func escapeLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if i > 0 {
			l = strings.TrimLeft(l, " \t")
		}
		end := ""
		if i+1 < len(lines) && strings.TrimSpace(l) != "" && strings.TrimSpace(lines[i+1]) != "" {
			end = `\` // a line end that stays one
		}
		lines[i] = opensList.ReplaceAllString(escape(l), `$1\$2`) + end
	}
	return strings.Join(lines, "\n")
}
