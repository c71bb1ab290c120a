package fakes

import (
	"net/http"
	"strings"
	"time"
)

// What a fake Confluence takes: on its site an e-mail and a token, at the gateway
// the scoped token, and below DataCenterPath a personal access token.
const (
	ConfluenceEmail         = "ada@example.com"
	ConfluenceToken         = "ATATT-fake-classic"
	ConfluenceScopedToken   = "ATSTT-fake-scoped"
	ConfluencePersonalToken = "MDfakePersonal"
	ConfluenceCloudID       = "11223344-fa4e-4c44-8dd5-ee6677889900"
	// DataCenterPath is the context of the Data Center, on the fake's own host.
	DataCenterPath = "/confluence"
	gatewayPath    = "/ex/confluence/" + ConfluenceCloudID
)

const confluenceUser = "5b10fa4e82e05b22cc7dada0"

// Confluence is a fake of one Confluence, as a site of the cloud, behind Atlassian's
// gateway, and as a Data Center at once: all show the same pages. It is also
// Atlassian's OAuth2 server.
type Confluence struct {
	*site
	grants *grants
	spaces []*confluenceSpace
	pages  map[string]*confluencePage
	order  []string // ids of pages, as they were made
	users  []ConfluenceUser
	zone   *time.Location
	silent bool // a page in the trash is not found without its status
	shut   bool // the user has no Confluence on this site
	gone   bool // every token is refused
}

type confluenceSpace struct {
	id, key, name, kind, home string
	lost                      bool
}

type confluencePage struct {
	id, parent, title, status, storage string
	space                              *confluenceSpace
	created                            time.Time
	versions                           []confluenceVersion
	lost                               bool // restricted
	broken                             bool // its storage cannot be rendered
	files                              []string
}

type confluenceVersion struct {
	number  int
	at      time.Time
	message string
	author  string
}

func (p *confluencePage) version() confluenceVersion { return p.versions[len(p.versions)-1] }

var _ http.Handler = (*Confluence)(nil)

// NewConfluence returns a fake Confluence without spaces.
func NewConfluence(c Config) *Confluence {
	f := &Confluence{pages: map[string]*confluencePage{}, zone: time.UTC, silent: true, users: []ConfluenceUser{ada}}
	f.site = newSite(c, f)
	f.grants = newGrants("atl", f.cfg, time.Hour)
	if f.cfg.Token != "" {
		f.grants.access[f.cfg.Token] = grant{scope: allScopes}
	}
	f.routes()
	return f
}

func (f *Confluence) routes() {
	for pattern, handle := range map[string]func(*request) answer{
		"GET /wiki/api/v2/spaces":                 f.listSpaces,
		"GET /wiki/api/v2/spaces/{id}":            f.getSpace,
		"GET /wiki/api/v2/spaces/{id}/pages":      f.listPages,
		"GET /wiki/api/v2/pages":                  f.listPages,
		"POST /wiki/api/v2/pages":                 f.createPage,
		"GET /wiki/api/v2/pages/{id}":             f.getPage,
		"PUT /wiki/api/v2/pages/{id}":             f.updatePage,
		"DELETE /wiki/api/v2/pages/{id}":          f.deletePage,
		"GET /wiki/api/v2/pages/{id}/children":    f.listChildren,
		"GET /wiki/api/v2/pages/{id}/attachments": f.listAttachments,
		"GET /wiki/api/v2/pages/{id}/versions":    f.listVersions,
		"POST /wiki/api/v2/users-bulk":            f.bulkUsers,
		"GET /wiki/rest/api/user/current":         f.currentUser,
		"GET /wiki/rest/api/content/search":       f.searchV1,
		"GET /wiki/rest/api/content/{id}":         f.getContent,
		"POST /wiki/rest/api/content":             f.createContent,
		"PUT /wiki/rest/api/content/{id}":         f.updateContent,
		"DELETE /wiki/rest/api/content/{id}":      f.deleteContent,
		"GET /wiki/rest/api/space":                f.removedV1,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		f.route(pattern, f.onSite(handle))
		f.route(method+" "+gatewayPath+path, f.atGateway(handle))
	}
	for pattern, handle := range map[string]func(*request) answer{
		"GET /rest/api/user/current":    f.currentUser,
		"GET /rest/api/user":            f.userV1,
		"GET /rest/api/space":           f.listSpacesV1,
		"GET /rest/api/content":         f.listContent,
		"GET /rest/api/content/search":  f.searchV1,
		"GET /rest/api/content/{id}":    f.getContent,
		"POST /rest/api/content":        f.createContent,
		"PUT /rest/api/content/{id}":    f.updateContent,
		"DELETE /rest/api/content/{id}": f.deleteContent,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		f.route(method+" "+DataCenterPath+path, f.inDataCenter(handle))
	}
	f.route("GET /_edge/tenant_info", func(*request) answer { return ok(object{"cloudId": ConfluenceCloudID}) })
	f.route("GET /oauth/token/accessible-resources", f.resources)
	f.route("GET /authorize", func(q *request) answer { return f.grants.agree(q.URL.Query(), f.cfg.ClientID) })
	f.route("POST /oauth/token", f.token)
}

