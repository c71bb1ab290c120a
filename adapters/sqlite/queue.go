package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/docsctl/docsctl/core"
)

const (
	sqlDispatch = `INSERT INTO dispatches (org_id, job_id, queue, run_at, since) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (org_id, job_id) DO UPDATE SET queue = excluded.queue, run_at = excluded.run_at, since = excluded.since`
	sqlDropDispatch = `DELETE FROM dispatches WHERE org_id = ? AND job_id = ?`
	sqlHolds        = `SELECT 1 FROM jobs WHERE org_id = ? AND id = ? AND fence = ? AND lease_until > ?`
)

// dispatch has a job started; a job waits in one queue at a time.
func (t *tx) dispatch(ctx context.Context, d core.Dispatch) error {
	_, err := t.exec(ctx, sqlDispatch, t.org, d.JobID, d.Queue, micros(d.RunAt), t.now())
	return refused{missing: "job"}.explain(err)
}

// holds reports whether a lease is in force.
func (t *tx) holds(ctx context.Context, l core.Lease) (bool, error) {
	return exists(ctx, t, sqlHolds, t.org, l.JobID, l.Fence, t.now())
}

// exists reports whether a statement returns a row.
func exists(ctx context.Context, q querier, statement string, args ...any) (bool, error) {
	found := false
	err := q.first(ctx, func(*sql.Rows) error { found = true; return nil }, statement, args...)
	return found, err
}

// write runs work in the writer.
func (s *systemStore) write(ctx context.Context, work func(*session) error) error {
	if s.store.inTx(ctx) {
		return core.ErrOuterRead
	}
	return s.store.writer.do(ctx, work)
}

const sqlAnyDue = `SELECT 1 FROM dispatches WHERE queue = ? AND run_at <= ? LIMIT 1`

// Claim looks whether anything is due before it asks for the writer, so that idle
// workers do not stand in the way.
func (s *systemStore) Claim(ctx context.Context, r core.ClaimRequest) ([]core.Lease, error) {
	due, err := exists(ctx, s.store.reader, sqlAnyDue, r.Queue, s.store.now())
	if err != nil || !due || r.Limit < 1 {
		return nil, err
	}
	var leases []core.Lease
	err = s.write(ctx, func(session *session) error {
		c := claim{ClaimRequest: r, session: session, now: s.store.now(), turns: s.store.turns}
		err := c.run(ctx)
		leases = c.leases
		return err
	})
	if err != nil {
		return nil, err
	}
	return leases, nil
}

// claim is one run of Claim. Organizations that have waiting jobs are found by
// skipping through an index, one step an organization, from where the last claim
// stopped: neither the length of a backlog nor an organization's id decides.
type claim struct {
	core.ClaimRequest
	session *session
	now     int64
	turns   map[core.Queue]core.OrgID
	served  []core.OrgID // those that got a job in the last round
	leases  []core.Lease
}

func (c *claim) run(ctx context.Context) error {
	last := c.turns[c.Queue]
	if err := c.firstRound(ctx, last, "~"); err != nil { // above every id
		return err
	}
	if err := c.firstRound(ctx, "", last); err != nil {
		return err
	}
	for len(c.served) > 0 && len(c.leases) < c.Limit {
		if err := c.nextRound(ctx); err != nil {
			return err
		}
	}
	return nil
}

const sqlNextOrganization = `SELECT org_id, run_at FROM dispatches WHERE queue = ? AND org_id > ? AND org_id <= ?
ORDER BY org_id, run_at LIMIT 1`

// waiting is the oldest dispatch of an organization.
type waiting struct {
	org   core.OrgID
	runAt int64
}

