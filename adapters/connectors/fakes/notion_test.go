package fakes_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
)

type obj = map[string]any

func paragraph(s string) obj {
	return obj{"type": "paragraph", "paragraph": obj{"rich_text": []any{obj{"text": obj{"content": s}}}}}
}

func TestNotion_PagesThroughBlocks(t *testing.T) {
	t.Parallel()
	n := fakes.NewNotion(fakes.Config{})
	var blocks []fakes.NotionBlock
	for i := range 130 {
		blocks = append(blocks, fakes.NotionParagraph(fmt.Sprint(i)))
	}
	page := n.AddPage(fakes.NotionPage{Title: "Long", Blocks: blocks})
	c := serve(t, n, notionToken)
	first := c.do("GET", "/v1/blocks/"+page+"/children", nil)
	if len(first.list(t, "results")) != 100 || first.body["has_more"] != true {
		t.Fatalf("the first page has %d blocks, more: %v", len(first.list(t, "results")), first.body["has_more"])
	}
	next := fmt.Sprint(first.body["next_cursor"])
	second := c.do("GET", "/v1/blocks/"+page+"/children?start_cursor="+next, nil)
	if len(second.list(t, "results")) != 30 || second.body["has_more"] != false || second.body["next_cursor"] != nil {
		t.Errorf("the second page has %d blocks, more: %v", len(second.list(t, "results")), second.body["has_more"])
	}
	for _, query := range []string{"page_size=101", "page_size=0", "start_cursor=made-up"} {
		if r := c.do("GET", "/v1/blocks/"+page+"/children?"+query, nil); r.status != 400 || r.body["code"] != "validation_error" {
			t.Errorf("%s: %d %s", query, r.status, r.raw)
		}
	}
}

func TestNotion_ListFaults(t *testing.T) {
	t.Parallel()
	n := fakes.NewNotion(fakes.Config{PageSize: 2})
	page := n.AddPage(fakes.NotionPage{Title: "P", Blocks: []fakes.NotionBlock{fakes.NotionParagraph("a"), fakes.NotionParagraph("b"), fakes.NotionParagraph("c")}})
	c := serve(t, n, notionToken)
	path := "/v1/blocks/" + page + "/children"
	on := "GET /v1/blocks/*/children"
	n.Fail(fakes.Rule{On: on, Fault: fakes.EmptyPage})
	empty := c.do("GET", path, nil)
	cursor := fmt.Sprint(empty.body["next_cursor"])
	if len(empty.list(t, "results")) != 0 || empty.body["has_more"] != true {
		t.Errorf("empty page: %s", empty.raw)
	}
	if r := c.do("GET", path+"?start_cursor="+cursor, nil); len(r.list(t, "results")) != 2 {
		t.Errorf("after an empty page: %s", r.raw)
	}
	n.Fail(fakes.Rule{On: on, Fault: fakes.RepeatedCursor}, fakes.Rule{On: on, Fault: fakes.NoCursor})
	if r := c.do("GET", path+"?start_cursor="+cursor, nil); r.body["next_cursor"] != cursor {
		t.Errorf("repeated cursor: %v, want %s", r.body["next_cursor"], cursor)
	}
	if r := c.do("GET", path, nil); r.body["has_more"] != true || r.body["next_cursor"] != nil {
		t.Errorf("no cursor: %s", r.raw)
	}
}

