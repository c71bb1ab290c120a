package core

import (
	"context"
	"time"
)

// WebhookSender posts events to receivers, as Standard Webhooks describe it.
// Implementations may be called concurrently and keep nothing of their arguments.
type WebhookSender interface {
	// Check returns CodeValidation for an address that Send would never call. It does
	// no I/O, so it takes a name whatever it leads to.
	Check(address string) error
	// Send posts m once and returns what the receiver answered, whatever the status: a
	// redirect is an answer and is not followed. It signs with every secret of m, in
	// their order. It calls no address that is not public, unless the installation
	// allows it, whatever the name leads to. It takes 15 s at most and reads a bounded
	// part of the answer. When there is no answer it returns CodeUnavailable, or
	// CodeValidation for a secret or an address that cannot be used; the message says
	// why in one sentence and names neither the address nor a secret.
	Send(ctx context.Context, m WebhookMessage) (WebhookAnswer, error)
}

// WebhookMessage is one attempt to tell of an event.
type WebhookMessage struct {
	URL     string
	ID      Position  // of the event: the same at each attempt
	At      time.Time // of this attempt
	Body    []byte
	Secrets []Secret // whsec_ and base64, each; at least one
}

// WebhookAnswer is what a receiver has answered.
type WebhookAnswer struct {
	Status     int
	RetryAfter time.Duration // 0: no hint
}

// EventEncoder writes what webhooks are sent of an event: the same text that the feed
// has of it. An event that has none returns an error and is left out.
type EventEncoder func(Event) ([]byte, error)
