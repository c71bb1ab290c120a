package httpapi

import (
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestOrganization_Resummarize(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	if got := a.do("GET", "/v1/organization", "").want(200); got.str("resummarize") != "off" || got.at("resummarize_max_usd") != nil {
		t.Errorf("at first: %s", got.body)
	}
	got := a.do("PATCH", "/v1/organization", `{"resummarize":"auto","resummarize_max_usd":2.5}`).want(200)
	if got.str("resummarize") != "auto" || got.at("resummarize_max_usd") != 2.5 {
		t.Errorf("changed: %s", got.body)
	}
	if got := a.do("PATCH", "/v1/organization", `{"resummarize_max_usd":null}`).want(200); got.at("resummarize_max_usd") != nil || got.str("resummarize") != "auto" {
		t.Errorf("without a cap: %s", got.body)
	}
	a.do("PATCH", "/v1/organization", `{"resummarize":"later"}`).want(422)
	a.do("PATCH", "/v1/organization", `{"resummarize":null}`).fails(422, core.CodeValidation, "resummarize", "required")
	a.do("PATCH", "/v1/organization", `{"resummarize_max_usd":-1}`).want(422)
	a.member().do("PATCH", "/v1/organization", `{"resummarize":"off"}`).fails(403, core.CodeAuthorization, "", "")
}