func TestNotion_HoldsItsLimits(t *testing.T) {
	t.Parallel()
	n := fakes.NewNotion(fakes.Config{})
	page := n.AddPage(fakes.NotionPage{Title: "Home"})
	c := serve(t, n, notionToken)
	item := func(s string, below ...any) obj {
		return obj{"type": "bulleted_list_item", "bulleted_list_item": obj{"rich_text": []any{obj{"text": obj{"content": s}}}, "children": below}}
	}
	many := func(n int) []any {
		var list []any
		for i := range n {
			list = append(list, paragraph(fmt.Sprint(i)))
		}
		return list
	}
	wide := []any{}
	for range 100 {
		wide = append(wide, item("x", many(10)...))
	}
	for name, tc := range map[string]struct {
		children []any
		want     string // "": taken
	}{
		"100 blocks":           {many(100), ""},
		"101 blocks":           {many(101), "children.length should be ≤ `100`, instead was `101`"},
		"2000 characters":      {[]any{paragraph(strings.Repeat("x", 2000))}, ""},
		"2001 characters":      {[]any{paragraph(strings.Repeat("x", 2001))}, "text.content.length should be ≤ `2000`, instead was `2001`"},
		"1001 pairs in UTF-16": {[]any{paragraph(strings.Repeat("😀", 1001))}, "instead was `2002`"},
		"two levels below":     {[]any{item("1", item("2", item("3")))}, ""},
		"three levels below":   {[]any{item("1", item("2", item("3", item("4"))))}, "children should be not present"},
		"1100 blocks":          {wide, "≤ `1000` blocks"},
		"a bad link":           {[]any{obj{"type": "paragraph", "paragraph": obj{"rich_text": []any{obj{"text": obj{"content": "x", "link": obj{"url": "docs/x"}}}}}}}, "Invalid URL for link."},
		"an unknown language":  {[]any{obj{"type": "code", "code": obj{"rich_text": []any{}, "language": "golang"}}}, "language should be"},
		"an unknown block":     {[]any{obj{"type": "blink", "blink": obj{}}}, "should be defined"},
		"a ragged table": {[]any{obj{"type": "table", "table": obj{"table_width": 2, "children": []any{
			obj{"type": "table_row", "table_row": obj{"cells": []any{[]any{}}}},
		}}}}, "Number of cells"},
	} {
		r := c.do("PATCH", "/v1/blocks/"+page+"/children", obj{"children": tc.children})
		message := fmt.Sprint(r.body["message"])
		if taken := r.status == http.StatusOK; taken != (tc.want == "") || !taken && !strings.Contains(message, tc.want) {
			t.Errorf("%s: %d %s, want %q", name, r.status, message, tc.want)
		}
	}
}

func TestNotion_RefusesWithoutTokenOrVersion(t *testing.T) {
	t.Parallel()
	n := fakes.NewNotion(fakes.Config{})
	page := n.AddPage(fakes.NotionPage{Title: "Home"})
	_, sources := n.AddDatabase(page, "Tasks", "Open", "Done")
	if r := serve(t, n, bearer(fakes.NotionToken)).do("GET", "/v1/users/me", nil); r.body["code"] != "missing_version" {
		t.Errorf("without a version: %s", r.raw)
	}
	if r := serve(t, n, func(r *http.Request) { r.Header.Set("Notion-Version", "2025-09-03") }).do("GET", "/v1/users/me", nil); r.status != 401 {
		t.Errorf("without a token: %s", r.raw)
	}
	old := serve(t, n, func(r *http.Request) { notionToken(r); r.Header.Set("Notion-Version", "2022-06-28") })
	if r := old.do("POST", "/v1/data_sources/"+sources[0]+"/query", obj{}); r.body["code"] != "invalid_request_url" {
		t.Errorf("a data source with an old version: %s", r.raw)
	}
	c := serve(t, n, notionToken)
	if r := c.do("GET", "/v1/nothing", nil); r.status != 400 || r.body["code"] != "invalid_request_url" {
		t.Errorf("an unknown path: %s", r.raw)
	}
	n.Revoke()
	if r := c.do("GET", "/v1/users/me", nil); r.status != 401 {
		t.Errorf("with a revoked token: %s", r.raw)
	}
}

