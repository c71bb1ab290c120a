package summarize

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// Format is how a summary is written.
type Format string

// The formats of the contract. Markdown is the default.
const (
	Markdown Format = "markdown"
	Plain    Format = "plain"
	Bullets  Format = "bullets"
	JSON     Format = "json"
)

// Citation says where a part of the summary stands in the document. Start and
// End are code points of the summary; Source is the span of the stored document
// whose text is Quote, byte for byte.
type Citation struct {
	Start, End int
	Source     Span
	Quote      string
}

// Summary is a text with a citation for each of its sentences, in order.
type Summary struct {
	Text      string
	Citations []Citation
}

// Render writes an extract down. Markdown and plain text have a paragraph for
// each top section; bullets a line "- " for each sentence; JSON is
// {"title","summary","key_points"}, the key points being the best five. Inline
// marks of the document stay in Markdown and bullets and are gone elsewhere.
// The zero Format is Markdown.
func Render(e *Extract, f Format) Summary {
	w := &writer{extract: e, format: f}
	parts := e.parts()
	switch f {
	case JSON:
		w.json(parts)
	case Bullets:
		for i, p := range parts {
			w.lead(i, "\n")
			w.write("- ")
			w.cite(p)
		}
	default:
		w.paragraphs(parts)
	}
	return Summary{Text: w.out.String(), Citations: w.citations}
}

// part is one sentence or fact to write.
type part struct {
	start, end int    // bytes of the canonical text
	text       string // instead of that, for a fact
	section    string
	alone      bool // on a line of its own
}

func (e *Extract) parts() []part {
	var out []part
	for _, f := range e.Facts {
		out = append(out, part{start: f.Start, end: f.End, text: f.Text, alone: true})
	}
	for _, s := range e.Picked {
		p := part{start: s.Start, end: s.End}
		if path := e.text.Blocks()[s.Block].HeadingPath; len(path) > 0 {
			// Under a single title the sections are the level below.
			p.section = strings.Join(path[:min(len(path), 2)], "\n")
		}
		out = append(out, p)
	}
	return out
}

// writer writes a summary and counts its code points.
type writer struct {
	extract   *Extract
	format    Format
	out       strings.Builder
	length    int
	last      rune
	citations []Citation
}

func (w *writer) write(s string) {
	if s == "" {
		return
	}
	w.out.WriteString(s)
	w.length += utf8.RuneCountInString(s)
	w.last, _ = utf8.DecodeLastRuneInString(s)
}

// lead writes what stands between two parts.
func (w *writer) lead(i int, between string) {
	if i > 0 {
		w.write(between)
	}
}

// cite writes a part and its citation.
func (w *writer) cite(p part) {
	text := w.show(p)
	if w.format == JSON {
		text = quoted(text)
		text = text[1 : len(text)-1]
	}
	source := w.extract.text.Source(p.start, p.end)
	c := Citation{Start: w.length, Source: source, Quote: w.extract.text.Quote(source)}
	w.write(text)
	c.End = w.length
	w.citations = append(w.citations, c)
}

// show returns a part as the format shows it, on one line.
func (w *writer) show(p part) string {
	marks := w.format != Plain && w.format != JSON
	if p.text != "" {
		if marks {
			return escapeStart(p.text)
		}
		return p.text
	}
	raw := collapse(w.extract.text.canon[p.start:p.end])
	if marks {
		return escapeStart(markdownText(raw))
	}
	if text := plainText(raw); strings.TrimSpace(text) != "" {
		return text
	}
	return raw
}

func (w *writer) paragraphs(parts []part) {
	for i, p := range parts {
		switch {
		case i == 0:
		case p.alone:
			w.write("\n")
			if w.format != Plain {
				w.write("\n")
			}
		case p.section != parts[i-1].section:
			w.write("\n\n")
		default:
			w.space(p)
		}
		w.cite(p)
	}
}

// space parts two sentences, where their script does.
func (w *writer) space(p part) {
	if first, _ := utf8.DecodeRuneInString(w.show(p)); !dense(w.last) || !dense(first) {
		w.write(" ")
	}
}

// keyPoints is how many sentences the JSON form names as such.
const keyPoints = 5

func (w *writer) json(parts []part) {
	w.write(`{"title":` + quoted(w.extract.Title) + `,"summary":"`)
	for i, p := range parts {
		if i > 0 {
			w.space(p)
		}
		w.cite(p)
	}
	w.write(`","key_points":[`)
	for i, p := range w.extract.keyParts(parts) {
		w.lead(i, ",")
		w.write(`"`)
		w.cite(p)
		w.write(`"`)
	}
	w.write(`]}`)
}

// keyParts returns the most important parts, in reading order.
func (e *Extract) keyParts(parts []part) []part {
	if len(e.best) == 0 {
		return parts[:min(len(parts), keyPoints)]
	}
	var out []part
	for _, i := range slices.Sorted(slices.Values(e.best[:min(len(e.best), keyPoints)])) {
		out = append(out, parts[i])
	}
	return out
}

// quoted returns s as a JSON string, with <, > and & as they are.
func quoted(s string) string {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil { // cannot happen: every string has a JSON form
		return `""`
	}
	return strings.TrimSuffix(out.String(), "\n")
}
