package notion

import (
	"context"
	"net/http"
	"net/url"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

var _ core.Authorizer = (*authorizer)(nil)

// authorizer is Notion's OAuth2. It has no scopes and no PKCE; access tokens do not
// expire, and a refresh gives a new pair.
type authorizer struct {
	c      *Connector
	id     string
	secret core.Secret
}

// AuthorizeURL implements core.Authorizer.
func (o *authorizer) AuthorizeURL(r core.AuthorizeRequest) string {
	return o.c.base + "/v1/oauth/authorize?" + url.Values{
		"client_id": {o.id}, "response_type": {"code"}, "owner": {"user"}, "redirect_uri": {r.RedirectURL}, "state": {r.State},
	}.Encode()
}

// Exchange implements core.Authorizer.
func (o *authorizer) Exchange(ctx context.Context, r core.ExchangeRequest) (*core.Grant, error) {
	return o.token(ctx, core.Access{}, map[string]string{
		"grant_type": "authorization_code", "code": r.Code.Reveal(), "redirect_uri": r.RedirectURL,
	})
}

// Refresh implements core.Authorizer.
func (o *authorizer) Refresh(ctx context.Context, a core.Access) (*core.Grant, error) {
	g, err := o.token(ctx, a, map[string]string{"grant_type": "refresh_token", "refresh_token": a.RefreshToken.Reveal()})
	return g, vendor.DeadGrant(err)
}

// Revoke implements core.Authorizer.
func (o *authorizer) Revoke(ctx context.Context, a core.Access) error {
	_, err := o.c.client.Do(ctx, vendor, o.call(a, "/v1/oauth/revoke", map[string]string{"token": a.Token.Reveal()}))
	if reason := core.ReasonOf(err); reason == core.ReasonToken || reason == core.ReasonRefused {
		return nil // it is no token any more
	}
	return err
}

func (o *authorizer) call(a core.Access, path string, body any) upstream.Call {
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(o.id, o.secret.Reveal())
	req.Header.Set("Notion-Version", apiVersion)
	return upstream.Call{Access: a, Method: http.MethodPost, URL: o.c.base + path, Header: req.Header, Body: body}
}

func (o *authorizer) token(ctx context.Context, a core.Access, body any) (*core.Grant, error) {
	var got struct {
		ID   string `json:"workspace_id"`
		Name string `json:"workspace_name"`
	}
	g, err := o.c.client.Grant(ctx, vendor, o.call(a, "/v1/oauth/token", body), &got)
	if err == nil {
		g.Config.Workspace, g.Config.Account = got.ID, got.Name
	}
	return g, err
}
