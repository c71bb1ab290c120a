package doctree

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// place says where running text is written; line breaks differ.
type place int

const (
	inParagraph place = iota
	inHeading
	inCell
)

// markdown writes running text.
func (s Spans) markdown(at place) string {
	w := inlineWriter{at: at}
	s = s.Tidy()
	for i := 0; i < len(s); {
		j := i + 1
		for j < len(s) && s[j].Link == s[i].Link {
			j++
		}
		w.link(s[i:j])
		i = j
	}
	text := w.text()
	switch at {
	case inParagraph:
		text = escapeLineStarts(text)
	case inCell:
		text = strings.ReplaceAll(text, "|", `\|`)
	}
	return text
}

// inlineWriter holds running text as pieces until it is known which marks
// CommonMark accepts as delimiters; the others become HTML.
type inlineWriter struct {
	at     place
	html   func(Span) string // writes spans as HTML; nil for Markdown
	pieces []piece
	open   []*pair
}

// piece is text, or the start or end of a mark.
type piece struct {
	text string // Markdown, ready
	raw  string // text that is yet to be escaped
	mark *pair
	ends bool // of a mark: its end
}

// pair is one marked stretch.
type pair struct {
	mark Marks
	tag  bool // written as HTML
}

var delimiters = map[Marks]string{Bold: "**", Italic: "*", Strike: "~~"}

var tags = map[Marks]string{Bold: "strong", Italic: "em", Strike: "del", Sub: "sub", Sup: "sup"}

// order is from the outermost mark, where nothing else decides.
var order = []Marks{Bold, Italic, Strike, Sub, Sup}

func (w *inlineWriter) put(markdown string) { w.pieces = append(w.pieces, piece{text: markdown}) }

// link writes spans that lead to the same place, or nowhere.
func (w *inlineWriter) link(s Spans) {
	href := s[0].Link
	switch {
	case href == "":
		w.marked(s)
	case len(s) == 1 && s[0].Kind == Text && s[0].Text == href && s[0].Marks&Monospace == 0 && autolink.MatchString(href):
		w.set(s[0].Marks, s)
		w.put("<" + href + ">")
		w.set(0, nil)
	default:
		w.put("[")
		w.marked(s)
		w.put("](" + target(href) + ")")
	}
}

// marked writes spans with their marks, all closed in the end.
func (w *inlineWriter) marked(s Spans) {
	for i, p := range s {
		w.set(p.Marks&^Monospace, s[i:])
		w.span(p)
	}
	w.set(0, nil)
}

// set closes and opens marks until exactly these are open. Of several that open,
// the one that lasts longest is outermost.
func (w *inlineWriter) set(marks Marks, ahead Spans) {
	keep := 0
	for keep < len(w.open) && marks&w.open[keep].mark != 0 {
		marks &^= w.open[keep].mark
		keep++
	}
	for n := len(w.open); n > keep; n-- {
		w.pieces = append(w.pieces, piece{mark: w.open[n-1], ends: true})
		w.open = w.open[:n-1]
	}
	for marks != 0 {
		best, longest := Marks(0), -1
		for _, m := range order {
			if marks&m == 0 {
				continue
			}
			if n := ahead.lasting(m); n > longest {
				best, longest = m, n
			}
		}
		marks &^= best
		p := &pair{mark: best, tag: delimiters[best] == "" || w.html != nil}
		w.open = append(w.open, p)
		w.pieces = append(w.pieces, piece{mark: p})
	}
}

func (s Spans) lasting(m Marks) int {
	for i, p := range s {
		if p.Marks&m == 0 {
			return i
		}
	}
	return len(s)
}

func (w *inlineWriter) span(p Span) {
	if w.html != nil {
		w.leaf(p)
		return
	}
	switch p.Kind {
	case Break:
		w.put(w.lineBreak())
	case Image:
		w.put("![" + escape(p.Text, ' ') + "](" + target(p.Source) + ")")
	case Math:
		w.put("$" + codeSpan(squeeze(Clean(p.Text))) + "$")
	case Hidden:
		w.put(comment(p.Text))
	default:
		w.word(p)
	}
}

