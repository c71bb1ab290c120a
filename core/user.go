package core

import (
	"context"
	"time"
)

// AuthProvider is how a user signs in.
type AuthProvider string

// AuthLocal is sign-in by a password that docsctl keeps the hash of.
const AuthLocal AuthProvider = "local"

// User is a member of one organization. The same person in two organizations is
// two users.
type User struct {
	ID           UserID       `json:"id"`
	OrgID        OrgID        `json:"org_id"`
	Email        string       `json:"email"` // as typed
	EmailKey     string       `json:"-"`     // folded; unique within the organization
	Name         string       `json:"name"`
	Role         Role         `json:"role"`
	AuthProvider AuthProvider `json:"auth_provider"`
	PasswordHash string       `json:"-"` // "" when none is set
	IsActive     bool         `json:"is_active"`
	CreatedAt    time.Time    `json:"created_at"`
	UpdatedAt    time.Time    `json:"updated_at"`
	LastLoginAt  *time.Time   `json:"last_login_at"`
}

// UserReader reads the tenant's users.
type UserReader interface {
	// Get returns a user, or CodeNotFound.
	Get(ctx context.Context, id UserID) (*User, error)
}

// UserRepo is UserReader inside a transaction.
type UserRepo interface {
	UserReader
	// GetForUpdate is Get with the row locked until the transaction ends.
	GetForUpdate(ctx context.Context, id UserID) (*User, error)
	// Create stores u. It returns CodeConflict when the organization has a user
	// with that folded e-mail address.
	Create(ctx context.Context, u *User) error
	// Update stores everything of u but its id, organization and CreatedAt. It
	// returns CodeNotFound, or CodeConflict as Create.
	Update(ctx context.Context, u *User) error
}
