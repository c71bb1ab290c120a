package core

import (
	"context"
	"time"
)

// Connection is one client of the live feed.
type Connection struct {
	ID         string    `json:"id"`
	UserID     UserID    `json:"user_id"`
	Node       string    `json:"node"` // of the installation that holds it
	RemoteAddr string    `json:"remote_addr"`
	UserAgent  string    `json:"user_agent"`
	Since      time.Time `json:"connected_at"`
}

// Presence knows who is connected to which node. An entry that its node does not
// renew is gone after its ttl, so a dead node leaves nothing behind.
type Presence interface {
	// Put adds or renews a connection for ttl.
	Put(ctx context.Context, t Tenant, c Connection, ttl time.Duration) error
	// Remove forgets a connection; one that is not there is no error.
	Remove(ctx context.Context, t Tenant, id string) error
	// List returns the tenant's live connections, oldest first.
	List(ctx context.Context, t Tenant) ([]Connection, error)
}
