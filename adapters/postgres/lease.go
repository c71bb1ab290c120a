package postgres

import (
	"context"
	"slices"

	"github.com/docsctl/docsctl/core"
)

// InLease runs fn in one transaction in which the job's row is locked.
func (t *tenantStore) InLease(ctx context.Context, l core.Lease, fn func(ctx context.Context, tx core.Tx) error) error {
	return t.InLeases(ctx, []core.Lease{l}, func(ctx context.Context, tx core.Tx, _ []core.Lease) error { return fn(ctx, tx) })
}

// InLeases runs fn in one transaction in which the jobs' rows are locked.
func (t *tenantStore) InLeases(ctx context.Context, leases []core.Lease, fn func(ctx context.Context, tx core.Tx, held []core.Lease) error) error {
	if err := t.ready(ctx); err != nil {
		return err
	}
	leases = slices.DeleteFunc(slices.Clone(leases), func(l core.Lease) bool { return l.Tenant != t.tenant || !core.ValidID(l.JobID) })
	if len(leases) == 0 {
		return core.ErrLeaseLost
	}
	return t.transact(ctx, leases, fn)
}

// lock begins the transaction and locks the rows of the jobs whose leases are still
// held, which it returns. Without leases it does nothing.
func (tx *transaction) lock(ctx context.Context, leases []core.Lease) (held []core.Lease, err error) {
	if len(leases) == 0 {
		return nil, nil
	}
	jobs, err := tx.lockJobs(ctx, leases)
	if err != nil {
		return nil, err
	}
	for _, l := range leases {
		if slices.ContainsFunc(jobs, func(j core.Job) bool { return j.ID == l.JobID }) && !followed(leases, l) {
			held = append(held, l)
		}
	}
	if len(held) == 0 {
		return nil, core.ErrLeaseLost
	}
	tx.leased = jobs
	return held, nil
}

// followed reports whether a later lease of the job is among leases: fences only rise,
// so of several only the last can be the one for which the row was found.
func followed(leases []core.Lease, l core.Lease) bool {
	return slices.ContainsFunc(leases, func(o core.Lease) bool { return o.JobID == l.JobID && o.Fence > l.Fence })
}

func (tx *transaction) lockJobs(ctx context.Context, leases []core.Lease) ([]core.Job, error) {
	sc := scope{runner: tx, sql: &tx.store.sql, org: tx.org}
	if len(leases) == 1 {
		return many(ctx, sc, sc.sql.lockLease, scanJob, string(leases[0].JobID), leases[0].Fence)
	}
	ids, fences := make([]string, len(leases)), make([]int64, len(leases))
	for i, l := range leases {
		ids[i], fences[i] = string(l.JobID), l.Fence
	}
	return many(ctx, sc, sc.sql.lockLeases, scanJob, ids, fences)
}
