package notion

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// page is a page as the API answers it.
type page struct {
	ID     string `json:"id"`
	Parent struct {
		Type string `json:"type"`
	} `json:"parent"`
	Properties map[string]property `json:"properties"`
}

func readPage(raw json.RawMessage) page {
	var p page
	tolerant(raw, &p)
	return p
}

// property is a property of a page; its value has the name of its type.
type property struct {
	ID     string
	Type   string
	fields map[string]json.RawMessage
}

// UnmarshalJSON keeps the fields as they are; what is no object has no type.
func (p *property) UnmarshalJSON(raw []byte) error {
	*p = property{}
	if json.Unmarshal(raw, &p.fields) == nil {
		tolerant(p.fields["id"], &p.ID)
		tolerant(p.fields["type"], &p.Type)
	}
	return nil
}

// firstValues is how many values of a property a page holds.
const firstValues = 25

// properties reads the properties of a row of a data source as a list.
func (c *converter) properties(ctx context.Context, p page) ([]doctree.Block, error) {
	if p.Parent.Type != "data_source_id" && p.Parent.Type != "database_id" {
		return nil, nil
	}
	list := &doctree.List{}
	for _, name := range slices.Sorted(maps.Keys(p.Properties)) {
		prop := p.Properties[name]
		if prop.Type == "title" || prop.Type == "button" {
			continue
		}
		text, err := c.property(ctx, p.ID, prop)
		if err != nil {
			return nil, err
		}
		if !text.Visible() {
			continue
		}
		label := doctree.Spans{{Text: doctree.Clean(name), Marks: doctree.Bold}, {Text: ": "}}
		list.Items = append(list.Items, doctree.Item{Blocks: paragraph(append(label, text...))})
	}
	if len(list.Items) == 0 {
		return nil, nil
	}
	return []doctree.Block{list}, nil
}

// property reads a value, all of it.
func (c *converter) property(ctx context.Context, pageID string, p property) (doctree.Spans, error) {
	if !p.incomplete() {
		return c.value(p.value(), 0), nil
	}
	raws, err := c.src.Property(ctx, pageID, p.ID)
	if errors.Is(err, ErrNotReadable) {
		c.losses.Add("notion:unavailable property " + p.Type)
		return c.value(p.value(), 0), nil
	}
	if err != nil {
		return nil, err
	}
	var all []doctree.Spans
	for _, raw := range raws {
		var item property
		tolerant(raw, &item)
		all = append(all, c.value(item.value(), 0))
	}
	if p.Type == "rich_text" {
		return slices.Concat(all...), nil
	}
	return separated(all), nil
}

// incomplete reports whether a page may hold only the first values.
func (p property) incomplete() bool {
	var more bool
	tolerant(p.fields["has_more"], &more)
	var values []json.RawMessage
	tolerant(p.fields[p.Type], &values)
	return more || len(values) >= firstValues && slices.Contains([]string{"rich_text", "people", "relation"}, p.Type)
}

// separated joins values by commas; empty ones are left out.
func separated(values []doctree.Spans) doctree.Spans {
	var out doctree.Spans
	for _, v := range values {
		if !v.Visible() {
			continue
		}
		if len(out) > 0 {
			out.Add(", ", 0, "")
		}
		out = append(out, v...)
	}
	return out
}

// value is what a property, a formula or an element of a rollup holds.
type value struct {
	kind   string
	fields map[string]json.RawMessage
}

func (p property) value() value { return value{p.Type, p.fields} }

func (v value) into(target any) { tolerant(v.fields[v.kind], target) }

// richText returns a value that is rich text: a list, or one item of it.
func (v value) richText(kind string) []richText {
	var all []richText
	raw := v.fields[kind]
	if json.Unmarshal(raw, &all) == nil {
		return all
	}
	var one richText
	if tolerant(raw, &one); one.Type == "" {
		return nil
	}
	return []richText{one}
}

