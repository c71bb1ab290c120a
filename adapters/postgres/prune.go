package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

// Prune removes a batch of what is no longer kept.
func (s *system) Prune(ctx context.Context, r core.PruneRequest) (core.Pruned, error) {
	if r.Organizations < 1 || r.Limit < 1 || r.MinEvent < 0 {
		return core.Pruned{}, errors.New("postgres: a prune must visit at least one organization and have room for one row")
	}
	var after any
	if r.After != "" {
		after = key(r.After)
	}
	found, err := call(ctx, s, s.store.sql.prune, false, func(row pgx.CollectableRow) (p core.Pruned, err error) {
		err = row.Scan(&p.Next, &p.Sessions, &p.Requests, &p.Cache, &p.Deliveries, &p.Events)
		return p, err
	}, after, r.Organizations, r.Limit, r.Sessions, r.Requests, r.Cache, r.Events, r.MinEvent, r.Deliveries)
	if err != nil || len(found) == 0 {
		return core.Pruned{}, err
	}
	return found[0], nil
}

// ExpiredInvitations returns the users whose invitation nobody accepted in time.
func (s *system) ExpiredInvitations(ctx context.Context, before time.Time, limit int) ([]core.UserRef, error) {
	return call(ctx, s, s.store.sql.expiredInvitations, true, func(row pgx.CollectableRow) (core.UserRef, error) {
		var org core.OrgID
		var ref core.UserRef
		err := row.Scan(&org, &ref.UserID)
		ref.Tenant = core.TrustTenant(org)
		return ref, err
	}, before, max(limit, 0))
}
