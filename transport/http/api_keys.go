package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
)

type apiKey struct {
	ID         core.APIKeyID `json:"id" format:"uuid"`
	Name       string        `json:"name"`
	Prefix     string        `json:"prefix" doc:"How the key begins." example:"dk_Zf3kQ9vB"`
	Role       core.Role     `json:"role" enum:"admin,member" doc:"The most that the key may do; never more than its user."`
	UserID     core.UserID   `json:"user_id" format:"uuid"`
	ExpiresAt  *time.Time    `json:"expires_at" doc:"null: never."`
	LastUsedAt *time.Time    `json:"last_used_at" doc:"To the minute."`
	CreatedAt  time.Time     `json:"created_at"`
	Key        string        `json:"key,omitzero" doc:"Shown once, in the answer to the POST."`
}

func viewAPIKey(k *core.APIKey) apiKey {
	return apiKey{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Role: k.Role, UserID: k.UserID,
		ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt, CreatedAt: k.CreatedAt,
	}
}

type createdAPIKey struct{ Body apiKey }

type newAPIKey struct {
	Name      string     `json:"name" minLength:"1" maxLength:"200" example:"Nightly import"`
	Role      core.Role  `json:"role,omitzero" enum:"admin,member" doc:"Default: the caller's."`
	ExpiresAt *time.Time `json:"expires_at,omitzero" nullable:"true" doc:"Default: never."`
}

type createAPIKeyInput struct{ Body newAPIKey }

func (s *api) registerAPIKeys() {
	register(s, operation{
		id: "createAPIKey", once: true, method: http.MethodPost, path: "/v1/api-keys", tag: "accounts", summary: "Make an API key",
		status: http.StatusCreated, errors: []int{http.StatusForbidden},
		description: "The key is shown in this answer and never again. Send it as Authorization: Bearer KEY.",
	}, func(ctx context.Context, a core.Actor, in *createAPIKeyInput) (*createdAPIKey, error) {
		k, secret, err := s.app.Keys.Create(ctx, a, core.NewAPIKey(in.Body))
		if err != nil {
			return nil, err
		}
		out := &createdAPIKey{Body: viewAPIKey(k)}
		out.Body.Key = secret
		return out, nil
	})
	register(s, operation{
		id: "listAPIKeys", method: http.MethodGet, path: "/v1/api-keys", tag: "accounts", summary: "List one's API keys",
		description: "An admin sees everybody's.",
	}, func(ctx context.Context, a core.Actor, in *PageQuery) (*listOutput[apiKey], error) {
		p, err := s.app.Keys.List(ctx, a, in.request())
		return listed(p, viewAPIKey, err)
	})
	register(s, operation{
		id: "deleteAPIKey", method: http.MethodDelete, path: "/v1/api-keys/{id}", tag: "accounts", summary: "Revoke an API key",
		errors: []int{http.StatusForbidden}, description: "It is worth nothing within five seconds.",
	}, func(ctx context.Context, a core.Actor, in *PathID) (*struct{}, error) {
		return nil, s.app.Keys.Delete(ctx, a, core.APIKeyID(in.ID))
	})
}
