package guru

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

var _ core.Authorizer = (*authorizer)(nil)

// authorizer is Guru's OAuth2, whose clients Guru's support makes.
type authorizer struct {
	c      *Connector
	id     string
	secret core.Secret
}

// AuthorizeURL implements core.Authorizer.
func (o *authorizer) AuthorizeURL(r core.AuthorizeRequest) string {
	return o.c.base + "/oauth/authorize?" + url.Values{
		"client_id": {o.id}, "response_type": {"code"}, "scope": {"*:*"}, "redirect_uri": {r.RedirectURL}, "state": {r.State},
	}.Encode()
}

// Exchange implements core.Authorizer.
func (o *authorizer) Exchange(ctx context.Context, r core.ExchangeRequest) (*core.Grant, error) {
	return o.token(ctx, core.Access{}, url.Values{
		"grant_type": {"authorization_code"}, "code": {r.Code.Reveal()}, "redirect_uri": {r.RedirectURL},
	})
}

// Refresh implements core.Authorizer.
func (o *authorizer) Refresh(ctx context.Context, a core.Access) (*core.Grant, error) {
	g, err := o.token(ctx, a, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {a.RefreshToken.Reveal()}})
	return g, vendor.DeadGrant(err)
}

// Revoke implements core.Authorizer. Guru cannot be told, but a refresh token is good
// once: it is used, and what it gives is thrown away.
func (o *authorizer) Revoke(ctx context.Context, a core.Access) error {
	if a.RefreshToken.Empty() {
		return nil
	}
	if _, err := o.Refresh(ctx, a); core.ReasonOf(err) != core.ReasonToken {
		return err
	}
	return nil
}

func (o *authorizer) token(ctx context.Context, a core.Access, form url.Values) (*core.Grant, error) {
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(o.id, o.secret.Reveal())
	var got struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Expires int64  `json:"expires_in"`
	}
	call := upstream.Call{Access: a, Method: http.MethodPost, URL: o.c.base + "/oauth/token", Header: req.Header, Body: form}
	if _, err := o.c.client.JSON(ctx, vendor, call, &got); err != nil {
		return nil, err
	}
	if got.Access == "" {
		return nil, vendor.Broken(nil)
	}
	g := &core.Grant{Token: core.NewSecret(got.Access), Config: a.Config}
	if got.Refresh != "" {
		g.RefreshToken = core.NewSecret(got.Refresh)
	}
	if got.Expires > 0 {
		g.ExpiresAt = o.c.client.Now().Add(time.Duration(got.Expires) * time.Second)
	}
	return g, nil
}