// firstRound gives one job to each organization after from, and up to upTo, that
// has a due one.
func (c *claim) firstRound(ctx context.Context, from, upTo core.OrgID) error {
	for len(c.leases) < c.Limit {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		next, err := list(ctx, c.session, func(rows *sql.Rows, w *waiting) error {
			return rows.Scan(&w.org, &w.runAt)
		}, sqlNextOrganization, c.Queue, from, upTo)
		if err != nil || len(next) == 0 {
			return err
		}
		if from = next[0].org; next[0].runAt > c.now {
			continue
		}
		served, err := c.serve(ctx, from)
		if err != nil {
			return err
		}
		if served {
			c.served = append(c.served, from)
			c.turns[c.Queue] = from
		}
	}
	return nil
}

// nextRound gives one more job to each organization that got one before.
func (c *claim) nextRound(ctx context.Context) error {
	again := c.served[:0]
	for _, org := range c.served {
		if len(c.leases) == c.Limit {
			return nil
		}
		served, err := c.serve(ctx, org)
		if err != nil {
			return err
		}
		if served {
			again = append(again, org)
		}
	}
	c.served = again
	return ctx.Err()
}

const (
	sqlHeld = `SELECT count(*) FROM jobs WHERE lease_queue = ? AND org_id = ? AND lease_until > ?`
	sqlTake = `DELETE FROM dispatches WHERE org_id = ? AND job_id = (
	SELECT job_id FROM dispatches WHERE queue = ? AND org_id = ? AND run_at <= ? ORDER BY run_at, job_id LIMIT 1)
RETURNING job_id`
	sqlLease = `UPDATE jobs SET fence = fence + 1, lease_until = ?, lease_queue = ?
WHERE org_id = ? AND id = ? AND status = 'pending' AND (lease_until IS NULL OR lease_until <= ?) RETURNING fence`
)

// serve leases the organization's oldest due job and discards the dispatches
// before it that start nothing. It returns false when the organization may have no more.
func (c *claim) serve(ctx context.Context, org core.OrgID) (bool, error) {
	full, err := c.full(ctx, org)
	if err != nil || full {
		return false, err
	}
	if c.OrgLimit > 0 {
		held, err := only[int](ctx, c.session, sqlHeld, c.Queue, org, c.now)
		if err != nil || held[0] >= c.OrgLimit {
			return false, err
		}
	}
	for {
		job, err := only[core.JobID](ctx, c.session, sqlTake, org, c.Queue, org, c.now)
		if err != nil || len(job) == 0 {
			return false, err
		}
		fence, err := only[int64](ctx, c.session, sqlLease, c.now+c.TTL.Microseconds(), c.Queue, org, job[0], c.now)
		if err != nil {
			return false, err
		}
		if len(fence) == 1 {
			c.leases = append(c.leases, core.Lease{Tenant: core.TrustTenant(org), JobID: job[0], Fence: fence[0]})
			return true, nil
		}
	}
}

const (
	sqlPlan     = `SELECT plan_type FROM organizations WHERE id = ?`
	sqlHeldByIt = `SELECT count(*) FROM jobs WHERE org_id = ? AND lease_until > ?`
)

// full reports whether the organization's plan allows no more leases.
func (c *claim) full(ctx context.Context, org core.OrgID) (bool, error) {
	if len(c.PlanLimits) == 0 {
		return false, nil
	}
	plan, err := only[core.PlanType](ctx, c.session, sqlPlan, org)
	if err != nil || len(plan) == 0 || c.PlanLimits[plan[0]] == 0 {
		return false, err
	}
	held, err := only[int](ctx, c.session, sqlHeldByIt, org, c.now)
	return err == nil && held[0] >= c.PlanLimits[plan[0]], err
}

// only returns the one column of a statement's rows.
func only[T any](ctx context.Context, q querier, statement string, args ...any) ([]T, error) {
	return list(ctx, q, func(rows *sql.Rows, v *T) error { return rows.Scan(v) }, statement, args...)
}

