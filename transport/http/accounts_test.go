package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestAccounts_TokenPair(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	visitor := &person{w: w}
	got := visitor.do("POST", "/v1/auth/login", fmt.Sprintf(`{"email":" ACME@example.org","password":%q}`, goodPassword))
	got.fails(401, core.CodeAuthentication, "", "")
	got = visitor.do("POST", "/v1/auth/login", fmt.Sprintf(`{"email":"ACME@Example.org","password":%q}`, goodPassword)).want(200)
	if got.str("token_type") != "Bearer" || got.at("expires_in") != 900.0 || got.str("user.role") != "admin" ||
		got.str("user.email") != a.email || got.str("organization.plan_type") != "free" || got.at("user.is_active") != true {
		t.Errorf("pair %s", got.body)
	}
	if s := string(got.body); strings.Contains(s, "password") || strings.Contains(s, "hash") || strings.Contains(s, "argon2") {
		t.Errorf("the pair tells of the password: %s", s)
	}
	me := (&person{w: w, token: got.str("access_token")}).do("GET", "/v1/me", "").want(200)
	if me.str("user.id") != a.user || me.str("organization.id") != a.org {
		t.Errorf("me %s", me.body)
	}
}

func TestAccounts_WrongPasswordAndUnknownAddressLookAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.admin("Acme")
	visitor := &person{w: w}
	wrong := visitor.do("POST", "/v1/auth/login", `{"email":"acme@example.org","password":"wrong wrong wrong"}`)
	unknown := visitor.do("POST", "/v1/auth/login", `{"email":"nobody@example.org","password":"wrong wrong wrong"}`)
	wrong.fails(401, core.CodeAuthentication, "", "")
	if wrong.anonymous() != unknown.anonymous() {
		t.Errorf("%s differs from %s", wrong.body, unknown.body)
	}
	if got := wrong.header.Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("WWW-Authenticate %q", got)
	}
}

func TestAccounts_SeveralOrganizations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	visitor := &person{w: w}
	body := `{"organization_name":"%s","email":"ada@example.org","password":"` + goodPassword + `","name":"Ada"}`
	one := visitor.do("POST", "/v1/auth/register", fmt.Sprintf(body, "One")).want(201)
	visitor.do("POST", "/v1/auth/register", fmt.Sprintf(body, "Two")).want(201)
	login := `{"email":"ada@example.org","password":"` + goodPassword + `"`
	asked := visitor.do("POST", "/v1/auth/login", login+"}")
	asked.fails(409, core.CodeConflict, "", "")
	if asked.str("error.details.organizations.0.name") != "One" || asked.str("error.details.organizations.1.name") != "Two" {
		t.Errorf("details %s", asked.body)
	}
	chosen := visitor.do("POST", "/v1/auth/login", login+fmt.Sprintf(`,"org_id":%q}`, one.str("organization.id"))).want(200)
	if chosen.str("organization.name") != "One" {
		t.Errorf("signed in to %s", chosen.body)
	}
	guess := visitor.do("POST", "/v1/auth/login", `{"email":"ada@example.org","password":"wrong wrong wrong"}`)
	guess.fails(401, core.CodeAuthentication, "", "")
	if strings.Contains(string(guess.body), "One") {
		t.Errorf("organizations are told without the password: %s", guess.body)
	}
}

func TestAccounts_RefreshTokenIsValidOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	visitor := &person{w: w}
	exchange := func(token string) *reply {
		return visitor.do("POST", "/v1/auth/refresh", fmt.Sprintf(`{"refresh_token":%q}`, token))
	}
	next := exchange(a.refresh).want(200).str("refresh_token")
	exchange(a.refresh).fails(401, core.CodeAuthentication, "", "")
	exchange(next).fails(401, core.CodeAuthentication, "", "") // its family died with the reuse

	again := visitor.do("POST", "/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, a.email, goodPassword)).want(200).str("refresh_token")
	out := fmt.Sprintf(`{"refresh_token":%q}`, again)
	if got := visitor.do("POST", "/v1/auth/logout", out).want(204); len(got.body) != 0 {
		t.Errorf("logout answers %s", got.body)
	}
	exchange(again).fails(401, core.CodeAuthentication, "", "")
	visitor.do("POST", "/v1/auth/logout", out).want(204)
	visitor.do("POST", "/v1/auth/logout", `{"refresh_token":"dr_unknown"}`).want(204)
}
