package extract

import (
	"strconv"
	"strings"
)

// inline adds the text of a paragraph as a reader sees it.
func (o *odt) inline(n *node, st style, out *spans) {
	for _, k := range n.kids {
		switch k.name {
		case "":
			out.add(collapse(k.text), st)
		case "span":
			o.inline(k, o.spanStyle(k.get("style-name"), st), out)
		case "a":
			link := st
			link.href = webLink(k.get("href"))
			o.inline(k, link, out)
		case "s":
			out.add(strings.Repeat(" ", min(k.number("c", 1), 200)), st)
		case "tab":
			out.add("\t", st)
		case "line-break":
			out.add("\n", st)
		case "note":
			o.notes = append(o.notes, k.child("note-body"))
			o.marks += "[^" + strconv.Itoa(len(o.notes)) + "]"
		case "frame":
			if box := k.child("text-box"); box != nil {
				o.boxes = append(o.boxes, box)
			}
		case "custom-shape", "rect", "g":
			o.boxes = append(o.boxes, k)
		case "ruby":
			o.inline(&node{kids: k.child("ruby-base").all("")}, st, out)
		case "annotation", "annotation-end", "change", "change-start", "change-end", "bookmark", "hidden-text", "script", "image", "soft-page-break", "tracked-changes":
		default:
			o.inline(k, st, out)
		}
	}
}

// collapse makes white space one space, as the format asks for.
func collapse(s string) string {
	if !strings.ContainsAny(s, "\n\t\r") && !strings.Contains(s, "  ") {
		return s
	}
	var b strings.Builder
	space := false
	for _, r := range s {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' {
			space = true
			continue
		}
		if space {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	if space {
		b.WriteByte(' ')
	}
	return b.String()
}

func (o *odt) spanStyle(name string, st style) style {
	own := o.styles[name]
	for range 20 {
		st.bold = st.bold || own.bold
		st.italic = st.italic || own.italic
		st.strike = st.strike || own.strike
		st.code = st.code || own.code
		if own.parent == "" {
			break
		}
		own = o.styles[own.parent]
	}
	return st
}

// table writes a table. Rows and cells that the file only counts are written as
// often as it says, within bounds, when they have text.
func (o *odt) table(n *node) {
	var rows [][]string
	for _, tr := range n.through("table-row", "table-header-rows", "table-rows", "table-row-group") {
		var row []string
		for _, tc := range tr.kids {
			if tc.name != "table-cell" && tc.name != "covered-table-cell" {
				continue
			}
			text := ""
			if tc.name == "table-cell" {
				text = o.cell(tc)
			}
			for range min(tc.number("number-columns-repeated", 1), maxColumns-len(row)) {
				row = append(row, text)
			}
		}
		rows = append(rows, row)
	}
	o.md.table(rows)
}

// cell returns the text of a cell in one line.
func (o *odt) cell(tc *node) string {
	outer := o.md
	o.md = &markdown{max: outer.max}
	o.blocks(tc)
	s := o.md.b.String()
	o.md = outer
	return s
}

// writeNotes puts the notes at the end. A note may have notes of its own.
func (o *odt) writeNotes() {
	for i := 0; i < len(o.notes) && o.md.check() == nil; i++ {
		outer := o.md
		o.md = &markdown{max: outer.max}
		o.blocks(o.notes[i])
		text := strings.Join(strings.Fields(o.md.b.String()), " ")
		o.md = outer
		if text != "" {
			o.md.raw("[^" + strconv.Itoa(i+1) + "]: " + text)
		}
	}
}
