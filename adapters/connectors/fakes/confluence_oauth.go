package fakes

import (
	"net/http"
	"slices"
	"strings"
)

// resources lists the sites that a token opens.
func (f *Confluence) resources(q *request) answer {
	of, good := f.grants.find(bearer(q.Request))
	if !good || f.gone {
		return gatewayError()
	}
	return ok([]object{
		{"id": "99887766-fa4e-4c44-8dd5-ee6677889900", "url": "https://other.atlassian.net", "name": "other", "scopes": []string{"read:jira-work"}, "avatarUrl": ""},
		{"id": ConfluenceCloudID, "url": q.origin(), "name": "fake", "scopes": strings.Fields(of.scope), "avatarUrl": ""},
	})
}

// token answers a code or a refresh token with new tokens.
func (f *Confluence) token(q *request) answer {
	var in struct {
		GrantType    string `json:"grant_type"`
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
		Code         string
		RedirectURI  string `json:"redirect_uri"`
		CodeVerifier string `json:"code_verifier"`
		RefreshToken string `json:"refresh_token"`
	}
	if err := q.decode(&in); err != nil {
		return oauthError(http.StatusBadRequest, "invalid_request", "The body is not JSON.")
	}
	if in.ClientID != f.cfg.ClientID || in.ClientSecret != f.cfg.ClientSecret {
		return oauthError(http.StatusUnauthorized, "access_denied", "Unauthorized")
	}
	var p pair
	switch in.GrantType {
	case "authorization_code":
		var good bool
		if p, good = f.grants.exchange(in.Code, in.RedirectURI, in.CodeVerifier); !good {
			return oauthError(http.StatusBadRequest, "invalid_request", "authorization_code is invalid")
		}
	case "refresh_token":
		var good bool
		if p, good = f.grants.renew(in.RefreshToken); !good {
			return oauthError(http.StatusForbidden, "invalid_grant", "Unknown or invalid refresh token.")
		}
	default:
		return oauthError(http.StatusBadRequest, "unsupported_grant_type", "There is no such grant type.")
	}
	out := object{"access_token": p.access, "expires_in": int(f.grants.life.Seconds()), "token_type": "Bearer", "scope": p.scope}
	if slices.Contains(strings.Fields(p.scope), "offline_access") {
		out["refresh_token"] = p.refresh
	}
	return ok(out)
}

func oauthError(status int, code, description string) answer {
	return answer{status: status, body: object{"error": code, "error_description": description}}
}
