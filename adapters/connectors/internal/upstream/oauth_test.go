package upstream_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

func TestAuthTypes_HaveOAuth2WhereThereIsAClient(t *testing.T) {
	t.Parallel()
	if got := upstream.AuthTypes(false); !slices.Equal(got, []core.AuthType{core.AuthAPIToken}) {
		t.Errorf("without: %v", got)
	}
	if got := upstream.AuthTypes(true); !slices.Equal(got, []core.AuthType{core.AuthAPIToken, core.AuthOAuth2}) {
		t.Errorf("with: %v", got)
	}
}

func TestGrant_ReadsTokens(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		token, refresh string
		life           time.Duration
		own            string
		reason         core.UpstreamReason
	}{
		`{"access_token":"a","refresh_token":"r","expires_in":3600,"workspace":"W"}`: {"a", "r", time.Hour, "W", ""},
		`{"access_token":"a","refresh_token":null}`:                                  {"a", "", 0, "", ""},
		`{"access_token":"a","refresh_token":"","expires_in":0}`:                     {"a", "", 0, "", ""},
		`{"access_token":"a","expires_in":-5}`:                                       {"a", "", 0, "", ""},
		`{"refresh_token":"r"}`:                                                      {reason: core.ReasonBroken},
		`{"access_token":"a","workspace":7}`:                                         {reason: core.ReasonBroken},
		`{"access_token":7}`:                                                         {reason: core.ReasonBroken},
		``:                                                                           {reason: core.ReasonBroken},
	} {
		address, _ := server(t, func(_ int, w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		k := newClock()
		c := newClient(k, address, upstream.Config{})
		var own struct{ Workspace string }
		call := upstream.Call{URL: address, Method: "POST", Access: core.Access{Config: core.IntegrationConfig{BaseURL: "https://x.example"}}}
		g, err := c.Grant(t.Context(), vendor, call, &own)
		if core.ReasonOf(err) != want.reason || (err == nil) != (want.reason == "") {
			t.Errorf("%s: got %v, want %q", body, err, want.reason)
			continue
		}
		if err != nil {
			continue
		}
		var end time.Time
		if want.life > 0 {
			end = k.now().Add(want.life)
		}
		if g.Token.Reveal() != want.token || g.RefreshToken.Reveal() != want.refresh || !g.ExpiresAt.Equal(end) || own.Workspace != want.own || g.Config.BaseURL != "https://x.example" {
			t.Errorf("%s: got %+v and %+v", body, g, own)
		}
		if _, err := c.Grant(t.Context(), vendor, call, nil); err != nil {
			t.Errorf("%s: with nothing else wanted: %v", body, err)
		}
	}
	address, _ := server(t, status(503))
	if _, err := newClient(newClock(), address, upstream.Config{}).Grant(t.Context(), vendor, upstream.Call{URL: address}, nil); core.ReasonOf(err) != core.ReasonDown {
		t.Errorf("got %v, want it down", err)
	}
}

// refresher is an Authorizer of which nothing but Refresh is called.
type refresher struct {
	core.Authorizer
	used []string
	err  error
}

func (r *refresher) Refresh(_ context.Context, a core.Access) (*core.Grant, error) {
	r.used = append(r.used, a.RefreshToken.Reveal())
	return nil, r.err
}

func TestUseUp_SpendsTheRefreshToken(t *testing.T) {
	t.Parallel()
	with := core.Access{RefreshToken: core.NewSecret("r")}
	dead, away := vendor.Fail(core.UpstreamDetails{Reason: core.ReasonToken}, 0, nil), vendor.Fail(core.UpstreamDetails{Reason: core.ReasonDown}, 0, nil)
	for name, tc := range map[string]struct {
		access core.Access
		err    error
		want   core.UpstreamReason
		used   []string
	}{
		"Fresh":   {with, nil, "", []string{"r"}},
		"DeadYet": {with, dead, "", []string{"r"}},
		"Away":    {with, away, core.ReasonDown, []string{"r"}},
		"None":    {core.Access{}, away, "", nil},
	} {
		o := &refresher{err: tc.err}
		if err := upstream.UseUp(t.Context(), o, tc.access); core.ReasonOf(err) != tc.want || (err == nil) != (tc.want == "") || !slices.Equal(o.used, tc.used) {
			t.Errorf("%s: got %v after %v", name, err, o.used)
		}
	}
}

// A server that is down, or asks for fewer calls, has refused nothing; that it does not
// take the client says nothing of the token.
func TestOAuthErrors_AreReadByTheirWord(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		was    core.UpstreamReason
		word   string
		is     core.UpstreamReason
		refuse core.UpstreamReason // of a refresh
	}{
		{core.ReasonRefused, "invalid_grant", core.ReasonRefused, core.ReasonToken},
		{core.ReasonForbidden, "invalid_grant", core.ReasonRefused, core.ReasonToken}, // as Atlassian says it
		{core.ReasonToken, "invalid_client", core.ReasonRefused, core.ReasonRefused},
		{core.ReasonRefused, "invalid_request", core.ReasonRefused, core.ReasonRefused},
		{core.ReasonDown, "invalid_grant", core.ReasonDown, core.ReasonDown},
		{core.ReasonLimited, "invalid_grant", core.ReasonLimited, core.ReasonLimited},
	} {
		d := core.UpstreamDetails{Reason: tc.was, UpstreamStatus: 403}
		upstream.ReadOAuthError(tc.word, &d)
		if d.Reason != tc.is || d.UpstreamCode != tc.word {
			t.Errorf("%s %s: got %+v, want %s", tc.was, tc.word, d, tc.is)
		}
		cause := errors.New("why")
		if err := vendor.DeadGrant(vendor.Fail(d, 0, cause)); core.ReasonOf(err) != tc.refuse || !errors.Is(err, cause) {
			t.Errorf("%s %s: a refresh got %v, want %s", tc.was, tc.word, err, tc.refuse)
		}
	}
	if err := vendor.DeadGrant(nil); err != nil {
		t.Errorf("no error became %v", err)
	}
	if err := vendor.DeadGrant(context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("another error became %v", err)
	}
}
