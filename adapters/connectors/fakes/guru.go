package fakes

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// What a fake Guru takes: an e-mail and a user's token, or a collection's id and its
// token, which may only read.
const (
	GuruEmail           = "ada@example.com"
	GuruToken           = "guru-fake-user"
	GuruCollectionToken = "guru-fake-collection"
)

const guruTeam = "52db9d13-fa4e-402f-a5b3-a1dad612d9d4"

// Guru is a fake of Guru's API.
type Guru struct {
	*site
	grants      *grants
	collections []*guruCollection
	cards       map[string]*guruCard
	order       []string            // ids of cards, as they were made
	pages       map[string]guruPage // by paging token
	bulk        map[string]bool     // operations that were begun
	gone        bool                // every token is refused
	slowBulk    bool
	plainRel    bool // rel="next" instead of rel="next-page"
}

type guruCollection struct{ id, name string }

type guruCard struct {
	id, title, content, share string
	collection                *guruCollection
	tags                      []object
	archived, lost            bool
	version                   int
	created, modified         time.Time
}

// guruPage is where a list goes on.
type guruPage struct {
	query url.Values
	body  []byte
	from  int
}

var _ http.Handler = (*Guru)(nil)

// NewGuru returns a fake Guru without collections.
func NewGuru(c Config) *Guru {
	g := &Guru{cards: map[string]*guruCard{}, pages: map[string]guruPage{}, bulk: map[string]bool{}}
	g.site = newSite(c, g)
	g.grants = newGrants("guru", g.cfg, time.Hour)
	for pattern, handle := range map[string]func(*request) answer{
		"GET /api/v1/whoami":              g.whoami,
		"GET /api/v1/teams":               g.teams,
		"GET /api/v1/collections":         g.listCollections,
		"GET /api/v1/search/query":        g.search,
		"GET /api/v1/search/cardmgr":      g.search,
		"POST /api/v1/search/cardmgr":     g.manage,
		"GET /api/v1/cards/{id}":          g.getCard,
		"GET /api/v1/cards/{id}/{view}":   g.getView,
		"POST /api/v1/cards/extended":     g.createCard,
		"PUT /api/v1/cards/{id}/extended": g.replaceCard,
		"PATCH /api/v1/cards/{id}":        g.patchCard,
		"DELETE /api/v1/cards/{id}":       g.archiveCard,
		"POST /api/v1/cards/bulkop":       g.bulkOperation,
	} {
		g.route(pattern, g.admitted(handle))
	}
	g.route("GET /oauth/authorize", func(q *request) answer { return g.grants.agree(q.URL.Query(), g.cfg.ClientID) })
	g.route("POST /oauth/token", g.token)
	return g
}

// admitted lets in a user's token, one of OAuth2, and to read a collection's.
func (g *Guru) admitted(handle func(*request) answer) func(*request) answer {
	return func(q *request) answer {
		collection := g.tokenCollection(q)
		_, granted := g.grants.find(bearer(q.Request))
		switch {
		case g.gone || collection == nil && !granted && !isBasic(q.Request, GuruEmail, GuruToken) && !g.cfg.takesBasic(q.Request):
			return g.refusal(q, Unauthorized)
		case q.Method != http.MethodGet && !strings.Contains(q.URL.Path, "/search/") && (collection != nil || g.cfg.ReadOnly):
			return g.refusal(q, Forbidden)
		}
		return handle(q)
	}
}

// tokenCollection returns the collection that the call's token is of, or nil.
func (g *Guru) tokenCollection(q *request) *guruCollection {
	for _, c := range g.collections {
		if isBasic(q.Request, c.id, GuruCollectionToken) {
			return c
		}
	}
	return nil
}

func guruError(status int, message string) answer {
	return answer{status: status, body: object{"message": message}}
}

func (g *Guru) unknown(*request) answer { return guruError(http.StatusNotFound, "Not Found") }

func (g *Guru) refusal(_ *request, f Fault) answer {
	switch f {
	case Busy:
		return guruError(http.StatusTooManyRequests, "Too many requests")
	case Failed:
		return guruError(http.StatusInternalServerError, "Internal Server Error")
	case Overloaded, Unavailable:
		return answer{status: http.StatusServiceUnavailable, body: "upstream connect error"}
	case NotFound:
		return guruError(http.StatusNotFound, "Card not found")
	case Unauthorized, Expired:
		return guruError(http.StatusUnauthorized, "Unauthorized").with("Www-Authenticate", `Basic realm="Guru"`)
	case Forbidden:
		return guruError(http.StatusForbidden, "Forbidden")
	case SaveConflict:
		return guruError(http.StatusConflict, "Conflict")
	}
	return webPage(http.StatusBadGateway)
}

func (g *Guru) lists(q *request) bool { return strings.Contains(q.URL.Path, "/search/") }

func (g *Guru) finish(*answer) {}

func (g *Guru) whoami(q *request) answer {
	team := object{"id": guruTeam, "name": "Fake Team", "status": "ACTIVE", "dateCreated": "2025-01-02T00:00:00.000+0000"}
	if c := g.tokenCollection(q); c != nil {
		return ok(object{"tokenType": "COLLECTION", "collection": object{"id": c.id, "name": c.name}, "team": team})
	}
	return ok(object{"user": guruUser(), "tokenType": "API", "team": team})
}

func guruUser() object {
	return object{"status": "ACTIVE", "email": GuruEmail, "firstName": "Ada", "lastName": "Lovelace", "profilePicUrl": "https://pp.example.com/ada.png"}
}

func (g *Guru) teams(*request) answer {
	return ok([]object{{"id": guruTeam, "name": "Fake Team", "status": "ACTIVE", "dateCreated": "2025-01-02T00:00:00.000+0000"}})
}

func (g *Guru) token(q *request) answer {
	if !isBasic(q.Request, g.cfg.ClientID, g.cfg.ClientSecret) {
		return oauthError(http.StatusUnauthorized, "invalid_client", "Client authentication failed")
	}
	form, err := url.ParseQuery(string(q.body))
	if err != nil {
		return oauthError(http.StatusBadRequest, "invalid_request", "The body is no form")
	}
	var p pair
	var good bool
	switch form.Get("grant_type") {
	case "authorization_code":
		p, good = g.grants.exchange(form.Get("code"), form.Get("redirect_uri"), form.Get("code_verifier"))
	case "refresh_token":
		p, good = g.grants.renew(form.Get("refresh_token"))
	}
	if !good {
		return oauthError(http.StatusBadRequest, "invalid_grant", "Invalid refresh token")
	}
	return ok(object{
		"access_token": p.access, "refresh_token": p.refresh, "token_type": "bearer", "expires_in": int(g.grants.life.Seconds()), "scope": p.scope,
	})
}

// Revoke has every token refused.
func (g *Guru) Revoke() { g.set(func() { g.gone, g.grants.revoked = true, true }) }

// Readmit takes tokens again.
func (g *Guru) Readmit() { g.set(func() { g.gone, g.grants.revoked = false, false }) }

// Expire ends the life of every access token of OAuth2.
func (g *Guru) Expire() { g.set(g.grants.expire) }

// SlowBulk has operations on many cards be begun and not done at once.
func (g *Guru) SlowBulk() { g.set(func() { g.slowBulk = true }) }

// PlainNext has the Link header say rel="next", as a client of Guru's own expects.
func (g *Guru) PlainNext() { g.set(func() { g.plainRel = true }) }
