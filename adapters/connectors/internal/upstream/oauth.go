package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/docsctl/docsctl/core"
)

// AuthTypes are the ways in of a vendor that takes tokens, and OAuth2 where the
// installation has a client of it.
func AuthTypes(oauth bool) []core.AuthType {
	if oauth {
		return []core.AuthType{core.AuthAPIToken, core.AuthOAuth2}
	}
	return []core.AuthType{core.AuthAPIToken}
}

// Grant asks for tokens. own gets what else the vendor tells; nil: nothing is wanted.
func (c *Client) Grant(ctx context.Context, v *Vendor, call Call, own any) (*core.Grant, error) {
	var got struct {
		Access  string  `json:"access_token"`
		Refresh *string `json:"refresh_token"`
		Expires int64   `json:"expires_in"`
	}
	answer, err := c.JSON(ctx, v, call, &got)
	if err != nil {
		return nil, err
	}
	if got.Access == "" {
		return nil, v.Broken(errors.New("a grant without a token"))
	}
	g := &core.Grant{Token: core.NewSecret(got.Access), Config: call.Access.Config}
	if got.Refresh != nil && *got.Refresh != "" {
		g.RefreshToken = core.NewSecret(*got.Refresh)
	}
	if got.Expires > 0 {
		g.ExpiresAt = c.Now().Add(time.Duration(got.Expires) * time.Second)
	}
	if own != nil {
		if err := json.Unmarshal(answer.Body, own); err != nil {
			return nil, v.Broken(err)
		}
	}
	return g, nil
}

// UseUp makes a refresh token worth nothing at a vendor that cannot be told to forget
// it: it is good once, so it is used, and what it gives is thrown away.
func UseUp(ctx context.Context, o core.Authorizer, a core.Access) error {
	if a.RefreshToken.Empty() {
		return nil
	}
	if _, err := o.Refresh(ctx, a); core.ReasonOf(err) != core.ReasonToken {
		return err
	}
	return nil
}

// ReadOAuthError reads the word of an OAuth2 error (RFC 6749, 5.2), which vendors
// send with one status of 4xx or another. A server that is down or asks for fewer calls
// has refused nothing.
func ReadOAuthError(word string, d *core.UpstreamDetails) {
	d.UpstreamCode = word
	if d.Reason != core.ReasonDown && d.Reason != core.ReasonLimited {
		d.Reason = core.ReasonRefused
	}
}

// DeadGrant makes the refusal of a refresh token what it means: the token is dead.
// That the client is refused says nothing of the token.
func (v *Vendor) DeadGrant(err error) error {
	e := core.AsError(err)
	if e == nil {
		return err
	}
	d, _ := e.Details.(core.UpstreamDetails)
	if d.Reason != core.ReasonRefused || d.UpstreamCode != "invalid_grant" {
		return err
	}
	d.Reason = core.ReasonToken
	return v.Fail(d, 0, e.Err)
}
