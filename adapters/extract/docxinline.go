package extract

import (
	"slices"
	"strconv"
	"strings"
)

// docxField is a field that has begun: its instruction, then what it shows.
type docxField struct {
	code    strings.Builder
	showing bool
	href    string
}

// inline returns the text of a paragraph as a reader sees it: without deleted and
// hidden text and without the codes of fields. Text boxes go to d.boxes.
func (d *docx) inline(n *node) spans {
	var out spans
	d.marks = ""
	d.runs(n, style{}, &out)
	out.add(d.marks, style{raw: true})
	return out
}

func (d *docx) runs(n *node, st style, out *spans) {
	for _, k := range n.kids {
		switch k.name {
		case "r":
			d.run(k, st, out)
		case "hyperlink":
			link := st
			if r := d.rels[k.get("id")]; r.external {
				link.href = webLink(r.target)
			}
			d.runs(k, link, out)
		case "fldSimple":
			link := st
			if href := fieldLink(k.get("instr")); href != "" {
				link.href = href
			}
			d.runs(k, link, out)
		case "ins", "moveTo", "sdt", "sdtContent", "smartTag", "customXml", "dir", "bdo", "oMathPara", "oMath":
			d.runs(k, st, out)
		case "AlternateContent":
			if c := choose(k); c != nil {
				d.runs(c, st, out)
			}
		default:
			if isMath(k.name) {
				d.runs(k, st, out)
			} else if k.name == "t" { // of a formula
				out.add(k.content(), st)
			}
		}
	}
}

// isMath is for the parts of a formula that hold others.
func isMath(name string) bool {
	return slices.Contains([]string{"f", "num", "den", "e", "sub", "sup", "sSub", "sSup", "sSubSup", "d", "nary", "func", "fName", "rad", "deg", "limLow", "lim", "acc", "bar", "m", "mr", "eqArr"}, name)
}

func (d *docx) run(r *node, st style, out *spans) {
	props := r.child("rPr")
	if props.on("vanish") || props.child("del") != nil {
		return
	}
	st = d.runStyle(props, st)
	for _, k := range r.kids {
		if k.name == "fldChar" || k.name == "instrText" {
			d.field(k)
			continue
		}
		if f := d.openField(); f != nil && !f.showing {
			continue
		} else if f != nil && f.href != "" {
			st.href = f.href
		}
		d.runPart(k, st, out)
	}
}

func (d *docx) runPart(k *node, st style, out *spans) {
	switch k.name {
	case "t":
		out.add(k.content(), st)
	case "tab", "ptab":
		out.add("\t", st)
	case "br", "cr":
		out.add("\n", st)
	case "noBreakHyphen":
		out.add("\u2011", st)
	case "sym":
		if code, err := strconv.ParseUint(k.get("char"), 16, 32); err == nil && code < 0xe000 {
			out.add(string(rune(code)), st)
		}
	case "footnoteReference":
		d.cite("footnote " + k.get("id"))
	case "endnoteReference":
		d.cite("endnote " + k.get("id"))
	case "ruby":
		d.runs(k.child("rubyBase"), st, out)
	case "drawing", "pict", "object":
		d.collectBoxes(k)
	case "AlternateContent":
		if c := choose(k); c != nil {
			for _, part := range c.kids {
				d.runPart(part, st, out)
			}
		}
	}
}

// cite notes that a note is cited. Its mark goes to the end of the paragraph: in
// the middle it would part words that readers search and cite.
func (d *docx) cite(key string) {
	if d.notes[key] == nil {
		return
	}
	if d.numbers[key] == 0 {
		d.cited = append(d.cited, key)
		d.numbers[key] = len(d.cited)
	}
	d.marks += "[^" + strconv.Itoa(d.numbers[key]) + "]"
}

// collectBoxes keeps the text boxes of a drawing for after the paragraph.
func (d *docx) collectBoxes(n *node) {
	for _, k := range n.kids {
		switch k.name {
		case "txbxContent":
			d.boxes = append(d.boxes, k)
		case "AlternateContent":
			if c := choose(k); c != nil {
				d.collectBoxes(c)
			}
		default:
			d.collectBoxes(k)
		}
	}
}

// maxFields bounds the fields in fields.
const maxFields = 64

func (d *docx) field(k *node) {
	f := d.openField()
	if k.name == "instrText" {
		if f != nil && !f.showing {
			f.code.WriteString(k.content())
		}
		return
	}
	switch k.get("fldCharType") {
	case "begin":
		if len(d.fields) < maxFields {
			d.fields = append(d.fields, &docxField{})
		}
	case "separate":
		if f != nil {
			f.showing, f.href = true, fieldLink(f.code.String())
		}
	case "end":
		if f != nil {
			d.fields = d.fields[:len(d.fields)-1]
		}
	}
}

func (d *docx) openField() *docxField {
	if len(d.fields) == 0 {
		return nil
	}
	return d.fields[len(d.fields)-1]
}

// fieldLink returns the URL of a HYPERLINK field, or "".
func fieldLink(code string) string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(code), "HYPERLINK")
	if !ok {
		return ""
	}
	_, rest, _ = strings.Cut(rest, `"`)
	href, _, _ := strings.Cut(rest, `"`)
	return webLink(href)
}

// webLink returns a link that leads somewhere outside of the file's own folder.
func webLink(href string) string {
	scheme, _, found := strings.Cut(href, ":")
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto", "ftp", "tel":
		if found {
			return href
		}
	}
	return ""
}

// writeNotes puts the notes at the end. A note may cite another.
func (d *docx) writeNotes() error {
	for i := 0; i < len(d.cited); i++ {
		n := d.notes[d.cited[i]]
		outer := d.md
		d.md = &markdown{max: outer.max - outer.b.Len()}
		d.blocks(n)
		text := strings.Join(strings.Fields(d.md.b.String()), " ")
		d.md = outer
		if text != "" {
			d.md.raw("[^" + strconv.Itoa(i+1) + "]: " + text)
		}
		if err := d.md.check(); err != nil {
			return err
		}
	}
	return nil
}
