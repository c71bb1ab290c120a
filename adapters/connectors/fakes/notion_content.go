package fakes

import (
	"maps"
	"slices"
	"strings"
)

// NotionPage is a page that is put into a fake.
type NotionPage struct {
	ID         string // "": one is made
	Parent     string // a page's or data source's id; "": the workspace
	Title      string
	Properties map[string]any // of a row, besides its title, as Notion answers them
	Blocks     []NotionBlock
	Unlisted   bool // search does not find it, as happens
	Partial    bool // search answers no more than its id
}

// NotionBlock is a block that is put into a fake.
type NotionBlock struct {
	Type     string
	Value    map[string]any // the object under the type's name, as Notion answers it
	Children []NotionBlock
}

// NotionText is rich text without marks.
func NotionText(s string) []any {
	return []any{object{
		"type": "text", "text": object{"content": s, "link": nil}, "annotations": plain(), "plain_text": s, "href": nil,
	}}
}

func plain() object {
	return object{"bold": false, "italic": false, "strikethrough": false, "underline": false, "code": false, "color": "default"}
}

// NotionParagraph is a paragraph without marks.
func NotionParagraph(s string) NotionBlock { return notionTextBlock("paragraph", s) }

func notionTextBlock(kind, s string, below ...NotionBlock) NotionBlock {
	return NotionBlock{Type: kind, Value: object{"rich_text": NotionText(s), "color": "default"}, Children: below}
}

// AddPage puts a page into the workspace, as a person would, and returns its id.
func (n *Notion) AddPage(p NotionPage) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	id := p.ID
	if id == "" {
		id = n.newID("9a9e")
	}
	name := "title"
	if o := n.objects[p.Parent]; o != nil && o["object"] == "data_source" {
		name = "Name"
	}
	properties := object{name: object{"id": "title", "type": "title", "title": NotionText(p.Title)}}
	maps.Copy(properties, p.Properties)
	n.putPage(id, n.parentObject(p.Parent), properties, notionUser)
	n.unlisted[id], n.partial[id] = p.Unlisted, p.Partial
	n.putBlocks(id, p.Blocks)
	return id
}

func (n *Notion) parentObject(id string) object {
	switch o := n.objects[id]; {
	case o == nil:
		return object{"type": "workspace", "workspace": true}
	case o["object"] == "data_source":
		return object{"type": "data_source_id", "data_source_id": id, "database_id": parentOf(o)}
	case o["object"] == "page":
		return object{"type": "page_id", "page_id": id}
	default:
		return object{"type": "block_id", "block_id": id}
	}
}

// putPage makes a page with the time now.
func (n *Notion) putPage(id string, parent, properties object, by string) object {
	now := minute(n.cfg.Now())
	page := object{
		"object": "page", "id": id, "created_time": now, "last_edited_time": now, "created_by": author(by), "last_edited_by": author(by),
		"cover": nil, "icon": nil, "parent": parent, "in_trash": false, "is_archived": false, "is_locked": false, "archived": false,
		"properties": properties, "public_url": nil,
		"url": "https://app.notion.com/p/" + strings.ReplaceAll(id, "-", ""),
	}
	n.objects[id] = page
	n.order = append(n.order, id)
	switch above := parentOf(page); n.objects[above]["object"] {
	case "data_source":
		n.rows[above] = append(n.rows[above], id)
	case "page", "block":
		n.children[above] = append(n.children[above], id)
	}
	return page
}

func (n *Notion) putBlocks(parent string, blocks []NotionBlock) {
	for _, b := range blocks {
		id := n.putBlock(parent, b.Type, b.Value, notionUser, len(n.children[parent]))
		n.putBlocks(id, b.Children)
	}
}

// putBlock makes a block at a place below a page or block.
func (n *Notion) putBlock(parent, kind string, value object, by string, at int) string {
	id := n.newID("b10c")
	now := minute(n.cfg.Now())
	n.objects[id] = object{
		"object": "block", "id": id, "parent": n.parentObject(parent), "created_time": now, "last_edited_time": now,
		"created_by": author(by), "last_edited_by": author(by), "in_trash": false, "archived": false, "type": kind, kind: value,
	}
	n.children[parent] = slices.Insert(n.children[parent], at, id)
	n.touch(parent)
	return id
}

