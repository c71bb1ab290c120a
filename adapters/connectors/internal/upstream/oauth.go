package upstream

import "github.com/docsctl/docsctl/core"

// ReadOAuthError reads the word of an OAuth2 error (RFC 6749, 5.2), which vendors
// send with one status or another.
func ReadOAuthError(word string, d *core.UpstreamDetails) {
	d.UpstreamCode = word
	d.Reason = core.ReasonRefused
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
