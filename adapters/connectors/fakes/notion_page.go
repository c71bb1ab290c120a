package fakes

import (
	"maps"
	"net/http"
)

func (n *Notion) getPage(q *request) answer {
	page, found := n.visible(q.PathValue("id"), "page")
	if !found {
		return n.missing("page", dashed(q.PathValue("id")))
	}
	return ok(cutRelations(page))
}

// inPage is how many values of a property a page answers; the rest is at its own address.
const inPage = 25

func cutRelations(page object) object {
	properties, _ := page["properties"].(object)
	var cut object
	for name, p := range properties {
		property, _ := p.(object)
		kind, _ := property["type"].(string)
		values, _ := property[kind].([]any)
		if len(values) <= inPage {
			continue
		}
		if cut == nil {
			cut = maps.Clone(properties)
		}
		property = maps.Clone(property)
		property[kind] = values[:inPage]
		if kind == "relation" {
			property["has_more"] = true
		}
		cut[name] = property
	}
	if cut == nil {
		return page
	}
	page = maps.Clone(page)
	page["properties"] = cut
	return page
}

func (n *Notion) getProperty(q *request) answer {
	page, found := n.visible(q.PathValue("id"), "page")
	if !found {
		return n.missing("page", dashed(q.PathValue("id")))
	}
	properties, _ := page["properties"].(object)
	for _, p := range properties {
		property, _ := p.(object)
		kind, _ := property["type"].(string)
		id, _ := property["id"].(string)
		if unescape(id) != q.PathValue("id2") {
			continue
		}
		values, many := property[kind].([]any)
		if !many {
			return ok(object{"object": "property_item", "id": id, "type": kind, kind: property[kind]})
		}
		items := []object{}
		for _, v := range values {
			items = append(items, object{"object": "property_item", "id": id, "type": kind, kind: v})
		}
		a := n.list(q, items, "property_item")
		if body, isObject := a.body.(object); isObject && a.status == http.StatusOK {
			body["property_item"] = object{"id": id, "next_url": nil, "type": kind, kind: object{}}
		}
		return a
	}
	return n.missing("property", q.PathValue("id2"))
}

func (n *Notion) createPage(q *request) answer {
	var in struct {
		Parent     object
		Properties object
		Children   []object
		Icon       any
	}
	if err := q.decode(&in); err != nil {
		return notionInvalid("body failed validation: %v", err)
	}
	if refusal := checkRequest(q, in.Children); refusal != nil {
		return *refusal
	}
	parent, refusal := n.newParent(in.Parent)
	if refusal != nil {
		return *refusal
	}
	properties, refusal := n.newProperties(parent, in.Properties)
	if refusal != nil {
		return *refusal
	}
	page := n.putPage(n.newID("9a9e"), parent, properties, notionIntegration)
	if in.Icon != nil {
		page["icon"] = in.Icon
	}
	id, _ := page["id"].(string)
	n.write(id, in.Children, 0)
	return ok(page)
}

// newParent reads where a new page goes.
func (n *Notion) newParent(in object) (object, *answer) {
	for _, kind := range []string{"page_id", "data_source_id", "database_id"} {
		id, _ := in[kind].(string)
		if id == "" {
			continue
		}
		id = dashed(id)
		o, found := n.visible(id, map[string]string{"page_id": "page", "data_source_id": "data_source", "database_id": "database"}[kind])
		if !found || o["in_trash"] == true {
			a := n.missing(kind[:len(kind)-len("_id")], id)
			return nil, &a
		}
		if kind == "database_id" {
			sources, _ := o["data_sources"].([]any)
			if len(sources) != 1 {
				a := notionInvalid("Databases with multiple data sources are not supported in this API version.")
				return nil, &a
			}
			id, _ = sources[0].(object)["id"].(string)
		}
		return n.parentObject(id), nil
	}
	if in["workspace"] == true {
		return object{"type": "workspace", "workspace": true}, nil
	}
	a := notionInvalid("body failed validation. Fix one:\nbody.parent.page_id should be defined, instead was `undefined`.")
	return nil, &a
}

// newProperties reads a page's title and keeps the rest as it is.
func (n *Notion) newProperties(parent, in object) (object, *answer) {
	out := object{}
	for name, p := range in {
		text, isTitle := p.([]any) // the short form: "title": [ … ]
		property, _ := p.(object)
		if !isTitle {
			text, isTitle = property["title"].([]any)
		}
		if !isTitle {
			out[name] = property
			continue
		}
		full, refusal := richText(text, "body.properties."+name+".title")
		if refusal != nil {
			return nil, refusal
		}
		if name == "title" && parent["type"] == "data_source_id" {
			name = "Name"
		}
		out[name] = object{"id": "title", "type": "title", "title": full}
	}
	if len(out) == 0 {
		out["title"] = object{"id": "title", "type": "title", "title": []any{}}
	}
	return out, nil
}

func (n *Notion) updatePage(q *request) answer {
	id := dashed(q.PathValue("id"))
	page, found := n.visible(id, "page")
	if !found {
		return n.missing("page", id)
	}
	var in struct {
		Properties   object
		InTrash      *bool `json:"in_trash"`
		Archived     *bool
		EraseContent bool `json:"erase_content"`
		Icon         any
	}
	if err := q.decode(&in); err != nil {
		return notionInvalid("body failed validation: %v", err)
	}
	if in.InTrash == nil {
		in.InTrash = in.Archived
	}
	if page["in_trash"] == true && in.InTrash == nil {
		return notionInvalid("Can't edit block that is archived. You must unarchive the block before editing.")
	}
	parent, _ := page["parent"].(object)
	properties, refusal := n.newProperties(parent, in.Properties)
	if refusal != nil {
		return *refusal
	}
	if in.InTrash != nil {
		n.trash(id, *in.InTrash)
	}
	if in.Properties != nil {
		all, _ := page["properties"].(object)
		all = maps.Clone(all)
		maps.Copy(all, properties)
		page["properties"] = all
	}
	if in.EraseContent {
		for _, child := range n.children[id] {
			n.trash(child, true)
		}
		n.children[id] = nil
	}
	n.touch(id)
	return ok(page)
}
