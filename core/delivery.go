package core

import (
	"context"
	"encoding/json"
	"time"
)

// DeliveryStatus is what has become of a delivery.
type DeliveryStatus string

// The states of a delivery.
const (
	DeliveryPending   DeliveryStatus = "pending"   // it is to be sent at NextAttemptAt
	DeliveryDelivered DeliveryStatus = "delivered" // the receiver has answered 2xx
	DeliveryFailed    DeliveryStatus = "failed"    // it was tried for a day, or the receiver wants none any more
)

// DeliveryStatuses returns every state.
func DeliveryStatuses() []DeliveryStatus {
	return []DeliveryStatus{DeliveryPending, DeliveryDelivered, DeliveryFailed}
}

// Delivery is one event on its way to one webhook. A webhook has each event once.
type Delivery struct {
	ID             DeliveryID     `json:"id"`
	WebhookID      WebhookID      `json:"webhook_id"`
	EventID        Position       `json:"event_id"`
	EventType      EventType      `json:"event_type"`
	Subject        string         `json:"-"` // what the event is about; deliveries of one subject go one after the other
	Status         DeliveryStatus `json:"status"`
	Attempts       int            `json:"attempts"`         // since it was made, or was last asked for again
	LastStatusCode int            `json:"last_status_code"` // of the receiver's last answer; 0: there was none
	ErrorMessage   string         `json:"error_message"`    // why the last attempt failed
	FirstAttemptAt *time.Time     `json:"first_attempt_at"`
	LastAttemptAt  *time.Time     `json:"last_attempt_at"`
	NextAttemptAt  *time.Time     `json:"next_attempt_at"` // of a pending one
	FinishedAt     *time.Time     `json:"finished_at"`
	Body           []byte         `json:"-"` // what is sent, the same at each attempt
	CreatedAt      time.Time      `json:"created_at"`
}

// DeliveryFilter narrows a list of deliveries; zero fields do not.
type DeliveryFilter struct {
	WebhookID WebhookID
	Status    DeliveryStatus
	EventType EventType
}

// DeliveryReader reads the tenant's deliveries. A webhook that is not the tenant's has none.
type DeliveryReader interface {
	// Get returns a delivery, or CodeNotFound.
	Get(ctx context.Context, id DeliveryID) (*Delivery, error)
	// List returns deliveries that fit f by (CreatedAt, ID) descending, without Body.
	List(ctx context.Context, f DeliveryFilter, s Seek) ([]Delivery, error)
	// Due returns up to limit pending deliveries of a webhook whose NextAttemptAt is at
	// or before at, those first that are due for longest. Of each subject there is at
	// most one: the one with the smallest EventID of those that are pending, and none
	// while that one is not due.
	Due(ctx context.Context, id WebhookID, at time.Time, limit int) ([]Delivery, error)
	// Pending returns how many deliveries of a webhook are pending, counting up to most.
	Pending(ctx context.Context, id WebhookID, most int) (int, error)
}

// DeliveryRepo is DeliveryReader inside a transaction.
type DeliveryRepo interface {
	DeliveryReader
	// Add stores those of the deliveries whose webhook does not have the event yet. It
	// returns CodeNotFound when the tenant has no such webhook.
	Add(ctx context.Context, all []Delivery) error
	// Update stores everything of d but its id, webhook, event, Subject, Body and
	// CreatedAt, or returns CodeNotFound.
	Update(ctx context.Context, d *Delivery) error
}

// newDelivery makes the delivery of an event. Its subject is the job that the event is
// of, so that a summary and its job keep their order, else the thing itself.
func newDelivery(w WebhookID, e Event, body []byte, at time.Time) Delivery {
	var about struct {
		ID    string `json:"id"`
		JobID string `json:"job_id"`
	}
	if json.Unmarshal(e.Data, &about) != nil || about.JobID == "" {
		about.JobID = about.ID
	}
	if !ValidID(about.JobID) {
		about.JobID = e.Type.Topic()
	}
	return Delivery{
		ID: NewID[DeliveryID](), WebhookID: w, EventID: e.ID, EventType: e.Type, Subject: about.JobID, Status: DeliveryPending,
		NextAttemptAt: &at, Body: body, CreatedAt: at,
	}
}

// restart has a delivery sent again, as if it had never been.
func (d *Delivery) restart(at time.Time) {
	d.Status, d.Attempts, d.FirstAttemptAt, d.FinishedAt, d.NextAttemptAt = DeliveryPending, 0, nil, nil, &at
}
