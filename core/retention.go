package core

import (
	"context"
	"log/slog"
	"time"
)

// Retention is how long what has served its purpose is kept.
type Retention struct {
	Sessions   time.Duration // after a session, ticket or invitation expired; 0: 7 days
	Events     time.Duration // in the log of an organization; 0: one hour
	MinEvent   int           // newest events that are kept however old; 0: 10,000
	Cache      time.Duration // a model's answer after its last use; 0: 90 days
	Deliveries time.Duration // of a webhook after they ended, well or not; 0: 7 days
}

func (r Retention) orDefault() Retention {
	if r.Sessions == 0 {
		r.Sessions = 7 * 24 * time.Hour
	}
	if r.Events == 0 {
		r.Events = time.Hour
	}
	if r.MinEvent == 0 {
		r.MinEvent = 10_000
	}
	if r.Cache == 0 {
		r.Cache = 90 * 24 * time.Hour
	}
	if r.Deliveries == 0 {
		r.Deliveries = 7 * 24 * time.Hour
	}
	return r
}

// PruneRequest is the input of SystemPruner.Prune.
type PruneRequest struct {
	After         OrgID // organizations with a larger id are visited, in that order
	Organizations int   // at most so many are visited; at least 1
	Limit         int   // at most so many rows go, of all kinds; at least 1

	Sessions   time.Time // sessions that expired before go
	Requests   time.Time // idempotency keys that were claimed before go
	Cache      time.Time // cached answers of a model that were last used before go
	Deliveries time.Time // deliveries that ended before go; what is pending stays
	Events     time.Time // events from before may go
	MinEvent   int       // newest events of an organization that stay in any case
}

// Pruned says what has gone.
type Pruned struct {
	Sessions, Requests, Cache, Deliveries, Events int

	Next OrgID // where to go on; "" when every organization was visited, or somebody else is pruning
}

// Bounds of one prune: it is one transaction, which is to end soon.
const (
	pruneOrganizations = 100
	pruneRows          = 500
	pruneInvitations   = 100 // of one look-up; each is a transaction of its own
)

// Prune removes what the retention does not keep, batch by batch, in every
// organization. While another process prunes it does nothing. Who has not accepted an
// invitation is erased as by an admin, and can be invited anew.
func (w *WorkService) Prune(ctx context.Context) error {
	at, keep := w.cfg.now(), w.cfg.Retention.orDefault()
	r := PruneRequest{
		Organizations: pruneOrganizations, Limit: pruneRows, MinEvent: keep.MinEvent,
		Sessions: at.Add(-keep.Sessions), Requests: at.Add(-idempotencyLife), Cache: at.Add(-keep.Cache), Events: at.Add(-keep.Events),
		Deliveries: at.Add(-keep.Deliveries),
	}
	for ctx.Err() == nil {
		gone, err := w.cfg.Store.System().Prune(ctx, r)
		if err != nil {
			return err
		}
		if gone.Sessions+gone.Requests+gone.Cache+gone.Deliveries+gone.Events > 0 {
			w.cfg.Logger.DebugContext(ctx, "removed what is no longer kept", slog.Int("sessions", gone.Sessions),
				slog.Int("idempotency_keys", gone.Requests), slog.Int("cached_answers", gone.Cache), slog.Int("deliveries", gone.Deliveries), slog.Int("events", gone.Events))
		}
		if r.After = gone.Next; r.After == "" {
			return w.withdraw(ctx, r.Sessions)
		}
	}
	return ctx.Err()
}

// withdraw erases the users whose invitation expired before a time.
func (w *WorkService) withdraw(ctx context.Context, before time.Time) error {
	for {
		expired, err := w.cfg.Store.System().ExpiredInvitations(ctx, before, pruneInvitations)
		if err != nil {
			return err
		}
		for _, ref := range expired {
			err := w.cfg.change(ctx, ref.Tenant, func(ctx context.Context, tx Tx) error {
				u, err := tx.Users.GetForUpdate(ctx, ref.UserID)
				if err != nil || !u.Invited() || !u.InvitationExpiresAt.Before(before) { // another process was first
					return err
				}
				return w.cfg.erase(ctx, tx, Actor{tenant: ref.Tenant}, u)
			})
			if err != nil && CodeOf(err) != CodeNotFound { // the organization is being deleted
				return err
			}
		}
		if len(expired) < pruneInvitations {
			return nil
		}
	}
}
