package confluence

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

var _ core.Authorizer = (*authorizer)(nil)

// scopes are what a connection by OAuth2 asks for. Without offline_access there
// would be no refresh token.
const scopes = "read:page:confluence read:space:confluence write:page:confluence read:user:confluence read:confluence-content.all search:confluence offline_access"

// authorizer is Atlassian's OAuth2 (3LO). Its refresh tokens rotate.
type authorizer struct {
	c      *Connector
	server string
	id     string
	secret core.Secret
}

// AuthorizeURL implements core.Authorizer.
func (o *authorizer) AuthorizeURL(r core.AuthorizeRequest) string {
	return o.server + "/authorize?" + url.Values{
		"audience": {"api.atlassian.com"}, "client_id": {o.id}, "scope": {scopes}, "redirect_uri": {r.RedirectURL}, "state": {r.State},
		"response_type": {"code"}, "prompt": {"consent"},
	}.Encode()
}

// Exchange implements core.Authorizer. Where the user opened several sites, Verify
// says which of them it needs to be told.
func (o *authorizer) Exchange(ctx context.Context, r core.ExchangeRequest) (*core.Grant, error) {
	g, err := o.token(ctx, core.Access{}, map[string]string{
		"grant_type": "authorization_code", "code": r.Code.Reveal(), "redirect_uri": r.RedirectURL,
	})
	if err != nil {
		return nil, err
	}
	sites, err := o.c.resources(ctx, core.Access{AuthType: core.AuthOAuth2, Token: g.Token})
	if err != nil {
		return nil, err
	}
	if len(sites) == 1 {
		g.Config.CloudID, g.Config.BaseURL, g.Config.Account = sites[0].ID, sites[0].URL, sites[0].Name
	}
	return g, nil
}

// Refresh implements core.Authorizer.
func (o *authorizer) Refresh(ctx context.Context, a core.Access) (*core.Grant, error) {
	g, err := o.token(ctx, a, map[string]string{"grant_type": "refresh_token", "refresh_token": a.RefreshToken.Reveal()})
	return g, vendor.DeadGrant(err)
}

// Revoke implements core.Authorizer. Atlassian cannot be told.
func (o *authorizer) Revoke(ctx context.Context, a core.Access) error {
	return upstream.UseUp(ctx, o, a)
}

func (o *authorizer) token(ctx context.Context, a core.Access, body map[string]string) (*core.Grant, error) {
	body["client_id"], body["client_secret"] = o.id, o.secret.Reveal()
	return o.c.client.Grant(ctx, vendor, upstream.Call{Access: a, Method: http.MethodPost, URL: o.server + "/oauth/token", Body: body}, nil)
}

// resource is a site that a token of OAuth2 opens.
type resource struct {
	ID, URL, Name string
	Scopes        []string
}

var cloudID = regexp.MustCompile(`^[0-9a-fA-F-]{8,64}$`)

// resources lists the sites of Confluence that a token opens; Jira's are left out.
func (c *Connector) resources(ctx context.Context, a core.Access) ([]resource, error) {
	h := http.Header{}
	sign(a, h)
	var all []resource
	call := upstream.Call{Access: a, URL: c.gateway + "/oauth/token/accessible-resources", Header: h}
	if _, err := c.client.JSON(ctx, vendor, call, &all); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(r resource) bool {
		return !slices.ContainsFunc(r.Scopes, func(s string) bool { return strings.Contains(s, "confluence") })
	}), nil
}

// locate finds out at which address a token works: of OAuth2 its site's cloud id; an
// API token with scopes only behind the gateway.
func (c *Connector) locate(ctx context.Context, a core.Access) (core.Access, error) {
	switch {
	case a.Config.Deployment == core.DeploymentDataCenter:
		return a, nil
	case a.AuthType == core.AuthOAuth2:
		return c.locateGrant(ctx, a)
	}
	a.Config.CloudID = ""
	e, err := c.edition(a)
	if err != nil {
		return a, err
	}
	_, err = e.spaces(ctx, nil, "")
	if core.ReasonOf(err) != core.ReasonToken {
		return a, err
	}
	root, _ := baseURL(a.Config.BaseURL) // it was read before
	var tenant struct{ CloudID string }
	call := upstream.Call{Access: a, URL: strings.TrimSuffix(root, "/wiki") + "/_edge/tenant_info"}
	if _, unknown := c.client.JSON(ctx, vendor, call, &tenant); unknown != nil || !cloudID.MatchString(tenant.CloudID) {
		return a, err
	}
	scoped := a
	scoped.Config.CloudID = tenant.CloudID
	if e, err = c.edition(scoped); err != nil {
		return a, err
	}
	_, err = e.spaces(ctx, nil, "")
	return scoped, err
}

// locateGrant finds the site of a grant: the one, or of several the one whose
// address the config has.
func (c *Connector) locateGrant(ctx context.Context, a core.Access) (core.Access, error) {
	sites, err := c.resources(ctx, a)
	if err != nil {
		return a, err
	}
	var names []string
	for _, s := range sites {
		names = append(names, s.URL)
		if len(sites) == 1 || strings.EqualFold(strings.TrimSuffix(strings.TrimRight(a.Config.BaseURL, "/"), "/wiki"), s.URL) {
			a.Config.CloudID, a.Config.BaseURL = s.ID, s.URL
			if a.Config.Account == "" {
				a.Config.Account = s.Name
			}
			return a, nil
		}
	}
	if len(sites) == 0 {
		return a, vendor.Fail(core.UpstreamDetails{Reason: core.ReasonForbidden, UpstreamCode: "no_site"}, 0, nil)
	}
	return a, core.Invalid("config.base_url", "several_sites",
		"the account opens several sites ("+strings.Join(names, ", ")+"); set the base URL of the one that is meant")
}
