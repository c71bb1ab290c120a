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
