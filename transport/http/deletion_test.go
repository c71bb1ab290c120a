package httpapi

import (
	"fmt"
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestOrganization_DeletionLeavesNothingToUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, other := w.admin("Acme"), w.admin("Other")
	bob := a.add("Bob", "member")
	doc := a.document("Minutes", article)
	key := &person{w: w, token: a.do("POST", "/v1/api-keys", `{"name":"k"}`).want(201).str("key")}
	ticket := bob.do("POST", "/v1/ws/tickets", "").want(201).str("ticket")
	invited := a.do("POST", "/v1/users", `{"email":"eve@example.org","name":"Eve"}`).want(201).str("invitation.token")
	name := a.do("GET", "/v1/organization", "").want(200).str("name")

	a.do("DELETE", "/v1/organization", `{"confirm":"acme?"}`).fails(422, core.CodeValidation, "confirm", "mismatch")
	a.do("DELETE", "/v1/organization", `{}`).fails(422, core.CodeValidation, "confirm", "required")
	bob.do("DELETE", "/v1/organization", fmt.Sprintf(`{"confirm":%q}`, name)).fails(403, core.CodeAuthorization, "", "")
	if !a.tokenWorks() {
		t.Fatal("a refused deletion has ended a session")
	}
	a.do("DELETE", "/v1/organization", fmt.Sprintf(`{"confirm":%q}`, name)).want(202)

	for who, p := range map[string]*person{"the admin": a, "a member": bob, "a key": key} {
		if p.tokenWorks() {
			t.Errorf("%s can still use the organization", who)
		}
	}
	if a.refreshWorks() {
		t.Error("a session can be refreshed")
	}
	nobody := &person{w: w}
	nobody.do("POST", "/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, a.email, goodPassword)).fails(401, core.CodeAuthentication, "", "")
	nobody.do("POST", "/v1/auth/invitations/accept", fmt.Sprintf(`{"token":%q,"password":%q}`, invited, goodPassword)).fails(401, core.CodeAuthentication, "", "")
	nobody.do("GET", "/v1/events?ticket="+ticket, "").fails(401, core.CodeAuthentication, "", "")

	if err := w.app.Work.Tidy(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	tenant := core.TrustTenant(core.OrgID(a.org))
	if _, err := w.store.Tenant(tenant).Read().Organizations.Get(t.Context()); core.CodeOf(err) != core.CodeNotFound {
		t.Errorf("the organization afterwards: got %v, want it gone", err)
	}
	if _, err := w.store.Tenant(tenant).Read().Documents.Get(t.Context(), core.DocumentID(doc)); core.CodeOf(err) != core.CodeNotFound {
		t.Errorf("its document afterwards: got %v, want it gone", err)
	}
	if !other.tokenWorks() {
		t.Error("another organization cannot be used any more")
	}
}
