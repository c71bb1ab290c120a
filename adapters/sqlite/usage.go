package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/docsctl/docsctl/core"
)

var _ core.UsageMeter = (*Meter)(nil)

// Meter is the core.UsageMeter of a Store.
type Meter struct{ store *Store }

// Meter returns the counts of what calls use.
func (s *Store) Meter() *Meter { return &Meter{store: s} }

const sqlAddUsage = `INSERT INTO llm_usage
	(org_id, month, model, calls, unpriced_calls, input_tokens, output_tokens, prefix_tokens, cached_calls, cached_tokens, cost_usd)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (org_id, month, model) DO UPDATE SET calls = calls + excluded.calls, unpriced_calls = unpriced_calls + excluded.unpriced_calls,
		input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens,
		prefix_tokens = prefix_tokens + excluded.prefix_tokens, cached_calls = cached_calls + excluded.cached_calls,
		cached_tokens = cached_tokens + excluded.cached_tokens, cost_usd = cost_usd + excluded.cost_usd`

// Add implements core.UsageMeter.
func (m *Meter) Add(ctx context.Context, t core.Tenant, at time.Time, u core.ModelUsage) error {
	if !t.Valid() {
		return errTenant()
	}
	if m.store.inTx(ctx) {
		return core.ErrOuterRead
	}
	return m.store.writer.do(ctx, func(s *session) error {
		_, err := s.exec(ctx, sqlAddUsage, t.OrgID(), core.UsageMonth(at), u.Model, u.Calls, u.UnpricedCalls, u.InputTokens, u.OutputTokens,
			u.PrefixTokens, u.CachedCalls, u.CachedTokens, u.CostUSD)
		return refused{missing: "organization"}.explain(err)
	})
}

type usageReader struct{ scope }

const sqlMonthOfUsage = `SELECT model, calls, unpriced_calls, input_tokens, output_tokens, prefix_tokens, cached_calls, cached_tokens, cost_usd
	FROM llm_usage WHERE org_id = ? AND month = ? ORDER BY model`

func (r usageReader) Month(ctx context.Context, at time.Time) ([]core.ModelUsage, error) {
	return list(ctx, r.q, func(rows *sql.Rows, u *core.ModelUsage) error {
		return rows.Scan(&u.Model, &u.Calls, &u.UnpricedCalls, &u.InputTokens, &u.OutputTokens, &u.PrefixTokens, &u.CachedCalls, &u.CachedTokens, &u.CostUSD)
	}, sqlMonthOfUsage, r.org, core.UsageMonth(at))
}
