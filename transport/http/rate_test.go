package httpapi

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/core"
)

// standing has the limits' clock stand still, so that a slow machine gets no more.
func standing(c *core.Config) {
	at := time.Now()
	c.Limiter = inproc.NewLimiter(func() time.Time { return at })
}

func TestRate_IsCountedByOrganization(t *testing.T) {
	t.Parallel()
	w := newWorld(t, standing, func(c *core.Config) { c.RateLimit = 5 })
	a, b := w.admin("Acme"), w.admin("Other")
	for i := range 5 {
		got := a.do("GET", "/v1/me", "").want(200)
		if limit, left := got.header.Get("RateLimit-Limit"), got.header.Get("RateLimit-Remaining"); limit != "5" || left != strconv.Itoa(4-i) {
			t.Errorf("request %d: limit %s, remaining %s", i, limit, left)
		}
		if reset, err := strconv.Atoi(got.header.Get("RateLimit-Reset")); err != nil || reset < 1 || reset > 60 {
			t.Errorf("request %d: reset %d, %v", i, reset, err)
		}
	}
	got := a.do("GET", "/v1/documents", "")
	got.fails(429, core.CodeRateLimited, "", "")
	if wait, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || wait < 1 || wait > 12 || got.header.Get("RateLimit-Remaining") != "0" {
		t.Errorf("headers %v", got.header)
	}
	if got.at("error.details.limit") != 5.0 {
		t.Errorf("details %s", got.body)
	}
	b.do("GET", "/v1/me", "").want(200)
	(&person{w: w}).do("GET", "/healthz", "").want(200)
}

func TestRate_SignInsAreCountedByAddressAndAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, standing, func(c *core.Config) { c.SignInLimit = 4 })
	w.admin("Acme") // the first try from this address
	visitor := &person{w: w}
	try := func(email string) *reply {
		return visitor.do("POST", "/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":"wrong wrong wrong"}`, email))
	}
	for i := range 3 {
		try(fmt.Sprintf("nobody%d@example.org", i)).fails(401, core.CodeAuthentication, "", "")
	}
	known, unknown := try("acme@example.org"), try("nobody@example.org")
	known.fails(429, core.CodeRateLimited, "", "")
	if known.anonymous() != unknown.anonymous() || known.header.Get("Retry-After") == "" {
		t.Errorf("%s differs from %s", known.body, unknown.body)
	}
	visitor.do("POST", "/v1/auth/register", `{"organization_name":"X","email":"x@example.org","password":"`+goodPassword+`","name":"X"}`).fails(429, core.CodeRateLimited, "", "")
	visitor.do("POST", "/v1/auth/invitations/accept", `{"token":"di_x","password":"`+goodPassword+`"}`).fails(429, core.CodeRateLimited, "", "")
}

func TestRate_BoundsHowOftenAClientConnects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, standing, func(c *core.Config) { c.RateLimit = 10 })
	a := w.admin("Acme")
	open, refused := 0, 0
	for range 50 {
		switch got := a.do("HEAD", "/v1/events", ""); got.status {
		case 200:
			open++
		case 429:
			refused++
			if got.header.Get("Retry-After") == "" {
				t.Error("a refused connect has no Retry-After")
			}
		default:
			t.Errorf("connect: %d", got.status)
		}
	}
	if open != 10 || refused != 40 {
		t.Errorf("%d connects were let through and %d refused, want ten of fifty", open, refused)
	}
	a.do("GET", "/v1/ws", "").fails(429, core.CodeRateLimited, "", "")
}
