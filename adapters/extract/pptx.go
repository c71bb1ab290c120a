package extract

import (
	"fmt"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// pptx reads a presentation slide by slide.
type pptx struct {
	a    *archive
	rels map[string]relation // of the slide that is being read
	md   *markdown
}

func convertPPTX(a *archive, main string, cfg Config) (*core.Extracted, error) {
	slides, err := slidesOf(a, main)
	if err != nil {
		return nil, err
	}
	if len(slides) > cfg.MaxPages {
		return nil, &core.Error{
			Code:    core.CodePayloadTooLarge,
			Message: fmt.Sprintf("the file has more than %d slides; split it and send its parts", cfg.MaxPages),
		}
	}
	p := pptx{a: a, md: &markdown{max: cfg.MaxText}}
	var pages core.Pages
	for i, name := range slides {
		start, before := p.md.next(), p.md.b.Len()
		if err := p.slide(name); err != nil {
			return nil, err
		}
		if err := p.md.check(); err != nil {
			return nil, err
		}
		pages.Starts = append(pages.Starts, start)
		if p.md.b.Len() == before {
			pages.WithoutText = append(pages.WithoutText, i+1)
		}
	}
	title, err := a.coreTitle()
	if err != nil {
		return nil, err
	}
	if title == "PowerPoint Presentation" { // what the program puts in without being asked
		title = ""
	}
	out, err := extracted(title, p.md, typePPTX)
	if err != nil {
		return nil, err
	}
	out.Pages = within(pages, out.Markdown)
	return out, nil
}

// slidesOf returns the parts of the slides in the order in which they are shown.
func slidesOf(a *archive, main string) ([]string, error) {
	root, err := a.tree(main)
	if err != nil {
		return nil, err
	}
	rels, err := a.relations(main)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, id := range root.child("sldIdLst").all("sldId") {
		for _, at := range id.attr {
			if r, ok := rels[at.Value]; ok && r.kind == "slide" && !r.external {
				names = append(names, r.target)
			}
		}
	}
	return names, nil
}

func (p *pptx) slide(name string) error {
	root, err := p.a.tree(name)
	if err != nil || root == nil {
		return err
	}
	if p.rels, err = p.a.relations(name); err != nil {
		return err
	}
	tree := root.at("cSld", "spTree")
	if tree == nil {
		return nil
	}
	title := findTitle(tree)
	if title != nil {
		p.md.heading(2, p.joined(title.child("txBody")))
	}
	p.shapes(tree, title)
	notes := related(p.rels, "notesSlide")
	if notes == "" {
		return nil
	}
	return p.notes(notes)
}

// notes writes what the speaker noted down for a slide.
func (p *pptx) notes(name string) error {
	root, err := p.a.tree(name)
	if err != nil {
		return err
	}
	var text []string
	for _, sp := range root.at("cSld", "spTree").all("sp") {
		if placeholder(sp) == "body" {
			text = append(text, p.joined(sp.child("txBody")))
		}
	}
	if s := strings.TrimSpace(strings.Join(text, " ")); s != "" {
		p.md.paragraph("Notes: " + s)
	}
	return nil
}

func findTitle(tree *node) *node {
	for _, sp := range tree.all("sp") {
		if k := placeholder(sp); k == "title" || k == "ctrTitle" {
			return sp
		}
	}
	return nil
}

// placeholder returns which of the layout's places a shape fills: "body" when it
// does not say, and "" when it fills none.
func placeholder(sp *node) string {
	for _, k := range sp.kids {
		if ph := k.at("nvPr", "ph"); ph != nil {
			if t := ph.get("type"); t != "" && t != "obj" {
				return t
			}
			return "body"
		}
	}
	return ""
}

func (p *pptx) shapes(tree, title *node) {
	for _, k := range tree.kids {
		switch k.name {
		case "sp":
			if k != title {
				p.shape(k)
			}
		case "grpSp":
			p.shapes(k, title)
		case "graphicFrame":
			if tbl := k.find("tbl"); tbl != nil {
				p.table(tbl)
			}
		case "AlternateContent":
			if c := choose(k); c != nil {
				p.shapes(c, title)
			}
		}
	}
}

func (p *pptx) shape(sp *node) {
	kind := placeholder(sp)
	switch kind {
	case "sldNum", "dt", "ftr", "hdr":
		return
	}
	numbers := map[int]int{}
	for _, para := range sp.child("txBody").all("p") {
		props := para.child("pPr")
		level := min(props.number("lvl", 0), 8)
		text := p.inline(para).markdown()
		for l := range numbers {
			if l > level {
				delete(numbers, l)
			}
		}
		switch {
		case props.child("buAutoNum") != nil:
			if numbers[level] == 0 {
				numbers[level] = props.child("buAutoNum").number("startAt", 1) - 1
			}
			numbers[level]++
			p.md.item(level, decimal(numbers[level]), text)
		case props.child("buNone") == nil && (kind == "body" || props.child("buChar") != nil || props.child("buBlip") != nil):
			p.md.item(level, "-", text)
		default:
			p.md.paragraph(text)
		}
	}
}

// joined returns the paragraphs of a body in one line.
func (p *pptx) joined(body *node) string {
	var parts []string
	for _, para := range body.all("p") {
		if s := p.inline(para).markdown(); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

func (p *pptx) inline(para *node) spans {
	var out spans
	for _, k := range para.kids {
		switch k.name {
		case "r", "fld":
			props := k.child("rPr")
			st := style{bold: isOn(props.get("b")), italic: isOn(props.get("i"))}
			st.strike = props.get("strike") == "sngStrike" || props.get("strike") == "dblStrike"
			if r, ok := p.rels[props.child("hlinkClick").get("id")]; ok && r.external {
				st.href = webLink(r.target)
			}
			st.code = isMonospace(props.child("latin").get("typeface"))
			out.add(k.child("t").content(), st)
		case "br":
			out.add("\n", style{})
		case "AlternateContent":
			if c := choose(k); c != nil {
				out = append(out, p.inline(c)...)
			}
		}
	}
	return out
}

func isOn(s string) bool { return s == "1" || s == "true" || s == "on" }

func (p *pptx) table(tbl *node) {
	var rows [][]string
	for _, tr := range tbl.all("tr") {
		var row []string
		for _, tc := range tr.all("tc") {
			row = append(row, p.joined(tc.child("txBody")))
		}
		rows = append(rows, row)
	}
	p.md.table(rows)
}