// touch moves the time of a page, and of the blocks on the way to it, to now.
func (n *Notion) touch(id string) {
	for o := n.objects[id]; o != nil; o = n.objects[parentOf(o)] {
		o["last_edited_time"] = minute(n.cfg.Now())
		if o["object"] == "page" {
			return
		}
	}
}

// AddDatabase puts a database with data sources below a page ("": the workspace).
func (n *Notion) AddDatabase(parent, title string, sources ...string) (database string, ids []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	database = n.newID("daba")
	now := n.cfg.Now().UTC().Format("2006-01-02T15:04:05.000+00:00")
	listed := []any{}
	for _, name := range sources {
		id := n.newID("d50c")
		ids = append(ids, id)
		listed = append(listed, object{"id": id, "name": name})
		n.objects[id] = object{
			"object": "data_source", "id": id, "cover": nil, "icon": nil, "created_time": minute(n.cfg.Now()), "last_edited_time": minute(n.cfg.Now()),
			"created_by": author(notionUser), "last_edited_by": author(notionUser), "title": NotionText(name), "description": []any{}, "is_inline": false,
			"properties": object{"Name": object{"id": "title", "name": "Name", "description": nil, "type": "title", "title": object{}}},
			"parent":     object{"type": "database_id", "database_id": database}, "database_parent": n.parentObject(parent),
			"url": "https://app.notion.com/p/" + strings.ReplaceAll(database, "-", ""), "public_url": nil, "in_trash": false, "archived": false,
		}
		n.order = append(n.order, id)
	}
	n.objects[database] = object{
		"object": "database", "id": database, "title": NotionText(title), "description": []any{}, "parent": n.parentObject(parent), "is_inline": false,
		"in_trash": false, "is_locked": false, "created_time": now, "last_edited_time": now, "data_sources": listed, "icon": nil, "cover": nil,
		"url": "https://app.notion.com/p/" + strings.ReplaceAll(database, "-", ""), "public_url": nil, "archived": false,
	}
	if parent != "" {
		n.children[parent] = append(n.children[parent], database)
	}
	return database, ids
}

// Load puts a page and its blocks into the fake as the API answers them: blocks by
// the id of what they stand in. Refused holds answers to who asks for the children
// of blocks that have none: an HTTP status and a body.
func (n *Notion) Load(page map[string]any, blocks map[string][]map[string]any, refused map[string]LoadedAnswer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	id, _ := page["id"].(string)
	n.objects[id] = page
	n.order = append(n.order, id)
	if above := parentOf(page); n.objects[above]["object"] == "data_source" {
		n.rows[above] = append(n.rows[above], id)
	}
	for parent, list := range blocks {
		n.children[parent] = nil
		for _, b := range list {
			block, _ := b["id"].(string)
			if n.objects[block] == nil { // a page below this one may be there already
				n.objects[block] = b
			}
			n.children[parent] = append(n.children[parent], block)
		}
	}
	for block, a := range refused {
		n.refused[block] = answer{status: a.Status, body: a.Body}
	}
}

// LoadedAnswer is an answer as it was recorded.
type LoadedAnswer struct {
	Status int            `json:"status"`
	Body   map[string]any `json:"body"`
}

// Append puts blocks at a page's end, as a person would.
func (n *Notion) Append(page string, blocks ...NotionBlock) {
	n.set(func() { n.putBlocks(page, blocks); n.touch(page) })
}

// Write puts blocks at a page's end as a request has them, in the place of those that
// are there when over is set.
func (n *Notion) Write(page string, blocks []map[string]any, over bool) {
	n.set(func() {
		if over {
			for _, child := range n.children[page] {
				n.trash(child, true)
			}
			n.children[page] = nil
		}
		n.write(page, blocks, len(n.children[page]))
		n.touch(page)
	})
}

