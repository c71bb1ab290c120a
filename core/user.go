package core

import (
	"context"
	"time"
)

// AuthProvider is how a user signs in.
type AuthProvider string

// How users sign in. Who has a password stays AuthLocal when they sign in elsewhere too.
const (
	AuthLocal  AuthProvider = "local"  // by a password that docsctl keeps the hash of
	AuthGoogle AuthProvider = "google" // by OpenID Connect
	AuthOIDC   AuthProvider = "oidc"   // by another provider than Google
)

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

	// ExternalIssuer and ExternalSubject are the account of a SignInProvider that is
	// this user's; "" until the first sign-in with one.
	ExternalIssuer  string `json:"-"`
	ExternalSubject string `json:"-"`

	InvitationHash      []byte     `json:"-"` // SHA-256 of the token, nil when no invitation is open
	InvitationExpiresAt *time.Time `json:"-"`
	DeletedAt           *time.Time `json:"-"` // of a tombstone: what the user made still names it
}

// Invited reports whether the user has an invitation that is not yet accepted.
func (u *User) Invited() bool { return len(u.InvitationHash) > 0 }

// maySignIn reports whether the user's credentials are worth anything.
func (u *User) maySignIn() bool { return u.IsActive && u.DeletedAt == nil }

// UserReader reads the tenant's users.
type UserReader interface {
	// Get returns a user, or CodeNotFound. It also finds tombstones.
	Get(ctx context.Context, id UserID) (*User, error)
	// List returns users by their key (CreatedAt, ID), newest first, and no tombstones.
	List(ctx context.Context, s Seek) ([]User, error)
	// CountAdmins returns how many admins there are that are active, not deleted
	// and have no open invitation.
	CountAdmins(ctx context.Context) (int, error)
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

// NewUser is the input of Users.Create.
type NewUser struct {
	Email    string
	Name     string
	Role     Role   // "": member
	Password string // "": the person is invited
}

// Validate returns CodeValidation with every field that does not hold.
func (n NewUser) Validate() error {
	var v validation
	v.email(n.Email)
	v.name("name", n.Name)
	oneOf(&v, "role", n.Role, RoleAdmin, RoleMember)
	if n.Password != "" {
		v.password("password", n.Password)
	}
	return v.err()
}

// UserPatch changes a user; nil fields stay.
type UserPatch struct {
	Name     *string
	Role     *Role
	IsActive *bool
}

// Validate returns CodeValidation with every field that does not hold.
func (p UserPatch) Validate() error {
	var v validation
	if p.Name != nil {
		v.name("name", *p.Name)
	}
	if p.Role != nil {
		oneOf(&v, "role", *p.Role, RoleAdmin, RoleMember)
	}
	return v.err()
}

// Invitation lets a person who has no password yet set one.
type Invitation struct {
	Token     string
	ExpiresAt time.Time
}
