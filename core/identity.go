package core

import (
	"context"
	"time"
)

// PasswordHasher keeps passwords as slow, salted hashes that carry their parameters.
type PasswordHasher interface {
	// Hash returns a hash of the password, a different one each time. It waits for
	// a place when too many hashes are computed at once, and returns ctx's error
	// when ctx ends first.
	Hash(ctx context.Context, password string) (string, error)
	// Verify reports whether the password is the hash's, and whether the hash was
	// made with weaker parameters than Hash uses now. A string that is no hash
	// matches nothing, and takes as long. It waits as Hash does.
	Verify(ctx context.Context, password, hash string) (ok, outdated bool, err error)
}

// AccessClaims is what an access token says.
type AccessClaims struct {
	OrgID     OrgID
	UserID    UserID
	Role      Role
	SessionID SessionID // "" where there is none
	TokenID   string
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// AccessTokens issues and verifies access tokens (JWT, RFC 7519).
type AccessTokens interface {
	// Issue returns a signed token of c.
	Issue(c AccessClaims) (string, error)
	// Verify returns the claims of a token that this installation issued and that
	// has not expired at now (clocks may differ by a few seconds), or CodeAuthentication with one and the same sentence
	// for every other string.
	Verify(token string, now time.Time) (AccessClaims, error)
}