// ReplaceText changes words wherever they stand in the texts of a page, as a person
// would.
func (n *Notion) ReplaceText(page, old, text string) {
	n.set(func() { n.replaceBelow(page, old, text); n.touch(page) })
}

func (n *Notion) replaceBelow(id, old, text string) {
	for _, child := range n.children[id] {
		o := n.objects[child]
		kind, _ := o["type"].(string)
		value, _ := o[kind].(object)
		items, _ := value["rich_text"].([]any)
		for _, item := range items {
			run, _ := item.(object)
			s, _ := run["plain_text"].(string)
			if inner, isText := run["text"].(object); isText && strings.Contains(s, old) {
				s = strings.ReplaceAll(s, old, text)
				inner["content"], run["plain_text"] = s, s
			}
		}
		n.replaceBelow(child, old, text)
	}
}

// Blocks returns the tree of blocks below a page or block, without what is in the trash.
func (n *Notion) Blocks(id string) []NotionBlock {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.tree(id)
}

func (n *Notion) tree(id string) []NotionBlock {
	var out []NotionBlock
	for _, child := range n.children[id] {
		o := n.objects[child]
		if o["object"] != "block" || o["in_trash"] == true {
			continue
		}
		kind, _ := o["type"].(string)
		value, _ := o[kind].(object)
		out = append(out, NotionBlock{Type: kind, Value: value, Children: n.tree(child)})
	}
	return out
}

// BlockIDs returns the ids of the blocks directly below a page or block.
func (n *Notion) BlockIDs(id string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(n.children[id]), func(c string) bool { return n.objects[c]["in_trash"] == true })
}

// Rewrite changes the text of a block, as a person would.
func (n *Notion) Rewrite(block, text string) {
	n.set(func() {
		o := n.objects[block]
		kind, _ := o["type"].(string)
		value, _ := o[kind].(object)
		value = maps.Clone(value)
		value["rich_text"] = NotionText(text)
		o[kind] = value
		n.touch(block)
	})
}

// Pages returns the ids of all pages that are not in the trash, as they were made.
func (n *Notion) Pages() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(n.order), func(id string) bool {
		return n.objects[id]["object"] != "page" || n.objects[id]["in_trash"] == true
	})
}

// Trash puts a page into the trash.
func (n *Notion) Trash(id string) { n.set(func() { n.trash(id, true) }) }

// Restore takes a page out of the trash.
func (n *Notion) Restore(id string) { n.set(func() { n.trash(id, false) }) }

func (n *Notion) trash(id string, in bool) {
	o := n.objects[id]
	o["in_trash"], o["archived"] = in, in
	o["last_edited_time"] = minute(n.cfg.Now())
}

// Unshare takes a page, and all below it, out of what the token sees.
func (n *Notion) Unshare(id string) { n.set(func() { n.lost[id] = true }) }

// Share gives it back.
func (n *Notion) Share(id string) { n.set(func() { delete(n.lost, id) }) }

// Retitle gives a page another title.
func (n *Notion) Retitle(id, title string) {
	n.set(func() {
		setTitle(n.objects[id], NotionText(title))
		n.touch(id)
	})
}

// setTitle replaces the one property that is a title.
func setTitle(page object, text []any) {
	properties, _ := page["properties"].(object)
	properties = maps.Clone(properties)
	for name, p := range properties {
		if property, _ := p.(object); property["type"] == "title" {
			property = maps.Clone(property)
			property["title"] = text
			properties[name] = property
		}
	}
	page["properties"] = properties
}

// titleOf returns a page's or data source's title.
func titleOf(o object) string {
	if text, isText := o["title"].([]any); isText {
		return plainText(text)
	}
	properties, _ := o["properties"].(object)
	for _, p := range properties {
		if property, _ := p.(object); property["type"] == "title" {
			text, _ := property["title"].([]any)
			return plainText(text)
		}
	}
	return ""
}

func plainText(items []any) string {
	var b strings.Builder
	for _, item := range items {
		o, _ := item.(object)
		s, _ := o["plain_text"].(string)
		b.WriteString(s)
	}
	return b.String()
}
