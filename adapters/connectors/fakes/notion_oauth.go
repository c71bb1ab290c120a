package fakes

import "net/http"

// token answers a code or a refresh token with new tokens.
func (n *Notion) token(q *request) answer {
	if !isBasic(q.Request, n.cfg.ClientID, n.cfg.ClientSecret) {
		return answer{status: http.StatusUnauthorized, body: object{"error": "invalid_client", "error_description": "Client authentication failed."}}
	}
	var in struct {
		GrantType    string `json:"grant_type"`
		Code         string
		RedirectURI  string `json:"redirect_uri"`
		CodeVerifier string `json:"code_verifier"`
		RefreshToken string `json:"refresh_token"`
	}
	if err := q.decode(&in); err != nil {
		return answer{status: http.StatusBadRequest, body: object{"error": "invalid_request", "error_description": "The body is not JSON."}}
	}
	var p pair
	var good bool
	what := "Invalid code."
	switch in.GrantType {
	case "authorization_code":
		p, good = n.grants.exchange(in.Code, in.RedirectURI, in.CodeVerifier)
	case "refresh_token":
		what = "Invalid refresh token."
		p, good = n.grants.renew(in.RefreshToken)
	default:
		return answer{status: http.StatusBadRequest, body: object{"error": "unsupported_grant_type", "error_description": "There is no such grant type."}}
	}
	if !good {
		return answer{status: http.StatusBadRequest, body: object{"error": "invalid_grant", "error_description": what}}
	}
	refresh := any(p.refresh)
	if n.noUpdate {
		refresh = nil
	}
	return ok(object{
		"access_token": p.access, "token_type": "bearer", "refresh_token": refresh, "bot_id": notionIntegration, "workspace_icon": nil,
		"workspace_name": "Fake Workspace", "workspace_id": notionWorkspace, "duplicated_template_id": nil,
		"owner": object{"type": "user", "user": object{
			"object": "user", "id": notionUser, "name": "Ada Lovelace", "avatar_url": nil, "type": "person", "person": object{"email": "ada@example.com"},
		}},
	})
}

func (n *Notion) introspect(q *request) answer {
	token, refusal := n.namedToken(q)
	if refusal != nil {
		return *refusal
	}
	if _, good := n.grants.find(token); !good {
		return ok(object{"active": false})
	}
	return ok(object{"active": true, "scope": "read_content update_content insert_content read_users_with_email", "iat": n.cfg.Now().Unix()})
}

func (n *Notion) revoke(q *request) answer {
	token, refusal := n.namedToken(q)
	if refusal != nil {
		return *refusal
	}
	n.grants.forget(token)
	return ok(object{})
}

// namedToken reads the token of a request by the client.
func (n *Notion) namedToken(q *request) (string, *answer) {
	if !isBasic(q.Request, n.cfg.ClientID, n.cfg.ClientSecret) {
		return "", &answer{status: http.StatusUnauthorized, body: object{"error": "invalid_client", "error_description": "Client authentication failed."}}
	}
	var in struct{ Token string }
	if err := q.decode(&in); err != nil {
		return "", &answer{status: http.StatusBadRequest, body: object{"error": "invalid_request", "error_description": "The body is not JSON."}}
	}
	return in.Token, nil
}
