package core_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// wikiOf connects a Confluence and returns it.
func wikiOf(t *testing.T, c *connected, spaces ...string) *core.Integration {
	t.Helper()
	made, err := c.Integrations.Connect(t.Context(), c.admin, wiki(spaces...))
	if err != nil {
		t.Fatal(err)
	}
	return made.Integration
}

// fieldsOf names what an error refuses.
func fieldsOf(err error) string {
	var all []string
	if e := core.AsError(err); e != nil {
		fields, _ := e.Details.(core.FieldErrors)
		for _, f := range fields {
			all = append(all, f.Field+" "+f.Constraint)
		}
	}
	return strings.Join(all, ", ")
}

func secret(s string) *core.Secret { return new(core.NewSecret(s)) }

func TestIntegrations_PatchIsCheckedBeforeTheVendorIsAsked(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(1))
	i := wikiOf(t, c, "OPS")
	c.verifying = func() { t.Error("the vendor was asked") }
	at := time.Now()
	for name, refused := range map[string]struct {
		patch core.IntegrationPatch
		want  string
	}{
		"blank name":              {core.IntegrationPatch{Name: new(" ")}, "name required"},
		"every minute":            {core.IntegrationPatch{SyncInterval: new(1)}, "sync_interval_minutes range"},
		"less than never":         {core.IntegrationPatch{SyncInterval: new(-5)}, "sync_interval_minutes range"},
		"a token of two lines":    {core.IntegrationPatch{Token: secret("a\nb")}, "access_token format"},
		"an address alone":        {core.IntegrationPatch{BaseURL: new("https://evil.example.com")}, "config.base_url requires"},
		"a refresh token alone":   {core.IntegrationPatch{RefreshToken: secret("r")}, "refresh_token requires"},
		"an end alone":            {core.IntegrationPatch{ExpiresAt: &at}, "token_expires_at requires"},
		"a refresh token of none": {core.IntegrationPatch{Token: secret("t"), RefreshToken: secret("r")}, "refresh_token unknown"},
		"no e-mail":               {core.IntegrationPatch{Email: new("")}, "config.email required"},
		"half an e-mail":          {core.IntegrationPatch{Email: new("ann:lee")}, "config.email format"},
		"no address":              {core.IntegrationPatch{Token: secret("t"), BaseURL: new("")}, "config.base_url required"},
		"a file":                  {core.IntegrationPatch{Token: secret("t"), BaseURL: new("file:///etc/passwd")}, "config.base_url format"},
		"spaces that are none":    {core.IntegrationPatch{Spaces: &[]string{"a b"}}, "config.spaces format"},
	} {
		if _, err := c.Integrations.Update(t.Context(), c.admin, i.ID, refused.patch); core.CodeOf(err) != core.CodeValidation || fieldsOf(err) != refused.want {
			t.Errorf("%s: got %v (%s), want %s", name, err, fieldsOf(err), refused.want)
		}
	}
	for _, patch := range []core.IntegrationPatch{{Email: new("a@example.org")}, {Token: secret("t"), BaseURL: new("https://x.example.org")}, {Spaces: &[]string{"OPS"}}} {
		if _, err := c.Integrations.Update(t.Context(), c.admin, c.id, patch); core.CodeOf(err) != core.CodeValidation {
			t.Errorf("of Notion: got %v, want it refused", err)
		}
	}
	for _, patch := range []core.IntegrationPatch{{}, {Name: &i.Name, Email: &i.Config.Email, Spaces: &[]string{"OPS"}}} {
		events := len(c.events(t, c.admin))
		if got, err := c.Integrations.Update(t.Context(), c.admin, i.ID, patch); err != nil || !got.UpdatedAt.Equal(i.UpdatedAt) || len(c.events(t, c.admin)) != events {
			t.Errorf("what changes nothing: got %+v, %v, and an event", got, err)
		}
	}
}

func TestIntegrations_PatchIsProven(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(1))
	c.site = "11111111-0000"
	i := wikiOf(t, c, "OPS")
	was := c.verified
	for name, try := range map[string]struct {
		patch core.IntegrationPatch
		asked core.IntegrationConfig
		token string
	}{
		"e-mail":  {core.IntegrationPatch{Email: new("bob@example.org")}, core.IntegrationConfig{Email: "bob@example.org", BaseURL: was.Config.BaseURL, Spaces: []string{"OPS"}}, "token"},
		"address": {core.IntegrationPatch{Token: secret("new"), BaseURL: new("https://wiki.example.org")}, core.IntegrationConfig{Email: "ann@example.org", BaseURL: "https://wiki.example.org", Spaces: []string{"OPS"}}, "new"},
		"spaces":  {core.IntegrationPatch{Spaces: &[]string{"CREW"}}, core.IntegrationConfig{Email: "ann@example.org", BaseURL: was.Config.BaseURL, Spaces: []string{"CREW"}, CloudID: c.site, Account: "Ann"}, "token"},
	} {
		c.verifyErr = upstream(core.ReasonToken)
		if _, err := c.Integrations.Update(t.Context(), c.admin, i.ID, try.patch); core.CodeOf(err) != core.CodeValidation {
			t.Errorf("%s that is refused: got %v", name, err)
		}
		if got := c.verified; fmt.Sprint(got.Config) != fmt.Sprint(try.asked) || got.Token.Reveal() != try.token || got.Integration != i.ID {
			t.Errorf("%s: asked with %+v %s, want %+v %s", name, got.Config, got.Token.Reveal(), try.asked, try.token)
		}
		if now, err := c.Integrations.Get(t.Context(), c.admin, i.ID); err != nil || !now.UpdatedAt.Equal(i.UpdatedAt) || now.Config.Email != "ann@example.org" {
			t.Errorf("%s that is refused: got %+v, %v, want it as it was", name, now, err)
		}
	}
}

