package core_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// begin starts a connection and returns its state.
func (c *cluster) begin(t *testing.T, a core.Actor, r core.OAuthRequest) string {
	t.Helper()
	if r.Type == "" {
		r.Type = core.IntegrationNotion
	}
	r.RedirectURL = "here"
	begun, err := c.nodes[0].Integrations.StartOAuth(t.Context(), a, r)
	if err != nil {
		t.Fatal(err)
	}
	_, state, _ := strings.Cut(begun.AuthorizeURL, "state=")
	return state
}

func (c *cluster) finish(ctx context.Context, r core.OAuthReturn) (*core.Connected, error) {
	if r.Code.Empty() && r.Refusal == "" {
		r.Code = core.NewSecret("code")
	}
	return c.nodes[0].Integrations.FinishOAuth(ctx, core.Origin{}, r)
}

// count is how many integrations there are.
func (c *cluster) count(t *testing.T) int {
	t.Helper()
	all, err := c.nodes[0].Integrations.List(t.Context(), c.admin, core.PageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return len(all.Items)
}

func TestOAuth_AgreementMakesAnIntegration(t *testing.T) {
	t.Parallel()
	c := join(t, 1)
	c.opened = "https://team.atlassian.net"
	state := c.begin(t, c.admin, core.OAuthRequest{
		Type: core.IntegrationConfluence, Name: "Wiki", SyncInterval: 60, Browser: "b", Config: core.IntegrationConfig{BaseURL: "https://other.example.org", Spaces: []string{"OPS"}},
	})
	if strings.Contains(state, "Wiki") || strings.Contains(state, string(c.admin.User())) {
		t.Errorf("the state can be read: %s", state)
	}
	c.clock.Pass(9 * time.Minute)
	made, err := c.finish(t.Context(), core.OAuthReturn{State: state, Browser: "b"})
	if err != nil {
		t.Fatal(err)
	}
	i := made.Integration
	if i.Type != core.IntegrationConfluence || i.AuthType != core.AuthOAuth2 || i.Name != "Wiki" || i.SyncInterval != 60 || i.UserID != c.admin.User() || i.Config.BaseURL != c.opened ||
		!slices.Equal(i.Config.Spaces, []string{"OPS"}) || i.TokenExpiresAt == nil || !i.TokenExpiresAt.Equal(c.clock.Now().Add(time.Hour)) || made.Check.Account != "Ann" {
		t.Errorf("got %+v", made)
	}
	c.id = i.ID
	if err := c.call(t, c.nodes[0]); err != nil || c.lastUsed() != "token-2" {
		t.Errorf("a call: %v with %s, want the token of the agreement", err, c.lastUsed())
	}
}

// colleague is another admin of the organization, signed in.
func (c *cluster) colleague(t *testing.T) core.Actor {
	t.Helper()
	app := c.App
	if _, _, err := app.Users.Create(t.Context(), c.admin, core.NewUser{Email: "bob@example.org", Name: "Bob", Role: core.RoleAdmin, Password: testPassword}); err != nil {
		t.Fatal(err)
	}
	pair, err := app.Auth.Login(t.Context(), core.SignIn{Email: "bob@example.org", Password: testPassword})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Auth.Authenticate(t.Context(), pair.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestOAuth_AnswerOfNoConnectionMakesNothing(t *testing.T) {
	t.Parallel()
	changed := func(p core.UserPatch) func(t *testing.T, c *cluster, r *core.OAuthReturn) {
		return func(t *testing.T, c *cluster, r *core.OAuthReturn) {
			bob := c.colleague(t)
			r.State = c.begin(t, bob, core.OAuthRequest{Browser: "b"})
			if _, err := c.Users.Update(t.Context(), c.admin, bob.User(), p); err != nil {
				t.Fatal(err)
			}
		}
	}
	member := core.RoleMember
	for name, try := range map[string]struct {
		spoil func(t *testing.T, c *cluster, r *core.OAuthReturn)
		want  string
	}{
		"no state":     {func(_ *testing.T, _ *cluster, r *core.OAuthReturn) { r.State = "" }, "state valid"},
		"half a state": {func(_ *testing.T, _ *cluster, r *core.OAuthReturn) { r.State = r.State[:len(r.State)/2] }, "state valid"},
		"another organization's": {func(_ *testing.T, _ *cluster, r *core.OAuthReturn) {
			r.State = string(core.NewID[core.OrgID]()) + r.State[36:]
		}, "state valid"},
		"too late":                          {func(_ *testing.T, c *cluster, _ *core.OAuthReturn) { c.clock.Pass(11 * time.Minute) }, "state valid"},
		"another browser":                   {func(_ *testing.T, _ *cluster, r *core.OAuthReturn) { r.Browser = "other" }, "state valid"},
		"no browser":                        {func(_ *testing.T, _ *cluster, r *core.OAuthReturn) { r.Browser = "" }, "state valid"},
		"a refusal":                         {func(_ *testing.T, _ *cluster, r *core.OAuthReturn) { r.Refusal = "access_denied" }, "code required"},
		"a code that is used":               {func(_ *testing.T, c *cluster, _ *core.OAuthReturn) { c.refusal = upstream(core.ReasonRefused) }, ""},
		"a site that is refused":            {func(_ *testing.T, c *cluster, _ *core.OAuthReturn) { c.verifyErr = upstream(core.ReasonForbidden) }, "access_token accepted"},
		"somebody who was put out":          {changed(core.UserPatch{IsActive: new(bool)}), "state valid"},
		"somebody who is no admin any more": {changed(core.UserPatch{Role: &member}), "AUTHORIZATION_ERROR"},
		"somebody who signed out": {func(t *testing.T, c *cluster, _ *core.OAuthReturn) {
			if err := c.Auth.Logout(t.Context(), c.pair.RefreshToken, core.Origin{}); err != nil {
				t.Fatal(err)
			}
		}, "state valid"},
		"a key that was deleted": {func(t *testing.T, c *cluster, r *core.OAuthReturn) {
			key, token, err := c.Keys.Create(t.Context(), c.admin, core.NewAPIKey{Name: "k"})
			if err != nil {
				t.Fatal(err)
			}
			a, err := c.Auth.Authenticate(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			r.State = c.begin(t, a, core.OAuthRequest{Browser: "b"})
			if err := c.Keys.Delete(t.Context(), c.admin, key.ID); err != nil {
				t.Fatal(err)
			}
		}, "state valid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := join(t, 1)
			r := core.OAuthReturn{State: c.begin(t, c.admin, core.OAuthRequest{Browser: "b"}), Browser: "b"}
			try.spoil(t, c, &r)
			_, err := c.finish(t.Context(), r)
			if got := fieldsOf(err); err == nil || got != try.want && string(core.CodeOf(err)) != try.want || c.count(t) != 1 {
				t.Errorf("got %v (%s) and %d integrations, want %q and the one that was there", err, got, c.count(t), try.want)
			}
		})
	}
}

func TestOAuth_IsNotThereWithoutAClient(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(1))
	_, err := c.Integrations.StartOAuth(t.Context(), c.admin, core.OAuthRequest{Type: core.IntegrationConfluence})
	if core.CodeOf(err) != core.CodeNotFound || !strings.Contains(err.Error(), "DOCSCTL_CONFLUENCE_CLIENT_ID and DOCSCTL_CONFLUENCE_CLIENT_SECRET") {
		t.Errorf("got %v, want it not to be there, and the settings named", err)
	}
}
