package core

import (
	"context"
	"strings"
)

// APIKeyService holds the use cases of API keys.
type APIKeyService struct{ cfg Config }

// What an API key looks like: a mark by which people and scanners know it, and as
// much of it as lists show.
const (
	apiKeyMark   = "dk_"
	apiKeyPrefix = len(apiKeyMark) + 8
)

func isAPIKey(token string) bool { return strings.HasPrefix(token, apiKeyMark) }

// Create makes a key of the actor's own and returns it with its secret, which is
// kept nowhere. It returns CodeAuthorization for a role above the actor's.
func (s *APIKeyService) Create(ctx context.Context, a Actor, n NewAPIKey) (*APIKey, string, error) {
	if err := a.may(permCreate, ""); err != nil {
		return nil, "", err
	}
	at := s.cfg.now()
	if err := n.Validate(at); err != nil {
		return nil, "", err
	}
	if n.Role == "" {
		n.Role = a.Role()
	}
	if n.Role == RoleAdmin && a.Role() != RoleAdmin {
		return nil, "", &Error{Code: CodeAuthorization, Message: "a key cannot do more than its owner; choose the role member"}
	}
	secret := newSecret(apiKeyMark)
	k := &APIKey{
		ID: NewID[APIKeyID](), OrgID: a.Tenant().OrgID(), UserID: a.User(), Name: n.Name, Prefix: secret[:apiKeyPrefix],
		KeyHash: hashToken(secret), Role: n.Role, ExpiresAt: cutTime(n.ExpiresAt), CreatedAt: at,
	}
	made := struct {
		Key    *APIKey
		Secret string
	}{k, secret}
	err := s.cfg.once(ctx, a, &made, func(ctx context.Context, tx Tx) error {
		s.cfg.audit(tx, a, AuditAPIKeyCreated, string(k.ID), changedUser{Role: &k.Role})
		return tx.APIKeys.Create(ctx, k)
	})
	if err != nil {
		return nil, "", err
	}
	return made.Key, made.Secret, nil
}

// List returns a page of the actor's keys; an admin sees everybody's.
func (s *APIKeyService) List(ctx context.Context, a Actor, p PageRequest) (Page[APIKey], error) {
	var none Page[APIKey]
	if err := a.may(permRead, ""); err != nil {
		return none, err
	}
	seek, err := p.seek()
	if err != nil {
		return none, err
	}
	var f APIKeyFilter
	if a.may(permAPIKey, "") != nil {
		f.UserID = a.User()
	}
	rows, err := s.cfg.Store.Tenant(a.Tenant()).Read().APIKeys.List(ctx, f, seek)
	if err != nil {
		return none, err
	}
	return page(rows, seek, func(k APIKey) Key { return Key{At: k.CreatedAt, ID: string(k.ID)} }), nil
}

// Delete revokes a key that is the actor's, or any of the organization's for an
// admin. It is worth nothing on any node within five seconds.
func (s *APIKeyService) Delete(ctx context.Context, a Actor, id APIKeyID) error {
	return s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) error {
		k, err := tx.APIKeys.Get(ctx, id)
		if err != nil {
			return err
		}
		if err := a.may(permAPIKey, k.UserID); err != nil {
			return err
		}
		tx.Revoke()
		s.cfg.audit(tx, a, AuditAPIKeyDeleted, string(id), nil)
		return tx.APIKeys.Delete(ctx, id)
	})
}
