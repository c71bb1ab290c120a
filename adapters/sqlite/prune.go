package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/docsctl/docsctl/core"
)

const (
	sqlVisit         = `SELECT id FROM organizations WHERE id > ? ORDER BY id LIMIT ?`
	sqlPruneSessions = `DELETE FROM sessions WHERE org_id = ? AND id IN (
	SELECT id FROM sessions WHERE org_id = ? AND expires_at < ? ORDER BY expires_at LIMIT ?)`
	sqlPruneRequests = `DELETE FROM idempotency_keys WHERE org_id = ? AND (user_id, route, key_hash) IN (
	SELECT user_id, route, key_hash FROM idempotency_keys WHERE org_id = ? AND created_at < ? ORDER BY created_at LIMIT ?)`
	sqlPruneCache = `DELETE FROM llm_cache WHERE org_id = ? AND key IN (
	SELECT key FROM llm_cache WHERE org_id = ? AND last_used_at < ? ORDER BY last_used_at LIMIT ?)`

	sqlPruneDeliveries = `DELETE FROM deliveries WHERE org_id = ? AND id IN (
	SELECT id FROM deliveries WHERE org_id = ? AND finished_at < ? ORDER BY finished_at LIMIT ?)`

	// sqlNewestToGo is the newest event that need not be kept for the number's sake.
	sqlNewestToGo   = `SELECT seq FROM events WHERE org_id = ? ORDER BY seq DESC LIMIT 1 OFFSET ?`
	sqlOldestEvents = `SELECT seq, at FROM events WHERE org_id = ? AND seq <= ? ORDER BY seq LIMIT ?`
	sqlPruneEvents  = `DELETE FROM events WHERE org_id = ? AND seq <= ?`
	sqlPrunedTo     = `INSERT INTO event_bounds (org_id, pruned_to) VALUES (?, ?)
ON CONFLICT (org_id) DO UPDATE SET pruned_to = excluded.pruned_to`
)

func (s *systemStore) Prune(ctx context.Context, r core.PruneRequest) (core.Pruned, error) {
	if r.Organizations < 1 || r.Limit < 1 || r.MinEvent < 0 {
		return core.Pruned{}, errors.New("sqlite: a prune must visit at least one organization and have room for one row")
	}
	var gone core.Pruned
	err := s.write(ctx, func(w *session) (err error) {
		gone, err = prune(ctx, w, r)
		return err
	})
	if err != nil {
		return core.Pruned{}, err
	}
	return gone, nil
}

// prune visits organizations until one's rows reach the limit, where the next call
// goes on.
func prune(ctx context.Context, w *session, r core.PruneRequest) (gone core.Pruned, err error) {
	var orgs []core.OrgID
	err = w.each(ctx, func(rows *sql.Rows) error {
		var id core.OrgID
		err := rows.Scan(&id)
		orgs = append(orgs, id)
		return err
	}, sqlVisit, r.After, r.Organizations)
	if err != nil {
		return gone, err
	}
	last, room := r.After, r.Limit
	for _, org := range orgs {
		n, err := pruneOne(ctx, w, org, r, room, &gone)
		if err != nil {
			return gone, err
		}
		if room -= n; room == 0 {
			if gone.Next = last; last == "" {
				gone.Next = "00000000-0000-0000-0000-000000000000"
			}
			return gone, nil
		}
		last = org
	}
	if len(orgs) == r.Organizations {
		gone.Next = last
	}
	return gone, nil
}

// pruneOne removes up to room rows of an organization and returns how many.
func pruneOne(ctx context.Context, w *session, org core.OrgID, r core.PruneRequest, room int, gone *core.Pruned) (int, error) {
	total := 0
	for _, kind := range []struct {
		statement string
		before    int64
		count     *int
	}{
		{sqlPruneSessions, micros(r.Sessions), &gone.Sessions},
		{sqlPruneRequests, micros(r.Requests), &gone.Requests},
		{sqlPruneCache, micros(r.Cache), &gone.Cache},
		{sqlPruneDeliveries, micros(r.Deliveries), &gone.Deliveries},
	} {
		n, err := w.exec(ctx, kind.statement, org, org, kind.before, room-total)
		if err != nil {
			return 0, err
		}
		*kind.count += int(n)
		total += int(n)
	}
	n, err := pruneEvents(ctx, w, org, r, room-total)
	gone.Events += n
	return total + n, err
}

// pruneEvents removes the oldest events without a gap: what follows one that is to
// stay stays too, whenever it says that it was.
func pruneEvents(ctx context.Context, w *session, org core.OrgID, r core.PruneRequest, room int) (int, error) {
	var newest int64
	err := w.each(ctx, func(rows *sql.Rows) error { return rows.Scan(&newest) }, sqlNewestToGo, org, r.MinEvent)
	if err != nil || newest == 0 {
		return 0, err
	}
	var to int64
	n, stays := 0, false
	err = w.each(ctx, func(rows *sql.Rows) error {
		var seq, at int64
		err := rows.Scan(&seq, &at)
		if stays = stays || at >= micros(r.Events); !stays {
			to, n = seq, n+1
		}
		return err
	}, sqlOldestEvents, org, newest, room)
	if err != nil || n == 0 {
		return 0, err
	}
	if _, err := w.exec(ctx, sqlPruneEvents, org, to); err != nil {
		return 0, err
	}
	_, err = w.exec(ctx, sqlPrunedTo, org, to)
	return n, err
}
