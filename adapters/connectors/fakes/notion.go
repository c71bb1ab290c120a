package fakes

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// NotionToken is the internal token that a fake Notion takes.
const NotionToken = "ntn_fakeNotionToken"

// Notion is a fake of Notion's API, versions 2022-06-28 to 2026-03-11. It keeps
// pages, blocks, databases and data sources; what is written to it is checked
// against Notion's limits.
type Notion struct {
	*site
	grants   *grants
	objects  map[string]object   // pages, blocks, databases and data sources by id
	children map[string][]string // blocks below a page or block
	rows     map[string][]string // pages of a data source
	order    []string            // pages and data sources, as they were made
	lost     map[string]bool     // unshared
	unlisted map[string]bool     // search does not find them
	partial  map[string]bool     // search answers no more than their id
	refused  map[string]answer   // to who asks for children of a block
	queryCap int
	lag      time.Duration
	noUpdate bool // OAuth2 without refresh tokens
}

// object is one of Notion's, as its API answers it.
type object = map[string]any

const (
	notionUser        = "7a1d5c0e-0000-4000-8000-00000000ada0"
	notionIntegration = "7a1d5c0e-0000-4000-8000-0000000000b0"
	notionWorkspace   = "7a1d5c0e-0000-4000-8000-0000000000c0"
)

var _ http.Handler = (*Notion)(nil)

// NewNotion returns a fake Notion with an empty workspace.
func NewNotion(c Config) *Notion {
	n := &Notion{
		objects: map[string]object{}, children: map[string][]string{}, rows: map[string][]string{},
		lost: map[string]bool{}, unlisted: map[string]bool{}, partial: map[string]bool{}, refused: map[string]answer{}, queryCap: 10_000,
	}
	n.site = newSite(c, n)
	n.grants = newGrants("ntn", n.cfg, 0)
	n.routes()
	return n
}

func (n *Notion) routes() {
	for pattern, handle := range map[string]func(*request) answer{
		"GET /v1/users/me":                    n.me,
		"GET /v1/users":                       n.users,
		"POST /v1/search":                     n.search,
		"GET /v1/pages/{id}":                  n.getPage,
		"POST /v1/pages":                      n.createPage,
		"PATCH /v1/pages/{id}":                n.updatePage,
		"GET /v1/pages/{id}/properties/{id2}": n.getProperty,
		"GET /v1/blocks/{id}":                 n.getBlock,
		"PATCH /v1/blocks/{id}":               n.updateBlock,
		"DELETE /v1/blocks/{id}":              n.deleteBlock,
		"GET /v1/blocks/{id}/children":        n.getChildren,
		"PATCH /v1/blocks/{id}/children":      n.appendChildren,
		"GET /v1/databases/{id}":              n.getDatabase,
		"POST /v1/databases/{id}/query":       n.queryDatabase,
		"GET /v1/data_sources/{id}":           n.getDataSource,
		"POST /v1/data_sources/{id}/query":    n.queryDataSource,
	} {
		n.route(pattern, n.admitted(handle))
	}
	n.route("GET /v1/oauth/authorize", func(q *request) answer { return n.grants.agree(q.URL.Query(), n.cfg.ClientID) })
	n.route("POST /v1/oauth/token", n.token)
	n.route("POST /v1/oauth/introspect", n.introspect)
	n.route("POST /v1/oauth/revoke", n.revoke)
}

// admitted lets through what has a token, a version and, to write, the capability.
func (n *Notion) admitted(handle func(*request) answer) func(*request) answer {
	return func(q *request) answer {
		_, granted := n.grants.find(bearer(q.Request))
		own := bearer(q.Request) == NotionToken || n.cfg.takes(bearer(q.Request))
		if !granted && (!own || n.grants.revoked) {
			return notionError(http.StatusUnauthorized, "unauthorized", "API token is invalid.")
		}
		switch version := q.Header.Get("Notion-Version"); {
		case version == "":
			return notionError(http.StatusBadRequest, "missing_version",
				"Notion-Version header failed validation: Notion-Version header should be defined, instead was `undefined`.")
		case version < "2025-09-03" && strings.HasPrefix(q.URL.Path, "/v1/data_sources"):
			return n.unknown(q)
		}
		if n.cfg.ReadOnly && q.Method != http.MethodGet && !strings.Contains(q.URL.Path, "/query") && q.URL.Path != "/v1/search" {
			return n.refusal(q, Forbidden)
		}
		var probe any
		if err := q.decode(&probe); err != nil {
			return notionError(http.StatusBadRequest, "invalid_json", "Error parsing JSON body.")
		}
		return handle(q)
	}
}

func notionError(status int, code, message string) answer {
	return answer{status: status, body: object{"object": "error", "status": status, "code": code, "message": message}}
}

func notionInvalid(format string, args ...any) answer {
	return notionError(http.StatusBadRequest, "validation_error", fmt.Sprintf(format, args...))
}

// missing is what Notion says of what is not there and of what is not shared.
func (n *Notion) missing(kind, id string) answer {
	a := notionError(http.StatusNotFound, "object_not_found", "Could not find "+kind+" with ID: "+id+
		". Make sure the relevant pages and databases are shared with your integration \"docsctl\".")
	a.body.(object)["additional_data"] = object{"integration_id": notionIntegration}
	return a
}

