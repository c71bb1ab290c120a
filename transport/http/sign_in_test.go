package httpapi

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/core"
	"github.com/golang-jwt/jwt/v5"
)

// countingHasher counts the hashes that are compared: they are what an answer's time is.
type countingHasher struct {
	core.PasswordHasher
	compared atomic.Int64
}

func (h *countingHasher) Verify(ctx context.Context, password, hash string) (bool, bool, error) {
	h.compared.Add(1)
	return h.PasswordHasher.Verify(ctx, password, hash)
}

// TestSignIn_AnswersAlikeInBodyAndTime asks as an unknown address, with a wrong password
// and as a deactivated user, in turns. Each is answered with the same body after one hash.
// How long they take is printed and not judged: on a busy machine it says little.
func TestSignIn_AnswersAlikeInBodyAndTime(t *testing.T) {
	hasher, err := identity.NewHasher(identity.Params{MemoryKiB: 8 << 10, Iterations: 2, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	counting := &countingHasher{PasswordHasher: hasher}
	w := newWorld(t, func(c *core.Config) { c.Hasher = counting })
	a := w.admin("Acme")
	bob := a.add("Bob", "member")
	a.do("PATCH", "/v1/users/"+bob.user, `{"is_active":false}`).want(200)
	visitor := &person{w: w}
	emails := map[string]string{"unknown": "nobody@example.org", "wrong password": a.email, "deactivated": bob.email}
	took, bodies := map[string][]time.Duration{}, map[string]bool{}
	for range 25 {
		for what, email := range emails {
			before, start := counting.compared.Load(), time.Now()
			got := visitor.do("POST", "/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":"wrong wrong wrong"}`, email))
			took[what] = append(took[what], time.Since(start))
			got.fails(401, core.CodeAuthentication, "", "")
			bodies[got.anonymous()] = true
			if n := counting.compared.Load() - before; n != 1 {
				t.Fatalf("%s: %d hashes were compared, want one for each answer", what, n)
			}
		}
	}
	if len(bodies) != 1 {
		t.Errorf("%d different answers, want one", len(bodies))
	}
	for what, all := range took {
		slices.Sort(all)
		t.Logf("%-15s median %v, from %v to %v", what, all[len(all)/2], all[0], all[len(all)-1])
	}
}

func TestSignIn_ThatNobodyCanDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	visitor := &person{w: w}
	login := func(email, password string) *reply {
		return visitor.do("POST", "/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password))
	}
	for _, password := range []string{"", strings.Repeat("p", 10_000), strings.Repeat("\u0301", 10_000), strings.Repeat("p", 900_000), goodPassword + " ", "' OR 1=1 --"} {
		login(a.email, password).fails(401, core.CodeAuthentication, "", "")
	}
	for _, email := range []string{"", "x", strings.Repeat("a", 300) + "@example.org", "acme@example.org@example.org", "acme%@example.org", "acme@example.org\u200b"} {
		login(email, goodPassword).fails(401, core.CodeAuthentication, "", "")
	}
	for _, password := range []string{strings.Repeat("p", 10_000), strings.Repeat("p", 1025), "123456789", "1234567890", "Password123"} {
		got := visitor.do("POST", "/v1/auth/register", fmt.Sprintf(`{"organization_name":"X","email":"x@example.org","password":%q,"name":"X"}`, password))
		if got.fails(422, core.CodeValidation, "", ""); len(password) > 20 && strings.Contains(string(got.body), password) {
			t.Errorf("the answer repeats the password")
		}
	}
	for _, password := range []string{strings.Repeat("p", 1024), strings.Repeat("ö", 1024), "日本語のパスワードです"} {
		email := core.NewID[string]() + "@example.org"
		body := fmt.Sprintf(`{"organization_name":"X","email":%q,"password":%q,"name":"X"}`, email, password)
		visitor.do("POST", "/v1/auth/register", body).want(201)
		login(email, password).want(200)
	}
}

func TestSignIn_WithAProviderThatThereIsNot(t *testing.T) {
	t.Parallel()
	visitor := &person{w: newWorld(t)}
	for _, path := range []string{"/v1/auth/google/start", "/v1/auth/google/callback?state=x&code=y"} {
		got := visitor.do("GET", path, "")
		got.fails(404, core.CodeNotFound, "", "")
		if !strings.Contains(string(got.body), "no other sign-in than by password") {
			t.Errorf("%s: %s, want a sentence that says so", path, got.body)
		}
	}
}

func TestSignIn_AddressesAreFoldedAndKeptAsTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for typed, others := range map[string][]string{
		"Jörg.Straße@Example.ORG": {"jörg.strasse@example.org", "JÖRG.STRASSE@EXAMPLE.ORG", "jo\u0308rg.straße@example.org"},
		"ﬁona@example.org":        {"fiona@example.org", "FIONA@example.org"},
		"ＡＤＡ@example.org":         {"ada@example.org", "Ada@Example.Org"},
		"ΣΊΣΥΦΟΣ@example.org":     {"σίσυφος@example.org", "σίσυφοσ@example.org"},
		"İzmir@example.org":       {"i\u0307zmir@example.org"},
	} {
		visitor := &person{w: w}
		made := visitor.do("POST", "/v1/auth/register", fmt.Sprintf(`{"organization_name":"X","email":%q,"password":%q,"name":"X"}`, typed, goodPassword)).want(201)
		if got := made.str("user.email"); got != typed {
			t.Errorf("%q is kept as %q", typed, got)
		}
		a := &person{w: w, token: made.str("access_token")}
		for _, email := range append(others, typed) {
			visitor.do("POST", "/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, email, goodPassword)).want(200)
			a.do("POST", "/v1/users", fmt.Sprintf(`{"email":%q,"name":"Twin"}`, email)).fails(409, core.CodeConflict, "", "")
		}
	}
}

// TestRefresh_RacedByTwoClients has two clients use one refresh token at the same
// time, many times: one of them may win, and then nobody is signed in any more.
func TestRefresh_RacedByTwoClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	for range 20 {
		p := w.signIn(a.email, goodPassword, a.org)
		var wg sync.WaitGroup
		pairs := make([]*reply, 8)
		for i := range pairs {
			wg.Go(func() {
				pairs[i] = (&person{w: w}).do("POST", "/v1/auth/refresh", fmt.Sprintf(`{"refresh_token":%q}`, p.refresh))
			})
		}
		wg.Wait()
		won := 0
		for _, got := range pairs {
			if got.status != 200 {
				got.fails(401, core.CodeAuthentication, "", "")
				continue
			}
			won++
			next := &person{w: w, token: got.str("access_token"), refresh: got.str("refresh_token")}
			if next.tokenWorks() || next.refreshWorks() {
				t.Error("a session outlives the reuse of its token")
			}
		}
		if won != 1 || p.tokenWorks() {
			t.Errorf("%d of 8 clients won, want 1; the first access token works: %t", won, p.tokenWorks())
		}
	}
}

func TestTokens_ThatWeDidNotIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	parts := strings.Split(a.token, ".")
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	header, _ := base64.RawURLEncoding.DecodeString(parts[0])
	claims, _ := base64.RawURLEncoding.DecodeString(parts[1])
	kid := strings.Split(strings.Split(string(header), `"kid":"`)[1], `"`)[0]
	signed := func(secret string, head map[string]any, change func(jwt.MapClaims)) string {
		c := jwt.MapClaims{
			"iss": "docsctl", "aud": "docsctl-api", "sub": a.user, "org_id": a.org, "role": "admin", "jti": "x",
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		}
		change(c)
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, c)
		token.Header["kid"] = kid
		for k, v := range head {
			token.Header[k] = v
		}
		text, err := token.SignedString([]byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	same := func(jwt.MapClaims) {}
	if p := (&person{w: w, token: signed(testSecret, nil, same)}); !p.tokenWorks() {
		t.Fatal("a token as we issue it does not work: the test proves nothing")
	}
	for name, token := range map[string]string{
		"NoAlgorithm":    part(`{"alg":"none","typ":"JWT","kid":"`+kid+`"}`) + "." + parts[1] + ".",
		"AlgorithmNONE":  part(`{"alg":"NONE","kid":"`+kid+`"}`) + "." + parts[1] + "." + parts[2],
		"SwappedToRS256": part(`{"alg":"RS256","kid":"`+kid+`"}`) + "." + parts[1] + "." + parts[2],
		"SwappedToHS512": part(`{"alg":"HS512","kid":"`+kid+`"}`) + "." + parts[1] + "." + parts[2],
		"ForeignKid":     signed(testSecret, map[string]any{"kid": "0011223344556677"}, same),
		"KidIsAPath":     signed("", map[string]any{"kid": "../../../dev/null"}, same),
		"NoKid":          signed(testSecret, map[string]any{"kid": nil}, same),
		"JKU":            signed("another secret of the attacker's own", map[string]any{"jku": "https://attacker.example/keys"}, same),
		"ForeignSecret":  signed("another secret of the attacker's own", nil, same),
		"Expired":        signed(testSecret, nil, func(c jwt.MapClaims) { c["exp"] = time.Now().Add(-time.Minute).Unix() }),
		"NoExpiry":       signed(testSecret, nil, func(c jwt.MapClaims) { delete(c, "exp") }),
		"NotYetValid":    signed(testSecret, nil, func(c jwt.MapClaims) { c["nbf"] = time.Now().Add(time.Minute).Unix() }),
		"IssuedLater":    signed(testSecret, nil, func(c jwt.MapClaims) { c["iat"] = time.Now().Add(time.Minute).Unix() }),
		"ForeignIssuer":  signed(testSecret, nil, func(c jwt.MapClaims) { c["iss"] = "https://attacker.example" }),
		"ForeignAud":     signed(testSecret, nil, func(c jwt.MapClaims) { c["aud"] = "another" }),
		"UnknownUser":    signed(testSecret, nil, func(c jwt.MapClaims) { c["sub"] = core.NewID[string]() }),
		"UnknownOrg":     signed(testSecret, nil, func(c jwt.MapClaims) { c["org_id"] = core.NewID[string]() }),
		"MalformedOrg":   signed(testSecret, nil, func(c jwt.MapClaims) { c["org_id"] = "' OR 1=1 --" }),
		"UnknownSession": signed(testSecret, nil, func(c jwt.MapClaims) { c["sid"] = core.NewID[string]() }),
		"TamperedRole":   parts[0] + "." + part(strings.Replace(string(claims), "admin", "owner", 1)) + "." + parts[2],
		"Truncated":      a.token[:len(a.token)-4],
		"TwoParts":       parts[0] + "." + parts[1],
		"FourParts":      a.token + ".x",
		"Long":           strings.Repeat("a", 60_000),
		"RefreshToken":   a.refresh,
	} {
		t.Run(name, func(t *testing.T) {
			got := (&person{w: w, token: token}).do("GET", "/v1/me", "")
			got.fails(401, core.CodeAuthentication, "", "")
			if strings.Contains(string(got.body), a.org) || got.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("answer %s", got.body)
			}
		})
	}
	claimed := signed(testSecret, nil, func(c jwt.MapClaims) { c["role"] = "admin"; c["sub"] = a.add("Bob", "member").user })
	(&person{w: w, token: claimed}).do("GET", "/v1/users", "").fails(403, core.CodeAuthorization, "", "") // the role is the store's word
}