// lineBreak writes a break. A backslash would not be one after another for all parsers.
func (w *inlineWriter) lineBreak() string {
	switch {
	case w.at == inHeading:
		return " "
	case w.at == inCell:
		return "<br>"
	case len(w.pieces) > 0 && strings.HasSuffix(w.pieces[len(w.pieces)-1].raw, `\`):
		return "<br>\n"
	}
	return "\\\n"
}

func (w *inlineWriter) word(p Span) {
	switch {
	case p.Marks&Monospace == 0:
		w.pieces = append(w.pieces, piece{raw: p.Text})
	case w.at == inCell && strings.Contains(p.Text, `\|`):
		// A cell's code cannot hold a backslash before a bar: the bar needs one of its own.
		w.put("<code>" + escape(p.Text, '<') + "</code>")
	default:
		w.put(codeSpan(p.Text))
	}
}

// text joins the pieces. It turns marks into HTML until all delimiters that are
// left are ones for every CommonMark parser.
func (w *inlineWriter) text() string {
	for i := range w.pieces {
		if p := &w.pieces[i]; p.raw != "" {
			p.text = plainURLs(escape(p.raw, w.first(i+1)), func() bool { return w.glued(i + 1) })
		}
	}
	// Each round turns at least one; text that needs more rounds than this is made
	// to need them.
	for range 8 {
		if w.settled() {
			return w.joined()
		}
	}
	for _, p := range w.pieces {
		if p.mark != nil {
			p.mark.tag = true
		}
	}
	return w.joined()
}

func (w *inlineWriter) joined() string {
	var b strings.Builder
	for _, p := range w.pieces {
		b.WriteString(p.string())
	}
	return b.String()
}

func (p piece) string() string {
	switch {
	case p.mark == nil:
		return p.text
	case !p.mark.tag:
		return delimiters[p.mark.mark]
	case p.ends:
		return "</" + tags[p.mark.mark] + ">"
	default:
		return "<" + tags[p.mark.mark] + ">"
	}
}

// settled looks at each run of delimiters, and turns the marks of those that would
// not open or close into HTML.
func (w *inlineWriter) settled() bool {
	settled := true
	open := map[byte]int{} // how many marks are open, by their delimiter
	for i := 0; i < len(w.pieces); {
		j := w.run(i)
		if j == i {
			i++
			continue
		}
		c := w.pieces[i].string()[0]
		if !w.works(i, j, open[c] > 0) {
			settled = false
			for _, p := range w.pieces[i:j] {
				if !p.ends || allEnd(w.pieces[i:j]) {
					p.mark.tag = true
				}
			}
		}
		for _, p := range w.pieces[i:j] {
			if p.ends {
				open[c]--
			} else {
				open[c]++
			}
		}
		i = j
	}
	return settled
}

// run returns the end of the run of equal delimiters that begins at i.
func (w *inlineWriter) run(i int) int {
	j := i
	for j < len(w.pieces) && w.pieces[j].mark != nil && !w.pieces[j].mark.tag && w.pieces[j].string()[0] == w.pieces[i].string()[0] {
		j++
	}
	return j
}

func allEnd(pieces []piece) bool {
	for _, p := range pieces {
		if !p.ends {
			return false
		}
	}
	return true
}

// works reports whether a run of delimiters opens, or closes, all it is meant to.
// One that does both at once would be read as one longer run. within says whether
// a mark with the same delimiter is open.
func (w *inlineWriter) works(i, j int, within bool) bool {
	ends := w.pieces[i].ends
	for _, p := range w.pieces[i:j] {
		if p.ends != ends {
			return false
		}
	}
	outside, inside := w.last(i), w.first(j)
	if w.pieces[i].mark.mark == Strike && outside == '~' {
		return false // some parsers look at the character before, whether it is escaped or not
	}
	if ends {
		outside, inside = inside, outside
	} else if within && mayFlank(inside, outside) {
		return false // it would close what it is in
	}
	return !unicode.IsSpace(inside) && (!maybePunctuation(inside) || unicode.IsSpace(outside) || surelyPunctuation(outside))
}

// mayFlank reports whether some parser takes the character inside for the edge of
// marked text.
func mayFlank(outside, inside rune) bool {
	return !unicode.IsSpace(inside) && (!surelyPunctuation(inside) || unicode.IsSpace(outside) || maybePunctuation(outside))
}

// first returns the first character at or after a piece; a line's end is a space.
func (w *inlineWriter) first(i int) rune {
	for ; i < len(w.pieces); i++ {
		s := w.pieces[i].text
		if w.pieces[i].mark != nil {
			s = w.pieces[i].string()
		} else if s == "" {
			s = w.pieces[i].raw
		}
		if s != "" {
			r, _ := utf8.DecodeRuneInString(s)
			return r
		}
	}
	return ' '
}

// glued reports whether an address that ends before a piece would go on in it, if it
// became a link: no white space or break is between, nor only what no link ends with.
func (w *inlineWriter) glued(i int) bool {
	for ; i < len(w.pieces); i++ {
		s := strings.TrimLeft(w.pieces[i].string()+w.pieces[i].raw, "?!.,:*_~")
		if s != "" {
			r, _ := utf8.DecodeRuneInString(s)
			return !unicode.IsSpace(r) && s != "\\\n" && !strings.HasPrefix(s, "<br>")
		}
	}
	return false
}

// last returns the last character before a piece; a line's start is a space.
func (w *inlineWriter) last(i int) rune {
	for i--; i >= 0; i-- {
		if s := w.pieces[i].string(); s != "" {
			r, _ := utf8.DecodeLastRuneInString(s)
			return r
		}
	}
	return ' '
}

// Symbols beyond ASCII count as punctuation since CommonMark 0.31 only; what is
// written works either way.
func maybePunctuation(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }

func surelyPunctuation(r rune) bool {
	return unicode.IsPunct(r) || r < utf8.RuneSelf && unicode.IsSymbol(r)
}

// escapeHTML writes text inside of HTML, on one line.
func escapeHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(squeeze(Clean(s)))
}
