package core

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Webhook is a subscription of the organization: events of its topics are posted to
// its URL.
type Webhook struct {
	ID             WebhookID  `json:"id"`
	OrgID          OrgID      `json:"org_id"`
	URL            string     `json:"url"` // may hold a secret of the receiver's
	Topics         []string   `json:"topics"`
	IsActive       bool       `json:"is_active"`
	Sealed         []byte     `json:"-"`                     // its secrets, by a Sealer
	SecretUntil    *time.Time `json:"previous_secret_until"` // until then the secret before this one signs too
	DisabledReason string     `json:"disabled_reason"`       // why it was turned off by itself; "" when it was not
	DisabledAt     *time.Time `json:"disabled_at"`
	FailingSince   *time.Time `json:"failing_since"`    // the first attempt that failed after the last that did not
	PausedUntil    *time.Time `json:"paused_until"`     // its receiver is not to be called before
	Failures       int        `json:"-"`                // in a row by which nothing was heard of the receiver
	EventsMissedAt *time.Time `json:"events_missed_at"` // when last events had left the log before they were read for it
	CreatedAt      time.Time  `json:"created_at"`
	UpdatedAt      time.Time  `json:"updated_at"`
}

// WebhookNotice is the data of events about a webhook, which every member may see.
type WebhookNotice struct {
	ID             WebhookID  `json:"id"`
	IsActive       bool       `json:"is_active"`
	DisabledReason string     `json:"disabled_reason,omitempty"`
	DisabledAt     *time.Time `json:"disabled_at,omitempty"`
	EventsMissedAt *time.Time `json:"events_missed_at,omitempty"`
}

func (w *Webhook) notice() WebhookNotice {
	return WebhookNotice{ID: w.ID, IsActive: w.IsActive, DisabledReason: w.DisabledReason, DisabledAt: w.DisabledAt, EventsMissedAt: w.EventsMissedAt}
}

// WebhookClaim is the right to work on a webhook until its lease ends.
type WebhookClaim struct {
	Tenant    Tenant
	WebhookID WebhookID
	Fence     int64
}

// WebhookReader reads the tenant's webhooks.
type WebhookReader interface {
	// Get returns a webhook, or CodeNotFound.
	Get(ctx context.Context, id WebhookID) (*Webhook, error)
	// List returns webhooks by (CreatedAt, ID) descending.
	List(ctx context.Context, s Seek) ([]Webhook, error)
}

// WebhookRepo is WebhookReader inside a transaction.
type WebhookRepo interface {
	WebhookReader
	// GetForUpdate is Get with the row locked until the transaction ends.
	GetForUpdate(ctx context.Context, id WebhookID) (*Webhook, error)
	// Create stores w, which has read the log up to p; "" is a place in no log. It
	// returns CodeNotFound when the organization does not exist.
	Create(ctx context.Context, w *Webhook, p Position) error
	// Update stores everything of w but its id, organization and CreatedAt, or
	// returns CodeNotFound. Who works on it and how far it has read stay as they are.
	Update(ctx context.Context, w *Webhook) error
	// Delete removes a webhook with its deliveries, or returns CodeNotFound.
	Delete(ctx context.Context, id WebhookID) error

	// Hold locks a claimed webhook until the transaction ends and returns it with its
	// place in the log. It returns ErrLeaseLost when it is no longer claimed under
	// the fence, the claim has expired by the store's clock, or it is gone. A place
	// that is not of this store's form comes back as one of a log that is not this.
	Hold(ctx context.Context, c WebhookClaim) (*Webhook, Position, error)
	// Advance sets how far a webhook has read the log, or returns CodeNotFound.
	Advance(ctx context.Context, id WebhookID, p Position) error
	// Renew has a claim last for ttl from now, by the store's clock; 0 gives it back.
	// It returns ErrLeaseLost as Hold does.
	Renew(ctx context.Context, c WebhookClaim, ttl time.Duration) error
}

// NewWebhook is the input of Webhooks.Create.
type NewWebhook struct {
	URL      string
	Topics   []string
	Inactive bool // it reads nothing until it is turned on
}

// Validate returns CodeValidation with every field that does not hold.
func (n NewWebhook) Validate() error {
	var v validation
	v.receiver(n.URL)
	v.topics(n.Topics)
	return v.err()
}

// WebhookPatch changes the fields that are not nil.
type WebhookPatch struct {
	URL      *string
	Topics   *[]string
	IsActive *bool
}

// Validate returns CodeValidation with every field that does not hold.
func (p WebhookPatch) Validate() error {
	var v validation
	if p.URL != nil {
		v.receiver(*p.URL)
	}
	if p.Topics != nil {
		v.topics(*p.Topics)
	}
	return v.err()
}

// receiver checks where a webhook posts to. What of it may be reached is the sender's to say.
func (v *validation) receiver(s string) {
	if s == "" {
		v.add("url", "required", "url is required")
		return
	}
	before := len(v.errs)
	if v.url("url", s); len(v.errs) > before {
		return
	}
	if u, err := url.Parse(s); err != nil || u.User != nil || u.Fragment != "" || u.Hostname() == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 127 }) {
		v.add("url", "format", "url must be an http or https address without user, password and fragment")
	}
}

func (v *validation) topics(topics []string) {
	if len(topics) == 0 {
		v.add("topics", "required", "topics is required: name at least one of "+strings.Join(Topics(), ", "))
	}
	for _, t := range topics {
		if !slices.Contains(Topics(), t) {
			v.add("topics", "enum", "topics must be of "+strings.Join(Topics(), ", "))
			return
		}
	}
}
