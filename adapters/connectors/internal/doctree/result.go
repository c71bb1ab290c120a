package doctree

import "fmt"

// Result is a vendor's document as Markdown, and what was lost on the way.
type Result struct {
	// Markdown is UTF-8 with LF and one newline at its end; "" for an empty document.
	Markdown string
	// Warnings tell of what Markdown or docsctl cannot hold, in the order of first
	// occurrence. Empty when nothing was lost.
	Warnings []Warning
}

// Warning is one kind of loss in a document.
type Warning struct {
	Kind  string // what was lost, as in the document's comment: "notion:unsupported form"
	Count int    // how often, at least 1
	Where string // the heading above its first occurrence; "" before the first heading
}

// String returns the warning as a sentence for the document's conversion_warnings.
func (w Warning) String() string {
	where := "before the first heading"
	if w.Where != "" {
		where = fmt.Sprintf("first below the heading %q", w.Where)
	}
	if w.Count == 1 {
		return fmt.Sprintf("%s: not converted, %s", w.Kind, where)
	}
	return fmt.Sprintf("%s: %d times not converted, %s", w.Kind, w.Count, where)
}

// maxWarnings bounds the kinds of loss of one document; the rest is counted as one kind.
const maxWarnings = 50

// manyKinds counts what is over maxWarnings.
const manyKinds = "other kinds"

// Losses collects warnings while a document is read from its beginning to its end.
// The zero value is ready; it is not for concurrent use.
type Losses struct {
	where string
	list  []Warning
}

// Below notes that what follows stands below a heading.
func (l *Losses) Below(heading string) { l.where = clip(heading, 80) }

// Add counts one loss of a kind.
func (l *Losses) Add(kind string) {
	kind = clip(kind, 120)
	for i := range l.list {
		if l.list[i].Kind == kind || len(l.list) > maxWarnings && l.list[i].Kind == manyKinds {
			l.list[i].Count++
			return
		}
	}
	if len(l.list) == maxWarnings {
		kind = manyKinds
	}
	l.list = append(l.list, Warning{Kind: kind, Count: 1, Where: l.where})
}

// Warnings returns what was counted.
func (l *Losses) Warnings() []Warning { return l.list }

// clip shortens a text to n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
