package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/docsctl/docsctl/core"
)

var _ core.AccessTokens = (*Tokens)(nil)

// Bounds of what is signed and verified.
const (
	MinSecretBytes = 32 // RFC 7518, 3.2: an HS256 key is at least as long as the hash
	maxTokenBytes  = 4096
	leeway         = 5 * time.Second // clocks of two nodes differ
)

// issuer and audience are fixed: a token is for the installation whose secret signed it.
const (
	issuer   = "docsctl"
	audience = "docsctl-api"
)

// Tokens is a core.AccessTokens: JWTs signed with HMAC-SHA256. The first secret
// signs; every one verifies, chosen by the token's kid, so that secrets can be
// rotated without signing anyone out.
type Tokens struct {
	kid  string
	keys map[string][]byte
}

// NewTokens returns Tokens for secrets, the signing one first. It refuses a
// secret of under MinSecretBytes and one that is made of too few different bytes
// to be random.
func NewTokens(secrets ...string) (*Tokens, error) {
	if len(secrets) == 0 {
		return nil, errors.New("no token secret is given; set DOCSCTL_JWT_SECRETS")
	}
	t := &Tokens{keys: map[string][]byte{}}
	for i, s := range secrets {
		if err := checkSecret(s); err != nil {
			return nil, fmt.Errorf("token secret %d: %w", i+1, err)
		}
		kid := keyID(s)
		t.keys[kid] = []byte(s)
		if i == 0 {
			t.kid = kid
		}
	}
	return t, nil
}

// minDifferentBytes refuses "aaaa…" and keyboard runs; random text of the
// shortest length has over twenty.
const minDifferentBytes = 10

// wellKnown are secrets of the length that is asked for which stand in tutorials,
// debuggers and templates, in lower case.
var wellKnown = []string{
	"a-string-secret-at-least-256-bits-long", // jwt.io
	"your-256-bit-secret-your-256-bit-secret",
	"your-super-secret-jwt-token-with-at-least-32-characters-long", // a compose file that many copied
	"super-secret-jwt-token-with-at-least-32-characters-long",
	"my-super-secret-key-that-should-be-changed",
	"change-this-secret-in-production-please",
	"abcdefghijklmnopqrstuvwxyz0123456789",
	"abcdefghijklmnopqrstuvwxyz123456",
	"0123456789abcdef0123456789abcdef",
	"0123456789abcdefghijklmnopqrstuvwxyz",
	"qwertyuiopasdfghjklzxcvbnm123456",
}

func checkSecret(s string) error {
	if len(s) < MinSecretBytes {
		return fmt.Errorf("it is shorter than %d bytes; make one with: openssl rand -base64 48", MinSecretBytes)
	}
	if slices.Contains(wellKnown, strings.ToLower(s)) {
		return errors.New("it is a well-known example; make one with: openssl rand -base64 48")
	}
	different := map[byte]bool{}
	for i := range len(s) {
		different[s[i]] = true
	}
	if len(different) < minDifferentBytes {
		return errors.New("it is too regular to be secret; make one with: openssl rand -base64 48")
	}
	return nil
}

// keyID names a secret without telling it.
func keyID(secret string) string {
	sum := sha256.Sum256([]byte("docsctl kid:" + secret))
	return hex.EncodeToString(sum[:8])
}

type claims struct {
	OrgID     core.OrgID     `json:"org_id"`
	Role      core.Role      `json:"role"`
	SessionID core.SessionID `json:"sid,omitempty"`
	jwt.RegisteredClaims
}

// Issue implements core.AccessTokens.
func (t *Tokens) Issue(c core.AccessClaims) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		OrgID: c.OrgID, Role: c.Role, SessionID: c.SessionID,
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: string(c.UserID), ID: c.TokenID,
			IssuedAt: jwt.NewNumericDate(c.IssuedAt), ExpiresAt: jwt.NewNumericDate(c.ExpiresAt),
		},
	})
	token.Header["kid"] = t.kid
	signed, err := token.SignedString(t.keys[t.kid])
	if err != nil {
		return "", fmt.Errorf("identity: sign a token: %w", err)
	}
	return signed, nil
}

// Verify implements core.AccessTokens.
func (t *Tokens) Verify(token string, now time.Time) (core.AccessClaims, error) {
	if len(token) > maxTokenBytes {
		return core.AccessClaims{}, errToken(errors.New("longer than any token of ours"))
	}
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, t.key,
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		return core.AccessClaims{}, errToken(err)
	}
	if !core.ValidID(c.OrgID) || !core.ValidID(core.UserID(c.Subject)) || c.IssuedAt == nil {
		return core.AccessClaims{}, errToken(errors.New("a claim is missing"))
	}
	return core.AccessClaims{
		OrgID: c.OrgID, UserID: core.UserID(c.Subject), Role: c.Role, SessionID: c.SessionID, TokenID: c.ID,
		IssuedAt: c.IssuedAt.UTC(), ExpiresAt: c.ExpiresAt.UTC(),
	}, nil
}

// key picks ours by kid; nothing else in a header is followed.
func (t *Tokens) key(token *jwt.Token) (any, error) {
	kid, _ := token.Header["kid"].(string)
	key, ok := t.keys[kid]
	if !ok {
		return nil, errors.New("the token names no key of ours")
	}
	return key, nil
}

func errToken(cause error) error {
	return &core.Error{Code: core.CodeAuthentication, Message: "the access token is not valid or has expired; sign in again", Err: cause}
}
