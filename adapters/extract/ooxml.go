package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

// relation is a link from one part of an Office file to another or to the web.
type relation struct {
	kind     string // last word of its type, such as "slide"
	target   string // name of a part, or a URL
	external bool
}

// relations returns what a part refers to, by id; "" is the file itself.
func (a *archive) relations(name string) (map[string]relation, error) {
	slash := strings.LastIndexByte(name, '/') + 1
	root, err := a.tree(name[:slash] + "_rels/" + name[slash:] + ".rels")
	if err != nil {
		return nil, err
	}
	out := map[string]relation{}
	for _, r := range root.all("Relationship") {
		kind := r.get("Type")
		rel := relation{kind: kind[strings.LastIndexByte(kind, '/')+1:], target: r.get("Target")}
		if rel.external = strings.EqualFold(r.get("TargetMode"), "External"); !rel.external {
			rel.target = resolve(name, rel.target)
		}
		out[r.get("Id")] = rel
	}
	return out, nil
}

// related returns the part of one kind that another refers to, or "".
func related(rels map[string]relation, kind string) string {
	for _, r := range rels {
		if r.kind == kind && !r.external {
			return r.target
		}
	}
	return ""
}

// coreTitle returns the title that the file's properties give.
func (a *archive) coreTitle() (string, error) {
	rels, err := a.relations("")
	if err != nil {
		return "", err
	}
	name := related(rels, "core-properties")
	if name == "" {
		return "", nil
	}
	props, err := a.tree(name)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(props.child("title").content()), nil
}

// mainPart returns the name of the part with the content of an Office file and
// what kind of file it is, or "".
func (a *archive) mainPart() (name, kind string, err error) {
	rels, err := a.relations("")
	if err != nil {
		return "", "", err
	}
	name = related(rels, "officeDocument")
	types, err := a.tree("[Content_Types].xml")
	if err != nil {
		return "", "", err
	}
	for _, o := range types.all("Override") {
		if strings.EqualFold(strings.TrimPrefix(o.get("PartName"), "/"), name) {
			return name, officeKind(o.get("ContentType")), nil
		}
	}
	return name, "", nil
}

func officeKind(contentType string) string {
	switch {
	case strings.Contains(contentType, "wordprocessingml"), strings.Contains(contentType, "ms-word"):
		return typeDOCX
	case strings.Contains(contentType, "presentationml"), strings.Contains(contentType, "ms-powerpoint"):
		return typePPTX
	case strings.Contains(contentType, "spreadsheetml"), strings.Contains(contentType, "ms-excel.sheet.macro"), strings.Contains(contentType, "ms-excel.template"):
		return typeXLSX
	}
	return ""
}

// on reads a switch of WordprocessingML: absent is off, present without a value on.
func (n *node) on(name string) bool {
	c := n.child(name)
	if c == nil {
		return false
	}
	switch c.get("val") {
	case "0", "false", "off", "none":
		return false
	}
	return true
}

// choose returns the children that a reader shows: of an alternative its choice,
// or its fallback when there is no choice.
func choose(n *node) *node {
	if c := n.child("Choice"); c != nil {
		return c
	}
	return n.child("Fallback")
}

// within keeps pages without text at the end of a file inside its text.
func within(p core.Pages, md string) core.Pages {
	length := utf8.RuneCountInString(md)
	for i := range p.Starts {
		p.Starts[i] = min(p.Starts[i], length)
	}
	return p
}

// firstTitle returns the file's title or, without one, its first heading.
func firstTitle(title, md string) string {
	if title != "" {
		return title
	}
	return firstHeading(md)
}

func extracted(title string, m *markdown, kind string) (*core.Extracted, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	md := m.text()
	return &core.Extracted{Title: firstTitle(title, md), Markdown: md, MediaType: kind}, nil
}
