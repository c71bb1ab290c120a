package confluence

import (
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/markup"
)

// Storage makes a body in storage format of Markdown.
func Storage(markdown string) string { return render(doctree.Parse(markdown)) }

func render(blocks []doctree.Block) string {
	w := &storageWriter{}
	w.Writer = markup.Writer{Void: "/>", Image: writeImage, Special: w.special}
	return w.Blocks(blocks)
}

// storageWriter writes what storage format has macros for.
type storageWriter struct{ markup.Writer }

func (w *storageWriter) special(b doctree.Block) (string, bool) {
	switch b := b.(type) {
	case *doctree.List:
		if !b.HasTasks() {
			return "", false
		}
		return w.tasks(b), true
	case *doctree.Alert:
		return writeMacro(alertMacros[b.Kind], "", rich(w.Blocks(b.Blocks))), true
	case *doctree.Details:
		return writeMacro("expand", parameter("title", b.Summary), rich(w.Blocks(b.Blocks))), true
	case *doctree.Code:
		if b.Text == "" {
			return "", true
		}
		return writeMacro("code", parameter("language", b.Language), "<ac:plain-text-body>"+cdata(b.Text)+"</ac:plain-text-body>"), true
	}
	return "", false
}

// alertMacros are the macros of alerts.
var alertMacros = map[doctree.AlertKind]string{
	doctree.Note: "info", doctree.Tip: "tip", doctree.Important: "note", doctree.Warn: "note", doctree.Caution: "warning",
}

func writeMacro(name, parameters, body string) string {
	return `<ac:structured-macro ac:name="` + name + `">` + parameters + body + `</ac:structured-macro>`
}

func rich(content string) string { return "<ac:rich-text-body>" + content + "</ac:rich-text-body>" }

func parameter(name, value string) string {
	if value == "" {
		return ""
	}
	return `<ac:parameter ac:name="` + name + `">` + markup.Escape(value) + `</ac:parameter>`
}

// cdata writes text such that its own end of a section ends none.
func cdata(text string) string {
	return "<![CDATA[" + strings.ReplaceAll(text, "]]>", "]]]]><![CDATA[>") + "]]>"
}

// tasks writes a list that has tasks: those in task lists, other items in lists of
// their own between them.
func (w *storageWriter) tasks(l *doctree.List) string {
	var parts []string
	for i := 0; i < len(l.Items); {
		j := i + 1
		for j < len(l.Items) && (l.Items[j].Task == doctree.NoTask) == (l.Items[i].Task == doctree.NoTask) {
			j++
		}
		run := &doctree.List{Ordered: l.Ordered, Start: l.Start + i, Items: l.Items[i:j]}
		if l.Items[i].Task == doctree.NoTask {
			parts = append(parts, w.Blocks([]doctree.Block{run}))
		} else {
			parts = append(parts, w.taskList(run))
		}
		i = j
	}
	return strings.Join(parts, "\n")
}

// taskList writes tasks. The tasks that a task ends with follow it in
// the list, as Confluence has them.
func (w *storageWriter) taskList(l *doctree.List) string {
	var b strings.Builder
	b.WriteString("<ac:task-list>")
	for _, it := range l.Items {
		status := "incomplete"
		if it.Task == doctree.Done {
			status = "complete"
		}
		own, inner := it.Blocks, ""
		if n := len(own); n > 0 {
			if last, ok := own[n-1].(*doctree.List); ok && last.HasTasks() {
				own, inner = own[:n-1], w.tasks(last)
			}
		}
		b.WriteString("<ac:task><ac:task-status>" + status + "</ac:task-status><ac:task-body>" + w.Item(own) + "</ac:task-body></ac:task>" + inner)
	}
	b.WriteString("</ac:task-list>")
	return b.String()
}

// writeImage writes a picture: one of the web, or a file of the page.
func writeImage(s doctree.Span) string {
	alt := ""
	if s.Text != "" {
		alt = ` ac:alt="` + markup.Escape(s.Text) + `"`
	}
	if name, ok := strings.CutPrefix(s.Source, "attachment:"); ok {
		name = strings.NewReplacer("%20", " ", "%25", "%").Replace(name)
		return "<ac:image" + alt + `><ri:attachment ri:filename="` + markup.Escape(name) + `"/></ac:image>`
	}
	return "<ac:image" + alt + `><ri:url ri:value="` + markup.Escape(s.Source) + `"/></ac:image>`
}
