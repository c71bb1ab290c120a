package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// audited returns the entries of an action, awaiting n of them: what a failed
// sign-in leaves is written beside its answer.
func (p *person) audited(action string, n int) *reply {
	p.w.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		got := p.do("GET", "/v1/audit?action="+action, "").want(200)
		items, _ := got.at("items").([]any)
		if len(items) == n {
			return got
		}
		if len(items) > n || time.Now().After(deadline) {
			p.w.t.Fatalf("%s: %d entries, want %d: %s", action, len(items), n, got.body)
		}
	}
}

func TestAudit_TellsWhoDidWhatFromWhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	visitor := &person{w: w}
	login := func(password string) *reply {
		return visitor.do("POST", "/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, a.email, password),
			"User-Agent", "a browser", "X-Request-Id", "my-request", "X-Forwarded-For", "203.0.113.9")
	}
	login("wrong wrong wrong").want(401)
	login(goodPassword).want(200)
	bad := a.audited("user.sign_in_failed", 1)
	if bad.at("items.0.user_id") != nil || bad.str("items.0.target_id") != a.user || bad.str("items.0.user_agent") != "a browser" ||
		bad.str("items.0.request_id") != "my-request" || bad.str("items.0.address") != "127.0.0.1" || bad.str("items.0.target_type") != "user" {
		t.Errorf("a failed sign-in: %s", bad.body)
	}
	if good := a.audited("user.signed_in", 1); good.str("items.0.user_id") != a.user || good.str("items.0.request_id") != "my-request" {
		t.Errorf("a sign-in: %s", good.body)
	}
	bob := a.add("Bob", "member")
	key := bob.do("POST", "/v1/api-keys", `{"name":"k"}`).want(201)
	doc := bob.document("Plan", article)
	(&person{w: w, token: key.str("key")}).do("DELETE", "/v1/documents/"+doc, "").want(204)
	if got := a.audited("document.deleted", 1); got.str("items.0.api_key_id") != key.str("id") || got.str("items.0.user_id") != bob.user || got.str("items.0.target_id") != doc {
		t.Errorf("a deletion by key: %s", got.body)
	}
	a.do("PATCH", "/v1/users/"+bob.user, `{"role":"admin","name":"Robert"}`).want(200)
	if got := a.audited("user.updated", 1); got.at("items.0.data.role") != "admin" || got.str("items.0.user_id") != a.user {
		t.Errorf("a change of role: %s", got.body)
	}
	a.do("DELETE", "/v1/users/"+bob.user, "").want(204)
	all := string(a.do("GET", "/v1/audit?limit=200", "").want(200).body)
	for _, never := range []string{"Robert", "bob@", a.email, goodPassword, key.str("key"), "wrong wrong"} {
		if strings.Contains(all, never) {
			t.Errorf("the log tells %q", never)
		}
	}
	for _, action := range []string{"organization.created", "user.created", "api_key.created", "user.deleted"} {
		a.audited(action, 1)
	}
}

func TestAudit_FiltersAndPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.admin("Acme"), w.admin("Other")
	for i := range 5 {
		a.do("PATCH", "/v1/organization", fmt.Sprintf(`{"name":"Acme %d"}`, i)).want(200)
	}
	seen, cursor := 0, ""
	for {
		got := a.do("GET", "/v1/audit?limit=2&action=organization.updated"+cursor, "").want(200)
		items, _ := got.at("items").([]any)
		seen += len(items)
		next, more := got.at("next_cursor").(string)
		if !more {
			break
		}
		cursor = "&cursor=" + next
	}
	if seen != 5 {
		t.Errorf("%d entries in pages, want 5", seen)
	}
	for query, want := range map[string]int{
		"user_id=" + a.user: 6, "user_id=" + b.user: 0, "target_id=" + a.org: 6, "since=2999-01-01T00:00:00Z": 0, "until=2999-01-01T00:00:00Z": 6, "action=user.deleted": 0,
	} {
		if items, _ := a.do("GET", "/v1/audit?"+query, "").want(200).at("items").([]any); len(items) != want {
			t.Errorf("%s: %d entries, want %d", query, len(items), want)
		}
	}
	a.do("GET", "/v1/audit?user_id=x", "").fails(422, core.CodeValidation, "user_id", "format")
	a.do("GET", "/v1/audit?since=yesterday", "").fails(422, core.CodeValidation, "", "")
	a.do("GET", "/v1/audit?cursor=x", "").fails(422, core.CodeValidation, "cursor", "cursor")
}

func TestAudit_ReusedRefreshTokenIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	second := w.signIn(a.email, goodPassword, a.org)
	for range 3 {
		(&person{w: w}).do("POST", "/v1/auth/refresh", fmt.Sprintf(`{"refresh_token":%q}`, second.refresh))
	}
	a.audited("user.refresh_token_reused", 1)
	a.do("POST", "/v1/auth/logout", fmt.Sprintf(`{"refresh_token":%q}`, a.refresh)).want(204)
	w.signIn(a.email, goodPassword, a.org).audited("user.signed_out", 1)
}
