package coretest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// RunAccessTokens checks a core.AccessTokens. open returns one with a key that
// nobody else knows. A few seconds after its end a token may still be taken, for
// clocks that differ; half a minute after it must not.
func RunAccessTokens(t *testing.T, open func(t *testing.T) core.AccessTokens) {
	runCases(t, "RunAccessTokens", open, map[string]func(t *testing.T, a core.AccessTokens){
		"IssuedIsVerified":         issuedIsVerified,
		"ExpiresOnTime":            tokenExpiresOnTime,
		"TamperedIsRefused":        tamperedIsRefused,
		"UnsignedIsRefused":        unsignedIsRefused,
		"AnotherKeyIsRefused":      anotherKeyIsRefused,
		"GarbageIsRefused":         garbageIsRefused,
		"EveryRefusalIsTheSame":    everyRefusalIsTheSame,
		"MayBeUsedConcurrently":    tokensConcurrently,
		"FitsIntoAHeader":          tokenFitsIntoAHeader,
		"ClocksMayDifferByMoments": clocksMayDiffer,
	})
}

// claims are valid for a minute from at, in seconds as tokens keep them.
func claims(at time.Time) core.AccessClaims {
	return core.AccessClaims{
		OrgID: core.NewID[core.OrgID](), UserID: core.NewID[core.UserID](), Role: core.RoleMember,
		SessionID: core.NewID[core.SessionID](), TokenID: core.NewID[string](),
		IssuedAt: at, ExpiresAt: at.Add(time.Minute),
	}
}

func thisSecond() time.Time { return time.Now().UTC().Truncate(time.Second) }

func issued(t *testing.T, a core.AccessTokens, c core.AccessClaims) string {
	t.Helper()
	token, err := a.Issue(c)
	return must(t, "issue", token, err)
}

func issuedIsVerified(t *testing.T, a core.AccessTokens) {
	at := thisSecond()
	bare := claims(at)
	bare.SessionID = ""
	admin := claims(at.AddDate(10, 0, 0))
	admin.Role = core.RoleAdmin
	for _, want := range []core.AccessClaims{claims(at), bare, admin} {
		got, err := a.Verify(issued(t, a, want), want.IssuedAt)
		wantSame(t, "claims", must(t, "verify", got, err), want)
	}
}

func tokenExpiresOnTime(t *testing.T, a core.AccessTokens) {
	c := claims(thisSecond())
	token := issued(t, a, c)
	if _, err := a.Verify(token, c.ExpiresAt.Add(-time.Second)); err != nil {
		t.Errorf("a second before it expires: %v", err)
	}
	for _, late := range []time.Duration{30 * time.Second, time.Hour, 100 * 365 * 24 * time.Hour} {
		wantRefused(t, "a token after its time", a, token, c.ExpiresAt.Add(late))
	}
}

func wantRefused(t *testing.T, what string, a core.AccessTokens, token string, now time.Time) {
	t.Helper()
	got, err := a.Verify(token, now)
	wantCode(t, what, err, core.CodeAuthentication)
	if got != (core.AccessClaims{}) {
		t.Errorf("%s: got claims %+v with the refusal", what, got)
	}
}

// tampered returns token with each of its parts changed.
func tampered(t *testing.T, token string) map[string]string {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a token has %d parts, want 3", len(parts))
	}
	changed := map[string]string{}
	for i, name := range []string{"header", "claims", "signature"} {
		for at := range len(parts[i]) {
			if at%7 != 0 {
				continue
			}
			p := []byte(parts[i])
			if p[at] = 'A'; parts[i][at] == 'A' {
				p[at] = 'B'
			}
			others := append([]string{}, parts...)
			others[i] = string(p)
			changed[name+" changed"+strings.Repeat("'", at/7)] = strings.Join(others, ".")
		}
		others := append([]string{}, parts...)
		others[i] = ""
		changed[name+" missing"] = strings.Join(others, ".")
	}
	return changed
}

func tamperedIsRefused(t *testing.T, a core.AccessTokens) {
	c := claims(thisSecond())
	token := issued(t, a, c)
	for name, other := range tampered(t, token) {
		wantRefused(t, name, a, other, c.IssuedAt)
	}
	promoted := c
	promoted.Role = core.RoleAdmin
	mine, better := strings.Split(token, "."), strings.Split(issued(t, a, promoted), ".")
	wantRefused(t, "another's claims with one's own signature", a, mine[0]+"."+better[1]+"."+mine[2], c.IssuedAt)
}