// onSite lets in a classic token with its e-mail.
func (f *Confluence) onSite(handle func(*request) answer) func(*request) answer {
	return func(q *request) answer {
		if f.gone || !isBasic(q.Request, ConfluenceEmail, ConfluenceToken) && !f.cfg.takesBasic(q.Request) {
			return f.refusal(q, Unauthorized)
		}
		return f.asReader(q, handle)
	}
}

// asReader lets a token that is good do what it may.
func (f *Confluence) asReader(q *request, handle func(*request) answer) answer {
	if f.shut {
		return v1Error(http.StatusForbidden, "PermissionException", "Current user not permitted to use Confluence")
	}
	if f.cfg.ReadOnly && q.Method != http.MethodGet && !namesUsers(q) {
		return f.refusal(q, Forbidden)
	}
	return handle(q)
}

// atGateway lets in the scoped token, or one of OAuth2 with the scope that the
// route needs. An expired one looks as if the page were not there.
func (f *Confluence) atGateway(handle func(*request) answer) func(*request) answer {
	return func(q *request) answer {
		if !f.gone && isBasic(q.Request, ConfluenceEmail, ConfluenceScopedToken) {
			return f.asReader(q, handle)
		}
		token := bearer(q.Request)
		of, good := f.grants.find(token)
		switch {
		case f.gone || token == "":
			return gatewayError()
		case !good:
			return f.expired(q)
		case !hasScope(of.scope, q):
			return answer{status: http.StatusUnauthorized, body: object{"code": 401, "message": "Unauthorized; scope does not match"}}.
				with("X-Failure-Category", "FAILURE_CLIENT_SCOPE_CHECK")
		}
		return f.asReader(q, handle)
	}
}

// expired is what is said of an expired token: at the gateway that nothing is there.
func (f *Confluence) expired(q *request) answer {
	switch atGateway := strings.HasPrefix(q.URL.Path, gatewayPath); {
	case strings.HasPrefix(q.URL.Path, "/oauth/"):
		return gatewayError()
	case !atGateway:
		return f.refusal(q, Unauthorized)
	case isV1(q):
		return v1Error(http.StatusForbidden, "PermissionException", "Current user not permitted to use Confluence")
	}
	return f.unknown(q)
}

func (f *Confluence) inDataCenter(handle func(*request) answer) func(*request) answer {
	return func(q *request) answer {
		if f.gone || bearer(q.Request) != ConfluencePersonalToken && !f.cfg.takes(bearer(q.Request)) {
			return v1Error(http.StatusUnauthorized, "UnauthorizedException", "Client must be authenticated to access this resource.")
		}
		return f.asReader(q, handle)
	}
}

func isV1(q *request) bool { return strings.Contains(q.URL.Path, "/rest/api/") }

// namesUsers reports whether a call only asks who people are.
func namesUsers(q *request) bool { return strings.HasSuffix(q.URL.Path, "/users-bulk") }

const allScopes = "read:page:confluence read:space:confluence read:user:confluence read:attachment:confluence write:page:confluence delete:page:confluence " +
	"read:confluence-content.all search:confluence write:confluence-content offline_access"

// hasScope reports whether scopes, separated by spaces, allow a call.
func hasScope(scopes string, q *request) bool {
	need := "read:page:confluence"
	switch {
	case namesUsers(q):
		need = "read:user:confluence"
	case isV1(q) && strings.HasSuffix(q.URL.Path, "/search"):
		need = "search:confluence"
	case isV1(q) && q.Method != http.MethodGet:
		need = "write:confluence-content"
	case isV1(q):
		need = "read:confluence-content.all"
	case strings.Contains(q.URL.Path, "/spaces") && !strings.HasSuffix(q.URL.Path, "/pages"):
		need = "read:space:confluence"
	case strings.HasSuffix(q.URL.Path, "/attachments"):
		need = "read:attachment:confluence"
	case q.Method == http.MethodDelete:
		need = "delete:page:confluence"
	case q.Method != http.MethodGet:
		need = "write:page:confluence"
	}
	for _, scope := range strings.Fields(scopes) {
		if scope == need {
			return true
		}
	}
	return false
}

