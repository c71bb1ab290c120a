package httpapi

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// add adds a user with a password to p's organization and signs them in.
func (p *person) add(name, role string) *person {
	p.w.t.Helper()
	email := strings.ToLower(name) + "@example.org"
	got := p.do("POST", "/v1/users", fmt.Sprintf(`{"email":%q,"name":%q,"role":%q,"password":%q}`, email, name, role, goodPassword)).want(201)
	if got.at("invitation") != nil {
		p.w.t.Errorf("an invitation beside a password: %s", got.body)
	}
	return p.w.signIn(email, goodPassword, p.org)
}

func (w *world) signIn(email, password, org string) *person {
	w.t.Helper()
	p := &person{w: w, email: email, org: org}
	got := p.do("POST", "/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":%q,"org_id":%q}`, email, password, org)).want(200)
	p.token, p.refresh, p.user = got.str("access_token"), got.str("refresh_token"), got.str("user.id")
	return p
}

func (p *person) tokenWorks() bool {
	p.w.t.Helper()
	return p.do("GET", "/v1/me", "").status == 200
}

func (p *person) refreshWorks() bool {
	p.w.t.Helper()
	return (&person{w: p.w}).do("POST", "/v1/auth/refresh", fmt.Sprintf(`{"refresh_token":%q}`, p.refresh)).status == 200
}

func TestUsers_InvitationSetsAPasswordOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	got := a.do("POST", "/v1/users", `{"email":"Bob@Example.org","name":"Bob"}`).want(201)
	if got.str("role") != "member" || got.str("email") != "Bob@Example.org" || got.header.Get("Location") != "/v1/users/"+got.str("id") {
		t.Errorf("created %s", got.body)
	}
	token := got.str("invitation.token")
	if url := got.str("invitation.url"); url != "https://docs.example.org/console/#invitation="+token {
		t.Errorf("url %s", url)
	}
	a.do("POST", "/v1/users", `{"email":"bob@example.org","name":"Bob"}`).fails(409, core.CodeConflict, "", "")
	shown := a.do("GET", "/v1/users/"+got.str("id"), "").want(200)
	if strings.Contains(string(shown.body), token) || shown.at("invitation.expires_at") == nil {
		t.Errorf("later it is shown as %s", shown.body)
	}
	visitor := &person{w: w}
	visitor.do("POST", "/v1/auth/login", `{"email":"bob@example.org","password":""}`).fails(401, core.CodeAuthentication, "", "")
	accept := func(token, password string) *reply {
		return visitor.do("POST", "/v1/auth/invitations/accept", fmt.Sprintf(`{"token":%q,"password":%q,"name":"Robert"}`, token, password))
	}
	accept(token, "short").fails(422, core.CodeValidation, "password", "min_length")
	accept("di_unknown", goodPassword).fails(401, core.CodeAuthentication, "", "")
	pair := accept(token, goodPassword).want(200)
	if pair.str("user.name") != "Robert" || pair.str("organization.id") != a.org || pair.at("user.invitation") != nil {
		t.Errorf("signed in as %s", pair.body)
	}
	accept(token, goodPassword).fails(401, core.CodeAuthentication, "", "")
	w.signIn("BOB@example.org", goodPassword, a.org)
}

func TestUsers_DeactivationEndsSessionsAndKeysAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	bob := a.add("Bob", "member")
	key := &person{w: w, token: bob.do("POST", "/v1/api-keys", `{"name":"k"}`).want(201).str("key")}
	if !bob.tokenWorks() || !key.tokenWorks() {
		t.Fatal("the credentials do not work to begin with")
	}
	got := a.do("PATCH", "/v1/users/"+bob.user, `{"is_active":false}`).want(200)
	if got.at("is_active") != false {
		t.Errorf("deactivated: %s", got.body)
	}
	if bob.tokenWorks() || key.tokenWorks() || bob.refreshWorks() {
		t.Error("a credential outlives its user's deactivation")
	}
	(&person{w: w}).do("POST", "/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, bob.email, goodPassword)).fails(401, core.CodeAuthentication, "", "")
	a.do("PATCH", "/v1/users/"+bob.user, `{"is_active":true}`).want(200)
	if bob.refreshWorks() {
		t.Error("a session came back with its user")
	}
	w.signIn(bob.email, goodPassword, a.org)
}

func TestUsers_DeletedOneLeavesWhatTheyMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	bob := a.add("Bob", "member")
	doc := bob.document("Plan", article)
	key := &person{w: w, token: bob.do("POST", "/v1/api-keys", `{"name":"k"}`).want(201).str("key")}
	a.do("DELETE", "/v1/users/"+bob.user, "").want(204)
	if bob.tokenWorks() || bob.refreshWorks() || key.tokenWorks() {
		t.Error("a credential outlives its user")
	}
	for _, method := range []string{"GET", "DELETE"} {
		a.do(method, "/v1/users/"+bob.user, "").fails(404, core.CodeNotFound, "", "")
	}
	a.do("PATCH", "/v1/users/"+bob.user, `{"is_active":true}`).fails(404, core.CodeNotFound, "", "")
	if got := a.do("GET", "/v1/users", "").want(200); strings.Contains(string(got.body), bob.user) {
		t.Errorf("a deleted user is listed: %s", got.body)
	}
	if got := a.do("GET", "/v1/documents/"+doc, "").want(200); got.str("user_id") != bob.user {
		t.Errorf("their document %s", got.body)
	}
	if again := a.add("Bob", "admin"); again.user == bob.user {
		t.Error("the new user has the deleted one's id")
	}
}

func TestUsers_LastActiveAdminIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	a.add("Bob", "member")
	a.do("POST", "/v1/users", `{"email":"eve@example.org","name":"Eve","role":"admin"}`).want(201) // invited only: nobody yet
	a.do("PATCH", "/v1/users/"+a.user, `{"role":"member"}`).fails(409, core.CodeConflict, "", "")
	a.do("PATCH", "/v1/users/"+a.user, `{"is_active":false}`).fails(409, core.CodeConflict, "", "")
	a.do("DELETE", "/v1/users/"+a.user, "").fails(409, core.CodeConflict, "", "")
	if !a.tokenWorks() {
		t.Error("a refused change has ended the admin's session")
	}
}

// TestUsers_LastActiveAdminIsKeptUnderConcurrency has eight admins demote,
// deactivate and delete each other at the same time.
func TestUsers_LastActiveAdminIsKeptUnderConcurrency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.admin("Acme")
	admins := []*person{first}
	for i := range 7 {
		admins = append(admins, first.add(fmt.Sprintf("Admin%d", i), "admin"))
	}
	var wg sync.WaitGroup
	for i, p := range admins {
		wg.Go(func() {
			switch i % 3 {
			case 0:
				p.do("PATCH", "/v1/users/"+p.user, `{"role":"member"}`)
			case 1:
				p.do("PATCH", "/v1/users/"+p.user, `{"is_active":false}`)
			default:
				p.do("DELETE", "/v1/users/"+p.user, "")
			}
		})
	}
	wg.Wait()
	left := 0
	for _, p := range admins {
		if got := p.do("GET", "/v1/users", ""); got.status == 200 {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d active admins are left, want exactly 1", left)
	}
}

func TestUsers_DemotionCountsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	bob := a.add("Bob", "admin")
	key := &person{w: w, token: bob.do("POST", "/v1/api-keys", `{"name":"k"}`).want(201).str("key")}
	bob.do("GET", "/v1/users", "").want(200)
	key.do("GET", "/v1/users", "").want(200)
	a.do("PATCH", "/v1/users/"+bob.user, `{"role":"member","name":"Robert"}`).want(200)
	bob.do("GET", "/v1/users", "").fails(403, core.CodeAuthorization, "", "")
	key.do("GET", "/v1/users", "").fails(403, core.CodeAuthorization, "", "")
	a.do("PATCH", "/v1/users/"+bob.user, `{"role":null}`).fails(422, core.CodeValidation, "role", "required")
	a.do("PATCH", "/v1/users/"+bob.user, `{"role":"owner"}`).fails(422, core.CodeValidation, "role", "enum")
}

func TestMe_NameAndOrganization(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	bob := a.add("Bob", "member")
	if got := bob.do("PATCH", "/v1/me", `{"name":"Robert"}`).want(200); got.str("user.name") != "Robert" {
		t.Errorf("renamed %s", got.body)
	}
	before := bob.do("GET", "/v1/me", "").want(200)
	if after := bob.do("PATCH", "/v1/me", `{}`).want(200); after.anonymous() != before.anonymous() {
		t.Errorf("an empty patch changed %s to %s", before.body, after.body)
	}
	bob.do("PATCH", "/v1/me", `{"role":"admin"}`).fails(422, core.CodeValidation, "role", "unknown")
	bob.do("PATCH", "/v1/organization", `{"name":"Bob's"}`).fails(403, core.CodeAuthorization, "", "")
	a.do("PATCH", "/v1/organization", `{"plan_type":"enterprise"}`).fails(422, core.CodeValidation, "plan_type", "unknown")
	if got := a.do("PATCH", "/v1/organization", `{"name":"Acme & Co"}`).want(200); got.str("name") != "Acme & Co" {
		t.Errorf("organization %s", got.body)
	}
	if got := bob.do("GET", "/v1/organization", "").want(200); got.str("name") != "Acme & Co" || got.str("plan_type") != "free" {
		t.Errorf("organization %s", got.body)
	}
}

func TestMe_PasswordChangeEndsOtherSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	other := w.signIn(a.email, goodPassword, a.org)
	key := &person{w: w, token: a.do("POST", "/v1/api-keys", `{"name":"k"}`).want(201).str("key")}
	if !other.tokenWorks() {
		t.Fatal("the other session does not work to begin with")
	}
	change := func(p *person, current, next string) *reply {
		return p.do("POST", "/v1/me/password", fmt.Sprintf(`{"current_password":%q,"new_password":%q}`, current, next))
	}
	const next = "an even better passphrase"
	change(a, "not the password", next).fails(422, core.CodeValidation, "current_password", "mismatch")
	change(a, "", next).fails(422, core.CodeValidation, "current_password", "mismatch")
	change(a, goodPassword, "password123").fails(422, core.CodeValidation, "new_password", "common")
	change(key, goodPassword, next).fails(403, core.CodeAuthorization, "", "")
	if !other.tokenWorks() {
		t.Error("a refused change has ended a session")
	}
	if got := change(a, goodPassword, next).want(204); len(got.body) != 0 {
		t.Errorf("the answer has a body: %s", got.body)
	}
	if other.tokenWorks() || other.refreshWorks() {
		t.Error("another session outlives the change")
	}
	if !a.tokenWorks() || !a.refreshWorks() || !key.tokenWorks() {
		t.Error("the own session or a key did not outlive the change")
	}
	w.signIn(a.email, next, a.org)
}

func TestLogout_EndsTheAccessTokenToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	if !a.tokenWorks() {
		t.Fatal("the token does not work to begin with")
	}
	a.do("POST", "/v1/auth/logout", fmt.Sprintf(`{"refresh_token":%q}`, a.refresh)).want(204)
	if a.tokenWorks() {
		t.Error("an access token outlives its session")
	}
}
