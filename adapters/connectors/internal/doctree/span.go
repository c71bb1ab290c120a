package doctree

// Spans is running text: pieces that are marked alike.
type Spans []Span

// Span is a piece of running text.
type Span struct {
	Kind   SpanKind
	Text   string // the text; an image's text for those who do not see it; a formula
	Source string // an image's address
	Marks  Marks
	Link   string // where it leads, or ""
}

// SpanKind says what a span is.
type SpanKind int

// The kinds of spans.
const (
	Text  SpanKind = iota
	Break          // a line break
	Image
	Math    // an inline formula
	Hidden  // a comment within a line, Text is its content
	Literal // Markdown that is taken as it is
)

// Marks is a set of marks.
type Marks uint8

// The marks that Markdown or its HTML has.
const (
	Bold Marks = 1 << iota
	Italic
	Strike
	Sub
	Sup
	Monospace
)
