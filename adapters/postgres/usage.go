package postgres

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

var _ core.UsageMeter = (*Meter)(nil)

// Meter is the core.UsageMeter of a Store.
type Meter struct{ store *Store }

// Meter returns the counts of what calls use.
func (s *Store) Meter() *Meter { return &Meter{store: s} }

// usageSlots is over how many rows the counts of a month and model are spread.
const usageSlots = 8

// Add implements core.UsageMeter. A count whose answer was lost is not sent again:
// it may have been added.
func (m *Meter) Add(ctx context.Context, t core.Tenant, at time.Time, u core.ModelUsage) error {
	if err := (&tenantStore{store: m.store, tenant: t}).ready(ctx); err != nil {
		return err
	}
	args := []any{
		string(t.OrgID()), core.UsageMonth(at), u.Model, rand.IntN(usageSlots), u.Calls, u.UnpricedCalls, u.InputTokens, u.OutputTokens,
		u.PrefixTokens, u.CachedCalls, u.CachedTokens, u.CostUSD,
	}
	if checkArgs(args) != nil {
		return invalidText()
	}
	_, err := m.store.single(ctx, string(t.OrgID()), m.store.sql.addUsage, args, nil, false)
	return err
}

type usageReader struct{ scope }

func (r usageReader) Month(ctx context.Context, at time.Time) ([]core.ModelUsage, error) {
	return many(ctx, r.scope, r.sql.monthOfUsage, func(row pgx.CollectableRow) (u core.ModelUsage, err error) {
		err = row.Scan(&u.Model, &u.Calls, &u.UnpricedCalls, &u.InputTokens, &u.OutputTokens, &u.PrefixTokens, &u.CachedCalls, &u.CachedTokens, &u.CostUSD)
		return u, err
	}, core.UsageMonth(at))
}

func (r usageReader) Totals(ctx context.Context, at time.Time) (*core.UsageTotals, error) {
	return one(ctx, r.scope, "organization", r.sql.usageTotals, func(row pgx.CollectableRow) (u core.UsageTotals, err error) {
		err = row.Scan(&u.Documents, &u.Bytes, &u.Calls, &u.InputTokens, &u.OutputTokens, &u.CachedCalls, &u.CachedTokens, &u.CostUSD,
			&u.ReservedTokens, &u.ReservedUSD)
		u.Tokens = u.InputTokens + u.OutputTokens
		return u, err
	}, core.UsageMonth(at))
}

type usageRepo struct{ usageReader }

func (r usageRepo) Lock(ctx context.Context) error {
	_, err := r.write(ctx, r.sql.lockUsage)
	return err
}

func (r usageRepo) Reserve(ctx context.Context, v core.Reservation) error {
	if _, err := r.write(ctx, r.sql.forgetReservations); err != nil {
		return err
	}
	return r.writeOne(ctx, "job", r.sql.reserveUsage, key(v.ID), key(v.JobID), v.Fence, v.Tokens, v.CostUSD, v.CreatedAt)
}

func (r usageRepo) Release(ctx context.Context, id string) error {
	_, err := r.write(ctx, r.sql.releaseUsage, key(id))
	return err
}

func (r usageRepo) Warn(ctx context.Context, at time.Time, quota string) (bool, error) {
	n, err := r.write(ctx, r.sql.warnUsage, core.UsageMonth(at), quota)
	return n > 0, err
}

func (r usageRepo) Restore(ctx context.Context, u core.UsageOfMonth) error {
	c := u.Calls
	if _, err := r.write(ctx, r.sql.addUsage, u.Month, c.Model, 0, c.Calls, c.UnpricedCalls, c.InputTokens, c.OutputTokens, c.PrefixTokens,
		c.CachedCalls, c.CachedTokens, c.CostUSD); err != nil || c.Model != "" {
		return err
	}
	_, err := r.write(ctx, r.sql.countDocuments, u.Month, 0, u.Documents, u.Bytes)
	return err
}

func scanUsageOfMonth(row pgx.CollectableRow) (u core.UsageOfMonth, err error) {
	c := &u.Calls
	err = row.Scan(&u.Month, &c.Model, &u.Documents, &u.Bytes, &c.Calls, &c.UnpricedCalls, &c.InputTokens, &c.OutputTokens, &c.PrefixTokens,
		&c.CachedCalls, &c.CachedTokens, &c.CostUSD)
	return u, err
}
