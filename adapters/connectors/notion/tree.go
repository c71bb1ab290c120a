package notion

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

// root is a page that search found. One whose parent can be seen, too, is come to by
// way of that parent.
type root struct {
	ID     string `json:"i"`
	Parent string `json:"p,omitempty"` // route of what it is in; "": nothing that could be seen
}

// branch is a page or block whose children are read.
type branch struct {
	ID     string `json:"i"`
	Cursor string `json:"c,omitempty"`
}

// deepest bounds how much a cursor holds; what is below it is not looked at, which
// makes the listing incomplete.
const deepest = 600

// listTree takes one step in the tree of pages: it finds roots, or looks whether one
// is a root, or reads one page of the children of a page.
func (c *Connector) listTree(ctx context.Context, a core.Access, at place) (*core.ListPage, error) {
	switch {
	case len(at.Below) > 0:
		return c.look(ctx, a, at)
	case len(at.Roots) > 0:
		return c.plant(ctx, a, at)
	}
	l, err := c.search(ctx, a, searchRequest{Filter: objectFilter("page", false), Cursor: at.Cursor})
	if err != nil {
		return partial(err, "the pages below others could not be listed", "")
	}
	next := place{Stage: stageTree, Cursor: l.next()}
	for _, raw := range l.Results {
		if r, ok := rootOf(raw); ok {
			next.Roots = append(next.Roots, r)
		}
	}
	return &core.ListPage{Next: next.packTree()}, nil
}

// packTree returns the cursor of a place in the tree; "" for its end.
func (p place) packTree() string {
	if len(p.Below) == 0 && len(p.Roots) == 0 && p.Cursor == "" {
		return ""
	}
	return upstream.Pack(p)
}

func rootOf(raw json.RawMessage) (root, bool) {
	var p struct {
		Object, ID string
		Parent     struct {
			Type  string
			Page  string `json:"page_id"`
			Block string `json:"block_id"`
		}
	}
	if json.Unmarshal(raw, &p) != nil || checkID(p.ID) != nil || p.Object != "" && p.Object != "page" {
		return root{}, false
	}
	r := root{ID: short(p.ID)}
	switch {
	case p.Parent.Type == "page_id" && checkID(p.Parent.Page) == nil:
		r.Parent = "pages/" + short(p.Parent.Page)
	case p.Parent.Type == "block_id" && checkID(p.Parent.Block) == nil:
		r.Parent = "blocks/" + short(p.Parent.Block)
	}
	return r, true
}

// short is an id without dashes, for the cursor.
func short(id string) string { return strings.ReplaceAll(id, "-", "") }

// plant looks below the first root, unless it is come to by way of its parent.
func (c *Connector) plant(ctx context.Context, a core.Access, at place) (*core.ListPage, error) {
	r := at.Roots[0]
	at.Roots = at.Roots[1:]
	seen := false
	if r.Parent != "" {
		err := c.get(ctx, a, "/v1/"+r.Parent, &struct{}{})
		switch core.ReasonOf(err) {
		case core.ReasonGone, core.ReasonForbidden, core.ReasonRefused:
		default:
			if err != nil {
				return nil, err
			}
			seen = true
		}
	}
	if seen {
		return &core.ListPage{Next: at.packTree()}, nil
	}
	at.Below = []branch{{ID: r.ID}}
	return c.look(ctx, a, at)
}

// child is a block, as far as it says what is below it.
type child struct {
	ID          string
	Type        string
	HasChildren bool                   `json:"has_children"`
	LastEdited  string                 `json:"last_edited_time"`
	Page        struct{ Title string } `json:"child_page"`
}

// look reads one page of the children of the last branch, names the pages among them,
// and remembers what is to be looked below.
func (c *Connector) look(ctx context.Context, a core.Access, at place) (*core.ListPage, error) {
	here := at.Below[len(at.Below)-1]
	rest := at
	rest.Below = at.Below[:len(at.Below)-1]
	query := url.Values{"page_size": {"100"}}
	if here.Cursor != "" {
		query.Set("start_cursor", here.Cursor)
	}
	var l list
	err := c.get(ctx, a, "/v1/blocks/"+here.ID+"/children?"+query.Encode(), &l)
	if err == nil {
		err = l.check(here.Cursor)
	}
	switch core.ReasonOf(err) {
	case core.ReasonGone, core.ReasonForbidden, core.ReasonRefused: // gone meanwhile, or not served
		return &core.ListPage{Next: rest.packTree()}, nil
	}
	if err != nil {
		return nil, err
	}
	out := &core.ListPage{}
	below := rest.Below
	if next := l.next(); next != "" {
		below = append(below, branch{ID: here.ID, Cursor: next})
	}
	for _, raw := range l.Results {
		var b child
		if err := vendor.Decode(raw, &b); err != nil {
			return nil, err
		}
		if b.Type == "child_page" && checkID(b.ID) == nil {
			out.Items = append(out.Items, b.item())
		}
		if b.holdsPages() {
			below = append(below, branch{ID: short(b.ID)})
		}
	}
	if len(below) > deepest {
		below = below[:deepest]
		out.Incomplete = "pages are in each other deeper than can be listed"
	}
	rest.Below = below
	out.Next = rest.packTree()
	return out, nil
}

// holdsPages reports whether pages may be below a block: in other pages, and in what
// people lay pages out with. Lists and tables hold text.
func (b child) holdsPages() bool {
	if !b.HasChildren || checkID(b.ID) != nil {
		return false
	}
	switch b.Type {
	case "child_page", "column_list", "column", "toggle", "callout", "synced_block", "quote", "tab", "heading_1", "heading_2", "heading_3", "heading_4":
		return true
	}
	return false
}

// item is a page as its parent names it; Fetch finds out the rest.
func (b child) item() core.Item {
	out := core.Item{
		ID: b.ID, Kind: core.ItemPage, Title: b.Page.Title, State: core.RemotePresent, Version: b.LastEdited,
		URL: "https://www.notion.so/" + short(b.ID),
	}
	if at, err := time.Parse(time.RFC3339, b.LastEdited); err == nil {
		out.LastEdited = at.UTC()
	}
	return out
}
