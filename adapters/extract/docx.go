package extract

import (
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// docx reads the main part of a Word file block by block, so that only one
// paragraph or table of it is a tree at a time.
type docx struct {
	a      *archive
	rels   map[string]relation
	styles map[string]docxStyle
	lists  *docxLists
	notes  map[string]*node // foot- and endnotes by "footnote 1" and "endnote 1"
	md     *markdown

	marks   string         // of the notes cited in the paragraph that is being read
	cited   []string       // keys of notes in the order of their marks
	numbers map[string]int // of notes, by key
	pending spans          // text of a paragraph whose end is deleted: the next goes on
	fields  []*docxField   // open fields, the innermost last
	boxes   []*node        // text boxes of the paragraph that is being read
}

func convertDOCX(a *archive, name string, max int) (*core.Extracted, error) {
	d := &docx{a: a, md: &markdown{max: max}, numbers: map[string]int{}}
	if err := d.load(name); err != nil {
		return nil, err
	}
	if err := d.body(name); err != nil {
		return nil, err
	}
	if err := d.writeNotes(); err != nil {
		return nil, err
	}
	title, err := a.coreTitle()
	if err != nil {
		return nil, err
	}
	return extracted(title, d.md, typeDOCX)
}

// load reads the parts that the main part refers to.
func (d *docx) load(name string) (err error) {
	if d.rels, err = d.a.relations(name); err != nil {
		return err
	}
	styles, err := d.a.tree(related(d.rels, "styles"))
	if err != nil {
		return err
	}
	d.styles = docxStyles(styles)
	numbering, err := d.a.tree(related(d.rels, "numbering"))
	if err != nil {
		return err
	}
	d.lists = newDocxLists(numbering)
	d.notes = map[string]*node{}
	for _, kind := range []string{"footnote", "endnote"} {
		part, err := d.a.tree(related(d.rels, kind+"s"))
		if err != nil {
			return err
		}
		for _, n := range part.all(kind) {
			d.notes[kind+" "+n.get("id")] = n
		}
	}
	return nil
}

// body walks through the main part. Content controls and insertions are looked
// into, deletions passed over.
func (d *docx) body(name string) error {
	r, err := d.a.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return damaged(err)
	}
	if err != nil {
		return err
	}
	defer r.Close()
	p := d.a.newXMLPart(r)
	for {
		t, err := p.next()
		if errors.Is(err, io.EOF) && p.depth == 0 {
			return nil
		}
		if err != nil {
			return cutOff(err)
		}
		if start, ok := t.(xml.StartElement); ok {
			if err := d.element(p, start); err != nil {
				return err
			}
			if err := d.md.check(); err != nil {
				return err
			}
		}
	}
}

func (d *docx) element(p *xmlPart, start xml.StartElement) error {
	switch start.Name.Local {
	case "p", "tbl":
		n, err := p.tree(start)
		if err != nil {
			return err
		}
		d.block(n)
		return nil
	case "document", "body", "sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag", "AlternateContent", "Choice":
		return nil
	default:
		return p.skip()
	}
}

// blocks writes the paragraphs and tables below n.
func (d *docx) blocks(n *node) {
	for _, k := range n.kids {
		switch k.name {
		case "p", "tbl":
			d.block(k)
		case "sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag":
			d.blocks(k)
		case "AlternateContent":
			if c := choose(k); c != nil {
				d.blocks(c)
			}
		}
	}
}

func (d *docx) block(n *node) {
	if n.name == "tbl" {
		d.table(n)
		return
	}
	d.paragraph(n)
}

func (d *docx) paragraph(n *node) {
	text := append(d.pending, d.inline(n)...)
	d.pending = nil
	props := n.child("pPr")
	if props.at("rPr", "del") != nil {
		d.pending = text // its end is deleted: the next paragraph goes on with it
		return
	}
	boxes := d.boxes
	d.boxes = nil
	d.write(props, text)
	for _, box := range boxes {
		d.blocks(box)
	}
}

// write puts a paragraph out as what its style says it is.
func (d *docx) write(props *node, text spans) {
	st := d.styleOf(props)
	label, level, listed := d.lists.next(st, props)
	switch {
	case st.heading > 0:
		s := text.markdown()
		if listed && label != "" && label != "-" && s != "" {
			s = label + " " + s
		}
		d.md.heading(st.heading, s)
	case listed && label == "-":
		d.md.item(level, "-", text.markdown())
	case listed && isDecimal(label):
		d.md.item(level, strings.TrimRight(label, ".)")+".", text.markdown())
	case listed && label != "":
		if s := text.markdown(); s != "" {
			d.md.item(level, "-", label+" "+s)
		}
	case st.code || text.isCode():
		for line := range strings.Lines(text.plain() + "\n") {
			d.md.code(strings.TrimRight(line, "\n"))
		}
	default:
		d.md.paragraph(text.markdown())
	}
}

// isCode reports whether a paragraph is nothing but code.
func (s spans) isCode() bool {
	length := 0
	for _, p := range s {
		if !p.code && !isBlank(p.text) {
			return false
		}
		length += len(strings.TrimSpace(p.text))
	}
	return length > 0
}

// isDecimal reports whether a label is one that Markdown numbers itself.
func isDecimal(label string) bool {
	digits := strings.TrimRight(label, ".)")
	return digits != "" && len(label)-len(digits) == 1 && strings.Trim(digits, "0123456789") == "" && len(digits) < 10
}

// table writes a table. One of a single cell is a frame around blocks.
func (d *docx) table(n *node) {
	var rows [][]string
	frame := singleCell(n)
	if frame != nil {
		d.blocks(frame)
		return
	}
	for _, tr := range tableRows(n) {
		if tr.at("trPr", "del") != nil {
			continue
		}
		var row []string
		for range min(tr.at("trPr", "gridBefore").number("val", 0), maxColumns) {
			row = append(row, "")
		}
		for _, tc := range cellsOf(tr) {
			if len(row) >= maxColumns {
				break
			}
			props := tc.child("tcPr")
			cell := ""
			if merge := props.child("vMerge"); merge == nil || merge.get("val") == "restart" {
				cell = d.cell(tc)
			}
			row = append(row, cell)
			for range min(props.child("gridSpan").number("val", 1)-1, maxColumns) {
				row = append(row, "")
			}
		}
		rows = append(rows, row)
	}
	d.md.table(rows)
}

// cell returns the text of a cell in one line.
func (d *docx) cell(tc *node) string {
	outer, boxes := d.md, d.boxes
	d.md, d.boxes = &markdown{max: outer.max - outer.b.Len()}, nil
	d.blocks(tc)
	s := d.md.b.String()
	d.md, d.boxes = outer, boxes
	return strings.ReplaceAll(s, "\n```", " ")
}

func singleCell(n *node) *node {
	rows := tableRows(n)
	if len(rows) != 1 {
		return nil
	}
	if cells := cellsOf(rows[0]); len(cells) == 1 {
		return cells[0]
	}
	return nil
}

func tableRows(n *node) []*node { return n.through("tr", "sdt", "sdtContent", "customXml", "ins") }

func cellsOf(tr *node) []*node { return tr.through("tc", "sdt", "sdtContent", "customXml", "ins") }
