package fakes

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// grants is a vendor's OAuth2 server. The site's lock guards it.
type grants struct {
	prefix  string // of tokens
	life    time.Duration
	now     func() time.Time
	made    int
	codes   map[string]grant
	access  map[string]grant
	refresh map[string]grant
	revoked bool // the user took the connection back
}

// grant is what a user agreed to.
type grant struct {
	pair      int // of tokens
	redirect  string
	scope     string
	challenge string    // of PKCE; "": none
	expires   time.Time // of an access token; zero: never
}

// pair is what a client gets.
type pair struct {
	access, refresh, scope string
}

func newGrants(prefix string, c Config, life time.Duration) *grants {
	if c.TokenLife > 0 {
		life = c.TokenLife
	}
	return &grants{
		prefix: prefix, life: life, now: c.Now,
		codes: map[string]grant{}, access: map[string]grant{}, refresh: map[string]grant{},
	}
}

// agree answers the browser as if its user had agreed, or with "deny" in the
// state's place had not.
func (g *grants) agree(q url.Values, clientID string) answer {
	target, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || !target.IsAbs() || q.Get("client_id") != clientID || q.Get("response_type") != "code" {
		return webPage(http.StatusBadRequest)
	}
	back := target.Query()
	back.Set("state", q.Get("state"))
	if strings.HasPrefix(q.Get("state"), "deny") {
		back.Set("error", "access_denied")
	} else {
		back.Set("code", g.issue(grant{redirect: q.Get("redirect_uri"), scope: q.Get("scope"), challenge: q.Get("code_challenge")}))
	}
	target.RawQuery = back.Encode()
	return answer{status: http.StatusFound}.with("Location", target.String())
}

// issue makes a code.
func (g *grants) issue(of grant) string {
	g.made++
	code := fmt.Sprintf("%s-code-%d", g.prefix, g.made)
	g.codes[code] = of
	g.revoked = false
	return code
}

// exchange makes tokens of a code, once.
func (g *grants) exchange(code, redirect, verifier string) (pair, bool) {
	of, found := g.codes[code]
	delete(g.codes, code)
	if !found || of.redirect != "" && redirect != of.redirect || !of.verifies(verifier) {
		return pair{}, false
	}
	return g.tokens(of), true
}

func (of grant) verifies(verifier string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return of.challenge == "" || of.challenge == base64.RawURLEncoding.EncodeToString(sum[:])
}

// renew makes new tokens of a refresh token, which is dead from then on.
func (g *grants) renew(refresh string) (pair, bool) {
	of, found := g.refresh[refresh]
	delete(g.refresh, refresh)
	if !found || g.revoked {
		return pair{}, false
	}
	return g.tokens(of), true
}

func (g *grants) tokens(of grant) pair {
	g.made++
	p := pair{
		access:  fmt.Sprintf("%s-access-%d", g.prefix, g.made),
		refresh: fmt.Sprintf("%s-refresh-%d", g.prefix, g.made), scope: of.scope,
	}
	of.pair = g.made
	if g.life > 0 {
		of.expires = g.now().Add(g.life)
	}
	g.access[p.access], g.refresh[p.refresh] = of, of
	return p
}

// find returns the grant of an access token that is good.
func (g *grants) find(token string) (grant, bool) {
	of, found := g.access[token]
	return of, found && !g.revoked && (of.expires.IsZero() || g.now().Before(of.expires))
}

// forget ends a token, and the other one of its pair.
func (g *grants) forget(token string) {
	of, found := g.access[token]
	if !found {
		of, found = g.refresh[token]
	}
	if !found {
		return
	}
	same := func(_ string, other grant) bool { return other.pair == of.pair }
	maps.DeleteFunc(g.access, same)
	maps.DeleteFunc(g.refresh, same)
}

// expire ends the life of every access token; their refresh tokens stay good.
func (g *grants) expire() {
	for token, of := range g.access {
		of.expires = g.now()
		g.access[token] = of
	}
}

// takes reports whether a token is the one that the config names.
func (c Config) takes(token string) bool { return c.Token != "" && token == c.Token }

// takesBasic reports whether a call has the config's token as a password.
func (c Config) takesBasic(r *http.Request) bool {
	_, password, found := r.BasicAuth()
	return found && c.takes(password)
}

func bearer(r *http.Request) string {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found {
		return ""
	}
	return token
}

func isBasic(r *http.Request, user, password string) bool {
	u, p, found := r.BasicAuth()
	return found && u == user && subtle.ConstantTimeCompare([]byte(p), []byte(password)) == 1
}
