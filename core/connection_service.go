package core

import (
	"context"
	"slices"
	"time"
)

// ConnectionService holds the use cases of the live feed's connections. Presence
// is a view of them for people; no connection depends on it.
type ConnectionService struct{ cfg Config }

// List returns the organization's connections on every node, oldest first, to an admin.
func (s *ConnectionService) List(ctx context.Context, a Actor) ([]Connection, error) {
	if err := a.may(permConnections, ""); err != nil {
		return nil, err
	}
	return s.cfg.Presence.List(ctx, a.Tenant())
}

// End has the node that holds a connection end it, for an admin. It returns
// CodeNotFound when there is none with that id, and CodeUnavailable when the nodes
// could not be told. It does not wait for the end.
func (s *ConnectionService) End(ctx context.Context, a Actor, id string) error {
	all, err := s.List(ctx, a)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(c Connection) bool { return c.ID == id }) {
		return NotFound("connection")
	}
	return s.cfg.order(ctx, Notice{Topic: ConnectionsTopic(a.Tenant()), Body: []byte(id)})
}

// Announce has the actor's own connection listed for ttl; it is called again
// before that is over.
func (s *ConnectionService) Announce(ctx context.Context, a Actor, c Connection, ttl time.Duration) error {
	if err := a.may(permRead, ""); err != nil {
		return err
	}
	c.UserID = a.User()
	return s.cfg.Presence.Put(ctx, a.Tenant(), c, ttl)
}

// Forget takes the actor's own connection off the list.
func (s *ConnectionService) Forget(ctx context.Context, a Actor, id string) error {
	if err := a.may(permRead, ""); err != nil {
		return err
	}
	return s.cfg.Presence.Remove(ctx, a.Tenant(), id)
}
