package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestAPIKeys_AreShownOnceAndActForTheirUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	made := a.do("POST", "/v1/api-keys", `{"name":"Import","role":"member"}`).want(201)
	secret := made.str("key")
	if !strings.HasPrefix(secret, "dk_") || !strings.HasPrefix(secret, made.str("prefix")) || made.str("user_id") != a.user || made.at("last_used_at") != nil {
		t.Errorf("made %s", made.body)
	}
	key := &person{w: w, token: secret, org: a.org}
	if me := key.do("GET", "/v1/me", "").want(200); me.str("user.id") != a.user {
		t.Errorf("the key acts as %s", me.body)
	}
	key.document("By key", article)
	key.do("GET", "/v1/users", "").fails(403, core.CodeAuthorization, "", "") // an admin's key of the role member
	listed := a.do("GET", "/v1/api-keys", "").want(200)
	if strings.Contains(string(listed.body), secret) || strings.Contains(string(listed.body), "hash") || listed.at("items.0.last_used_at") == nil {
		t.Errorf("listed %s", listed.body)
	}
	(&person{w: w, token: secret + "x"}).do("GET", "/v1/me", "").fails(401, core.CodeAuthentication, "", "")
	(&person{w: w, token: "dk_" + strings.Repeat("A", 1<<15)}).do("GET", "/v1/me", "").fails(401, core.CodeAuthentication, "", "")
	a.do("DELETE", "/v1/api-keys/"+made.str("id"), "").want(204)
	key.do("GET", "/v1/me", "").fails(401, core.CodeAuthentication, "", "")
	a.do("DELETE", "/v1/api-keys/"+made.str("id"), "").fails(404, core.CodeNotFound, "", "")
}

func TestAPIKeys_DoNoMoreThanTheirUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	bob := a.add("Bob", "member")
	bob.do("POST", "/v1/api-keys", `{"name":"k","role":"admin"}`).fails(403, core.CodeAuthorization, "", "")
	limited := &person{w: w, token: a.do("POST", "/v1/api-keys", `{"name":"k","role":"member"}`).want(201).str("key")}
	limited.do("POST", "/v1/api-keys", `{"name":"k","role":"admin"}`).fails(403, core.CodeAuthorization, "", "")
	if got := limited.do("POST", "/v1/api-keys", `{"name":"k"}`).want(201); got.str("role") != "member" {
		t.Errorf("a key made by a key of the role member: %s", got.body)
	}
	bobs := bob.do("POST", "/v1/api-keys", `{"name":"Bob's"}`).want(201).str("id")
	if got := bob.do("GET", "/v1/api-keys", "").want(200); got.at("items.1") != nil || got.str("items.0.id") != bobs {
		t.Errorf("a member sees %s", got.body)
	}
	if got := a.do("GET", "/v1/api-keys", "").want(200); got.at("items.2") == nil {
		t.Errorf("an admin sees %s", got.body)
	}
	carol := a.add("Carol", "member")
	carol.do("DELETE", "/v1/api-keys/"+bobs, "").fails(403, core.CodeAuthorization, "", "")
	bob.do("DELETE", "/v1/api-keys/"+bobs, "").want(204)
}

func TestAPIKeys_Expire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	past := time.Now().Add(-time.Second).UTC().Format(time.RFC3339)
	a.do("POST", "/v1/api-keys", fmt.Sprintf(`{"name":"k","expires_at":%q}`, past)).fails(422, core.CodeValidation, "expires_at", "minimum")
	for life := 300 * time.Millisecond; life < patience; life *= 4 {
		soon := time.Now().Add(life).UTC()
		made := a.do("POST", "/v1/api-keys", fmt.Sprintf(`{"name":"k","expires_at":%q}`, soon.Format(time.RFC3339Nano)))
		if made.status != 201 && time.Now().After(soon) {
			continue // it took the machine too long to ask
		}
		key := &person{w: w, token: made.want(201).str("key")}
		used := key.do("GET", "/v1/me", "")
		if used.status != 200 && time.Now().After(soon) {
			continue
		}
		used.want(200)
		<-time.After(time.Until(soon) + 10*time.Millisecond)
		key.do("GET", "/v1/me", "").fails(401, core.CodeAuthentication, "", "")
		return
	}
	t.Error("no key was made and used in time")
}
