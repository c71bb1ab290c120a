package fakes_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

// described returns the vendor's own description of a type, or skips the test.
func described(t *testing.T, pointer string, parts ...string) *jsonschema.Schema {
	t.Helper()
	dir := doctreetest.Shared(parts[:len(parts)-1]...)
	if dir == "" {
		t.Skip("the vendors' descriptions are not beside the repository")
	}
	raw, err := os.ReadFile(filepath.Join(dir, parts[len(parts)-1]))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	if err := c.AddResource("vendor.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("vendor.json#" + pointer)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// present is an answer without what is null in it: Atlassian sends null for what its
// description has as absent.
func present(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, field := range v {
			if field == nil {
				delete(v, name)
				continue
			}
			v[name] = present(field)
		}
	case []any:
		for i := range v {
			v[i] = present(v[i])
		}
	}
	return v
}

func wantValid(t *testing.T, what string, s *jsonschema.Schema, raw []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err == nil {
		err = s.Validate(present(v))
	}
	if err != nil {
		t.Errorf("%s: %v in\n%s", what, err, raw)
	}
}

// TestConfluence_AnswersAsAtlassianDescribes validates the second version's answers.
func TestConfluence_AnswersAsAtlassianDescribes(t *testing.T) {
	t.Parallel()
	f, c := newConfluence(t, fakes.Config{PageSize: 2})
	id := f.AddPage(fakes.ConfluencePage{Space: "OPS", Title: "With files", Storage: "<p>x</p>", Files: []string{"plan.pdf"}})
	f.Edit(id, "<p>y</p>")
	space := fmt.Sprint(c.do("GET", "/wiki/api/v2/spaces", nil).list(t, "results")[0].(obj)["id"])
	answer := func(path, of string) string {
		p := "/paths/" + jsonPointer(path) + "/get/responses/200/content/application~1json/schema"
		return p + of
	}
	for path, schema := range map[string]string{
		"/pages/" + id + "?body-format=storage":           answer("/pages/{id}", ""),
		"/pages/" + id + "?body-format=atlas_doc_format":  answer("/pages/{id}", ""),
		"/pages?body-format=storage&sort=-modified-date":  answer("/pages", ""),
		"/pages?status=trashed&status=deleted":            answer("/pages", ""),
		"/spaces":                                         answer("/spaces", ""),
		"/spaces/" + space:                                answer("/spaces/{id}", ""),
		"/spaces/" + space + "/pages?body-format=storage": answer("/spaces/{id}/pages", ""),
		"/pages/" + id + "/children":                      answer("/pages/{id}/children", ""),
		"/pages/" + id + "/versions":                      answer("/pages/{id}/versions", ""),
		"/pages/" + id + "/attachments":                   answer("/pages/{id}/attachments", ""),
	} {
		r := c.do("GET", "/wiki/api/v2"+path, nil)
		if r.status != 200 {
			t.Errorf("%s: %d", path, r.status)
		}
		wantValid(t, path, described(t, schema, "confluence", "spec", "openapi-v2-subset.json"), r.raw)
	}
	page := described(t, "/components/schemas/PageSingle", "confluence", "spec", "openapi-v2-subset.json")
	body := obj{"representation": "storage", "value": "<p>y</p>"}
	made := c.do("POST", "/wiki/api/v2/pages", obj{"spaceId": space, "status": "current", "title": "New", "body": body})
	wantValid(t, "a new page", page, made.raw)
	put := obj{"id": made.body["id"], "status": "current", "title": "New", "body": body, "version": obj{"number": 2}}
	wantValid(t, "a changed page", page, c.do("PUT", "/wiki/api/v2/pages/"+fmt.Sprint(made.body["id"]), put).raw)
}

// jsonPointer escapes a path to stand in one (RFC 6901), in a URL.
func jsonPointer(path string) string {
	var out []byte
	for _, b := range []byte(path) {
		switch b {
		case '~':
			out = append(out, "~0"...)
		case '/':
			out = append(out, "~1"...)
		default:
			out = append(out, b)
		}
	}
	return url.PathEscape(string(out))
}

// TestGuru_AnswersAsGuruDescribes validates cards and whose token it is.
func TestGuru_AnswersAsGuruDescribes(t *testing.T) {
	t.Parallel()
	g, c := newGuru(t, fakes.Config{})
	card := described(t, "/definitions/Card", "guru", "spec", "card.schema.json")
	whoami := described(t, "/definitions/WhoAmI", "guru", "spec", "card.schema.json")
	wantValid(t, "whoami", whoami, c.do("GET", "/api/v1/whoami", nil).raw)
	id := g.Cards()[0]
	wantValid(t, "a card", card, c.do("GET", "/api/v1/cards/"+id+"/extended", nil).raw)
	g.Archive(id)
	wantValid(t, "an archived card", card, c.do("GET", "/api/v1/cards/"+id, nil).raw)
	listed, err := jsonschema.UnmarshalJSON(bytes.NewReader(c.do("GET", "/api/v1/search/query", nil).raw))
	if err != nil {
		t.Fatal(err)
	}
	cards, _ := listed.([]any)
	if len(cards) == 0 {
		t.Error("nothing is listed")
	}
	for _, v := range cards {
		if err := card.Validate(present(v)); err != nil {
			t.Error(err)
		}
	}
	wantValid(t, "a new card", card, c.do("POST", "/api/v1/cards/extended", obj{"preferredPhrase": "New", "content": "<p>x</p>", "shareStatus": "TEAM"}).raw)
}
