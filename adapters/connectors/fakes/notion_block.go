package fakes

import (
	"maps"
	"net/url"
	"slices"
)

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// block returns how a block, a page or a database looks in a list of blocks.
func (n *Notion) block(id string) object {
	o := n.objects[id]
	switch o["object"] {
	case "page", "database":
		kind := map[any]string{"page": "child_page", "database": "child_database"}[o["object"]]
		return object{
			"object": "block", "id": id, "parent": o["parent"], "created_time": o["created_time"], "last_edited_time": o["last_edited_time"],
			"created_by": author(notionUser), "last_edited_by": author(notionUser), "has_children": len(n.children[id]) > 0,
			"in_trash": o["in_trash"], "archived": o["archived"], "type": kind, kind: object{"title": titleOf(o)},
		}
	}
	if _, loaded := o["has_children"]; loaded {
		return o
	}
	o = maps.Clone(o)
	o["has_children"] = slices.ContainsFunc(n.children[id], func(c string) bool { return n.objects[c]["in_trash"] != true })
	return o
}

func (n *Notion) getBlock(q *request) answer {
	id := dashed(q.PathValue("id"))
	if _, found := n.visible(id, ""); !found {
		return n.missing("block", id)
	}
	return ok(n.block(id))
}

func (n *Notion) getChildren(q *request) answer {
	id := dashed(q.PathValue("id"))
	if a, refused := n.refused[id]; refused {
		return a
	}
	o, found := n.visible(id, "")
	if !found || o["object"] == "database" || o["object"] == "data_source" {
		return n.missing("block", id)
	}
	switch o["type"] {
	case "unsupported":
		return notionInvalid("Block type %v is not supported via the API.", blockType(o))
	case "child_database":
		return n.missing("block", id)
	}
	items := []object{}
	for _, child := range n.children[id] {
		if _, seen := n.visible(child, ""); seen && n.objects[child]["in_trash"] != true {
			items = append(items, n.block(child))
		}
	}
	return n.list(q, items, "block")
}

func blockType(o object) any {
	value, _ := o["unsupported"].(object)
	if kind := value["block_type"]; kind != nil {
		return kind
	}
	return "unsupported"
}

func (n *Notion) appendChildren(q *request) answer {
	id := dashed(q.PathValue("id"))
	o, found := n.visible(id, "")
	if !found || o["object"] == "data_source" || o["object"] == "database" {
		return n.missing("block", id)
	}
	if o["in_trash"] == true {
		return notionInvalid("Can't edit block that is archived. You must unarchive the block before editing.")
	}
	var in struct {
		Children []object
		After    string
		Position struct {
			Type       string
			AfterBlock struct{ ID string } `json:"after_block"`
		}
	}
	if err := q.decode(&in); err != nil || in.Children == nil {
		return notionInvalid("body failed validation: body.children should be defined, instead was `undefined`.")
	}
	if refusal := checkRequest(q, in.Children); refusal != nil {
		return *refusal
	}
	at := len(n.children[id])
	after := in.After
	if in.Position.Type == "after_block" {
		after = in.Position.AfterBlock.ID
	}
	if in.Position.Type == "start" {
		at = 0
	}
	if after != "" {
		i := slices.Index(n.children[id], dashed(after))
		if i < 0 {
			return notionInvalid("Block to append children after could not be found.")
		}
		at = i + 1
	}
	items := []object{}
	for _, made := range n.write(id, in.Children, at) {
		items = append(items, n.block(made))
	}
	n.touch(id)
	return ok(object{"object": "list", "results": items, "next_cursor": nil, "has_more": false, "type": "block", "block": object{}})
}

// write puts blocks of a request, which was checked, below a page or block.
func (n *Notion) write(parent string, blocks []object, at int) []string {
	var ids []string
	for i, in := range blocks {
		kind, value, below := blockParts(in)
		id := n.putBlock(parent, kind, written(kind, value), notionIntegration, at+i)
		n.write(id, below, 0)
		ids = append(ids, id)
	}
	return ids
}

func (n *Notion) updateBlock(q *request) answer {
	id := dashed(q.PathValue("id"))
	o, found := n.visible(id, "block")
	if !found {
		return n.missing("block", id)
	}
	if o["in_trash"] == true {
		return notionInvalid("Can't edit block that is archived. You must unarchive the block before editing.")
	}
	var in object
	if err := q.decode(&in); err != nil {
		return notionInvalid("body failed validation: %v", err)
	}
	kind, _ := o["type"].(string)
	value, changes := in[kind].(object)
	if changes {
		if refusal := checkValue(kind, value, "body."+kind); refusal != nil {
			return *refusal
		}
		old, _ := o[kind].(object)
		merged := maps.Clone(old)
		maps.Copy(merged, written(kind, value))
		o[kind] = merged
		n.touch(id)
	}
	return ok(n.block(id))
}

func (n *Notion) deleteBlock(q *request) answer {
	id := dashed(q.PathValue("id"))
	o, found := n.visible(id, "")
	if !found {
		return n.missing("block", id)
	}
	if o["in_trash"] == true {
		return notionInvalid("Can't edit block that is archived. You must unarchive the block before editing.")
	}
	n.trash(id, true)
	above := parentOf(o)
	if o["object"] == "block" {
		n.children[above] = without(n.children[above], id)
	}
	n.touch(above)
	return ok(n.block(id))
}
