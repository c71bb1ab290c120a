package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/go-json-experiment/json"
)

func TestDocuments_Life(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	made := a.do("POST", "/v1/documents", `{"title":"Zürich","content":"# Größe\n\nText.","source_url":"https://example.org/x"}`).want(201)
	id := made.str("id")
	if made.header.Get("Location") != "/v1/documents/"+id || made.header.Get("ETag") != `"r1"` {
		t.Errorf("headers %v", made.header)
	}
	if made.str("content") != "# Größe\n\nText." || made.str("source_type") != "upload" || made.at("version") != 1.0 || made.str("user_id") != a.user {
		t.Errorf("document %s", made.body)
	}
	for _, field := range []string{"external_id", "external_last_updated", "integration_id", "error_message"} {
		if !strings.Contains(string(made.body), `"`+field+`":null`) {
			t.Errorf("%s is not null: %s", field, made.body)
		}
	}
	if !strings.Contains(string(made.body), `"conversion_warnings":[]`) {
		t.Errorf("conversion_warnings is no empty list: %s", made.body)
	}
	one := a.do("GET", "/v1/documents/"+id, "").want(200)
	if string(one.body) != string(made.body) {
		t.Errorf("get %s, want what create answered: %s", one.body, made.body)
	}
	text := a.do("GET", "/v1/documents/"+id+"/content", "").want(200)
	if string(text.body) != "# Größe\n\nText." || text.header.Get("Content-Type") != "text/markdown; charset=utf-8" {
		t.Errorf("content %q as %s", text.body, text.header.Get("Content-Type"))
	}
	a.do("GET", "/v1/documents/"+id+"/content", "", "If-None-Match", text.header.Get("ETag")).want(304)
	listed := a.do("GET", "/v1/documents", "").want(200)
	if strings.Contains(string(listed.body), `"content"`) || listed.str("items.0.id") != id || strings.Contains(string(listed.body), "next_cursor") {
		t.Errorf("list %s", listed.body)
	}
	if got := a.do("DELETE", "/v1/documents/"+id, "").want(204); len(got.body) != 0 {
		t.Errorf("delete answers %s", got.body)
	}
	a.do("GET", "/v1/documents/"+id, "").fails(404, core.CodeNotFound, "", "")
	a.do("DELETE", "/v1/documents/"+id, "").fails(404, core.CodeNotFound, "", "")
}

func TestDocuments_Patch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	path := "/v1/documents/" + a.document("One", "Text.")
	before := a.do("GET", path, "").want(200)
	same := a.do("PATCH", path, `{"title":"One"}`).want(200)
	if string(same.body) != string(before.body) || same.header.Get("ETag") != `"r1"` {
		t.Errorf("a patch that changes nothing answers %s", same.body)
	}
	if got := a.do("PATCH", path, `{}`).want(200); string(got.body) != string(before.body) {
		t.Errorf("an empty patch answers %s", got.body)
	}
	titled := a.do("PATCH", path, `{"title":"Two"}`).want(200)
	if titled.str("title") != "Two" || titled.str("content") != "Text." || titled.at("version") != 1.0 || titled.header.Get("ETag") != `"r2"` {
		t.Errorf("new title: %s %s", titled.header.Get("ETag"), titled.body)
	}
	edited := a.do("PATCH", path, `{"content":"Other."}`).want(200)
	if edited.at("version") != 2.0 || edited.str("title") != "Two" || edited.header.Get("ETag") != `"r3"` {
		t.Errorf("new content: %s", edited.body)
	}
	a.do("PATCH", path, `{"title":null}`).fails(422, core.CodeValidation, "title", "required")
	a.do("PATCH", path, `{"content":null}`).fails(422, core.CodeValidation, "content", "required")
	a.do("PATCH", path, `{"title":"  "}`).fails(422, core.CodeValidation, "title", "required")
	a.do("PATCH", path, `{"title":7}`).fails(422, core.CodeValidation, "title", "type")
	a.member().do("PATCH", path, `{"title":"Mine"}`).fails(403, core.CodeAuthorization, "", "")
	a.member().do("DELETE", path, "").fails(403, core.CodeAuthorization, "", "")
}

