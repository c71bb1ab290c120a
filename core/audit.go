package core

import (
	"context"
	"encoding/json"
	"time"
)

// AuditAction names what was done; the part before the dot is the kind of thing
// it was done to.
type AuditAction string

// The actions of the audit log.
const (
	AuditSignedIn             AuditAction = "user.signed_in"
	AuditSignInFailed         AuditAction = "user.sign_in_failed"
	AuditSignedOut            AuditAction = "user.signed_out"
	AuditTokenReused          AuditAction = "user.refresh_token_reused" // somebody may have stolen it; its sessions were ended
	AuditPasswordChanged      AuditAction = "user.password_changed"
	AuditUserCreated          AuditAction = "user.created"
	AuditUserInvited          AuditAction = "user.invited"
	AuditInvitationAccepted   AuditAction = "user.invitation_accepted"
	AuditUserUpdated          AuditAction = "user.updated"
	AuditUserDeleted          AuditAction = "user.deleted"
	AuditOrganizationCreated  AuditAction = "organization.created"
	AuditOrganizationUpdated  AuditAction = "organization.updated"
	AuditAPIKeyCreated        AuditAction = "api_key.created"
	AuditAPIKeyDeleted        AuditAction = "api_key.deleted"
	AuditDocumentDeleted      AuditAction = "document.deleted"
	AuditSummaryDeleted       AuditAction = "summary.deleted"
	AuditIntegrationConnected AuditAction = "integration.connected"
	AuditIntegrationUpdated   AuditAction = "integration.updated"
	AuditIntegrationDeleted   AuditAction = "integration.deleted"
	AuditTemplateDeleted      AuditAction = "template.deleted"
	AuditWebhookCreated       AuditAction = "webhook.created"
	AuditWebhookUpdated       AuditAction = "webhook.updated"
	AuditWebhookDeleted       AuditAction = "webhook.deleted"
	AuditWebhookSecretRotated AuditAction = "webhook.secret_rotated"
	AuditWebhookRedelivered   AuditAction = "webhook.redelivered"
	AuditWebhookDisabled      AuditAction = "webhook.disabled"      // by itself; the data says why
	AuditWebhookEventsMissed  AuditAction = "webhook.events_missed" // they had left the log before they were read
)

// AuditEntry is one line of an organization's audit log, which can be added to
// and read, and nothing else.
type AuditEntry struct {
	ID        string
	OrgID     OrgID
	At        time.Time
	UserID    *UserID   // who did it; nil when that is not known
	APIKeyID  *APIKeyID // the key they did it by; nil for a session
	Action    AuditAction
	TargetID  string // of the thing that it was done to
	Address   string // from where: the network address, "" when there was no request
	UserAgent string
	RequestID string
	Data      json.RawMessage // what changed; nil when the action says it all
}

// AuditReader reads the tenant's audit log.
type AuditReader interface {
	// List returns entries that fit f by their key (At, ID), newest first.
	List(ctx context.Context, f AuditFilter, s Seek) ([]AuditEntry, error)
}

// AuditFilter narrows a list of audit entries; zero fields do not.
type AuditFilter struct {
	Action   AuditAction
	UserID   UserID
	TargetID string
	Since    time.Time // entries at that time or later
	Until    time.Time // entries before that time
}

// AuditService shows the audit log.
type AuditService struct{ cfg Config }

// List returns a page of the organization's audit log. Only an admin may.
func (s *AuditService) List(ctx context.Context, a Actor, f AuditFilter, p PageRequest) (Page[AuditEntry], error) {
	var none Page[AuditEntry]
	if err := a.may(permAudit, ""); err != nil {
		return none, err
	}
	seek, err := p.seek()
	if err != nil {
		return none, err
	}
	f.Since, f.Until = f.Since.UTC().Truncate(time.Microsecond), f.Until.UTC().Truncate(time.Microsecond)
	rows, err := s.cfg.Store.Tenant(a.Tenant()).Read().Audit.List(ctx, f, seek)
	if err != nil {
		return none, err
	}
	return page(rows, seek, func(e AuditEntry) Key { return Key{At: e.At, ID: e.ID} }), nil
}

// audit puts what a does to target into the outbox.
func (c Config) audit(tx Tx, a Actor, action AuditAction, target string, data any) {
	e := AuditEntry{
		ID: NewID[string](), OrgID: a.tenant.OrgID(), At: c.now(), Action: action, TargetID: target,
		Address: a.origin.Address, UserAgent: a.origin.UserAgent, RequestID: a.origin.RequestID,
	}
	if a.user != "" {
		e.UserID = &a.user
	}
	if a.key != "" {
		e.APIKeyID = &a.key
	}
	if data != nil {
		e.Data = mustJSON(data)
	}
	tx.Audit(e)
}

// auditSelf is audit of what a user does to themself before they are an Actor.
func (c Config) auditSelf(tx Tx, t Tenant, user UserID, from Origin, action AuditAction) {
	c.audit(tx, Actor{tenant: t, user: user}.From(from), action, string(user), nil)
}
