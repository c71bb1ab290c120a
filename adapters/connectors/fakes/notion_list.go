package fakes

import (
	"fmt"
	"net/http"
	"strconv"
)

const notionPageSize = 100

// paging reads page_size and start_cursor, of the query or the body.
func (n *Notion) paging(q *request) (size, from int, refusal *answer) {
	var in struct {
		PageSize *int    `json:"page_size"`
		Cursor   *string `json:"start_cursor"`
	}
	where := "body"
	if q.Method == http.MethodGet {
		where = "query"
		if v := q.URL.Query().Get("page_size"); v != "" {
			size, err := strconv.Atoi(v)
			if err != nil {
				size = -1
			}
			in.PageSize = &size
		}
		if v := q.URL.Query().Get("start_cursor"); v != "" {
			in.Cursor = &v
		}
	} else if err := q.decode(&in); err != nil {
		a := notionInvalid("body failed validation: %v", err)
		return 0, 0, &a
	}
	size = notionPageSize
	if in.PageSize != nil {
		size = *in.PageSize
	}
	if size > notionPageSize || size < 1 {
		bound := "≤ `100`"
		if size < 1 {
			bound = "≥ `1`"
		}
		a := notionInvalid("%s failed validation: %s.page_size should be %s, instead was `%d`.", where, where, bound, size)
		return 0, 0, &a
	}
	if in.Cursor != nil {
		var turn int
		if _, err := fmt.Sscanf(*in.Cursor, notionCursor, &turn, &from); err != nil {
			a := notionInvalid("start_cursor provided is invalid: %s", *in.Cursor)
			return 0, 0, &a
		}
	}
	if n.cfg.PageSize > 0 {
		size = min(size, n.cfg.PageSize)
	}
	return size, from, nil
}

// notionCursor looks like an id, as Notion's do: a turn, so that cursors of the
// same place differ, and the place.
const notionCursor = "0000c0de-0000-4000-%04x-%012x"

// list answers one page of items.
func (n *Notion) list(q *request, items []object, kind string) answer {
	size, from, refusal := n.paging(q)
	if refusal != nil {
		return *refusal
	}
	from = min(from, len(items))
	to := min(from+size, len(items))
	n.ids++
	turn := n.ids & 0xffff
	next := any(nil)
	switch {
	case q.fault == EmptyPage:
		next, to = fmt.Sprintf(notionCursor, turn, from), from
	case q.fault == RepeatedCursor:
		next = sentCursor(q, from)
	case to < len(items):
		next = fmt.Sprintf(notionCursor, turn, to)
	}
	more := next != nil
	if q.fault == NoCursor {
		next, more = nil, true
	}
	return ok(object{
		"object": "list", "results": append([]object{}, items[from:to]...), "next_cursor": next, "has_more": more,
		"type": kind, kind: object{},
	})
}

// sentCursor is the cursor that was sent, or one of the first page.
func sentCursor(q *request, from int) string {
	var in struct {
		Cursor string `json:"start_cursor"`
	}
	if q.Method == http.MethodGet {
		in.Cursor = q.URL.Query().Get("start_cursor")
	} else {
		_ = q.decode(&in) // it was read before
	}
	if in.Cursor == "" {
		return fmt.Sprintf(notionCursor, 0, from)
	}
	return in.Cursor
}
