package extract

import (
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// odt reads the content of an OpenDocument text block by block.
type odt struct {
	a      *archive
	md     *markdown
	styles map[string]odtStyle
	lists  map[string]*node // definitions of lists, by name
	notes  []*node          // bodies of notes in the order of their marks
	marks  string           // of the notes cited in the paragraph that is being read
	boxes  []*node          // text boxes of that paragraph
}

// odtStyle is what a style says about its text.
type odtStyle struct {
	style
	parent string
	block  bool // a paragraph of code
}

func convertODT(a *archive, max int) (*core.Extracted, error) {
	if err := odtEncrypted(a); err != nil {
		return nil, err
	}
	o := &odt{a: a, md: &markdown{max: max}, styles: map[string]odtStyle{}, lists: map[string]*node{}}
	styles, err := a.tree("styles.xml")
	if err != nil {
		return nil, err
	}
	o.learn(styles.child("styles"))
	o.learn(styles.child("automatic-styles"))
	if err := o.body(); err != nil {
		return nil, err
	}
	o.writeNotes()
	meta, err := a.tree("meta.xml")
	if err != nil {
		return nil, err
	}
	return extracted(strings.TrimSpace(meta.at("meta", "title").content()), o.md, typeODT)
}

func odtEncrypted(a *archive) error {
	manifest, err := a.tree("META-INF/manifest.xml")
	if err != nil {
		return err
	}
	if manifest.find("encryption-data") != nil {
		return protected()
	}
	return nil
}

// learn notes the styles and lists that are defined below n.
func (o *odt) learn(n *node) {
	if n == nil {
		return
	}
	for _, k := range n.kids {
		name := k.get("name")
		switch k.name {
		case "style":
			o.styles[name] = newODTStyle(k, name)
		case "list-style":
			o.lists[name] = k
		}
	}
}

func newODTStyle(k *node, name string) odtStyle {
	props := k.child("text-properties")
	st := odtStyle{parent: k.get("parent-style-name")}
	st.bold = props.get("font-weight") == "bold" || name == "Strong_20_Emphasis"
	st.italic = props.get("font-style") == "italic" || name == "Emphasis"
	st.strike = props.get("text-line-through-style") != "" && props.get("text-line-through-style") != "none"
	st.code = name == "Source_20_Text" || name == "Teletype" || isMonospace(props.get("font-name"))
	st.block = name == "Preformatted_20_Text"
	return st
}

// body walks through the content.
func (o *odt) body() error {
	r, err := o.a.open("content.xml")
	if errors.Is(err, fs.ErrNotExist) {
		return damaged(err)
	}
	if err != nil {
		return err
	}
	defer r.Close()
	p := o.a.newXMLPart(r)
	for {
		t, err := p.next()
		if errors.Is(err, io.EOF) && p.depth == 0 {
			return nil
		}
		if err != nil {
			return cutOff(err)
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "document-content", "body", "text", "section", "index-body", "table-of-content", "bibliography", "alphabetical-index":
			if isHiddenSection(start) {
				err = p.skip()
			}
		case "automatic-styles", "h", "p", "list", "table", "frame":
			err = o.element(p, start)
		default:
			err = p.skip()
		}
		if err == nil {
			err = o.md.check()
		}
		if err != nil {
			return err
		}
	}
}

func isHiddenSection(start xml.StartElement) bool {
	for _, a := range start.Attr {
		if a.Name.Local == "display" && a.Value == "none" {
			return true
		}
	}
	return false
}

func (o *odt) element(p *xmlPart, start xml.StartElement) error {
	n, err := p.tree(start)
	if err != nil {
		return err
	}
	if n.name == "automatic-styles" {
		o.learn(n)
		return nil
	}
	o.block(n)
	return nil
}

func (o *odt) blocks(n *node) {
	if n == nil {
		return
	}
	for _, k := range n.kids {
		o.block(k)
	}
}

func (o *odt) block(n *node) {
	switch n.name {
	case "h":
		o.finish(func(s string) { o.md.heading(n.number("outline-level", 1), s) }, n)
	case "p":
		o.paragraph(n)
	case "list":
		o.list(n, n.get("style-name"), 0)
	case "table":
		o.table(n)
	case "section", "index-body":
		o.blocks(n)
	case "frame":
		o.blocks(n.child("text-box"))
	}
}

func (o *odt) paragraph(n *node) {
	if !o.isCodeBlock(n.get("style-name")) {
		o.finish(o.md.paragraph, n)
		return
	}
	var text spans
	o.inline(n, style{}, &text)
	for line := range strings.Lines(text.plain() + "\n") {
		o.md.code(strings.TrimRight(line, "\n"))
	}
}

// isCodeBlock reports whether a style or one that it is based on is that of code.
func (o *odt) isCodeBlock(name string) bool {
	for range 20 {
		st, ok := o.styles[name]
		if name == "Preformatted_20_Text" || st.block {
			return true
		}
		if !ok || st.parent == "" {
			return false
		}
		name = st.parent
	}
	return false
}

// finish writes a paragraph and then the text boxes in it.
func (o *odt) finish(write func(string), n *node) {
	var text spans
	o.inline(n, style{}, &text)
	text.add(o.marks, style{raw: true})
	o.marks = ""
	boxes := o.boxes
	o.boxes = nil
	write(text.markdown())
	for _, box := range boxes {
		o.blocks(box)
	}
}

// list writes a list and those in it.
func (o *odt) list(n *node, name string, level int) {
	def := o.levelOf(name, level)
	number := max(def.number("start-value", 1), 0)
	for _, item := range n.kids {
		if item.name != "list-item" && item.name != "list-header" {
			continue
		}
		number = item.number("start-value", number)
		mark := "-"
		if def != nil && def.name == "list-level-style-number" && def.get("num-format") != "" {
			mark = decimal(number)
		}
		number++
		for _, k := range item.kids {
			switch k.name {
			case "p", "h":
				o.finish(func(s string) { o.md.item(level, mark, s) }, k)
			case "list":
				o.list(k, name, level+1)
			default:
				o.block(k)
			}
		}
	}
}

func (o *odt) levelOf(name string, level int) *node {
	if o.lists[name] == nil {
		return nil
	}
	kids := o.lists[name].kids
	for _, k := range kids[:min(len(kids), 32)] { // the format has ten levels; white space stands between them
		if k.get("level") == strconv.Itoa(level+1) {
			return k
		}
	}
	return nil
}
