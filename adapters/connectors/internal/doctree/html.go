package doctree

import "strings"

// HTML writes running text as HTML. leaf writes each span without its marks and
// link; linkable says which addresses become links.
func (s Spans) HTML(leaf func(Span) string, linkable func(string) bool) string {
	w := inlineWriter{html: leaf}
	s = s.Tidy()
	for i := 0; i < len(s); {
		j := i + 1
		for j < len(s) && s[j].Link == s[i].Link {
			j++
		}
		if href := s[i].Link; href != "" && linkable(href) {
			w.put(`<a href="` + strings.ReplaceAll(escapeHTML(href), `"`, "&quot;") + `">`)
			w.marked(s[i:j])
			w.put("</a>")
		} else {
			w.marked(s[i:j])
		}
		i = j
	}
	return w.joined()
}

func (w *inlineWriter) leaf(p Span) {
	text := w.html(p)
	if p.Kind == Text && p.Marks&Monospace != 0 {
		text = "<code>" + text + "</code>"
	}
	w.put(text)
}