const (
	sqlLeaseEnd = `SELECT lease_until FROM jobs WHERE org_id = ? AND id = ? AND fence = ? AND lease_until > ?`
	sqlRenew    = `UPDATE jobs SET lease_until = ? WHERE org_id = ? AND id = ? AND fence = ? AND lease_until > ?`
)

// Heartbeat asks for the writer only when a lease is to be renewed.
func (s *systemStore) Heartbeat(ctx context.Context, leases []core.Lease, ttl time.Duration) (lost []core.Lease, err error) {
	now := s.store.now()
	var fading []core.Lease
	for _, l := range leases {
		until, err := only[int64](ctx, s.store.reader, sqlLeaseEnd, l.Tenant.OrgID(), l.JobID, l.Fence, now)
		switch {
		case err != nil:
			return nil, err
		case len(until) == 0:
			lost = append(lost, l)
		case until[0]-now < ttl.Microseconds()*2/3:
			fading = append(fading, l)
		}
	}
	if len(fading) == 0 {
		return lost, nil
	}
	var gone []core.Lease
	err = s.write(ctx, func(session *session) error {
		now, gone = s.store.now(), nil
		for _, l := range fading {
			n, err := session.exec(ctx, sqlRenew, now+ttl.Microseconds(), l.Tenant.OrgID(), l.JobID, l.Fence, now)
			if err != nil {
				return err
			}
			if n == 0 {
				gone = append(gone, l)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return append(lost, gone...), nil
}

const (
	sqlExpired     = `SELECT org_id, id FROM jobs WHERE lease_until <= ? ORDER BY lease_until LIMIT ?`
	sqlTakeOver    = `UPDATE jobs SET fence = fence + 1, lease_until = ? WHERE org_id = ? AND id = ? RETURNING fence`
	forsaken       = ` FROM dispatches WHERE queue >= 'local:' AND queue < 'local;' AND run_at <= ? AND since <= ?`
	sqlAnyForsaken = `SELECT 1` + forsaken + ` LIMIT 1`
	sqlFallBack    = `UPDATE dispatches SET since = ?,
	queue = (SELECT queue FROM jobs WHERE jobs.org_id = dispatches.org_id AND jobs.id = dispatches.job_id)
WHERE (org_id, job_id) IN (SELECT org_id, job_id` + forsaken + `)`
)

// Rescue asks for the writer only when there is something to be rescued.
func (s *systemStore) Rescue(ctx context.Context, limit int, ttl time.Duration) ([]core.Lease, error) {
	now := s.store.now()
	late := now - ttl.Microseconds()
	expired, err := exists(ctx, s.store.reader, sqlExpired, now, min(limit, 1))
	if err != nil {
		return nil, err
	}
	unclaimed, err := exists(ctx, s.store.reader, sqlAnyForsaken, late, late)
	if err != nil || !expired && !unclaimed {
		return nil, err
	}
	var leases []core.Lease
	err = s.write(ctx, func(session *session) (err error) {
		if _, err := session.exec(ctx, sqlFallBack, now, late, late); err != nil {
			return err
		}
		leases, err = takeOver(ctx, session, limit, s.store.now(), ttl)
		return err
	})
	if err != nil {
		return nil, err
	}
	return leases, nil
}

func takeOver(ctx context.Context, s *session, limit int, now int64, ttl time.Duration) ([]core.Lease, error) {
	leases, err := list(ctx, s, func(rows *sql.Rows, l *core.Lease) error {
		return rows.Scan(owner{&l.Tenant}, &l.JobID)
	}, sqlExpired, now, max(limit, 0))
	if err != nil {
		return nil, err
	}
	for i, l := range leases {
		fence, err := one(ctx, s, "job", func(rows *sql.Rows, fence *int64) error { return rows.Scan(fence) },
			sqlTakeOver, now+ttl.Microseconds(), l.Tenant.OrgID(), l.JobID)
		if err != nil {
			return nil, err
		}
		leases[i].Fence = *fence
	}
	return leases, nil
}
