package coretest

import (
	"net/url"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// AuthorizerWorld is a connector with an OAuth2 client, over a fake vendor.
type AuthorizerWorld struct {
	core.Connector
	// Agree has a user agree at the address that AuthorizeURL gave, and returns what the
	// vendor sends back to the redirect address.
	Agree func(t *testing.T, authorizeURL string) (code, state string)
	// Withdraw has the user take it back: neither token works any more.
	Withdraw func(t *testing.T)
	PKCE     bool // the vendor checks verifiers
}

// RunAuthorizer checks a core.Authorizer. open returns one with a vendor of its own.
func RunAuthorizer(t *testing.T, open func(t *testing.T) AuthorizerWorld) {
	runCases(t, "RunAuthorizer", open, map[string]func(t *testing.T, w AuthorizerWorld){
		"AddressCarriesTheStateAndNoSecret": authorizerAddress,
		"CodeBecomesTokensThatWork":         authorizerExchanges,
		"AgreementsForASiteNameItAlike":     authorizerNamesSite,
		"CodeIsGoodOnce":                    authorizerCodeOnce,
		"VerifierOfAnotherIsRefused":        authorizerVerifier,
		"RefreshGivesTokensThatWork":        authorizerRefreshes,
		"WithdrawnRefreshIsReasonToken":     authorizerWithdrawn,
		"RevokedTokensWorkNoMore":           authorizerRevokes,
	})
}

const (
	redirectURL   = "https://docsctl.example.com/v1/integrations/oauth/callback"
	oauthState    = "state-of-the-suite"
	oauthVerifier = "a-verifier-of-the-suite-that-is-long-enough-for-rfc-7636"
)

func (w AuthorizerWorld) address(t *testing.T) string {
	t.Helper()
	a := w.Authorizer()
	if a == nil {
		t.Fatal("the connector has no Authorizer")
	}
	return a.AuthorizeURL(core.AuthorizeRequest{RedirectURL: redirectURL, State: oauthState, Verifier: oauthVerifier})
}

func (w AuthorizerWorld) code(t *testing.T) core.ExchangeRequest {
	t.Helper()
	code, state := w.Agree(t, w.address(t))
	if state != oauthState {
		t.Errorf("got the state %q back, want it unchanged", state)
	}
	return core.ExchangeRequest{RedirectURL: redirectURL, Code: core.NewSecret(code), Verifier: oauthVerifier}
}

// granted returns the access that a user's agreement gives.
func (w AuthorizerWorld) granted(t *testing.T) core.Access {
	t.Helper()
	g, err := w.Authorizer().Exchange(t.Context(), w.code(t))
	return w.access(must(t, "exchange", g, err))
}

func (w AuthorizerWorld) access(g *core.Grant) core.Access {
	return core.Access{
		Tenant: core.TrustTenant(core.NewID[core.OrgID]()), AuthType: core.AuthOAuth2,
		Config: g.Config, Token: g.Token, RefreshToken: g.RefreshToken,
	}
}

func authorizerAddress(t *testing.T, w AuthorizerWorld) {
	got := w.address(t)
	u, err := url.Parse(got)
	must(t, "parse", u, err)
	q := u.Query()
	if q.Get("state") != oauthState || q.Get("redirect_uri") != redirectURL || q.Get("response_type") != "code" || q.Get("client_id") == "" {
		t.Errorf("got %s, want state, redirect, type and client", got)
	}
	if strings.Contains(got, oauthVerifier) || q.Has("client_secret") {
		t.Errorf("got %s, want no secret in it", got)
	}
}

func authorizerExchanges(t *testing.T, w AuthorizerWorld) {
	a := w.granted(t)
	v, err := w.Verify(t.Context(), a)
	if must(t, "verify", v, err); v.Account == "" {
		t.Error("got no account")
	}
}

func authorizerNamesSite(t *testing.T, w AuthorizerWorld) {
	var sites []string
	for range 2 {
		v, err := w.Verify(t.Context(), w.granted(t))
		must(t, "verify", v, err)
		sites = append(sites, v.Config.CloudID+v.Config.Workspace)
	}
	if sites[0] == "" || sites[0] != sites[1] {
		t.Errorf("two agreements for one site: got %q, want it named, the same each time", sites)
	}
}

func authorizerCodeOnce(t *testing.T, w AuthorizerWorld) {
	r := w.code(t)
	g, err := w.Authorizer().Exchange(t.Context(), r)
	must(t, "exchange", g, err)
	_, err = w.Authorizer().Exchange(t.Context(), r)
	wantReason(t, "exchange again", err, core.ReasonRefused)
}

func authorizerVerifier(t *testing.T, w AuthorizerWorld) {
	if !w.PKCE {
		return // the vendor has none
	}
	r := w.code(t)
	r.Verifier = strings.ToUpper(oauthVerifier)
	_, err := w.Authorizer().Exchange(t.Context(), r)
	wantReason(t, "exchange", err, core.ReasonRefused)
}

func authorizerRefreshes(t *testing.T, w AuthorizerWorld) {
	a := w.granted(t)
	if a.RefreshToken.Empty() {
		return // the vendor's tokens do not end
	}
	g, err := w.Authorizer().Refresh(t.Context(), a)
	must(t, "refresh", g, err)
	fresh := a
	fresh.Token = g.Token
	if !g.RefreshToken.Empty() {
		fresh.RefreshToken = g.RefreshToken
	}
	v, err := w.Verify(t.Context(), fresh)
	must(t, "verify with the new token", v, err)
	g, err = w.Authorizer().Refresh(t.Context(), fresh)
	must(t, "refresh again", g, err)
}

func authorizerWithdrawn(t *testing.T, w AuthorizerWorld) {
	a := w.granted(t)
	w.Withdraw(t)
	_, err := w.Verify(t.Context(), a)
	wantReason(t, "verify", err, core.ReasonToken)
	if a.RefreshToken.Empty() {
		return
	}
	_, err = w.Authorizer().Refresh(t.Context(), a)
	wantReason(t, "refresh", err, core.ReasonToken)
}

func authorizerRevokes(t *testing.T, w AuthorizerWorld) {
	a := w.granted(t)
	must(t, "revoke", true, w.Authorizer().Revoke(t.Context(), a))
	if a.RefreshToken.Empty() {
		return
	}
	_, err := w.Authorizer().Refresh(t.Context(), a)
	wantReason(t, "refresh", err, core.ReasonToken)
}