func v2Error(status int, code, title string) answer {
	return answer{status: status, body: object{"errors": []object{{"status": status, "code": code, "title": title, "detail": nil}}}}
}

func v1Error(status int, exception, message string) answer {
	return answer{status: status, body: object{
		"statusCode": status, "message": "com.atlassian.confluence.api.service.exceptions." + exception + ": " + message,
		"reason": http.StatusText(status),
		"data":   object{"authorized": status != http.StatusForbidden, "valid": true, "errors": []any{}, "successful": false},
	}}
}

func gatewayError() answer {
	return answer{status: http.StatusUnauthorized, body: object{"code": 401, "message": "Unauthorized"}}
}

func (f *Confluence) unknown(q *request) answer {
	if isV1(q) {
		return v1Error(http.StatusNotFound, "NotFoundException", "No such resource")
	}
	return v2Error(http.StatusNotFound, "NOT_FOUND", "Not Found")
}

func (f *Confluence) refusal(q *request, fault Fault) answer {
	switch fault {
	case Busy:
		return answer{status: http.StatusTooManyRequests, body: object{"code": 429, "message": "Rate limit exceeded"}}.
			with("X-Ratelimit-Limit", "100").with("X-Ratelimit-Remaining", "0").with("X-Ratelimit-Nearlimit", "true").
			with("Ratelimit-Reason", "confluence-burst-based")
	case Failed:
		return v1Error(http.StatusInternalServerError, "ServiceException", "java.lang.NullPointerException")
	case Overloaded, Unavailable:
		return webPage(http.StatusServiceUnavailable)
	case NotFound:
		return f.unknown(q)
	case Expired:
		return f.expired(q)
	case Unauthorized:
		if isV1(q) {
			return v1Error(http.StatusUnauthorized, "UnauthorizedException", "Client must be authenticated to access this resource.")
		}
		return v2Error(http.StatusUnauthorized, "UNAUTHORIZED", "Unauthorized; Client must be authenticated to access this resource.").
			with("Www-Authenticate", `OAuth realm="`+q.origin()+`/wiki"`)
	case Forbidden:
		if isV1(q) {
			return v1Error(http.StatusForbidden, "PermissionException", "Not permitted")
		}
		return v2Error(http.StatusForbidden, "FORBIDDEN", "You don't have permission to do this.")
	case SaveConflict:
		if isV1(q) {
			return v1Error(http.StatusConflict, "ConflictException", "Version must be incremented on update. Current version is: 99")
		}
		return v2Error(http.StatusConflict, "CONFLICT", "Version must be incremented when updating a page. Current Version: [99]. Provided version: [99]")
	}
	return webPage(http.StatusBadGateway)
}

func (f *Confluence) lists(q *request) bool {
	path := q.URL.Path
	return q.Method == http.MethodGet && (strings.HasSuffix(path, "/pages") || strings.HasSuffix(path, "/spaces") ||
		strings.HasSuffix(path, "/rest/api/content") || strings.HasSuffix(path, "/rest/api/space") || strings.HasSuffix(path, "/content/search"))
}

func (f *Confluence) finish(a *answer) {
	f.ids++
	*a = a.with("Atl-Traceid", notionID("ace0", f.ids))
}

// In tells the user's time zone, in which CQL compares. Default: UTC.
func (f *Confluence) In(zone *time.Location) { f.set(func() { f.zone = zone }) }

// ShowTrash has a page in the trash be answered, with its status, though it was
// asked for without one. Both were seen in practice.
func (f *Confluence) ShowTrash() { f.set(func() { f.silent = false }) }

// ShutOut has the user be one without Confluence on this site.
func (f *Confluence) ShutOut() { f.set(func() { f.shut = true }) }

// Revoke has every token refused.
func (f *Confluence) Revoke() { f.set(func() { f.gone, f.grants.revoked = true, true }) }

// Readmit takes tokens again.
func (f *Confluence) Readmit() {
	f.set(func() { f.gone, f.shut, f.grants.revoked = false, false, false })
}

// Expire ends the life of every access token of OAuth2.
func (f *Confluence) Expire() { f.set(f.grants.expire) }
