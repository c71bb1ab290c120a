package httpapi

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
)

// PageQuery is the part of a query that every list has.
type PageQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items to answer at most."`
	Cursor string `query:"cursor" doc:"next_cursor of the page before; leave it out for the first page."`
}

func (q PageQuery) request() core.PageRequest {
	return core.PageRequest{Limit: q.Limit, Cursor: q.Cursor}
}

// list is a page of items, newest first.
type list[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitzero" doc:"Where the next page begins; absent on the last one."`
}

type listOutput[T any] struct {
	Body list[T]
}

// listed makes the answer of a list: view renders each item.
func listed[C, T any](p core.Page[C], view func(*C) T, err error) (*listOutput[T], error) {
	if err != nil {
		return nil, err
	}
	out := &listOutput[T]{Body: list[T]{Items: make([]T, len(p.Items)), NextCursor: p.Next}}
	for i := range p.Items {
		out.Body.Items[i] = view(&p.Items[i])
	}
	return out, nil
}

// PathID is the id in a path. It is not checked here: a broken id is answered as
// an unknown one, by the store.
type PathID struct {
	ID string `path:"id" doc:"The id."`
}

// filterID is an id in a query, where a broken one is an error.
type filterID string

// Schema implements huma.SchemaProvider.
func (filterID) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Format: "uuid", Pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
		PatternDescription: "an id"}
	s.PrecomputeMessages()
	return s
}
