package doctree

import "slices"

// Block is one part of a document: a *Paragraph, *Heading, *List, *Quote, *Alert,
// *Code, *Table, *Details, *Rule, *Comment or *Raw. The set is closed.
type Block interface{ block() }

// Paragraph is running text. Without visible text it is written as nothing.
type Paragraph struct{ Text Spans }

// Heading has a level from 1 to 6; others are brought into that range.
type Heading struct {
	Level int
	Text  Spans
}

// List is a bullet list, or a numbered one that begins with Start.
type List struct {
	Ordered bool
	Start   int // of an ordered list
	Items   []Item
}

// Item is one of a list. An empty one is kept, for the numbers of the others.
type Item struct {
	Task   Task
	Blocks []Block
}

// AddInner adds blocks to the last item, as a list's content that stands in no item
// does; there is one afterwards.
func (l *List) AddInner(blocks ...Block) {
	if len(blocks) == 0 {
		return
	}
	if len(l.Items) == 0 {
		l.Items = append(l.Items, Item{})
	}
	last := &l.Items[len(l.Items)-1]
	last.Blocks = append(last.Blocks, blocks...)
}

// HasTasks reports whether any item is a task.
func (l *List) HasTasks() bool {
	return slices.ContainsFunc(l.Items, func(it Item) bool { return it.Task != NoTask })
}

// Lead returns the paragraph that blocks begin with, if they begin with one.
func Lead(blocks []Block) (*Paragraph, bool) {
	if len(blocks) == 0 {
		return nil, false
	}
	p, ok := blocks[0].(*Paragraph)
	return p, ok
}

// Task says whether an item is a task, and whether it is done.
type Task int

// The states of an item.
const (
	NoTask Task = iota
	Open
	Done
)

// Quote is a block quote, or a box whose colour has no known meaning.
type Quote struct{ Blocks []Block }

// Alert is a box with a meaning.
type Alert struct {
	Kind   AlertKind
	Blocks []Block
}

// AlertKind is the word that Markdown has for a box's meaning.
type AlertKind string

// The meanings of boxes.
const (
	Note      AlertKind = "NOTE"
	Tip       AlertKind = "TIP"
	Important AlertKind = "IMPORTANT"
	Warn      AlertKind = "WARNING"
	Caution   AlertKind = "CAUTION"
)

// Code is a block of code; its text is kept to the character.
type Code struct {
	Language string // "" for plain text
	Text     string
}

// Table has rows of cells, merged or not. If Header is set, the first row is the
// header; header cells elsewhere are written bold.
type Table struct {
	Header bool
	Rows   [][]Cell
}

// Cell is one cell. Its content is repeated in every place that it covers.
type Cell struct {
	Header     bool
	Cols, Rows int // how many it covers; 0 means 1
	Blocks     []Block
}

// Details is content that a reader opens.
type Details struct {
	Summary string
	Blocks  []Block
}

// Rule is a line between parts.
type Rule struct{}

// Comment is a note in the text that a renderer hides: what could not be converted.
type Comment struct{ Text string }

// Raw is Markdown that is taken as it is.
type Raw struct{ Markdown string }

func (*Paragraph) block() {}
func (*Heading) block()   {}
func (*List) block()      {}
func (*Quote) block()     {}
func (*Alert) block()     {}
func (*Code) block()      {}
func (*Table) block()     {}
func (*Details) block()   {}
func (*Rule) block()      {}
func (*Comment) block()   {}
func (*Raw) block()       {}
