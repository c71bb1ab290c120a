package core

import (
	"context"
	"encoding/json"
	"strings"
	"time"
)

// EventType names what happened; the part before the dot is its topic.
type EventType string

// The events of the log.
const (
	EventJobQueued         EventType = "job.queued"
	EventJobStarted        EventType = "job.started"
	EventJobCompleted      EventType = "job.completed"
	EventJobFailed         EventType = "job.failed"
	EventJobCanceled       EventType = "job.canceled"
	EventDocumentCreated   EventType = "document.created"
	EventDocumentUpdated   EventType = "document.updated"
	EventDocumentDeleted   EventType = "document.deleted"
	EventSummaryCompleted  EventType = "summary.completed"
	EventSummaryFailed     EventType = "summary.failed"
	EventSummaryStale      EventType = "summary.stale" // an edit has outdated it; see Resummarize
	EventIntegrationUpdate EventType = "integration.updated"
	EventUsageWarning      EventType = "usage.warning"
	EventWebhookDisabled   EventType = "webhook.disabled"      // it was turned off by itself
	EventWebhookMissed     EventType = "webhook.events_missed" // events had left the log before they were read for it
)

// The ephemeral events: told to whoever listens, never stored, without a position.
const (
	EventJobProgress  EventType = "job.progress"
	EventSummaryDelta EventType = "summary.delta"
)

// Topic returns what a subscriber names to receive events of this type:
// "jobs", "documents", "summaries", "usage", "webhooks" or "integrations".
func (t EventType) Topic() string {
	switch noun, _, _ := strings.Cut(string(t), "."); noun {
	case "job":
		return "jobs"
	case "document":
		return "documents"
	case "summary":
		return "summaries"
	case "usage":
		return "usage"
	case "webhook":
		return "webhooks"
	default:
		return "integrations"
	}
}

// Topics returns every topic of the feed.
func Topics() []string {
	return []string{"jobs", "documents", "summaries", "integrations", "usage", "webhooks"}
}

// Position is a place in a tenant's event log, EPOCH-PLACE: letters and digits,
// a dash, digits. Within an epoch positions sort as text in the log's order. EPOCH
// names the life of the log and is new after a restore or an import.
type Position string

// maxPosition is more than any store needs.
const maxPosition = 128

// Valid reports whether p has a position's form. It may still be of another log.
func (p Position) Valid() bool {
	epoch, place, ok := strings.Cut(string(p), "-")
	return ok && len(p) <= maxPosition && epoch != "" && alphanumeric(epoch) && place != "" && strings.Trim(place, "0123456789") == ""
}

// Epoch returns the part before the dash, "" when there is none.
func (p Position) Epoch() string {
	epoch, _, ok := strings.Cut(string(p), "-")
	if !ok {
		return ""
	}
	return epoch
}

// SummaryDelta is the data of an EventSummaryDelta: text as the model writes it. A
// lower offset or a new attempt replaces what came before.
type SummaryDelta struct {
	SummaryID SummaryID `json:"summary_id"`
	JobID     JobID     `json:"job_id"`
	Run       int       `json:"run"`
	Attempt   int       `json:"attempt"`
	Offset    int       `json:"offset"` // of Text in the summary, in characters
	Text      string    `json:"text"`
}

// NewEvent is an event to be appended. Data is the JSON form of a Job, a Document
// without content, a Summary: as it was at that moment.
type NewEvent struct {
	Type EventType
	At   time.Time
	Data json.RawMessage
}

// Event is one entry of a tenant's log, or an ephemeral one with an empty ID.
type Event struct {
	ID    Position        `json:"id"`
	Type  EventType       `json:"type"`
	OrgID OrgID           `json:"org_id"`
	At    time.Time       `json:"at"`
	Data  json.RawMessage `json:"data"`
}

// LogState says what of a tenant's log can be read.
type LogState struct {
	Epoch string
	First Position // events after First can be read: the last one pruned, EPOCH-0 when none was
	Last  Position // the last visible event, or First when there is none
}

// EventReader reads the tenant's event log. Once a reader has seen an event, none
// appears before it later.
type EventReader interface {
	// State returns the log's epoch and bounds.
	State(ctx context.Context) (LogState, error)
	// After returns up to limit events that come after p, in the log's order.
	// p must be of the log's epoch and not before State's First; else CodeConflict.
	After(ctx context.Context, p Position, limit int) ([]Event, error)
}
