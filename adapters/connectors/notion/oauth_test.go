package notion_test

import (
	"net/http"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/adapters/connectors/notion"
	"github.com/docsctl/docsctl/core"
)

const redirect = "https://docs.example.com/back"

// grant has a user agree.
func (d *desk) grant(t *testing.T) *core.Grant {
	t.Helper()
	code, _ := vendortest.Agree(t, d.Authorizer().AuthorizeURL(core.AuthorizeRequest{RedirectURL: redirect, State: "s"}))
	g, err := d.Authorizer().Exchange(t.Context(), core.ExchangeRequest{Code: core.NewSecret(code), RedirectURL: redirect})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestCalls_OfOAuth(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	d.Name(`ntn-[a-z]+-[0-9]+`, "TOKEN")
	d.Name(`redirect_uri=[^&]*|state=[^&]*`, "…")
	g := d.grant(t)
	if g.Config.Account != "Fake Workspace" || !g.ExpiresAt.IsZero() || g.RefreshToken.Empty() {
		t.Errorf("got %+v", g)
	}
	a := core.Access{AuthType: core.AuthOAuth2, Token: g.Token, RefreshToken: g.RefreshToken}
	if _, err := d.Authorizer().Refresh(t.Context(), a); err != nil {
		t.Error(err)
	}
	if err := d.Authorizer().Revoke(t.Context(), a); err != nil {
		t.Error(err)
	}
	for _, c := range d.Writes() {
		r := http.Request{Header: c.Header}
		if id, secret, _ := r.BasicAuth(); id != "client-id" || secret != "client-secret" || c.Header.Get("Notion-Version") != "2025-09-03" {
			t.Errorf("%s: got %v, want the client's own credentials", c.Path, c.Header)
		}
	}
	d.Want(t, "OAuth2", "GET /v1/oauth/authorize?client_id=client-id&owner=user&…&response_type=code&…",
		`POST /v1/oauth/token {"code":"TOKEN","grant_type":"authorization_code","redirect_uri":"https://docs.example.com/back"}`,
		`POST /v1/oauth/token {"grant_type":"refresh_token","refresh_token":"TOKEN"}`, `POST /v1/oauth/revoke {"token":"TOKEN"}`)
	if _, err := d.Authorizer().Refresh(t.Context(), a); core.ReasonOf(err) != core.ReasonToken {
		t.Errorf("a refresh token that was used: %v", err)
	}
}

// What is no token any more needs no revoking; that Notion was not reached is told.
func TestRevoke_FailsOnlyWhileTheTokenMayLive(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		want   core.UpstreamReason
	}{
		{200, `{}`, ""}, {400, `{"error":"invalid_request"}`, ""}, {401, `{}`, ""}, {403, `{}`, core.ReasonForbidden}, {503, `{"error":"temporarily_unavailable"}`, core.ReasonDown},
	} {
		d := newDesk(t, fakes.Config{})
		d.Refuse("POST /v1/oauth/revoke", c.status, c.body)
		if err := d.Authorizer().Revoke(t.Context(), d.access); core.ReasonOf(err) != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%d %s: got %v, want %q", c.status, c.body, err, c.want)
		}
	}
}

func TestExchange_AnswersAreReadWithCare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   core.UpstreamReason
		code   string
	}{
		"NoToken":      {200, `{"workspace_name":"x"}`, core.ReasonBroken, ""},
		"NoWorkspace":  {200, `{"access_token":"x","workspace_name":7}`, core.ReasonBroken, ""},
		"UsedCode":     {400, `{"error":"invalid_grant","error_description":"Invalid code."}`, core.ReasonRefused, "invalid_grant"},
		"WrongClient":  {401, `{"error":"invalid_client"}`, core.ReasonRefused, "invalid_client"},
		"Overloaded":   {503, `{"error":"server_error"}`, core.ReasonDown, "server_error"},
		"PageOfAProxy": {502, `<html>`, core.ReasonDown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, fakes.Config{})
			d.Refuse("POST /v1/oauth/token", c.status, c.body)
			_, err := d.Authorizer().Exchange(t.Context(), core.ExchangeRequest{Code: core.NewSecret("x"), RedirectURL: redirect})
			if got := vendortest.Details(err); got.Reason != c.want || got.UpstreamCode != c.code {
				t.Errorf("got %+v, want %s", got, c.want)
			}
		})
	}
}

func TestAuthorizer_IsNoneWithoutAClient(t *testing.T) {
	t.Parallel()
	if o := notion.New(notion.Config{}).Authorizer(); o != nil {
		t.Errorf("got %v", o)
	}
}
