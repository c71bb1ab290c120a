package core

import (
	"time"

	"github.com/google/uuid"
)

// Ids have one string type for each kind, so that they cannot be mixed up. Every
// id is a UUID in canonical lower-case form; ports answer CodeNotFound for others.
type (
	OrgID         string // of an organization
	UserID        string // of a user
	SessionID     string // of a session
	DocumentID    string // of a document
	SummaryID     string // of a summary
	TemplateID    string // of a template
	IntegrationID string // of an integration
	JobID         string // of a job
)

// ValidID reports whether id is a UUID in canonical form: 36 characters, lower case.
func ValidID[T ~string](id T) bool {
	u, err := uuid.Parse(string(id))
	return err == nil && u.String() == string(id)
}

// NewID returns a new UUIDv7: ids made later on one machine sort later.
func NewID[T ~string]() T { return T(uuid.Must(uuid.NewV7()).String()) }

// now is the one place that reads the clock: UTC, in the microseconds that every store keeps.
func (c Config) now() time.Time { return c.Now().UTC().Truncate(time.Microsecond) }