// Whoever replaces the credentials of a colleague who left changes the address and the
// token at once; what was synced stays.
func TestIntegrations_CredentialsAreReplaced(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(1))
	i := wikiOf(t, c, "OPS", "CREW")
	c.verifyErr = upstream(core.ReasonToken)
	c.listErr = func(string) error { return upstream(core.ReasonToken) }
	if _, err := c.Integrations.Items(t.Context(), c.admin, i.ID, "", core.PageRequest{}); err == nil {
		t.Fatal("the token that ended still works")
	}
	if got, err := c.Integrations.Get(t.Context(), c.admin, i.ID); err != nil || got.Status != core.IntegrationRevoked {
		t.Fatalf("got %+v, %v, want it revoked", got, err)
	}
	c.verifyErr, c.listErr = nil, nil
	got, err := c.Integrations.Update(t.Context(), c.admin, i.ID, core.IntegrationPatch{
		Token: secret("bob's"), Email: new("bob@example.org"), BaseURL: new("https://wiki.example.org"), Spaces: &[]string{"OPS"}, Name: new("Bob's"), SyncInterval: new(60),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != core.IntegrationConnected || got.ErrorMessage != "" || got.Name != "Bob's" || got.SyncInterval != 60 || got.NextSyncAt == nil || !slices.Equal(got.Config.Spaces, []string{"OPS"}) ||
		got.Config.Email != "bob@example.org" || got.Config.BaseURL != "https://wiki.example.org" || got.Config.Account != "Ann" {
		t.Errorf("got %+v", got)
	}
	if kept, err := c.Integrations.Get(t.Context(), c.admin, i.ID); err != nil || fmt.Sprint(kept.Config) != fmt.Sprint(got.Config) {
		t.Errorf("kept %+v, %v, want what was answered", kept, err)
	}
	if _, err := c.Integrations.Items(t.Context(), c.admin, i.ID, "", core.PageRequest{}); err != nil {
		t.Errorf("with the new token: %v", err)
	}
}

// The vendor is asked outside of any transaction: what was proven beside another change
// is not stored over it.
func TestIntegrations_PatchThatMeetsAnotherIsAConflict(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(1))
	i := wikiOf(t, c, "OPS")
	c.verifying = func() {
		c.verifying = nil
		if _, err := c.Integrations.Update(t.Context(), c.admin, i.ID, core.IntegrationPatch{Spaces: new([]string), Name: new("Other")}); err != nil {
			t.Errorf("the first change: %v", err)
		}
	}
	if _, err := c.Integrations.Update(t.Context(), c.admin, i.ID, core.IntegrationPatch{Token: secret("new")}); core.CodeOf(err) != core.CodeConflict {
		t.Errorf("got %v, want a conflict", err)
	}
	if got, err := c.Integrations.Update(t.Context(), c.admin, i.ID, core.IntegrationPatch{Token: secret("new")}); err != nil || len(got.Config.Spaces) != 0 || got.Name != "Other" {
		t.Errorf("again: got %+v, %v, want the first change kept", got, err)
	}
}

// A token that was kept proves nothing of the one that replaced it meanwhile.
func TestIntegrations_PatchThatMeetsAnotherTokenIsAConflict(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(1))
	i := wikiOf(t, c, "OPS")
	for name, patch := range map[string]core.IntegrationPatch{
		"email": {Email: new("bob@example.org")}, "spaces": {Spaces: &[]string{"CREW"}}, "token": {Token: secret("third")},
	} {
		c.verifying = func() {
			c.verifying = nil
			if _, err := c.Integrations.Update(t.Context(), c.admin, i.ID, core.IntegrationPatch{Token: secret("second")}); err != nil {
				t.Errorf("%s: the first change: %v", name, err)
			}
		}
		if _, err := c.Integrations.Update(t.Context(), c.admin, i.ID, patch); core.CodeOf(err) != core.CodeConflict {
			t.Errorf("%s: got %v, want a conflict", name, err)
		}
		if got, err := c.Integrations.Get(t.Context(), c.admin, i.ID); err != nil || fmt.Sprint(got.Config) != fmt.Sprint(i.Config) {
			t.Errorf("%s: got %+v, %v, want the config kept", name, got.Config, err)
		}
	}
}

func TestIntegrations_PatchThatMeetsARefreshIsNoConflict(t *testing.T) {
	t.Parallel()
	c := join(t, 2)
	g := c.grant()
	made, err := c.nodes[0].Integrations.Connect(t.Context(), c.admin, core.NewIntegration{
		Type: core.IntegrationConfluence, AuthType: core.AuthOAuth2, Token: g.Token, RefreshToken: g.RefreshToken, ExpiresAt: &g.ExpiresAt,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.id = made.Integration.ID
	c.verifying = func() {
		c.verifying = nil
		c.clock.Pass(51 * time.Minute)
		if err := c.call(t, c.nodes[1]); err != nil || len(c.refreshed) != 1 {
			t.Errorf("a call meanwhile: %v after refreshing with %v, want one refresh", err, c.refreshed)
		}
	}
	if got, err := c.nodes[0].Integrations.Update(t.Context(), c.admin, c.id, core.IntegrationPatch{Spaces: &[]string{"CREW"}}); err != nil || !slices.Equal(got.Config.Spaces, []string{"CREW"}) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if err := c.call(t, c.nodes[0]); err != nil || c.lastUsed() != "token-3" {
		t.Errorf("a call: %v with %s, want the token that was refreshed", err, c.lastUsed())
	}
}
