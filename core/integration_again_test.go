package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestOAuth_ConnectsAnew(t *testing.T) {
	t.Parallel()
	c := join(t, 1)
	c.opened, c.site = "https://team.atlassian.net", "11111111-0000"
	made, err := c.finish(t.Context(), core.OAuthReturn{State: c.begin(t, c.admin, core.OAuthRequest{
		Type: core.IntegrationConfluence, Name: "Wiki", SyncInterval: 60, Config: core.IntegrationConfig{Spaces: []string{"OPS"}},
	})})
	if err != nil {
		t.Fatal(err)
	}
	c.id = made.Integration.ID
	c.clock.Pass(2 * time.Hour)
	c.refusal = upstream(core.ReasonToken)
	if err := c.call(t, c.nodes[0]); err == nil || c.integration(t).Status != core.IntegrationRevoked {
		t.Fatalf("got %v and %s, want it revoked", err, c.integration(t).Status)
	}
	c.refusal = nil
	again := core.OAuthRequest{Again: c.id, Type: core.IntegrationConfluence}
	c.site = "22222222-0000"
	if _, err := c.finish(t.Context(), core.OAuthReturn{State: c.begin(t, c.admin, again)}); fieldsOf(err) != "integration_id same_site" {
		t.Errorf("another site: got %v", err)
	}
	c.site = "11111111-0000"
	was := c.integration(t)
	got, err := c.finish(t.Context(), core.OAuthReturn{State: c.begin(t, c.admin, again)})
	if err != nil {
		t.Fatal(err)
	}
	if i := got.Integration; i.ID != c.id || i.Status != core.IntegrationConnected || i.ErrorMessage != "" || i.Name != "Wiki" || i.SyncInterval != 60 || !slices.Equal(i.Config.Spaces, []string{"OPS"}) ||
		!i.TokenExpiresAt.Equal(c.clock.Now().Add(time.Hour)) || !i.CreatedAt.Equal(was.CreatedAt) || c.count(t) != 2 {
		t.Errorf("got %+v and %d integrations, want all but the tokens kept", i, c.count(t))
	}
	if err := c.call(t, c.nodes[0]); err != nil || c.lastUsed() == "token-2" {
		t.Errorf("a call: %v with %s, want the new token", err, c.lastUsed())
	}
}

func TestOAuth_ConnectsAnewOnlyWhatWasConnectedByIt(t *testing.T) {
	t.Parallel()
	c := join(t, 1)
	made, err := c.nodes[0].Integrations.Connect(t.Context(), c.admin, core.NewIntegration{Type: core.IntegrationNotion, AuthType: core.AuthAPIToken, Token: core.NewSecret("t")})
	if err != nil {
		t.Fatal(err)
	}
	other, _ := c.installation.admin(t, "eve@example.org")
	for name, try := range map[string]struct {
		actor core.Actor
		r     core.OAuthRequest
		want  string
	}{
		"an API token's":         {c.admin, core.OAuthRequest{Again: made.Integration.ID}, "integration_id oauth2"},
		"another vendor's":       {c.admin, core.OAuthRequest{Again: c.id, Type: core.IntegrationConfluence}, "integration_id oauth2"},
		"with a name":            {c.admin, core.OAuthRequest{Again: c.id, Name: "N"}, "integration_id alone"},
		"with an interval":       {c.admin, core.OAuthRequest{Again: c.id, SyncInterval: 60}, "integration_id alone"},
		"one that is not there":  {c.admin, core.OAuthRequest{Again: core.NewID[core.IntegrationID]()}, "NOT_FOUND"},
		"another organization's": {other, core.OAuthRequest{Again: c.id}, "NOT_FOUND"},
	} {
		if try.r.Type == "" {
			try.r.Type = core.IntegrationNotion
		}
		if _, err := c.nodes[0].Integrations.StartOAuth(t.Context(), try.actor, try.r); err == nil || fieldsOf(err) != try.want && string(core.CodeOf(err)) != try.want {
			t.Errorf("%s: got %v, want %s", name, err, try.want)
		}
	}
}

// again connects the cluster's integration anew and returns what became of it.
func (c *cluster) again(t *testing.T) (*core.Connected, error) {
	t.Helper()
	return c.finish(t.Context(), core.OAuthReturn{State: c.begin(t, c.admin, core.OAuthRequest{Again: c.id, Type: c.integration(t).Type})})
}

