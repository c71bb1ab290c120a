package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestTemplates_Life(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	made := a.do("POST", "/v1/templates", `{"name":"Mine","prompt_template":"Sum up {{title}}."}`).want(201)
	path := "/v1/templates/" + made.str("id")
	if made.header.Get("Location") != path || made.header.Get("ETag") != `"v1"` || made.str("template_type") != "summary" ||
		made.str("format") != "markdown" || made.str("org_id") != a.org || made.at("is_default") != false || made.at("json_schema") != nil {
		t.Errorf("template %v %s", made.header, made.body)
	}
	a.do("POST", "/v1/templates", `{"name":"Nulls","prompt_template":"Again.","description":null,"json_schema":null}`).want(201)
	a.do("POST", "/v1/templates", `{"name":"Mine","prompt_template":"Again."}`).fails(409, core.CodeConflict, "", "")
	a.do("GET", path, "", "If-None-Match", `"v1"`).want(304)
	changed := a.do("PATCH", path, `{"description":"What it is for","json_schema":{"type":"object"}}`, "If-Match", `"v1"`).want(200)
	if changed.at("version") != 2.0 || changed.header.Get("ETag") != `"v2"` || changed.str("json_schema.type") != "object" {
		t.Errorf("changed %s", changed.body)
	}
	a.do("PATCH", path, `{"name":"Other"}`, "If-Match", `"v1"`).fails(412, core.CodePreconditionFailed, "", "")
	cleared := a.do("PATCH", path, `{"description":null,"json_schema":null}`).want(200)
	if cleared.str("description") != "" || cleared.at("json_schema") != nil || cleared.at("version") != 3.0 {
		t.Errorf("cleared %s", cleared.body)
	}
	for _, field := range []string{"name", "prompt_template", "format", "focus"} {
		a.do("PATCH", path, `{"`+field+`":null}`).fails(422, core.CodeValidation, field, "required")
	}
	chosen := a.do("POST", path+"/default", "").want(200)
	if chosen.at("is_default") != true || chosen.header.Get("ETag") == cleared.header.Get("ETag") {
		t.Errorf("chosen %s %s", chosen.header.Get("ETag"), chosen.body)
	}
	a.member().do("POST", path+"/default", "").fails(403, core.CodeAuthorization, "", "")
	a.do("DELETE", path, "", "If-Match", chosen.header.Get("ETag")).want(204)
	a.do("GET", path, "").fails(404, core.CodeNotFound, "", "")
}

func TestTemplates_GlobalOnesAreReadOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	path := "/v1/templates/" + string(core.DefaultTemplateID)
	got := a.do("GET", path, "").want(200)
	if got.at("org_id") != nil || got.at("is_default") != true || got.at("created_by") != nil || !strings.Contains(string(got.body), `"org_id":null`) {
		t.Errorf("default %s", got.body)
	}
	a.do("PATCH", path, `{"name":"Mine"}`).fails(403, core.CodeAuthorization, "", "")
	a.do("DELETE", path, "").fails(403, core.CodeAuthorization, "", "")
	if list, _ := a.do("GET", "/v1/templates", "").want(200).at("items").([]any); len(list) < 5 {
		t.Errorf("%d templates at first, want the five of the product", len(list))
	}
}

func TestTemplates_Preview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	id := a.document("About {{content}}", "The text.")
	got := a.do("POST", "/v1/templates/preview", fmt.Sprintf(`{"prompt_template":"{{title}}: {{ content }}","document_id":%q}`, id)).want(200)
	if got.str("prompt") != "About {{content}}: The text." {
		t.Errorf("prompt %s, want the title's braces kept as they are", got.body)
	}
	if n, ok := got.at("tokens").(float64); !ok || n < 1 {
		t.Errorf("tokens %v", got.at("tokens"))
	}
	for _, prompt := range []string{"{{unknown}}", "{{title", "title}}"} {
		a.do("POST", "/v1/templates/preview", fmt.Sprintf(`{"prompt_template":%q,"document_id":%q}`, prompt, id)).fails(422, core.CodeValidation, "prompt_template", "template")
	}
}
