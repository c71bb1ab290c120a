package core

import (
	"context"
	"time"
)

// APIKey is a credential of a user for programs. It may do what its role allows,
// and no more than its user may at the moment.
type APIKey struct {
	ID         APIKeyID
	OrgID      OrgID
	UserID     UserID
	Name       string
	Prefix     string // the key's beginning, to tell keys apart
	KeyHash    []byte // SHA-256
	Role       Role
	ExpiresAt  *time.Time // nil: never
	LastUsedAt *time.Time // to the minute; nil: not yet
	CreatedAt  time.Time
}

// expired reports whether k is worth nothing any more at that time.
func (k *APIKey) expired(at time.Time) bool { return k.ExpiresAt != nil && !at.Before(*k.ExpiresAt) }

// roleFor returns what k may do as its user is now.
func (k *APIKey) roleFor(u *User) Role {
	if u.Role != RoleAdmin {
		return u.Role
	}
	return k.Role
}

// APIKeyReader reads the tenant's API keys.
type APIKeyReader interface {
	// Get returns a key, or CodeNotFound.
	Get(ctx context.Context, id APIKeyID) (*APIKey, error)
	// List returns keys that fit f by their key (CreatedAt, ID), newest first.
	List(ctx context.Context, f APIKeyFilter, s Seek) ([]APIKey, error)
}

// APIKeyRepo is APIKeyReader inside a transaction.
type APIKeyRepo interface {
	APIKeyReader
	// Create stores k. It returns CodeConflict when its hash exists, and
	// CodeNotFound when its user does not.
	Create(ctx context.Context, k *APIKey) error
	// MarkUsed sets LastUsedAt, or returns CodeNotFound.
	MarkUsed(ctx context.Context, id APIKeyID, at time.Time) error
	// Delete removes a key, or returns CodeNotFound.
	Delete(ctx context.Context, id APIKeyID) error
	// DeleteOfUser removes every key of a user; none is no error.
	DeleteOfUser(ctx context.Context, id UserID) error
}

// APIKeyFilter narrows a list of API keys; zero fields do not.
type APIKeyFilter struct{ UserID UserID }

// NewAPIKey is the input of Keys.Create.
type NewAPIKey struct {
	Name      string
	Role      Role       // "": the creator's; never more than that
	ExpiresAt *time.Time // nil: never
}

// Validate returns CodeValidation with every field that does not hold. A key
// must not have expired at now, and must expire by the end of the year 9999 (UTC),
// where the times that can be written end.
func (n NewAPIKey) Validate(now time.Time) error {
	var v validation
	v.name("name", n.Name)
	if n.Role != "" {
		oneOf(&v, "role", n.Role, RoleAdmin, RoleMember)
	}
	switch {
	case n.ExpiresAt == nil:
	case !n.ExpiresAt.After(now):
		v.add("expires_at", "minimum", "expires_at is in the past; choose a later time")
	case n.ExpiresAt.UTC().Year() > 9999:
		v.add("expires_at", "range", "expires_at is after the year 9999; choose an earlier time, or leave it out for a key that does not expire")
	}
	return v.err()
}
