package identity_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

const (
	secretA = "Zf3kQ9vB7xL2mN8pR4tW6yC1dG5hJ0sA"
	secretB = "0aVbN5cXmZ8lK7jHgF6dS4pOiU3yT2rE"
)

// cheap keeps the tests fast; the algorithm is the same.
func cheap() identity.Params { return identity.Params{MemoryKiB: 64, Iterations: 1, Threads: 1} }

func TestHasher(t *testing.T) {
	t.Parallel()
	coretest.RunPasswordHasher(t, func(t *testing.T) core.PasswordHasher { return newHasher(t, cheap()) })
}

func newHasher(t *testing.T, p identity.Params) *identity.Hasher {
	t.Helper()
	h, err := identity.NewHasher(p)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHasher_RaisedParametersMakeHashesOutdated(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	hash, err := newHasher(t, cheap()).Hash(ctx, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	raised := newHasher(t, identity.Params{MemoryKiB: 128, Iterations: 1, Threads: 1})
	ok, outdated, err := raised.Verify(ctx, "correct horse battery", hash)
	if !ok || !outdated || err != nil {
		t.Fatalf("Verify of a weaker hash: got ok=%v outdated=%v err=%v, want true true nil", ok, outdated, err)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	coretest.RunAccessTokens(t, func(t *testing.T) core.AccessTokens { return newTokens(t, secretA) })
}

func newTokens(t *testing.T, secrets ...string) *identity.Tokens {
	t.Helper()
	tokens, err := identity.NewTokens(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func sample(now time.Time) core.AccessClaims {
	return core.AccessClaims{
		OrgID: core.NewID[core.OrgID](), UserID: core.NewID[core.UserID](), Role: core.RoleAdmin,
		TokenID: core.NewID[string](), IssuedAt: now, ExpiresAt: now.Add(time.Minute),
	}
}

func TestTokens_RotatedSecretStillVerifies(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Truncate(time.Second)
	old, err := newTokens(t, secretA).Issue(sample(now))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newTokens(t, secretB, secretA).Verify(old, now); err != nil {
		t.Errorf("after rotation: %v", err)
	}
	if _, err := newTokens(t, secretB).Verify(old, now); core.CodeOf(err) != core.CodeAuthentication {
		t.Errorf("after the old secret was dropped: got %v, want CodeAuthentication", err)
	}
}

func TestTokens_HeaderCannotChooseAlgorithmOrKey(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Truncate(time.Second)
	tokens := newTokens(t, secretA)
	good, err := tokens.Issue(sample(now))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	header := func(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }
	for name, bad := range map[string]string{
		"none":        header(`{"alg":"none","typ":"JWT"}`) + "." + parts[1] + ".",
		"hs512":       header(`{"alg":"HS512","typ":"JWT"}`) + "." + parts[1] + "." + parts[2],
		"foreign kid": header(`{"alg":"HS256","kid":"x"}`) + "." + parts[1] + "." + parts[2],
		"jku":         header(`{"alg":"HS256","jku":"https://example.org/keys"}`) + "." + parts[1] + "." + parts[2],
	} {
		if _, err := tokens.Verify(bad, now); core.CodeOf(err) != core.CodeAuthentication {
			t.Errorf("%s: got %v, want CodeAuthentication", name, err)
		}
	}
}

func TestTokens_OtherIssuersAreRefused(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tokens := newTokens(t, secretA)
	good, err := tokens.Issue(sample(now))
	if err != nil {
		t.Fatal(err)
	}
	parsed, _, err := jwt.NewParser().ParseUnverified(good, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	claims := parsed.Claims.(jwt.MapClaims)
	claims["iss"] = "somebody"
	forged := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	forged.Header["kid"] = parsed.Header["kid"]
	signed, err := forged.SignedString([]byte(secretA))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Verify(signed, now); core.CodeOf(err) != core.CodeAuthentication {
		t.Errorf("got %v, want CodeAuthentication", err)
	}
}

func TestNewTokens_RefusesWeakSecrets(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "secret", "short-but-varied-0123456789", strings.Repeat("a", 64), strings.Repeat("0123", 16), "a-string-secret-at-least-256-bits-long", "0123456789ABCDEF0123456789abcdef"} {
		if _, err := identity.NewTokens(s); err == nil {
			t.Errorf("NewTokens accepted a secret of %d bytes that is weak", len(s))
		}
	}
	if _, err := identity.NewTokens(); err == nil {
		t.Error("NewTokens accepted no secret")
	}
}

func TestFoldEmail_LookAlikesAreOne(t *testing.T) {
	t.Parallel()
	want := identity.FoldEmail("strasse@example.org")
	for _, s := range []string{"STRASSE@Example.ORG", "straße@example.org", "ｓtrasse@example.org"} {
		if got := identity.FoldEmail(s); got != want {
			t.Errorf("FoldEmail(%q): got %q, want %q", s, got, want)
		}
	}
}
