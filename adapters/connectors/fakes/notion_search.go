package fakes

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// notionQuery is what search and the query of a data source are asked with.
type notionQuery struct {
	Query   string
	Filter  object
	Sort    notionSort
	Sorts   []notionSort
	InTrash bool `json:"in_trash"`
}

type notionSort struct{ Timestamp, Direction string }

// search answers pages and data sources that have a word of the query in their
// title. It finds neither what is new, for a while, nor what is unlisted.
func (n *Notion) search(q *request) answer {
	var in notionQuery
	if err := q.decode(&in); err != nil {
		return notionInvalid("body failed validation: %v", err)
	}
	want, _ := in.Filter["value"].(string)
	if want == "database" && q.Header.Get("Notion-Version") >= "2025-09-03" {
		return notionInvalid("body failed validation: body.filter.value should be `\"page\"` or `\"data_source\"`, instead was `\"database\"`.")
	}
	inTrash := in.InTrash || in.Filter["in_trash"] == true
	found := []object{}
	for _, id := range n.order {
		o := n.objects[id]
		if want != "" && o["object"] != want || (o["in_trash"] == true) != inTrash || n.unlisted[id] || n.isLost(id) || n.isNew(o) {
			continue
		}
		if !strings.Contains(strings.ToLower(titleOf(o)), strings.ToLower(in.Query)) {
			continue
		}
		found = append(found, o)
	}
	sortNotion(found, cmp.Or(in.Sort, notionSort{"last_edited_time", "descending"}))
	for i, o := range found {
		if id, _ := o["id"].(string); n.partial[id] {
			found[i] = object{"object": o["object"], "id": id}
		}
	}
	return n.list(q, found, "page_or_data_source")
}

// isNew reports whether the index does not have an object yet.
func (n *Notion) isNew(o object) bool {
	made, _ := o["created_time"].(string)
	at, err := time.Parse(time.RFC3339, made)
	return n.lag > 0 && err == nil && n.cfg.Now().Sub(at) < n.lag
}

func sortNotion(list []object, by notionSort) {
	slices.SortStableFunc(list, func(a, b object) int {
		x, _ := a[by.Timestamp].(string)
		y, _ := b[by.Timestamp].(string)
		if by.Direction == "descending" {
			return strings.Compare(y, x)
		}
		return strings.Compare(x, y)
	})
}

func (n *Notion) getDatabase(q *request) answer {
	o, found := n.visible(q.PathValue("id"), "database")
	if !found {
		return n.missing("database", dashed(q.PathValue("id")))
	}
	return ok(o)
}

func (n *Notion) getDataSource(q *request) answer {
	o, found := n.visible(q.PathValue("id"), "data_source")
	if !found {
		return n.missing("data_source", dashed(q.PathValue("id")))
	}
	return ok(o)
}

// queryDatabase is the address of before data sources.
func (n *Notion) queryDatabase(q *request) answer {
	o, found := n.visible(q.PathValue("id"), "database")
	if !found {
		return n.missing("database", dashed(q.PathValue("id")))
	}
	if q.Header.Get("Notion-Version") >= "2025-09-03" {
		return n.unknown(q)
	}
	sources, _ := o["data_sources"].([]any)
	if len(sources) != 1 {
		return notionInvalid("Databases with multiple data sources are not supported in this API version.")
	}
	source, _ := sources[0].(object)["id"].(string)
	return n.query(q, source)
}

func (n *Notion) queryDataSource(q *request) answer {
	o, found := n.visible(q.PathValue("id"), "data_source")
	if !found {
		return n.missing("data_source", dashed(q.PathValue("id")))
	}
	id, _ := o["id"].(string)
	return n.query(q, id)
}

func (n *Notion) query(q *request, source string) answer {
	var in notionQuery
	if err := q.decode(&in); err != nil {
		return notionInvalid("body failed validation: %v", err)
	}
	found := []object{}
	for _, id := range n.rows[source] {
		o := n.objects[id]
		if (o["in_trash"] == true) == in.InTrash && !n.isLost(id) && matches(o, in.Filter) {
			found = append(found, cutRelations(o))
		}
	}
	for _, by := range in.Sorts {
		sortNotion(found, by)
	}
	capped := len(found) > n.queryCap
	if capped {
		found = found[:n.queryCap]
	}
	a := n.list(q, found, "page_or_data_source")
	if body, isObject := a.body.(object); capped && isObject && body["has_more"] == false {
		body["request_status"] = object{"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
	}
	return a
}

// matches applies a filter of timestamps; others are not known here and fit.
func matches(o, filter object) bool {
	if all, found := filter["and"].([]any); found {
		return !slices.ContainsFunc(all, func(f any) bool {
			one, _ := f.(object)
			return !matches(o, one)
		})
	}
	kind, _ := filter["timestamp"].(string)
	bounds, _ := filter[kind].(object)
	at, _ := o[kind].(string)
	for op, v := range bounds {
		limit, _ := v.(string)
		t, err := time.Parse(time.RFC3339, limit)
		if err != nil {
			continue
		}
		bound := t.UTC().Format("2006-01-02T15:04:05.000Z")
		c := strings.Compare(at, bound)
		if op == "on_or_after" && c < 0 || op == "after" && c <= 0 || op == "before" && c >= 0 || op == "on_or_before" && c > 0 {
			return false
		}
	}
	return true
}
