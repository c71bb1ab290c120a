package httpapi

import (
	"strings"
	"testing"
)

const ntnBody = `{"integration_type":"notion","auth_type":"api_token","access_token":"ntn_secret_word"}`

func TestIntegrations_ShowNoToken(t *testing.T) {
	t.Parallel()
	admin := newWorld(t).admin("Acme")
	made := admin.do("POST", "/v1/integrations", ntnBody).want(201)
	if made.str("check.account") != "Ann" || made.str("status") != "connected" || made.header.Get("Location") != "/v1/integrations/"+made.str("id") {
		t.Errorf("got %s", made.body)
	}
	admin.do("PATCH", "/v1/integrations/"+made.str("id"), `{"access_token":"ntn_other_word","name":"Wiki"}`).want(200)
	for _, path := range []string{"/v1/integrations", "/v1/integrations/" + made.str("id"), "/v1/audit"} {
		if got := admin.do("GET", path, "").want(200); strings.Contains(string(got.body), "word") || strings.Contains(string(got.body), "sealed") {
			t.Errorf("%s shows a token: %s", path, got.body)
		}
	}
}

func TestIntegrations_CursorOfTheVendorIsSealed(t *testing.T) {
	t.Parallel()
	admin := newWorld(t).admin("Acme")
	items := "/v1/integrations/" + admin.do("POST", "/v1/integrations", ntnBody).want(201).str("id") + "/items"
	got := admin.do("GET", items, "").want(200)
	cursor := got.str("next_cursor")
	if cursor == "" || strings.Contains(string(got.body), "vendor.example.com/next") {
		t.Errorf("got %s, want a cursor that tells nothing", got.body)
	}
	admin.do("GET", items+"?cursor="+cursor, "").want(200)
	for _, bad := range []string{"https://evil.example.com/", "AAAA", cursor[:len(cursor)-4] + "AAAA"} {
		admin.do("GET", items+"?cursor="+bad, "").want(422)
	}
	other := "/v1/integrations/" + admin.do("POST", "/v1/integrations", ntnBody).want(201).str("id") + "/items"
	admin.do("GET", other+"?cursor="+cursor, "").want(422)
}

func TestIntegrations_BadInput(t *testing.T) {
	t.Parallel()
	admin := newWorld(t).admin("Acme")
	for name, body := range map[string]string{
		"no token":         `{"integration_type":"notion","auth_type":"api_token"}`,
		"a vendor":         `{"integration_type":"wiki","auth_type":"api_token","access_token":"x"}`,
		"a token of lines": `{"integration_type":"notion","auth_type":"api_token","access_token":"a\nb"}`,
		"others' settings": `{"integration_type":"notion","auth_type":"api_token","access_token":"x","config":{"base_url":"https://x.example.com"}}`,
		"no address":       `{"integration_type":"confluence","auth_type":"api_token","access_token":"x","config":{}}`,
		"no e-mail":        `{"integration_type":"guru","auth_type":"api_token","access_token":"x"}`,
		"every minute":     `{"integration_type":"notion","auth_type":"api_token","access_token":"x","sync_interval_minutes":1}`,
		"a found id":       `{"integration_type":"notion","auth_type":"api_token","access_token":"x","config":{"cloud_id":"x"}}`,
	} {
		if got := admin.do("POST", "/v1/integrations", body); got.status != 422 {
			t.Errorf("%s: got %d %s, want 422", name, got.status, got.body)
		}
	}
	id := admin.do("POST", "/v1/integrations", ntnBody).want(201).str("id")
	for body, field := range map[string]string{
		`{"config":{"base_url":"https://x.example.com"}}`: "config.base_url", `{"config":{"spaces":["OPS"]}}`: "config", `{"spaces":["OPS"]}`: "spaces", `{"access_token":null}`: "access_token",
		`{"name":null}`: "name", `{"config":null}`: "config", `{"config":{"base_url":null}}`: "config.base_url", `{"config":{"email":"a@example.org"}}`: "config.email", `{"config":{"deployment":"cloud"}}`: "config.deployment",
		`{"refresh_token":"x"}`: "refresh_token", `{"access_token":"x","refresh_token":"x"}`: "refresh_token", `{"token_expires_at":"2027-01-01T00:00:00Z"}`: "token_expires_at",
		`{"access_token":"x","token_expires_at":"soon"}`: "token_expires_at", `{"sync_interval_minutes":1.5}`: "sync_interval_minutes", `{"status":"connected"}`: "status", `{"integration_type":"guru"}`: "integration_type",
	} {
		if got := admin.do("PATCH", "/v1/integrations/"+id, body).want(422); got.str("error.details.field") != field {
			t.Errorf("%s: got %s, want %s named", body, got.body, field)
		}
	}
	if got := admin.do("PATCH", "/v1/integrations/"+id, `{"access_token":"x","token_expires_at":"2027-01-01T00:00:00Z","refresh_token":null,"config":{}}`).want(200); got.str("token_expires_at") != "2027-01-01T00:00:00Z" {
		t.Errorf("got %s", got.body)
	}
	if got := admin.do("PATCH", "/v1/integrations/"+id, `{"access_token":"x","token_expires_at":null}`).want(200); !strings.Contains(string(got.body), `"token_expires_at":null`) {
		t.Errorf("got %s", got.body)
	}
	for _, body := range []string{`{"full":true,"item_ids":["1"]}`, `{"item_ids":[""]}`, `{"all":true}`} {
		admin.do("POST", "/v1/integrations/"+id+"/sync", body).want(422)
	}
	admin.do("POST", "/v1/integrations/"+id+"/sync", `{}`).want(202)
	admin.do("POST", "/v1/integrations/"+id+"/sync", `{}`).want(409)
	admin.do("GET", "/v1/integrations/oauth/callback?state=x&code=y", "").want(422)
	if got := admin.do("POST", "/v1/integrations/notion/oauth/start", `{}`).want(404); !strings.Contains(got.str("error.message"), "DOCSCTL_NOTION_CLIENT_ID") {
		t.Errorf("got %s, want the setting named", got.body)
	}
	admin.do("POST", "/v1/integrations/notion/oauth/start", `{"integration_id":"x"}`).want(422)
}
