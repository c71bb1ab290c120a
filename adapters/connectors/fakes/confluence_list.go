package fakes

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const (
	v2Default = 25
	v2Most    = 250
)

// listV2 answers one page of items, with the next one's address in the body and in
// the Link header, both relative to the site's host, at the gateway too.
func (f *Confluence) listV2(q *request, items []object) answer {
	query := q.URL.Query()
	limit, err := strconv.Atoi(query.Get("limit"))
	if query.Get("limit") == "" {
		limit, err = v2Default, nil
	}
	if err != nil || limit < 1 || limit > v2Most {
		return v2Error(http.StatusBadRequest, "INVALID_REQUEST_PARAMETER", "Provided value for 'limit' is invalid")
	}
	from, good := readCursor(query.Get("cursor"))
	if !good {
		return v2Error(http.StatusBadRequest, "INVALID_REQUEST_PARAMETER", "Provided cursor is invalid")
	}
	if f.cfg.PageSize > 0 {
		limit = min(limit, f.cfg.PageSize)
	}
	from = min(from, len(items))
	to := min(from+limit, len(items))
	if q.fault == EmptyPage {
		to = from
	}
	links := object{"base": q.origin() + "/wiki"}
	a := ok(object{"results": append([]object{}, items[from:to]...), "_links": links})
	next, more := f.next(q, from, to, len(items))
	if more {
		if next != "" {
			query.Set("cursor", next)
		} else {
			query.Del("cursor")
		}
		query.Set("limit", strconv.Itoa(limit))
		address := strings.TrimPrefix(q.URL.Path, gatewayPath) + "?" + query.Encode()
		if next == "" {
			address = ""
		}
		links["next"] = address
		a = a.with("Link", "<"+address+`>; rel="next", <`+q.origin()+`/wiki>; rel="base"`)
		return a
	}
	return a.with("Link", "<"+q.origin()+`/wiki>; rel="base"`)
}

// next returns the cursor of the page that follows, spoiled as the fault says.
func (f *Confluence) next(q *request, from, to, all int) (cursor string, more bool) {
	f.ids++
	switch q.fault {
	case NoCursor:
		return "", true
	case RepeatedCursor:
		if sent := q.URL.Query().Get("cursor"); sent != "" {
			return sent, true
		}
		return makeCursor(0, from), true
	case EmptyPage:
		return makeCursor(f.ids, from), true
	}
	return makeCursor(f.ids, to), to < all
}

// makeCursor makes a cursor of a place and a turn, so that cursors of one place differ.
func makeCursor(turn, at int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"id":"%d","turn":%d}`, at, turn))
}

func readCursor(cursor string) (at int, good bool) {
	if cursor == "" {
		return 0, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	var turn int
	_, err = fmt.Sscanf(string(raw), `{"id":"%d","turn":%d}`, &at, &turn)
	return at, err == nil && at >= 0
}

// listV1 answers one page of items as the first version does: in the cloud by
// cursor, start being ignored, in a Data Center by start. Next has no context here.
func (f *Confluence) listV1(q *request, items []object) answer {
	query := q.URL.Query()
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit < 1 {
		limit = v2Default
	}
	limit = min(limit, 100)
	if f.cfg.PageSize > 0 {
		limit = min(limit, f.cfg.PageSize)
	}
	from, good := readCursor(query.Get("cursor"))
	if !good {
		return v1Error(http.StatusBadRequest, "BadRequestException", "Provided cursor is invalid")
	}
	inCloud := !strings.HasPrefix(q.URL.Path, DataCenterPath)
	if !inCloud {
		from, _ = strconv.Atoi(query.Get("start"))
		from = max(0, from)
	}
	from = min(from, len(items))
	to := min(from+limit, len(items))
	if q.fault == EmptyPage {
		to = from
	}
	links := f.linksV1(q)
	start := from
	if inCloud {
		start = 0
	}
	if next, more := f.next(q, from, to, len(items)); more {
		query.Set("limit", strconv.Itoa(limit))
		if q.fault == EmptyPage {
			query.Set("limit", strconv.Itoa(max(1, limit-1))) // so that it is another address than this page's
		}
		if inCloud {
			query.Set("cursor", next)
		} else {
			query.Set("start", startAfter(q, from, to))
		}
		links["next"] = strings.TrimPrefix(q.URL.Path, contextOf(q)) + "?" + query.Encode()
		if q.fault == NoCursor {
			links["next"] = ""
		}
	}
	return ok(object{"results": append([]object{}, items[from:to]...), "start": start, "limit": limit, "size": to - from, "_links": links})
}

// startAfter is where a Data Center says that the next page begins.
func startAfter(q *request, from, to int) string {
	if q.fault == RepeatedCursor {
		return strconv.Itoa(from)
	}
	return strconv.Itoa(to)
}

// contextOf is what comes before /rest in a path.
func contextOf(q *request) string {
	before, _, _ := strings.Cut(q.URL.Path, "/rest/api/")
	return before
}

func (f *Confluence) linksV1(q *request) object {
	context := strings.TrimPrefix(contextOf(q), gatewayPath)
	return object{"base": q.origin() + context, "context": context, "self": q.origin() + context + "/rest/api/content"}
}