func TestNotion_TellsTrashFromUnshared(t *testing.T) {
	t.Parallel()
	n := fakes.NewNotion(fakes.Config{})
	home := n.AddPage(fakes.NotionPage{Title: "Home"})
	page := n.AddPage(fakes.NotionPage{Title: "Old", Parent: home, Blocks: []fakes.NotionBlock{fakes.NotionParagraph("x")}})
	c := serve(t, n, notionToken)
	n.Trash(page)
	if r := c.do("GET", "/v1/pages/"+page, nil); r.status != 200 || r.body["in_trash"] != true || r.body["archived"] != true {
		t.Errorf("in the trash: %s", r.raw)
	}
	if r := c.do("PATCH", "/v1/blocks/"+page+"/children", obj{"children": []any{paragraph("y")}}); r.status != 400 {
		t.Errorf("writing to the trash: %s", r.raw)
	}
	if got := len(c.do("POST", "/v1/search", obj{}).list(t, "results")); got != 1 {
		t.Errorf("search finds %d pages, want 1", got)
	}
	n.Restore(page)
	n.Unshare(home)
	for _, path := range []string{"/v1/pages/" + home, "/v1/pages/" + page, "/v1/blocks/" + page + "/children"} {
		if r := c.do("GET", path, nil); r.status != 404 || r.body["code"] != "object_not_found" {
			t.Errorf("%s, unshared: %s", path, r.raw)
		}
	}
}

func TestNotion_SearchLagsAndQueriesEnd(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 20, 10, 0, 42, 0, time.UTC)
	n := fakes.NewNotion(fakes.Config{Now: func() time.Time { return now }})
	n.Lag(5 * time.Minute)
	n.CapQueries(3)
	_, sources := n.AddDatabase("", "Tasks", "Tasks")
	for i := range 5 {
		n.AddPage(fakes.NotionPage{Title: fmt.Sprint("Row ", i), Parent: sources[0]})
		now = now.Add(time.Minute)
	}
	c := serve(t, n, notionToken)
	if got := len(c.do("POST", "/v1/search", obj{"filter": obj{"property": "object", "value": "page"}}).list(t, "results")); got != 1 {
		t.Errorf("search finds %d rows, want the one that is old enough", got)
	}
	all := c.do("POST", "/v1/data_sources/"+sources[0]+"/query", obj{})
	status, _ := all.body["request_status"].(obj)
	if len(all.list(t, "results")) != 3 || status["incomplete_reason"] != "query_result_limit_reached" {
		t.Errorf("a query that is cut: %s", all.raw)
	}
	since := c.do("POST", "/v1/data_sources/"+sources[0]+"/query", obj{
		"filter": obj{"timestamp": "last_edited_time", "last_edited_time": obj{"on_or_after": "2026-06-20T10:03:00.000Z"}},
	})
	if got := len(since.list(t, "results")); got != 2 {
		t.Errorf("%d rows since the minute of the fourth, want 2", got)
	}
}

func TestNotion_OAuthRotates(t *testing.T) {
	t.Parallel()
	n := fakes.NewNotion(fakes.Config{})
	c := serve(t, n, basic("client-id", "client-secret"))
	back := "https://docs.example.com/back"
	agree := c.do("GET", "/v1/oauth/authorize?client_id=client-id&response_type=code&state=s1&redirect_uri="+url.QueryEscape(back), nil)
	to, err := url.Parse(agree.header.Get("Location"))
	if err != nil || to.Query().Get("state") != "s1" {
		t.Fatalf("sent back to %q", agree.header.Get("Location"))
	}
	code := obj{"grant_type": "authorization_code", "code": to.Query().Get("code"), "redirect_uri": back}
	first := c.do("POST", "/v1/oauth/token", code)
	if first.status != 200 || c.do("POST", "/v1/oauth/token", code).status != 400 {
		t.Fatalf("a code is good once: %s", first.raw)
	}
	renew := obj{"grant_type": "refresh_token", "refresh_token": first.body["refresh_token"]}
	second := c.do("POST", "/v1/oauth/token", renew)
	again := c.do("POST", "/v1/oauth/token", renew)
	if second.status != 200 || again.status != 400 || again.body["error"] != "invalid_grant" {
		t.Errorf("a refresh token is good once: %d, then %s", second.status, again.raw)
	}
	denied := c.do("GET", "/v1/oauth/authorize?client_id=client-id&response_type=code&state=deny1&redirect_uri="+url.QueryEscape(back), nil)
	if !strings.Contains(denied.header.Get("Location"), "error=access_denied") {
		t.Errorf("a refusal sends back to %q", denied.header.Get("Location"))
	}
}
