package coretest

import (
	"testing"

	"github.com/docsctl/docsctl/core"
)

// SignInScene is a provider as a case of RunSignInProvider finds it.
type SignInScene struct {
	Provider core.SignInProvider
	// Visit signs somebody with this address in at an address that Begin returned,
	// as a browser does, and returns the code and the state that they are sent back with.
	Visit func(t *testing.T, url, email string, verified bool) (code, state string)
	// RedirectURL is where they are sent back.
	RedirectURL string
}

// RunSignInProvider checks a core.SignInProvider. open returns one whose other side
// knows nobody yet.
func RunSignInProvider(t *testing.T, open func(t *testing.T) SignInScene) {
	runCases(t, "RunSignInProvider", open, map[string]func(t *testing.T, s SignInScene){
		"CodeIsExchangedForWhoItIs":       signInTellsWho,
		"UnverifiedAddressIsToldSo":       signInUnverified,
		"CodeOfAnotherFlowIsRefused":      signInOfAnotherFlow,
		"CodeIsOfUseOnce":                 signInOnce,
		"AnotherIssuerIsRefused":          signInOfAnotherIssuer,
		"CodeThatNobodyHasGivenIsRefused": signInUnknownCode,
		"EndedContextGivesAnError":        signInEndedContext,
	})
}

func (s SignInScene) flow() core.SignInFlow {
	id := core.NewID[string]()
	return core.SignInFlow{RedirectURL: s.RedirectURL, State: "state " + id, Nonce: "nonce-" + id, Verifier: "verifier-that-is-long-enough-for-pkce-" + id}
}

func (s SignInScene) visit(t *testing.T, f core.SignInFlow, verified bool) string {
	t.Helper()
	url, err := s.Provider.Begin(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	code, state := s.Visit(t, url, "zoe@example.org", verified)
	if state != f.State {
		t.Errorf("state: got %q, want %q", state, f.State)
	}
	return code
}

func signInTellsWho(t *testing.T, s SignInScene) {
	f := s.flow()
	who, err := s.Provider.Finish(t.Context(), f, s.visit(t, f, true), "")
	if err != nil || who.Email != "zoe@example.org" || !who.Verified || who.Provider == "" || who.Provider == core.AuthLocal {
		t.Fatalf("got %+v, %v, want zoe@example.org, verified", who, err)
	}
	f = s.flow()
	again, err := s.Provider.Finish(t.Context(), f, s.visit(t, f, true), "")
	if err != nil || who.Issuer == "" || who.Subject == "" || again.Issuer != who.Issuer || again.Subject != who.Subject {
		t.Errorf("got %+v and then %+v, %v, want the same account of the same issuer", who, again, err)
	}
}

func signInUnverified(t *testing.T, s SignInScene) {
	f := s.flow()
	who, err := s.Provider.Finish(t.Context(), f, s.visit(t, f, false), "")
	if err != nil || who.Verified {
		t.Errorf("got %+v, %v, want an address that is not verified", who, err)
	}
}

func (s SignInScene) wantRefused(t *testing.T, what string, f core.SignInFlow, code, issuer string) {
	t.Helper()
	if who, err := s.Provider.Finish(t.Context(), f, code, issuer); core.CodeOf(err) != core.CodeAuthentication {
		t.Errorf("%s: got %+v, %v, want %s", what, who, err, core.CodeAuthentication)
	}
}

func signInOfAnotherFlow(t *testing.T, s SignInScene) {
	f := s.flow()
	for what, change := range map[string]func(*core.SignInFlow){
		"another verifier": func(f *core.SignInFlow) { f.Verifier += "x" },
		"another nonce":    func(f *core.SignInFlow) { f.Nonce += "x" },
		"no nonce":         func(f *core.SignInFlow) { f.Nonce = "" },
	} {
		code, other := s.visit(t, f, true), f
		change(&other)
		s.wantRefused(t, what, other, code, "")
	}
}

func signInOnce(t *testing.T, s SignInScene) {
	f := s.flow()
	code := s.visit(t, f, true)
	if _, err := s.Provider.Finish(t.Context(), f, code, ""); err != nil {
		t.Fatal(err)
	}
	s.wantRefused(t, "a second time", f, code, "")
}

func signInOfAnotherIssuer(t *testing.T, s SignInScene) {
	f := s.flow()
	s.wantRefused(t, "another issuer", f, s.visit(t, f, true), "https://issuer.example")
}

func signInUnknownCode(t *testing.T, s SignInScene) {
	for _, code := range []string{"", "unknown", "\x00\xff", core.NewID[string]()} {
		s.wantRefused(t, "an unknown code", s.flow(), code, "")
	}
}

func signInEndedContext(t *testing.T, s SignInScene) {
	if _, err := s.Provider.Finish(ended(t), s.flow(), "code", ""); err == nil {
		t.Error("got nil, want an error")
	}
}
