package core

import (
	"time"

	"github.com/google/uuid"
)

// Each kind of thing has its own type of id, so that they cannot be mixed up. Every
// id is a UUID in canonical lower-case form; ports answer CodeNotFound for others.

// OrgID is an organization's id.
type OrgID string

// UserID is a user's id.
type UserID string

// SessionID is a session's id.
type SessionID string

// APIKeyID is an API key's id.
type APIKeyID string

// DocumentID is a document's id.
type DocumentID string

// SummaryID is a summary's id.
type SummaryID string

// TemplateID is a template's id.
type TemplateID string

// IntegrationID is an integration's id.
type IntegrationID string

// WebhookID is a webhook's id.
type WebhookID string

// DeliveryID is a delivery's id.
type DeliveryID string

// JobID is a job's id.
type JobID string

// JobItemID is a job item's id.
type JobItemID string

// ValidID reports whether id is a UUID in canonical form: 36 characters, lower case.
func ValidID[T ~string](id T) bool {
	u, err := uuid.Parse(string(id))
	return err == nil && u.String() == string(id)
}

// NewID returns a new UUIDv7: ids made later on one machine sort later.
func NewID[T ~string]() T { return T(uuid.Must(uuid.NewV7()).String()) }

// cutTime is t in the form that every store keeps.
func cutTime(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return new(t.UTC().Truncate(time.Microsecond))
}

// now is the one place that reads the clock: UTC, in the microseconds that every store keeps.
func (c Config) now() time.Time { return c.Now().UTC().Truncate(time.Microsecond) }
