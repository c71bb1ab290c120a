package core

import "context"

// Topic is what a Notice is about. Topics are made by the functions below only,
// so that a tenant's is known to nobody without a Tenant.
type Topic struct{ name string }

// String returns the topic's name for a bus to route by.
func (t Topic) String() string { return t.name }

// FeedTopic tells that t's event log has news; a notice with a body is an
// ephemeral event itself.
func FeedTopic(t Tenant) Topic { return Topic{name: "feed:" + string(t.OrgID())} }

// ConnectionsTopic tells the nodes that hold t's connections to end one; the body
// is its id.
func ConnectionsTopic(t Tenant) Topic { return Topic{name: "connections:" + string(t.OrgID())} }

// WorkTopic tells that q may have due jobs.
func WorkTopic(q Queue) Topic { return Topic{name: "work:" + string(q)} }

// CanceledTopic tells that a job was canceled; the body is its id.
func CanceledTopic() Topic { return Topic{name: "canceled"} }

// AccessTopic tells that somebody's credentials or role changed; the body is the
// organization's id.
func AccessTopic() Topic { return Topic{name: "access"} }

// IndexTopic tells that documents wait to be indexed.
func IndexTopic() Topic { return Topic{name: "index"} }

// Notice is a hint. Body is nil for "look again".
type Notice struct {
	Topic Topic
	Body  []byte
	Lost  bool // notices of this topic may have been lost before this one
}

// EventBus carries hints between the processes of an installation. Delivery is at
// most once and never the truth: what it tells of is in the store, and every
// listener polls as well.
type EventBus interface {
	// Notify tells every listener of each notice's topic, in order. It does not
	// wait for them. It returns CodeUnavailable when the notices could not be
	// handed over; the caller goes on.
	Notify(ctx context.Context, notices ...Notice) error
	// Listen returns a listener that gets every notice of the topics sent after
	// Listen has returned. ctx bounds the call, not the listener. While the bus
	// cannot be reached it returns a listener all the same; once it can be, the
	// first notice of each topic has Lost set and no body. After Close it returns
	// CodeUnavailable. A listener that does not keep up loses notices; the
	// next one of that topic that it gets has Lost set.
	Listen(ctx context.Context, topics ...Topic) (Listener, error)
	// Close ends every listener.
	Close() error
}

// Listener receives notices until it is closed.
type Listener interface {
	// C is closed when the listener or its bus is.
	C() <-chan Notice
	// Close ends the listener; closing it again does nothing.
	Close() error
}
