package core

import (
	"context"
	"time"
)

// SystemStore holds what must work before a tenant is known: look-ups by a
// credential, and claiming work. It returns ids and what is needed to check a
// credential, nothing else of a tenant. Called with the context of an open
// transaction of the same store it returns ErrOuterRead. archtest lists who may
// use it.
type SystemStore interface {
	// Logins returns the sign-in data of every active user with that folded
	// e-mail address, at most 16, oldest organization first; none is no error.
	Logins(ctx context.Context, email string) ([]Login, error)
	// Session returns whose session has the refresh token with that SHA-256
	// hash, or CodeNotFound. It also finds expired and revoked ones.
	Session(ctx context.Context, tokenHash []byte) (SessionRef, error)
	// Credential returns whose the secret of that kind with that SHA-256 hash is,
	// or CodeNotFound. It also finds expired ones.
	Credential(ctx context.Context, kind CredentialKind, hash []byte) (CredentialRef, error)

	// Claim leases up to r.Limit due jobs of r.Queue, oldest dispatch first
	// within an organization, fairly between organizations: no organization gets
	// a second job in a claim while another with a due job has none, and none
	// holds more than r.OrgLimit leases of the queue (0: no limit), nor more of all
	// queues than r.PlanLimits says of its plan. A dispatch
	// whose job is not pending, or is leased already, is discarded. The job
	// stays pending until its holder starts it. Claim does not wait; it returns
	// fewer, or none, when fewer are due. A job is leased to one caller only.
	// Claim may be called concurrently. When ctx ends it returns ctx's error and
	// what it may have leased expires.
	Claim(ctx context.Context, r ClaimRequest) ([]Lease, error)
	// Heartbeat renews, by the store's clock and for ttl from now, those of the
	// leases that have less than two thirds of ttl left, and returns those that
	// are no longer held.
	Heartbeat(ctx context.Context, leases []Lease, ttl time.Duration) (lost []Lease, err error)
	// Rescue takes over up to limit expired leases, each with a new fence and for
	// ttl, so that the worker that held it can write no more. It also moves
	// dispatches of local queues (LocalQueue) that nobody claimed within ttl of
	// their RunAt to their job's shared queue.
	Rescue(ctx context.Context, limit int, ttl time.Duration) ([]Lease, error)
	SystemUpkeep
}

// SystemUpkeep is the part of a SystemStore that tells workers whose things are to be
// looked after.
type SystemUpkeep interface {
	// Unindexed returns up to limit documents whose search entry is older than
	// they are, oldest change first.
	Unindexed(ctx context.Context, limit int) ([]DocumentRef, error)
	// AbandonedImports returns up to limit tenants whose import was given up: it was
	// silent for longer than its mark's TTL.
	AbandonedImports(ctx context.Context, limit int) ([]Tenant, error)
	// DueIntegrations returns up to limit integrations whose DueAt is at or before at,
	// those first that are due for longest.
	DueIntegrations(ctx context.Context, at time.Time, limit int) ([]IntegrationRef, error)
	// ExpiredInvitations returns up to limit users, tombstones excepted, who have not
	// accepted an invitation that expired before a time, those first whose expired first.
	ExpiredInvitations(ctx context.Context, before time.Time, limit int) ([]UserRef, error)
	// WebhookWork leases up to r.Limit webhooks, of any organizations, that have
	// something to do: they are active, nobody works on them, they are not paused at
	// r.At, and a delivery is to be sent by then (see DeliveryReader.Due), or the log
	// has settled events behind their place, or is another log than their place is of,
	// and fewer than r.MaxPending of their deliveries are pending. Those come first
	// that were leased least recently. A webhook is leased to one caller only. With
	// r.All it leases none and returns every webhook there is, with no fence.
	WebhookWork(ctx context.Context, r WebhookWorkRequest) ([]WebhookClaim, error)
	// Prune removes a batch of what is no longer kept, in one transaction. Events go
	// oldest first and without gaps: a position before the last that went is a
	// conflict from then on, and an event that is not settled stays, as does what
	// comes after it. Only one caller prunes at a time; another gets an empty answer.
	Prune(ctx context.Context, r PruneRequest) (Pruned, error)
}

// Login is what is needed to check an e-mail address and a password.
type Login struct {
	Tenant           Tenant
	UserID           UserID
	OrganizationName string
	PasswordHash     string // "" when the user cannot sign in by password
}

// SessionRef says whose a session is.
type SessionRef struct {
	Tenant    Tenant
	SessionID SessionID
}

// CredentialKind is what a secret opens.
type CredentialKind string

// The kinds of SystemStore.Credential.
const (
	CredentialInvitation CredentialKind = "invitation" // its ID is the invited user's
	CredentialAPIKey     CredentialKind = "api_key"
)

// CredentialRef says whose a credential is.
type CredentialRef struct {
	Tenant Tenant
	ID     string
}

// DocumentRef says whose a document is.
type DocumentRef struct {
	Tenant     Tenant
	DocumentID DocumentID
}

// UserRef says whose a user is.
type UserRef struct {
	Tenant Tenant
	UserID UserID
}

// IntegrationRef says whose an integration is.
type IntegrationRef struct {
	Tenant        Tenant
	IntegrationID IntegrationID
}

// WebhookWorkRequest is the input of SystemStore.WebhookWork.
type WebhookWorkRequest struct {
	At         time.Time
	Limit      int
	TTL        time.Duration // how long the leases last, by the store's clock
	MaxPending int
	All        bool
}

// ClaimRequest is the input of SystemStore.Claim.
type ClaimRequest struct {
	Queue    Queue
	Limit    int           // at least 1
	OrgLimit int           // most leases an organization may hold in the queue; 0: no limit
	TTL      time.Duration // how long the leases last

	// PlanLimits is the most leases of all queues that an organization may hold, by its
	// plan; missing or 0: no limit. A claim of a local queue has none.
	PlanLimits map[PlanType]int
}

// Lease is the right to run one job until it expires or is taken over. Fence
// rises each time that the job is leased or its lease is ended; it is what a
// write behind the lease is checked against.
type Lease struct {
	Tenant Tenant
	JobID  JobID
	Fence  int64
}
