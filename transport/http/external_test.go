package httpapi

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/oauth2-proxy/mockoidc"

	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/core"
)

// elsewhere is an installation whose people can sign in with a provider.
type elsewhere struct {
	*world
	provider *mockoidc.MockOIDC
}

func newElsewhere(t *testing.T, config ...func(*core.Config)) elsewhere {
	t.Helper()
	m, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	config = append(config, func(c *core.Config) {
		c.SignIn = identity.NewOIDC(identity.OIDCConfig{Issuer: m.Issuer(), ClientID: m.ClientID, ClientSecret: m.ClientSecret})
	})
	return elsewhere{newWorld(t, config...), m}
}

// browser is one with cookies that goes where the test sends it.
type browser struct {
	t      *testing.T
	e      elsewhere
	client http.Client
	kept   []*http.Cookie
}

func (e elsewhere) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, e: e, client: http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) get(to string) (*http.Response, []byte) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, to, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.kept { // __Host- cookies are not kept for http
		req.AddCookie(c)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp, body
}

// begin goes to the provider, signs in there and returns where it is sent back.
func (b *browser) begin(query, email string, verified bool) url.Values {
	b.t.Helper()
	return b.beginAs("account of "+strings.ToLower(email), query, email, verified)
}

// beginAs is begin with the account that the provider has under this name.
func (b *browser) beginAs(subject, query, email string, verified bool) url.Values {
	b.t.Helper()
	resp, body := b.get(b.e.url + "/v1/auth/google/start" + query)
	if resp.StatusCode != http.StatusFound {
		b.t.Fatalf("start: %d %s", resp.StatusCode, body)
	}
	b.kept = resp.Cookies()
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		b.t.Fatal(err)
	}
	q := to.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("nonce") == "" || q.Get("state") == "" ||
		strings.Contains(to.String(), "__Host") {
		b.t.Errorf("the provider is asked by %s", to)
	}
	b.e.provider.QueueUser(&mockoidc.MockUser{Subject: subject, Email: email, EmailVerified: verified})
	resp, body = b.get(to.String())
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || resp.StatusCode != http.StatusFound {
		b.t.Fatalf("the provider answers %d %s", resp.StatusCode, body)
	}
	return back.Query()
}

func (b *browser) finish(back url.Values) (int, map[string]any) {
	b.t.Helper()
	resp, body := b.get(b.e.url + "/v1/auth/google/callback?" + back.Encode())
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		b.t.Fatalf("callback: %d %s", resp.StatusCode, body)
	}
	return resp.StatusCode, v
}

func at(v map[string]any, path string) any {
	var x any = v
	for name := range strings.SplitSeq(path, ".") {
		m, _ := x.(map[string]any)
		x = m[name]
	}
	return x
}

func TestExternal_FoundsThenSignsIn(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	b := e.browser(t)
	status, founded := b.finish(b.begin("?organization_name=Zoe+Ltd", "Zoe@example.org", true))
	if status != 200 || at(founded, "organization.name") != "Zoe Ltd" || at(founded, "user.auth_provider") != "oidc" || at(founded, "user.role") != "admin" {
		t.Fatalf("the first time: %d %v", status, founded)
	}
	status, again := b.finish(b.begin("", "zoe@EXAMPLE.org", true))
	if status != 200 || at(again, "user.id") != at(founded, "user.id") {
		t.Errorf("the second time: %d %v", status, again)
	}
	p := &person{w: e.world, token: at(again, "access_token").(string)}
	p.do("GET", "/v1/me", "").want(200)
	p.do("POST", "/v1/auth/login", `{"email":"zoe@example.org","password":""}`).fails(401, core.CodeAuthentication, "", "")
}

