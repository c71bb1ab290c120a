package core

import "strings"

// Tenant is the proof that work is done for one organization. Ports take a
// Tenant, never an OrgID, so an id that came from a request cannot reach a
// repository. The zero Tenant is invalid; every port refuses it.
type Tenant struct{ org OrgID }

// TrustTenant makes a Tenant of an id from our own storage or a verified
// credential. archtest lists who may call it.
func TrustTenant(id OrgID) Tenant { return Tenant{org: id} }

// OrgID returns the organization's id; "" for the zero Tenant.
func (t Tenant) OrgID() OrgID { return t.org }

// Valid reports whether t is the proof of something.
func (t Tenant) Valid() bool { return ValidID(t.org) }

// Role is what a user is within their organization.
type Role string

// The roles, from most to least.
const (
	RoleAdmin  Role = "admin"
	RoleMember Role = "member"
)

// Actor is who acts: a user with a role, within one tenant. Actors come from
// Auth.Authenticate, or from NewActor in a program that embeds core and has its
// own sign-in. The zero Actor may do nothing.
type Actor struct {
	tenant  Tenant
	user    UserID
	role    Role
	session SessionID
	key     APIKeyID
	origin  Origin
	once    *Once // nil: as often as it is asked
}

// Origin is where a request came from, for the audit log and for limits.
type Origin struct {
	Address   string // of the client, behind trusted proxies
	UserAgent string
	RequestID string
}

// maxUserAgent is how many bytes of a User-Agent are kept.
const maxUserAgent = 300

// From returns a as it acts through a request of that origin.
func (a Actor) From(o Origin) Actor {
	o.UserAgent = o.UserAgent[:min(len(o.UserAgent), maxUserAgent)]
	o.UserAgent = strings.ReplaceAll(strings.ToValidUTF8(o.UserAgent, ""), "\x00", "")
	a.origin = o
	return a
}

// Origin returns where the request came from; zero when there was none.
func (a Actor) Origin() Origin { return a.origin }

// NewActor returns an Actor for a user whom the caller has authenticated.
func NewActor(t Tenant, user UserID, role Role) Actor {
	return Actor{tenant: t, user: user, role: role}
}

// Tenant returns the organization for which a acts.
func (a Actor) Tenant() Tenant { return a.tenant }

// User returns the acting user's id.
func (a Actor) User() UserID { return a.user }

// Role returns the acting user's role.
func (a Actor) Role() Role { return a.role }

// permission is one thing that an Actor may or may not do.
type permission string

const (
	permRead            permission = "read"
	permCreate          permission = "create"
	permEditDocument    permission = "edit document"
	permDeleteSummary   permission = "delete summary"
	permEditTemplate    permission = "edit template"
	permDefaultTemplate permission = "choose default template"
	permControlJob      permission = "control job"
	permConnections     permission = "see and end connections"
	permUsers           permission = "manage users"
	permOrganization    permission = "change organization"
	permAudit           permission = "read audit log"
	permAPIKey          permission = "revoke API key"
	permUsage           permission = "see usage"
	permIntegrations    permission = "manage integrations"
	permWebhooks        permission = "manage webhooks"
)

// rule says who has a permission.
type rule int

const (
	ruleAny   rule = iota + 1 // every member of the organization
	ruleOwn                   // who made the thing, and admins
	ruleAdmin                 // admins
)

// permissions is the one table of who may do what; every use case asks it.
var permissions = map[permission]rule{
	permRead:            ruleAny,
	permCreate:          ruleAny,
	permEditDocument:    ruleOwn,
	permDeleteSummary:   ruleOwn,
	permEditTemplate:    ruleOwn,
	permDefaultTemplate: ruleAdmin,
	permControlJob:      ruleOwn,
	permConnections:     ruleAdmin,
	permUsers:           ruleAdmin,
	permOrganization:    ruleAdmin,
	permAudit:           ruleAdmin,
	permAPIKey:          ruleOwn,
	permUsage:           ruleAdmin,
	permIntegrations:    ruleAdmin,
	permWebhooks:        ruleAdmin,
}

// may returns nil when a has p over a thing that owner made; owner is "" where
// the thing has none.
func (a Actor) may(p permission, owner UserID) error {
	if !a.tenant.Valid() || a.user == "" {
		return &Error{Code: CodeAuthentication, Message: "sign in first"}
	}
	if a.role == RoleAdmin {
		return nil
	}
	switch permissions[p] {
	case ruleAny:
		if a.role == RoleMember {
			return nil
		}
	case ruleOwn:
		if a.role == RoleMember && owner != "" && owner == a.user {
			return nil
		}
		return &Error{Code: CodeAuthorization, Message: "only its creator or an admin can do this; ask one of them"}
	case ruleAdmin:
	}
	return &Error{Code: CodeAuthorization, Message: "only an admin can do this; ask an admin of your organization"}
}
