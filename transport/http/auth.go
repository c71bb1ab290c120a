package httpapi

import (
	"net/http"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// actor returns who calls, by the Authorization header or, where the operation
// takes one, by a ticket, or CodeAuthentication.
func (s *api) actor(r *http.Request, op operation) (core.Actor, error) {
	token, ok := bearer(r.Header.Get("Authorization"))
	if query := r.URL.Query(); !ok && op.ticket && query.Has(ticketParam) {
		return s.app.Auth.Redeem(r.Context(), query.Get(ticketParam))
	}
	if !ok {
		return core.Actor{}, &core.Error{Code: core.CodeAuthentication, Message: "sign in first and send the access token as Authorization: Bearer TOKEN"}
	}
	return s.app.Auth.Authenticate(r.Context(), token)
}

// bearer returns the token of a Bearer credential (RFC 6750, 2.1).
func bearer(header string) (token string, ok bool) {
	scheme, token, ok := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}
