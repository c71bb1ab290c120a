package notion

import (
	"context"
	"encoding/json"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

// place is where a listing stands. Search alone misses rows, so every data source
// that it finds is queried, too; and it misses pages that are shared through the one
// that they are in, so a whole listing looks below every page.
type place struct {
	Stage   stage    `json:"s,omitempty"`
	Cursor  string   `json:"c,omitempty"` // within what the stage reads
	Sources []source `json:"d,omitempty"` // whose rows are still to be listed, the present one first
	Found   string   `json:"f,omitempty"` // cursor of the search that finds more sources; "": that were all
	Window  string   `json:"w,omitempty"` // created_time from which the present source is read on
	Roots   []root   `json:"p,omitempty"` // pages that search found, to be looked below
	Below   []branch `json:"b,omitempty"` // what is looked below now, the last one first
}

type source struct {
	ID   string `json:"i"`
	Name string `json:"n"`
}

// stage is what a listing reads.
type stage string

const (
	stagePages   stage = ""  // pages that search finds
	stageSources stage = "s" // data sources that search finds
	stageRows    stage = "r" // rows of a data source
	stageGone    stage = "g" // rows of a data source that are in the trash
	stageTrash   stage = "t" // pages in the trash
	stageTree    stage = "b" // pages below pages
)

// List implements core.Connector.
func (c *Connector) List(ctx context.Context, a core.Access, r core.ListRequest) (*core.ListPage, error) {
	var at place
	if err := upstream.Unpack(r.Cursor, &at); err != nil {
		return nil, err
	}
	r.Since = r.Since.UTC().Truncate(grain)
	switch at.Stage {
	case stagePages, stageTrash:
		return c.listPages(ctx, a, r, at)
	case stageSources:
		return c.listSources(ctx, a, r, at)
	case stageRows, stageGone:
		if len(at.Sources) > 0 {
			return c.listRows(ctx, a, r, at)
		}
	case stageTree:
		return c.listTree(ctx, a, at)
	}
	return nil, core.Invalid("cursor", "cursor", "the cursor is not one of this listing; begin without")
}

type searchRequest struct {
	Query  string         `json:"query,omitempty"`
	Filter map[string]any `json:"filter,omitempty"`
	Sort   map[string]any `json:"sort,omitempty"`
	Cursor string         `json:"start_cursor,omitempty"`
	Size   int            `json:"page_size,omitempty"`
}

func objectFilter(object string, inTrash bool) map[string]any {
	f := map[string]any{"property": "object", "value": object}
	if inTrash {
		f["in_trash"] = true
	}
	return f
}

func (c *Connector) search(ctx context.Context, a core.Access, in searchRequest) (*list, error) {
	var l list
	if in.Size == 0 {
		in.Size = 100
	}
	if err := c.ask(ctx, a, "/v1/search", in, &l); err != nil {
		return nil, err
	}
	return &l, l.check(in.Cursor)
}

// listPages reads what search finds, last edited first: what is edited meanwhile
// moves to the front, so that others are named twice rather than not at all.
func (c *Connector) listPages(ctx context.Context, a core.Access, r core.ListRequest, at place) (*core.ListPage, error) {
	l, err := c.search(ctx, a, searchRequest{
		Query: r.Query, Filter: objectFilter("page", at.Stage == stageTrash), Cursor: at.Cursor, Size: size(r),
		Sort: map[string]any{"timestamp": "last_edited_time", "direction": "descending"},
	})
	if err != nil {
		return partial(err, "the pages could not be listed", end(at, r))
	}
	out := &core.ListPage{}
	old, err := addItems(out, l, r.Since, "")
	if err != nil {
		return nil, err
	}
	if next := l.next(); next != "" && !old {
		at.Cursor = next
		out.Next = upstream.Pack(at)
		return out, nil
	}
	out.Next = end(at, r)
	return out, nil
}

// end returns the cursor of what comes after all pages.
func end(at place, r core.ListRequest) string {
	if at.Stage == stageTrash || r.Query != "" {
		return ""
	}
	return upstream.Pack(place{Stage: stageSources})
}

// addItems adds a page's items. It reports whether it came to what was last edited
// before since.
func addItems(out *core.ListPage, l *list, since time.Time, path string) (old bool, err error) {
	for _, raw := range l.Results {
		it, err := item(raw)
		if err != nil {
			return false, err
		}
		if it.ID == "" {
			continue // no page: older versions answer databases, too
		}
		if !it.LastEdited.IsZero() && it.LastEdited.Before(since) {
			old = true
			continue
		}
		it.Path = path
		out.Items = append(out.Items, it)
	}
	return old, nil
}

// partial makes a part that may not be listed a page that says so; other errors
// stay errors.
func partial(err error, why, next string) (*core.ListPage, error) {
	switch core.ReasonOf(err) {
	case core.ReasonGone, core.ReasonForbidden:
		return &core.ListPage{Incomplete: why, Next: next}, nil
	}
	return nil, err
}

func size(r core.ListRequest) int {
	if r.Limit <= 0 || r.Limit > 100 {
		return 100
	}
	return r.Limit
}

// listSources finds data sources, whose rows come next.
func (c *Connector) listSources(ctx context.Context, a core.Access, r core.ListRequest, at place) (*core.ListPage, error) {
	l, err := c.search(ctx, a, searchRequest{Filter: objectFilter("data_source", false), Cursor: at.Cursor})
	if err != nil {
		return partial(err, "the databases could not be listed", afterSources(r))
	}
	next := place{Stage: stageRows, Found: l.next()}
	for _, raw := range l.Results {
		var s struct {
			ID    string
			Title []struct {
				Text string `json:"plain_text"`
			}
		}
		if err := vendor.Decode(raw, &s); err != nil {
			return nil, err
		}
		name := ""
		for _, t := range s.Title {
			name += t.Text
		}
		if checkID(s.ID) == nil {
			next.Sources = append(next.Sources, source{ID: s.ID, Name: name})
		}
	}
	return &core.ListPage{Next: next.pack(r)}, nil
}

// pack returns the cursor of a place among sources, or of what comes after them.
func (p place) pack(r core.ListRequest) string {
	if len(p.Sources) > 0 {
		return upstream.Pack(p)
	}
	if p.Found != "" {
		return upstream.Pack(place{Stage: stageSources, Cursor: p.Found})
	}
	return afterSources(r)
}

// afterSources is the trash where only changes are asked for, else the tree.
func afterSources(r core.ListRequest) string {
	if r.Since.IsZero() {
		return upstream.Pack(place{Stage: stageTree})
	}
	return upstream.Pack(place{Stage: stageTrash})
}

// listRows reads rows of the first source. A full listing is in the order in which
// rows were made, so that a query that Notion cuts at 10,000 rows goes on from there.
func (c *Connector) listRows(ctx context.Context, a core.Access, r core.ListRequest, at place) (*core.ListPage, error) {
	order, from := "created_time", at.Window
	if !r.Since.IsZero() {
		order = "last_edited_time"
		if from == "" {
			from = r.Since.Format(time.RFC3339)
		}
	}
	in := map[string]any{"page_size": size(r), "sorts": []any{map[string]any{"timestamp": order, "direction": "ascending"}}}
	if from != "" {
		in["filter"] = map[string]any{"timestamp": order, order: map[string]any{"on_or_after": from}}
	}
	if at.Cursor != "" {
		in["start_cursor"] = at.Cursor
	}
	if at.Stage == stageGone {
		in["in_trash"] = true
	}
	here := at.Sources[0]
	var l list
	err := c.ask(ctx, a, "/v1/data_sources/"+here.ID+"/query", in, &l)
	if err == nil {
		err = l.check(at.Cursor)
	}
	if err != nil {
		return partial(err, "the database “"+here.Name+"” could not be listed", at.nextSource().pack(r))
	}
	out := &core.ListPage{}
	if _, err := addItems(out, &l, r.Since, here.Name); err != nil {
		return nil, err
	}
	out.Next, out.Incomplete = at.afterRows(r, &l, order)
	return out, nil
}

// afterRows returns what comes after a page of rows.
func (p place) afterRows(r core.ListRequest, l *list, order string) (next, incomplete string) {
	if cursor := l.next(); cursor != "" {
		p.Cursor = cursor
		return upstream.Pack(p), ""
	}
	if l.Status.Type == "incomplete" {
		if last := lastTime(l, order); last != "" && last != p.Window {
			p.Cursor, p.Window = "", last
			return upstream.Pack(p), ""
		}
		incomplete = "the database “" + p.Sources[0].Name + "” has more rows of one minute than Notion lists"
	}
	if p.Stage == stageRows && !r.Since.IsZero() {
		return upstream.Pack(place{Stage: stageGone, Sources: p.Sources, Found: p.Found}), incomplete
	}
	return p.nextSource().pack(r), incomplete
}

func (p place) nextSource() place {
	return place{Stage: stageRows, Sources: p.Sources[1:], Found: p.Found}
}

// lastTime returns a time of the last row.
func lastTime(l *list, name string) string {
	if len(l.Results) == 0 {
		return ""
	}
	var row map[string]json.RawMessage
	var at string
	if json.Unmarshal(l.Results[len(l.Results)-1], &row) != nil || json.Unmarshal(row[name], &at) != nil {
		return ""
	}
	return at
}