func TestDocuments_Preconditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	path := "/v1/documents/" + a.document("One", "Text.")
	for header, status := range map[string]int{`"r1"`: 304, `W/"r1"`: 304, "*": 304, `"r2", "r1"`: 304, `"r2"`: 200, `r1`: 200} {
		if got := a.do("GET", path, "", "If-None-Match", header); got.status != status || got.header.Get("ETag") != `"r1"` || (status == 304) != (len(got.body) == 0) {
			t.Errorf("If-None-Match %s: %d with %d bytes, want %d", header, got.status, len(got.body), status)
		}
	}
	for _, header := range []string{`"r2"`, `W/"r1"`, `"1"`, `garbage`} {
		a.do("PATCH", path, `{"title":"Two"}`, "If-Match", header).fails(412, core.CodePreconditionFailed, "", "")
		a.do("DELETE", path, "", "If-Match", header).fails(412, core.CodePreconditionFailed, "", "")
	}
	a.do("PATCH", path, `{"title":"Two"}`, "If-Match", `"r9", "r1"`).want(200)
	a.do("PATCH", path, `{"title":"Three"}`, "If-Match", `"r1"`).fails(412, core.CodePreconditionFailed, "", "")
	a.do("PATCH", path, `{"title":"Three"}`, "If-Match", "*").want(200)
	a.do("DELETE", path, "", "If-Match", `"r3"`).want(204)
	a.do("DELETE", path, "", "If-Match", "*").fails(404, core.CodeNotFound, "", "")
}

func TestDocuments_PagesNeitherRepeatNorHide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	want := map[string]bool{}
	for i := range 7 {
		want[a.document(fmt.Sprintf("Document %d", i), "Text.")] = true
	}
	cursor, pages, last := "", 0, "z"
	for {
		got := a.do("GET", "/v1/documents?limit=3&cursor="+cursor, "").want(200)
		if pages == 0 {
			a.document("Newer", "Text.") // before the place where the paging is
		}
		pages++
		for i := range 3 {
			id, ok := got.at(fmt.Sprintf("items.%d.id", i)).(string)
			if !ok {
				break
			}
			if !want[id] || id >= last {
				t.Errorf("%s is repeated, or out of order", id)
			}
			last = id
			delete(want, id)
		}
		next, ok := got.at("next_cursor").(string)
		if !ok {
			break
		}
		cursor = next
	}
	if pages != 3 || len(want) != 0 {
		t.Errorf("%d pages, %d documents never seen; want 3 and 0", pages, len(want))
	}
}

func TestDocuments_SearchAndFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, other := w.admin("Acme"), w.admin("Other")
	inText := a.document("Report", "About the red kangaroo.")
	inTitle := a.document("Red kangaroo", "A text.")
	other.document("Red kangaroo", "Theirs.")
	if n, err := w.app.Work.Index(t.Context(), 100); err != nil || n != 3 {
		t.Fatalf("%d indexed: %v", n, err)
	}
	got := a.do("GET", "/v1/documents?q=Red+Kangaroo", "").want(200)
	if got.str("items.0.id") != inTitle || got.str("items.1.id") != inText || got.at("items.2") != nil {
		t.Errorf("search %s", got.body)
	}
	for query, n := range map[string]int{
		"q=zebra": 0, "q=%21%21": 0, "source_type=upload": 2, "source_type=notion": 0, "status=active": 2, "status=error": 0,
		"integration_id=" + inText: 0, "limit=1": 1, "limit=200": 2, "q=red&limit=1": 1,
	} {
		list, ok := a.do("GET", "/v1/documents?"+query, "").want(200).at("items").([]any)
		if !ok || len(list) != n {
			t.Errorf("%s: %d items, a list: %t; want %d", query, len(list), ok, n)
		}
	}
}

func TestDocuments_DuplicateExternalID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	a.do("POST", "/v1/documents", `{"title":"A","content":"B","external_id":"x"}`).want(201)
	a.do("POST", "/v1/documents", `{"title":"A","content":"B","external_id":"x"}`).fails(409, core.CodeConflict, "", "")
	w.admin("Other").do("POST", "/v1/documents", `{"title":"A","content":"B","external_id":"x"}`).want(201)
}

func TestDocuments_LargeBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	content := strings.Repeat("A sentence of forty characters, in full. ", 50_000) // 2 MB, over what other routes take
	body, err := json.Marshal(map[string]string{"title": "Long", "content": content})
	if err != nil {
		t.Fatal(err)
	}
	got := a.do("POST", "/v1/documents", string(body)).want(201)
	if got.at("content_bytes") != float64(len(content)) {
		t.Errorf("content_bytes %v, want %d", got.at("content_bytes"), len(content))
	}
	a.do("POST", "/v1/documents", `{"title":"x","content":"`+strings.Repeat("x", maxDocumentBody)+`"}`).fails(413, core.CodePayloadTooLarge, "", "")
	a.do("POST", "/v1/templates", `{"name":"x","prompt_template":"`+strings.Repeat("x", maxBody)+`"}`).fails(413, core.CodePayloadTooLarge, "", "")
}
