package identity

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/docsctl/docsctl/core"
)

var _ core.SignInProvider = (*OIDC)(nil)

// GoogleIssuer is Google's name as an OpenID Connect provider.
const GoogleIssuer = "https://accounts.google.com"

// OIDCConfig says which provider signs people in, and as which client.
type OIDCConfig struct {
	Issuer       string // "": GoogleIssuer
	ClientID     string
	ClientSecret string
	Client       *http.Client // nil: one with a timeout of 10 s
}

// OIDC is a core.SignInProvider that speaks OpenID Connect. What the provider
// publishes of itself is read when it is first needed.
type OIDC struct {
	cfg OIDCConfig

	mu       sync.Mutex // guards provider
	provider *oidc.Provider
}

// oidcTimeout bounds each request to the provider.
const oidcTimeout = 10 * time.Second

// NewOIDC returns the provider of c. It does no I/O.
func NewOIDC(c OIDCConfig) *OIDC {
	if c.Issuer == "" {
		c.Issuer = GoogleIssuer
	}
	if c.Client == nil {
		c.Client = &http.Client{Timeout: oidcTimeout}
	}
	return &OIDC{cfg: c}
}

// Begin implements core.SignInProvider.
func (o *OIDC) Begin(ctx context.Context, f core.SignInFlow) (string, error) {
	p, err := o.discovered(ctx)
	if err != nil {
		return "", err
	}
	return o.client(p, f).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), nil
}

// Finish implements core.SignInProvider.
func (o *OIDC) Finish(ctx context.Context, f core.SignInFlow, code, issuer string) (*core.ExternalIdentity, error) {
	if issuer != "" && issuer != o.cfg.Issuer {
		return nil, refused(errors.New("the code is of another issuer"))
	}
	p, err := o.discovered(ctx)
	if err != nil {
		return nil, err
	}
	ctx = oidc.ClientContext(ctx, o.cfg.Client)
	token, err := o.client(p, f).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return nil, explainExchange(ctx, err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := p.VerifierContext(ctx, &oidc.Config{ClientID: o.cfg.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, refused(err)
	}
	if f.Nonce == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1 {
		return nil, refused(errors.New("the token's nonce is not the flow's"))
	}
	var claims struct {
		Email    string `json:"email"`
		Verified any    `json:"email_verified"` // some providers send a text
		Name     string `json:"name"`
	}
	if err := id.Claims(&claims); err != nil {
		return nil, refused(err)
	}
	who := &core.ExternalIdentity{
		Email: claims.Email, Verified: claims.Verified == true || claims.Verified == "true", Name: claims.Name, Provider: core.AuthOIDC,
		Issuer: id.Issuer, Subject: id.Subject,
	}
	if o.cfg.Issuer == GoogleIssuer {
		who.Provider = core.AuthGoogle
	}
	return who, nil
}

// discovered returns what the provider publishes of itself.
func (o *OIDC) discovered(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider != nil {
		return o.provider, nil
	}
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, o.cfg.Client), o.cfg.Issuer)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	o.provider = p
	return p, nil
}

func (o *OIDC) client(p *oidc.Provider, f core.SignInFlow) *oauth2.Config {
	return &oauth2.Config{
		ClientID: o.cfg.ClientID, ClientSecret: o.cfg.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: f.RedirectURL,
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// refused is the one answer to whatever does not prove who somebody is.
func refused(cause error) error {
	return &core.Error{Code: core.CodeAuthentication, Message: "the sign-in did not succeed; begin again", Err: cause}
}

func unreachable(ctx context.Context, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return core.Unavailable("the sign-in provider does not answer; try again, or sign in by password", 5*time.Second, cause)
}

// explainExchange tells a code that was refused from a provider that is away.
func explainExchange(ctx context.Context, err error) error {
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok && answer.Response != nil && answer.Response.StatusCode < http.StatusInternalServerError {
		return refused(errors.New("the provider refused the code: " + answer.ErrorCode)) // its own text may hold the code
	}
	return unreachable(ctx, err)
}
