package doctree

import (
	"strings"
	"unicode/utf8"
)

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
	Text   SpanKind = iota
	Break           // a line break
	Image           // with Source and Text
	Math            // a formula within a line
	Hidden          // a comment within a line, Text is its content
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

// Add appends text; its line breaks become Breaks.
func (s *Spans) Add(text string, marks Marks, link string) {
	for i, line := range strings.Split(Clean(text), "\n") {
		if i > 0 {
			*s = append(*s, Span{Kind: Break, Marks: marks &^ Monospace, Link: link})
		}
		if line != "" {
			*s = append(*s, Span{Text: line, Marks: marks, Link: link})
		}
	}
}

// Plain returns the text without marks, line breaks as spaces.
func (s Spans) Plain() string {
	var b strings.Builder
	for _, p := range s {
		switch p.Kind {
		case Break:
			b.WriteByte(' ')
		case Hidden:
		default:
			b.WriteString(p.Text)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Visible reports whether a reader would see anything.
func (s Spans) Visible() bool {
	for _, p := range s {
		switch p.Kind {
		case Break:
		case Image:
			if p.Source != "" {
				return true
			}
		default:
			if !blank(p.Text) {
				return true
			}
		}
	}
	return false
}

// With returns the spans with more marks.
func (s Spans) With(marks Marks) Spans {
	marked := make(Spans, len(s))
	for i, p := range s {
		p.Marks |= marks
		marked[i] = p
	}
	return marked
}

// Clean returns text as a document may hold it: valid UTF-8, plain spaces for
// no-break ones, \n for every kind of line break, and no other control characters
// but the tab. What has no width but a meaning, such as joiners, is kept.
func Clean(text string) string {
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch r {
		case '\t', '\n':
			return r
		case '\r', '\u2028', '\u2029', '\v', '\f':
			return '\n'
		case '\u00a0':
			return ' '
		}
		if r < ' ' {
			return -1
		}
		return r
	}, text)
}

func blank(s string) bool { return strings.Trim(s, " \t") == "" }

// Tidy returns the spans as they are written: neighbours that are marked alike are
// one, spaces stand outside of marks, and there are none at the edges of lines.
func (s Spans) Tidy() Spans {
	return s.apart().reduced().merged().trimmed()
}

// apart makes spans of their own of the spaces at the edges of text, and gives breaks
// and what has no text only the marks that make sense for them.
func (s Spans) apart() Spans {
	out := make(Spans, 0, len(s))
	for i, p := range s {
		switch p.Kind {
		case Break:
			p.Marks, p.Link = s.around(i)
			out = append(out, p)
		case Image:
			if p.Source != "" {
				out = append(out, Span{Kind: Image, Text: squeeze(p.Text), Source: p.Source, Link: p.Link})
			}
		case Math, Hidden:
			p.Marks = 0
			out = append(out, p)
		default:
			out = p.apartInto(out)
		}
	}
	return out
}

// around returns what the neighbours of a break have in common.
func (s Spans) around(i int) (Marks, string) {
	if i == 0 || i == len(s)-1 {
		return 0, ""
	}
	before, after := s[i-1], s[i+1]
	if before.Link != after.Link {
		return 0, ""
	}
	return before.Marks & after.Marks &^ Monospace, before.Link
}

func (p Span) apartInto(out Spans) Spans {
	if p.Marks&Monospace == 0 {
		p.Text = squeeze(p.Text)
	}
	word := strings.Trim(p.Text, " \t")
	if word == "" {
		if p.Text != "" {
			out = out.addSpace(p)
		}
		return out
	}
	if p.Text[0] != word[0] {
		out = out.addSpace(p)
	}
	trail := len(strings.TrimRight(p.Text, " \t")) < len(p.Text)
	q := p
	q.Text = word
	out = append(out, q)
	if trail {
		out = out.addSpace(p)
	}
	return out
}

// addSpace appends a space that is marked as p is; beside another it is none.
func (s Spans) addSpace(p Span) Spans {
	if n := len(s); n > 0 && s[n-1].isSpace() {
		s[n-1].Marks &= p.Marks
		if s[n-1].Link != p.Link {
			s[n-1].Link = ""
		}
		return s
	}
	return append(s, Span{Text: " ", Marks: p.Marks &^ Monospace, Link: p.Link})
}

func (p Span) isSpace() bool { return p.Kind == Text && p.Text == " " }

// reduced takes marks and links off the spaces at their edges: a space keeps those
// that it and both its neighbours have.
func (s Spans) reduced() Spans {
	for i := range s {
		if !s[i].isSpace() {
			continue
		}
		marks, link := s.around(i)
		s[i].Marks &= marks
		if s[i].Link != link {
			s[i].Link = ""
		}
	}
	return s
}

// squeeze makes one space of each run of spaces, and of line breaks.
func squeeze(s string) string {
	var b strings.Builder
	space := false
	for _, r := range s {
		if r == ' ' || r == '\t' || r == '\n' {
			space = true
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	if space {
		b.WriteByte(' ')
	}
	return b.String()
}

// merged joins neighbours that are marked alike.
func (s Spans) merged() Spans {
	out := make(Spans, 0, len(s))
	for _, p := range s {
		if n := len(out); p.Kind == Text && n > 0 && out[n-1].Kind == Text {
			if last := &out[n-1]; last.Marks == p.Marks && last.Link == p.Link {
				last.Text = join(last.Text, p.Text)
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

// join appends text, with one space where both have one.
func join(a, b string) string {
	if strings.HasSuffix(a, " ") {
		b = strings.TrimLeft(b, " ")
	}
	return a + b
}

// trimmed drops spaces and breaks at the edges, and spaces beside breaks.
func (s Spans) trimmed() Spans {
	out := make(Spans, 0, len(s))
	for _, p := range s {
		atStart := len(out) == 0 || out[len(out)-1].Kind == Break
		switch {
		case p.Kind == Break && len(out) == 0:
			continue
		case p.Kind == Break:
			out = out.trimRight()
		case p.Kind == Text && atStart:
			if p.Text = strings.TrimLeft(p.Text, " "); p.Text == "" {
				continue
			}
		}
		out = append(out, p)
	}
	out = out.trimRight()
	for len(out) > 0 && out[len(out)-1].Kind == Break {
		out = out[:len(out)-1].trimRight()
	}
	return out
}

func (s Spans) trimRight() Spans {
	for n := len(s); n > 0 && s[n-1].Kind == Text; n = len(s) {
		if s[n-1].Text = strings.TrimRight(s[n-1].Text, " "); s[n-1].Text != "" {
			break
		}
		s = s[:n-1]
	}
	return s
}
