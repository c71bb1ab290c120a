package identity

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/oauth2-proxy/mockoidc"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

// provider starts an OpenID Connect provider that is not ours.
func provider(t *testing.T) *mockoidc.MockOIDC {
	t.Helper()
	m, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// visit follows an address as a browser would, without following it back.
func visit(t *testing.T, m *mockoidc.MockOIDC, to, email string, verified bool) (code, state string) {
	t.Helper()
	m.QueueUser(&mockoidc.MockUser{Subject: "1", Email: email, EmailVerified: verified})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || resp.StatusCode != http.StatusFound {
		t.Fatalf("the provider answers %d, %v", resp.StatusCode, err)
	}
	return back.Query().Get("code"), back.Query().Get("state")
}

func TestOIDC_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunSignInProvider(t, func(t *testing.T) coretest.SignInScene {
		m := provider(t)
		return coretest.SignInScene{
			Provider:    NewOIDC(OIDCConfig{Issuer: m.Issuer(), ClientID: m.ClientID, ClientSecret: m.ClientSecret}),
			RedirectURL: "https://docs.example.org/back",
			Visit: func(t *testing.T, url, email string, verified bool) (string, string) {
				return visit(t, m, url, email, verified)
			},
		}
	})
}

func TestOIDC_AnotherClientsTokenIsRefused(t *testing.T) {
	t.Parallel()
	m := provider(t)
	f := core.SignInFlow{RedirectURL: "https://docs.example.org/back", State: "s", Nonce: "n", Verifier: "a-verifier-that-is-long-enough-for-what-pkce-asks"}
	ours := NewOIDC(OIDCConfig{Issuer: m.Issuer(), ClientID: m.ClientID, ClientSecret: m.ClientSecret})
	to, err := ours.Begin(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	code, _ := visit(t, m, to, "zoe@example.org", true)
	theirs := NewOIDC(OIDCConfig{Issuer: m.Issuer(), ClientID: "another", ClientSecret: m.ClientSecret})
	if _, err := theirs.Finish(t.Context(), f, code, ""); core.CodeOf(err) != core.CodeAuthentication {
		t.Errorf("got %v, want %s", err, core.CodeAuthentication)
	}
}

func TestOIDC_ProviderThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	p := NewOIDC(OIDCConfig{Issuer: "http://127.0.0.1:1", ClientID: "c"})
	if _, err := p.Begin(t.Context(), core.SignInFlow{}); core.CodeOf(err) != core.CodeUnavailable {
		t.Errorf("got %v, want %s", err, core.CodeUnavailable)
	}
}
