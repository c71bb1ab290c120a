package confluence_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/confluence"
	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/core"
)

const redirect = "https://docs.example.com/back"

// agreed is a connector whose user agreed to scopes, or with "" to all that are asked
// for, and what comes back is to be exchanged.
func agreed(t *testing.T, scopes string) (*vendortest.Traffic, *confluence.Connector, core.ExchangeRequest) {
	t.Helper()
	server := httptest.NewServer(fakes.NewConfluence(fakes.Config{}))
	t.Cleanup(server.Close)
	address, traffic := vendortest.Tap(t, server.URL)
	cfg := confluence.Config{BaseURL: address, ClientID: "client-id", ClientSecret: core.NewSecret("client-secret")}
	cfg.Upstream.Trusted = []string{address}
	cfg.Upstream.Now = func() time.Time { return time.Date(2026, 6, 20, 10, 0, 0, 0, time.UTC) }
	c := confluence.New(cfg)
	ask := c.Authorizer().AuthorizeURL(core.AuthorizeRequest{RedirectURL: redirect, State: "s"})
	if scopes != "" {
		before, _, _ := strings.Cut(ask, "&scope=")
		ask = before + "&state=s&scope=" + strings.ReplaceAll(scopes, " ", "+")
	}
	code, _ := vendortest.Agree(t, ask)
	return traffic, c, core.ExchangeRequest{Code: core.NewSecret(code), RedirectURL: redirect}
}

// connected is one whose code is exchanged.
func connected(t *testing.T, scopes string) (*vendortest.Traffic, *confluence.Connector, core.Access) {
	t.Helper()
	traffic, c, r := agreed(t, scopes)
	g, err := c.Authorizer().Exchange(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if g.ExpiresAt != time.Date(2026, 6, 20, 11, 0, 0, 0, time.UTC) || g.RefreshToken.Empty() || g.Config.CloudID != fakes.ConfluenceCloudID || g.Config.BaseURL == "" || g.Config.Account != "fake" {
		t.Errorf("got %+v, want an hour and the one site of Confluence", g)
	}
	return traffic, c, core.Access{AuthType: core.AuthOAuth2, Token: g.Token, RefreshToken: g.RefreshToken, Config: g.Config}
}

func TestCalls_OfOAuth(t *testing.T) {
	t.Parallel()
	traffic, c, a := connected(t, "")
	traffic.Name("atl-[a-z]+-[0-9]+", "TOKEN")
	traffic.Sent()
	g, err := c.Authorizer().Refresh(t.Context(), a)
	if err != nil || g.Config.CloudID != a.Config.CloudID || g.RefreshToken.Reveal() == a.RefreshToken.Reveal() {
		t.Errorf("got %+v, %v, want another pair for the same site", g, err)
	}
	const refresh = `POST /oauth/token {"client_id":"client-id","client_secret":"client-secret","grant_type":"refresh_token","refresh_token":"TOKEN"}`
	traffic.Want(t, "refresh", refresh)
	if _, err := c.Authorizer().Refresh(t.Context(), a); core.ReasonOf(err) != core.ReasonToken {
		t.Errorf("a refresh token that was used: %v", err)
	}
	if _, err := c.Verify(t.Context(), core.Access{AuthType: core.AuthOAuth2, Token: g.Token, RefreshToken: g.RefreshToken, Config: a.Config}); err != nil {
		t.Errorf("with the new token: %v", err)
	}
	traffic.Sent()
	a.RefreshToken = g.RefreshToken
	for range 2 { // the second time it is dead already
		if err := c.Authorizer().Revoke(t.Context(), a); err != nil {
			t.Error(err)
		}
		traffic.Want(t, "revoke", refresh)
	}
}

func TestExchange_SendsTheCodeAndAsksForTheSite(t *testing.T) {
	t.Parallel()
	traffic, _, _ := connected(t, "")
	traffic.Name("atl-[a-z]+-[0-9]+", "TOKEN")
	traffic.Name(`/authorize\?.*`, "/authorize?…")
	traffic.Want(t, "exchange", "GET /authorize?…",
		`POST /oauth/token {"client_id":"client-id","client_secret":"client-secret","code":"TOKEN","grant_type":"authorization_code","redirect_uri":"https://docs.example.com/back"}`, alive)
}

// Of several sites none is taken, and where they are not told there is no grant.
func TestExchange_TakesNoSiteThatIsNotSure(t *testing.T) {
	t.Parallel()
	traffic, c, r := agreed(t, "")
	traffic.Answer(alive, "["+siteA+","+siteB+"]")
	if g, err := c.Authorizer().Exchange(t.Context(), r); err != nil || g.Config.CloudID != "" || g.Config.BaseURL != "" {
		t.Errorf("two sites: %+v, %v", g, err)
	}
	traffic, c, r = agreed(t, "")
	traffic.Refuse(alive, 403, "{}")
	if g, err := c.Authorizer().Exchange(t.Context(), r); core.ReasonOf(err) != core.ReasonForbidden {
		t.Errorf("not told: %+v, %v", g, err)
	}
}

const (
	siteA = `{"id":"11111111-aaaa","url":"https://a.atlassian.net","name":"a","scopes":["read:page:confluence"]}`
	siteB = `{"id":"22222222-bbbb","url":"https://B.atlassian.net","name":"b","scopes":["x","search:confluence"]}`
	jira  = `{"id":"33333333-cccc","url":"https://j.atlassian.net","name":"j","scopes":["read:jira-work"]}`
)

// Of several sites the user says which one is meant.
func TestVerify_FindsTheSiteOfAGrant(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sites, base string
		cloudID     string
		want        string // part of the error
	}{
		"TheOnlyOne":     {siteA + "," + jira, "", "11111111-aaaa", ""},
		"TheOneThatIs":   {siteA + "," + siteB, "https://b.atlassian.net/wiki/", "22222222-bbbb", ""},
		"SeveralUnnamed": {siteA + "," + siteB + "," + jira, "", "", "(https://a.atlassian.net, https://B.atlassian.net)"},
		"AnotherOne":     {siteA + "," + siteB, "https://j.atlassian.net", "", "(https://a.atlassian.net, https://B.atlassian.net)"},
		"OnlyJira":       {jira, "", "", "no_site"},
		"None":           {"", "", "", "no_site"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			traffic, connector, a := connected(t, "")
			traffic.Answer(alive, "["+c.sites+"]")
			traffic.Answer("GET /ex/confluence/*/wiki/api/v2/spaces", `{"results":[]}`)
			a.Config = core.IntegrationConfig{BaseURL: c.base}
			got, err := connector.Verify(t.Context(), a)
			if c.want == "" {
				if err != nil || got.Config.CloudID != c.cloudID || !strings.HasSuffix(strings.ToLower(got.Config.BaseURL), ".atlassian.net") || got.Account == "" || got.Account != got.Config.Account {
					t.Errorf("got %+v, %v, want the cloud id %s", got, err, c.cloudID)
				}
				return
			}
			if c.want == "no_site" {
				if d := vendortest.Details(err); d.Reason != core.ReasonForbidden || d.UpstreamCode != c.want {
					t.Errorf("got %+v, want that there is no site", d)
				}
			} else if vendortest.Invalid(err) != "config.base_url several_sites" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it to name %s", err, c.want)
			}
		})
	}
}

func TestAuthorizer_IsNoneWithoutAClient(t *testing.T) {
	t.Parallel()
	if o := confluence.New(confluence.Config{}).Authorizer(); o != nil {
		t.Errorf("got %v", o)
	}
}
