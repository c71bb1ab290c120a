package extract

import (
	"strconv"
	"strings"
)

// docxStyle is what a style of a Word file says about structure.
type docxStyle struct {
	heading int // level, 0 for none
	code    bool
	list    string // numId, "" for none
	level   int    // of the list
}

// docxStyles returns the styles by id, each with what it takes from those it is
// based on.
func docxStyles(root *node) map[string]docxStyle {
	byID := map[string]*node{}
	for _, s := range root.all("style") {
		byID[s.get("styleId")] = s
	}
	out := make(map[string]docxStyle, len(byID))
	for id := range byID {
		var st docxStyle
		seen := id
		for depth := 0; byID[seen] != nil && depth < 20; depth++ {
			st.inherit(byID[seen])
			seen = byID[seen].child("basedOn").get("val")
		}
		st.heading = max(st.heading, 0)
		out[id] = st
	}
	return out
}

// inherit takes from a style what no nearer one said.
func (st *docxStyle) inherit(s *node) {
	name := strings.ToLower(s.child("name").get("val"))
	if st.heading == 0 {
		st.heading = headingLevel(name, s.child("pPr"))
	}
	if !st.code {
		st.code = isCodeStyle(name)
	}
	if num := s.at("pPr", "numPr"); st.list == "" && num != nil {
		st.list = num.child("numId").get("val")
		st.level = num.child("ilvl").number("val", 0)
	}
}

// headingLevel returns a style's level, 0 when it says nothing and -1 when it
// says that it is body text.
func headingLevel(name string, props *node) int {
	if rest, ok := strings.CutPrefix(name, "heading "); ok {
		if n, err := strconv.Atoi(rest); err == nil && n >= 1 && n <= 9 {
			return min(n, 6)
		}
	}
	if name == "title" {
		return 1
	}
	if lvl := props.child("outlineLvl"); lvl != nil {
		if n := lvl.number("val", 9); n < 9 {
			return min(n+1, 6)
		}
		return -1
	}
	return 0
}

func isCodeStyle(name string) bool {
	switch name {
	case "html preformatted", "preformatted text", "source code", "code", "code block", "plain text code", "verbatim", "macro", "listing":
		return true
	}
	return false
}

// styleOf returns the style of a paragraph, with what the paragraph itself says.
func (d *docx) styleOf(props *node) docxStyle {
	st := d.styles[props.child("pStyle").get("val")]
	if lvl := props.child("outlineLvl"); lvl != nil && st.heading == 0 {
		if n := lvl.number("val", 9); n < 9 {
			st.heading = min(n+1, 6)
		}
	}
	return st
}

// runStyle returns how a run is marked; st is that of the link it is in.
func (d *docx) runStyle(props *node, st style) style {
	if props == nil {
		return st
	}
	st.bold = props.on("b")
	st.italic = props.on("i")
	st.strike = props.on("strike") || props.on("dstrike")
	id := strings.ToLower(props.child("rStyle").get("val"))
	switch {
	case strings.Contains(id, "code"), strings.Contains(id, "verbatim"), strings.Contains(id, "sourcetext"), strings.Contains(id, "teletype"):
		st.code = true
	case id == "strong":
		st.bold = true
	case id == "emphasis":
		st.italic = true
	}
	if isMonospace(props.child("rFonts").get("ascii")) {
		st.code = true
	}
	return st
}

// isMonospace reports whether a font's name is one that code is set in.
func isMonospace(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"courier", "consolas", "mono", "menlo", "lucida console", "source code", "fira code", "inconsolata", "cmtt", "typewriter"} {
		if strings.Contains(name, part) {
			return !strings.Contains(name, "monotype")
		}
	}
	return false
}

// number returns an attribute as a number, or otherwise when it is none.
func (n *node) number(name string, otherwise int) int {
	if n == nil {
		return otherwise
	}
	if v, err := strconv.Atoi(n.get(name)); err == nil {
		return max(v, 0)
	}
	return otherwise
}

// through returns the elements of one name among the children of n and, below
// the given wrappers, deeper.
func (n *node) through(name string, wrappers ...string) []*node {
	var out []*node
	for _, k := range n.kids {
		if k.name == name {
			out = append(out, k)
			continue
		}
		for _, w := range wrappers {
			if k.name == w {
				out = append(out, k.through(name, wrappers...)...)
			}
		}
	}
	return out
}