// meets has a patch come in while the vendor is asked the next time.
func meets(t *testing.T, c *cluster, patch core.IntegrationPatch) {
	t.Helper()
	c.verifying = func() {
		c.verifying = nil
		if _, err := c.nodes[0].Integrations.Update(t.Context(), c.admin, c.id, patch); err != nil {
			t.Errorf("the change meanwhile: %v", err)
		}
	}
}

// An integration that another workspace's tokens were given to would take the documents
// of the first one for gone.
func TestOAuth_ConnectsAnewToTheSameWorkspaceOnly(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]struct {
		before string // the workspace that was known when it was connected first
		change func(c *cluster)
		want   string
	}{
		"the same":                             {"home", func(*cluster) {}, ""},
		"the same, renamed":                    {"home", func(c *cluster) { c.account = "Ann's new name" }, ""},
		"another":                              {"home", func(c *cluster) { c.workspace = "away" }, "integration_id same_site"},
		"one without an id":                    {"home", func(c *cluster) { c.workspace, c.account = "", "Bob" }, "integration_id same_site"},
		"the same as of old":                   {"", func(c *cluster) { c.workspace, c.account = "home", "Ann's new name" }, ""},
		"another than of old":                  {"", func(c *cluster) { c.workspace, c.foreign = "home", "token-2" }, "integration_id same_site"},
		"of old and revoked, the same account": {"", func(c *cluster) { c.workspace, c.dead, c.account = "home", "token-1", "Ann" }, ""},
		"of old and revoked, another account":  {"", func(c *cluster) { c.workspace, c.dead, c.account = "home", "token-1", "Bob" }, "integration_id same_site"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := join(t, 1)
			c.workspace = try.before
			if _, err := c.nodes[0].Integrations.Update(t.Context(), c.admin, c.id, core.IntegrationPatch{Token: secret("token-1"), RefreshToken: secret("refresh-1")}); err != nil {
				t.Fatal(err)
			}
			try.change(c)
			was := c.integration(t)
			_, err := c.again(t)
			if got := fieldsOf(err); got != try.want || (err == nil) != (try.want == "") {
				t.Fatalf("got %v (%s), want %q", err, got, try.want)
			}
			now := c.integration(t)
			if err == nil && now.Config.Workspace != "home" || err != nil && fmt.Sprint(now.Config) != fmt.Sprint(was.Config) {
				t.Errorf("kept %+v after %v", now.Config, err)
			}
		})
	}
}

func TestOAuth_ConnectsAnewKeepsTheConfig(t *testing.T) {
	t.Parallel()
	c := join(t, 1)
	c.site = "11111111-0000"
	g := c.grant()
	made, err := c.nodes[0].Integrations.Connect(t.Context(), c.admin, core.NewIntegration{
		Type: core.IntegrationConfluence, AuthType: core.AuthOAuth2, Token: g.Token,
		Config: core.IntegrationConfig{Email: "ann@example.org", BaseURL: "https://team.atlassian.net", Deployment: core.DeploymentCloud, Spaces: []string{"OPS"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.id = made.Integration.ID
	was := c.integration(t).Config
	was.Account = "from here" // as the agreement says it
	if _, err := c.again(t); err != nil || fmt.Sprint(c.integration(t).Config) != fmt.Sprint(was) {
		t.Errorf("got %+v, %v, want %+v", c.integration(t).Config, err, was)
	}
}

func TestOAuth_ConnectingAnewThatMeetsAChangeIsAConflict(t *testing.T) {
	t.Parallel()
	for name, patch := range map[string]core.IntegrationPatch{
		"spaces": {Spaces: &[]string{"CREW"}}, "token": {Token: secret("newer")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := join(t, 1)
			c.site = "11111111-0000"
			g := c.grant()
			made, err := c.nodes[0].Integrations.Connect(t.Context(), c.admin, core.NewIntegration{
				Type: core.IntegrationConfluence, AuthType: core.AuthOAuth2, Token: g.Token, Config: core.IntegrationConfig{Spaces: []string{"OPS"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			c.id = made.Integration.ID
			meets(t, c, patch)
			if _, err := c.again(t); core.CodeOf(err) != core.CodeConflict {
				t.Errorf("got %v, want a conflict", err)
			}
			if _, err := c.again(t); err != nil {
				t.Errorf("again: %v", err)
			}
		})
	}
}