func b64(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return "" // a map of strings has a JSON form
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func unsignedIsRefused(t *testing.T, a core.AccessTokens) {
	c := claims(thisSecond())
	body := strings.Split(issued(t, a, c), ".")[1]
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "", "HS256", "RS256"} {
		for _, signature := range []string{"", "AA", "e30"} {
			token := b64(map[string]string{"alg": alg, "typ": "JWT"}) + "." + body + "." + signature
			wantRefused(t, "a token of algorithm "+alg, a, token, c.IssuedAt)
		}
	}
	wantRefused(t, "a token without a third part", a, b64(map[string]string{"alg": "none"})+"."+body, c.IssuedAt)
}

// anotherKeyIsRefused signs the claims with keys that an attacker would try.
func anotherKeyIsRefused(t *testing.T, a core.AccessTokens) {
	c := claims(thisSecond())
	parts := strings.Split(issued(t, a, c), ".")
	for _, header := range []string{parts[0], b64(map[string]string{"alg": "HS256", "typ": "JWT"}), b64(map[string]string{"alg": "HS256", "kid": "../../dev/null"})} {
		for _, key := range []string{"", "secret", "\x00", strings.Repeat("k", 64)} {
			mac := hmac.New(sha256.New, []byte(key))
			mac.Write([]byte(header + "." + parts[1]))
			forged := header + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
			wantRefused(t, "a token signed with another key", a, forged, c.IssuedAt)
		}
	}
}

func garbage(token string) []string {
	return []string{
		"", ".", "..", "...", "x", "x.y.z", "\x00", "\xff.\xff.\xff", " " + token, token + " ", token + ".", "." + token, "Bearer " + token,
		token[:len(token)-1], token[:len(token)/2], token + token, strings.ReplaceAll(token, ".", "\n."),
		strings.Repeat("a", 1<<20), strings.Repeat(".", 1<<20), strings.Repeat("e30.", 1<<18), "bnVsbA.bnVsbA.bnVsbA", "e30.e30.", "W10.W10.W10",
	}
}

func garbageIsRefused(t *testing.T, a core.AccessTokens) {
	c := claims(thisSecond())
	for _, bad := range garbage(issued(t, a, c)) {
		wantRefused(t, "garbage", a, bad, c.IssuedAt)
	}
}

func everyRefusalIsTheSame(t *testing.T, a core.AccessTokens) {
	c := claims(thisSecond())
	token := issued(t, a, c)
	bad := append(garbage(token), b64(map[string]string{"alg": "none"})+"."+strings.Split(token, ".")[1]+".")
	for _, other := range tampered(t, token) {
		bad = append(bad, other)
	}
	_, expired := a.Verify(token, c.ExpiresAt.Add(time.Hour))
	wantCode(t, "an expired token", expired, core.CodeAuthentication)
	want := core.AsError(expired)
	for _, b := range bad {
		_, err := a.Verify(b, c.IssuedAt)
		if got := core.AsError(err); got == nil || got.Message != want.Message || got.Code != want.Code || got.Details != nil {
			t.Fatalf("a refusal: got %v, want the sentence of an expired token: %s", got, want.Message)
		}
	}
	if strings.Contains(want.Message, token) {
		t.Error("the refusal repeats the token")
	}
}

func tokensConcurrently(t *testing.T, a core.AccessTokens) {
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			c := claims(thisSecond())
			token, err := a.Issue(c)
			if err != nil {
				t.Errorf("issue: %v", err)
				return
			}
			if got, err := a.Verify(token, c.IssuedAt); err != nil || got != c {
				t.Errorf("verify: got %+v, %v, want %+v", got, err, c)
			}
		})
	}
	wg.Wait()
}

func tokenFitsIntoAHeader(t *testing.T, a core.AccessTokens) {
	token := issued(t, a, claims(thisSecond()))
	if len(token) > 2000 || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		t.Errorf("token: got %d bytes, want at most 2000 of visible ASCII", len(token))
	}
}

// clocksMayDiffer verifies on a machine whose clock is behind the issuer's.
func clocksMayDiffer(t *testing.T, a core.AccessTokens) {
	c := claims(thisSecond())
	if _, err := a.Verify(issued(t, a, c), c.IssuedAt.Add(-2*time.Second)); err != nil {
		t.Errorf("a token issued two seconds ahead of the verifier's clock: %v", err)
	}
}