// maxValueDepth bounds formulas in rollups in formulas.
const maxValueDepth = 8

func (c *converter) value(v value, depth int) doctree.Spans {
	if depth > maxValueDepth {
		return nil
	}
	switch v.kind {
	case "rich_text", "title":
		return spans(v.richText(v.kind))
	case "number":
		return words(v.number())
	case "select", "status", "verification", "created_by", "last_edited_by":
		return words(v.named())
	case "multi_select", "people":
		return v.names()
	case "date":
		var d dateValue
		v.into(&d)
		return words(d.text())
	case "checkbox", "boolean":
		return words(v.yesNo())
	case "url":
		href := v.text()
		return doctree.Spans{{Text: href, Link: href}}
	case "email", "phone_number", "string", "created_time", "last_edited_time":
		return words(v.text())
	case "files":
		return v.files()
	case "relation":
		return v.relations()
	case "formula", "rollup":
		return c.computed(v, depth)
	case "unique_id":
		return words(v.uniqueID())
	case "button", "":
		return nil
	}
	c.losses.Add("notion:unsupported property " + v.kind)
	return doctree.Spans{{Kind: doctree.Hidden, Text: "notion:unsupported property " + v.kind}}
}

func words(text string) doctree.Spans {
	var s doctree.Spans
	s.Add(text, 0, "")
	return s
}

func (v value) text() string {
	var text string
	v.into(&text)
	return text
}

// number returns a number as it stands in the JSON.
func (v value) number() string {
	var n json.Number
	v.into(&n)
	return n.String()
}

func (v value) yesNo() string {
	var yes *bool
	v.into(&yes)
	switch {
	case yes == nil:
		return ""
	case *yes:
		return "Yes"
	}
	return "No"
}

// named is what has a name, or at least an id or a state.
type named struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	State string `json:"state"`
}

func (v value) named() string {
	var n named
	v.into(&n)
	switch v.kind {
	case "verification":
		return n.State
	case "created_by", "last_edited_by":
		return or(n.Name, n.ID)
	}
	return n.Name
}

// names returns the names of a list, or of one of its elements.
func (v value) names() doctree.Spans {
	var all []named
	if json.Unmarshal(v.fields[v.kind], &all) != nil {
		var one named
		v.into(&one)
		all = []named{one}
	}
	var values []doctree.Spans
	for _, n := range all {
		values = append(values, words(or(n.Name, n.ID)))
	}
	return separated(values)
}

func (v value) files() doctree.Spans {
	var all []file
	v.into(&all)
	var values []doctree.Spans
	for _, f := range all {
		href := f.address()
		values = append(values, doctree.Spans{{Text: or(f.Name, lastPart(href), href), Link: href}})
	}
	return separated(values)
}

func (v value) relations() doctree.Spans {
	var all []named
	if json.Unmarshal(v.fields[v.kind], &all) != nil {
		var one named
		v.into(&one)
		all = []named{one}
	}
	var values []doctree.Spans
	for _, n := range all {
		if n.ID != "" {
			values = append(values, doctree.Spans{{Text: pageURL(n.ID), Link: pageURL(n.ID)}})
		}
	}
	return separated(values)
}

func (v value) uniqueID() string {
	var id struct {
		Prefix string      `json:"prefix"`
		Number json.Number `json:"number"`
	}
	v.into(&id)
	if id.Prefix == "" || id.Number == "" {
		return id.Number.String()
	}
	return id.Prefix + "-" + id.Number.String()
}

// computed reads what a formula or rollup came to.
func (c *converter) computed(v value, depth int) doctree.Spans {
	var result property
	v.into(&result)
	if result.Type != "array" {
		switch result.Type {
		case "unsupported", "incomplete":
			return nil
		}
		return c.value(result.value(), depth+1)
	}
	var elements []property
	result.value().into(&elements)
	var values []doctree.Spans
	for _, e := range elements {
		values = append(values, c.value(e.value(), depth+1))
	}
	return separated(values)
}
