package guru

import (
	"context"
	"net/http"
	"net/url"

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

// Revoke implements core.Authorizer. Guru cannot be told.
func (o *authorizer) Revoke(ctx context.Context, a core.Access) error {
	return upstream.UseUp(ctx, o, a)
}

func (o *authorizer) token(ctx context.Context, a core.Access, form url.Values) (*core.Grant, error) {
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(o.id, o.secret.Reveal())
	call := upstream.Call{Access: a, Method: http.MethodPost, URL: o.c.base + "/oauth/token", Header: req.Header, Body: form}
	return o.c.client.Grant(ctx, vendor, call, nil)
}