func TestExternal_LinksAndJoins(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t, func(c *core.Config) { c.Registration = core.RegistrationOpen })
	a := e.admin("Acme")
	bob := a.add("Bob", "member")
	b := e.browser(t)
	status, got := b.finish(b.begin("", "bob@example.org", true))
	if status != 200 || at(got, "user.id") != bob.user || at(got, "user.auth_provider") != "local" {
		t.Errorf("a user with a password: %d %v", status, got)
	}
	invited := a.do("POST", "/v1/users", `{"email":"eve@example.org","name":"Eve"}`).want(201)
	token := invited.str("invitation.token")
	if status, got := b.finish(b.begin("?invitation="+token, "mallory@example.org", true)); status != 401 {
		t.Errorf("somebody else's invitation: %d %v", status, got)
	}
	status, got = b.finish(b.begin("?invitation="+token, "eve@example.org", true))
	if status != 200 || at(got, "user.id") != invited.str("id") || at(got, "organization.id") != a.org || at(got, "user.auth_provider") != "oidc" {
		t.Errorf("an invitation: %d %v", status, got)
	}
	other := e.admin("Other")
	other.do("POST", "/v1/users", `{"email":"bob@example.org","name":"Bob"}`).want(201)
	status, got = b.finish(b.begin("", "bob@example.org", true))
	if status != 409 || len(at(got, "error.details.organizations").([]any)) != 2 {
		t.Errorf("in two organizations: %d %v", status, got)
	}
	status, got = b.finish(b.begin("?org_id="+other.org, "bob@example.org", true))
	if status != 200 || at(got, "organization.id") != other.org {
		t.Errorf("in the one that is named: %d %v", status, got)
	}
	a.do("PATCH", "/v1/users/"+bob.user, `{"is_active":false}`).want(200)
	if status, got = b.finish(b.begin("?org_id="+a.org, "bob@example.org", true)); status != 401 {
		t.Errorf("a deactivated user: %d %v", status, got)
	}
}

// TestExternal_AnAddressThatHasChangedHands has the provider give a user's address to
// somebody else.
func TestExternal_AnAddressThatHasChangedHands(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	a := e.admin("Acme")
	bob := a.add("Bob", "member")
	b := e.browser(t)
	status, got := b.finish(b.beginAs("first", "", "bob@example.org", true))
	if status != 200 || at(got, "user.id") != bob.user {
		t.Fatalf("the first account: %d %v", status, got)
	}
	status, got = b.finish(b.beginAs("second", "", "bob@example.org", true))
	if status != 401 || at(got, "error.code") != "AUTHENTICATION_ERROR" || at(got, "access_token") != nil {
		t.Errorf("another account with his address: %d %v, want 401", status, got)
	}
	if status, got = b.finish(b.beginAs("first", "", "bob@example.org", true)); status != 200 {
		t.Errorf("the first account again: %d %v", status, got)
	}
	a.do("DELETE", "/v1/users/"+bob.user, "").want(204)
	invited := a.do("POST", "/v1/users", `{"email":"bob@example.org","name":"Another Bob"}`).want(201)
	status, got = b.finish(b.beginAs("second", "?invitation="+invited.str("invitation.token"), "bob@example.org", true))
	if status != 200 || at(got, "user.id") != invited.str("id") {
		t.Errorf("the second account by invitation: %d %v", status, got)
	}
}

func TestExternal_RefusesWhatProvesNothing(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t, func(c *core.Config) { c.Registration = core.RegistrationClosed })
	b := e.browser(t)
	for name, change := range map[string]func(url.Values){
		"another state":  func(q url.Values) { q.Set("state", "another") },
		"no state":       func(q url.Values) { q.Del("state") },
		"another issuer": func(q url.Values) { q.Set("iss", "https://issuer.example") },
		"no code":        func(q url.Values) { q.Del("code") },
		"another code":   func(q url.Values) { q.Set("code", "another") },
		"an error":       func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") },
	} {
		back := b.begin("", "zoe@example.org", true)
		change(back)
		if status, got := b.finish(back); status != 401 || at(got, "error.code") != "AUTHENTICATION_ERROR" {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	if status, got := b.finish(b.begin("", "zoe@example.org", false)); status != 401 {
		t.Errorf("an address that is not verified: %d %v", status, got)
	}
	if status, got := b.finish(b.begin("", "zoe@example.org", true)); status != 403 {
		t.Errorf("nobody's address where registration is closed: %d %v", status, got)
	}
	back := b.begin("", "zoe@example.org", true)
	stranger := e.browser(t)
	if status, got := stranger.finish(back); status != 401 {
		t.Errorf("a callback in another browser: %d %v", status, got)
	}
	stranger.kept = []*http.Cookie{{Name: "__Host-docsctl_sign_in", Value: "bm9uc2Vuc2U"}}
	if status, got := stranger.finish(back); status != 401 {
		t.Errorf("a cookie that is none: %d %v", status, got)
	}
}