func (n *Notion) unknown(*request) answer {
	return notionError(http.StatusBadRequest, "invalid_request_url", "Invalid request URL.")
}

func (n *Notion) refusal(q *request, f Fault) answer {
	switch f {
	case Busy:
		return notionError(http.StatusTooManyRequests, "rate_limited", "You have been rate limited. Please try again in a few minutes.")
	case Overloaded:
		return notionError(529, "service_overload", "Notion is temporarily overloaded. Please try again later.")
	case Failed:
		return notionError(http.StatusInternalServerError, "internal_server_error", "Unexpected error occurred.")
	case Unavailable:
		return notionError(http.StatusServiceUnavailable, "service_unavailable", "Public API service is temporarily unavailable, please try again later.")
	case NotFound:
		return n.missing("block", q.PathValue("id"))
	case Unauthorized, Expired:
		return notionError(http.StatusUnauthorized, "unauthorized", "API token is invalid.")
	case Forbidden:
		return notionError(http.StatusForbidden, "restricted_resource", "Insufficient permissions for this endpoint.")
	case SaveConflict:
		return notionError(http.StatusConflict, "conflict_error", "Conflict occurred while saving. Please try again.")
	}
	return webPage(http.StatusBadGateway).with("Cf-Ray", "8f2a0000deadbeef-FRA")
}

func (n *Notion) lists(q *request) bool {
	return q.URL.Path == "/v1/search" || strings.HasSuffix(q.URL.Path, "/query")
}

// finish gives each answer of the API its request id.
func (n *Notion) finish(a *answer) {
	body, isObject := a.body.(object)
	if !isObject {
		return
	}
	body = maps.Clone(body)
	n.ids++
	body["request_id"] = notionID("feed", n.ids)
	a.body = body
	*a = a.with("X-Notion-Request-Id", body["request_id"].(string))
}

// newID makes an id; kind is four hexadecimal digits that tell what it is of.
func (n *Notion) newID(kind string) string {
	n.ids++
	return notionID(kind, n.ids)
}

func notionID(kind string, i int) string { return fmt.Sprintf("0000%s-0000-4000-8000-%012x", kind, i) }

// dashed returns an id in its long form; Notion takes both.
func dashed(id string) string {
	if len(id) != 32 {
		return id
	}
	return strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
}

// visible returns an object that the token sees.
func (n *Notion) visible(id, kind string) (object, bool) {
	o, found := n.objects[dashed(id)]
	if !found || kind != "" && o["object"] != kind || n.isLost(dashed(id)) {
		return nil, false
	}
	return o, true
}

// isLost reports whether an object, or what it stands in, is not shared.
func (n *Notion) isLost(id string) bool {
	for range 100 { // deeper than anybody nests
		if n.lost[id] {
			return true
		}
		o, found := n.objects[id]
		if !found {
			return false
		}
		id = parentOf(o)
	}
	return false
}

// parentOf returns the id of what an object stands in; "" for the workspace.
func parentOf(o object) string {
	parent, _ := o["parent"].(object)
	kind, _ := parent["type"].(string)
	id, _ := parent[kind].(string)
	return id
}

// minute is how exactly Notion tells when something was edited.
func minute(t time.Time) string {
	return t.UTC().Truncate(time.Minute).Format("2006-01-02T15:04:05.000Z")
}

func (n *Notion) me(*request) answer { return ok(n.bot()) }

func (n *Notion) bot() object {
	return object{
		"object": "user", "id": notionIntegration, "name": "docsctl", "avatar_url": nil, "type": "bot",
		"bot": object{
			"owner": object{"type": "workspace", "workspace": true}, "workspace_name": "Fake Workspace",
			"workspace_id": notionWorkspace, "workspace_limits": object{"max_file_upload_size_in_bytes": 5 << 20},
		},
	}
}

func (n *Notion) users(q *request) answer {
	ada := object{"object": "user", "id": notionUser, "name": "Ada Lovelace", "avatar_url": nil, "type": "person", "person": object{"email": "ada@example.com"}}
	return n.list(q, []object{ada, n.bot()}, "user")
}

func author(id string) object { return object{"object": "user", "id": id} }

// Lag has search find what is new only after so long.
func (n *Notion) Lag(d time.Duration) { n.set(func() { n.lag = d }) }

// CapQueries has a query of a data source end after so many rows. Notion's is 10,000.
func (n *Notion) CapQueries(rows int) { n.set(func() { n.queryCap = rows }) }

// NoRefresh has OAuth2 give no refresh tokens.
func (n *Notion) NoRefresh() { n.set(func() { n.noUpdate = true }) }

// Revoke has every token refused, as when the connection is removed.
func (n *Notion) Revoke() { n.set(func() { n.grants.revoked = true }) }

// Readmit takes tokens again.
func (n *Notion) Readmit() { n.set(func() { n.grants.revoked = false }) }

// Expire ends the life of every access token of OAuth2.
func (n *Notion) Expire() { n.set(n.grants.expire) }

func (s *site) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func without(ids []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(x string) bool { return x == id })
}
