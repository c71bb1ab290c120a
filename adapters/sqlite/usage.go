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

type usageReader struct {
	scope
	now func() int64
}

const sqlMonthOfUsage = `SELECT model, calls, unpriced_calls, input_tokens, output_tokens, prefix_tokens, cached_calls, cached_tokens, cost_usd
	FROM llm_usage WHERE org_id = ? AND month = ? AND model > '' ORDER BY model`

func (r usageReader) Month(ctx context.Context, at time.Time) ([]core.ModelUsage, error) {
	return list(ctx, r.q, func(rows *sql.Rows, u *core.ModelUsage) error {
		return rows.Scan(&u.Model, &u.Calls, &u.UnpricedCalls, &u.InputTokens, &u.OutputTokens, &u.PrefixTokens, &u.CachedCalls, &u.CachedTokens, &u.CostUSD)
	}, sqlMonthOfUsage, r.org, core.UsageMonth(at))
}

// heldReservation is the condition that a reservation's job is leased under its fence.
const heldReservation = `EXISTS (SELECT 1 FROM jobs j WHERE j.org_id = r.org_id AND j.id = r.job_id AND j.fence = r.fence AND j.lease_until > ?)`

const (
	sqlUsageTotals = `SELECT coalesce(sum(documents), 0), coalesce(sum(bytes), 0), coalesce(sum(calls), 0), coalesce(sum(input_tokens), 0),
	coalesce(sum(output_tokens), 0), coalesce(sum(cached_calls), 0), coalesce(sum(cached_tokens), 0), coalesce(sum(cost_usd), 0.0)
	FROM llm_usage WHERE org_id = ? AND month = ?`
	sqlReserved = `SELECT coalesce(sum(r.tokens), 0), coalesce(sum(r.cost_usd), 0.0) FROM usage_reservations r WHERE r.org_id = ? AND ` + heldReservation
)

// Totals reads both sums in one statement each; a writer sees them as one.
func (r usageReader) Totals(ctx context.Context, at time.Time) (*core.UsageTotals, error) {
	u, err := one(ctx, r.q, "organization", func(rows *sql.Rows, u *core.UsageTotals) error {
		return rows.Scan(&u.Documents, &u.Bytes, &u.Calls, &u.InputTokens, &u.OutputTokens, &u.CachedCalls, &u.CachedTokens, &u.CostUSD)
	}, sqlUsageTotals, r.org, core.UsageMonth(at))
	if err != nil {
		return nil, err
	}
	u.Tokens = u.InputTokens + u.OutputTokens
	err = r.q.first(ctx, func(rows *sql.Rows) error { return rows.Scan(&u.ReservedTokens, &u.ReservedUSD) }, sqlReserved, r.org, r.now())
	return u, err
}

type usageRepo struct {
	usageReader
	tx *tx
}

// Lock has nothing to lock: nobody else writes until the transaction ends.
func (r usageRepo) Lock(ctx context.Context) error {
	r.tx.mu.Lock()
	defer r.tx.mu.Unlock()
	return r.tx.usable(ctx)
}

const (
	sqlForgetReservations = `DELETE FROM usage_reservations AS r WHERE r.org_id = ? AND NOT ` + heldReservation
	sqlReserve            = `INSERT INTO usage_reservations (org_id, id, job_id, fence, tokens, cost_usd, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`
	sqlRelease            = `DELETE FROM usage_reservations WHERE org_id = ? AND id = ?`
	sqlWarn               = `INSERT INTO usage_warnings (org_id, month, quota) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
	sqlCountDocuments     = `INSERT INTO llm_usage
	(org_id, month, model, calls, unpriced_calls, input_tokens, output_tokens, prefix_tokens, cached_calls, cached_tokens, cost_usd, documents, bytes)
	VALUES (?, ?, '', 0, 0, 0, 0, 0, 0, 0, 0, ?, ?)
	ON CONFLICT (org_id, month, model) DO UPDATE SET documents = documents + excluded.documents, bytes = bytes + excluded.bytes`
)

func (r usageRepo) Reserve(ctx context.Context, v core.Reservation) error {
	if !core.ValidID(v.JobID) {
		return core.NotFound("job")
	}
	if _, err := r.tx.exec(ctx, sqlForgetReservations, r.org, r.now()); err != nil {
		return err
	}
	_, err := r.tx.exec(ctx, sqlReserve, r.org, v.ID, v.JobID, v.Fence, v.Tokens, v.CostUSD, micros(v.CreatedAt))
	return refused{missing: "job"}.explain(err)
}

func (r usageRepo) Release(ctx context.Context, id string) error {
	if !core.ValidID(id) {
		return nil
	}
	_, err := r.tx.exec(ctx, sqlRelease, r.org, id)
	return err
}

func (r usageRepo) Warn(ctx context.Context, at time.Time, quota string) (bool, error) {
	n, err := r.tx.exec(ctx, sqlWarn, r.org, core.UsageMonth(at), quota)
	return n > 0, refused{missing: "organization"}.explain(err)
}

func (r usageRepo) Restore(ctx context.Context, u core.UsageOfMonth) error {
	c := u.Calls
	if _, err := r.tx.exec(ctx, sqlAddUsage, r.org, u.Month, c.Model, c.Calls, c.UnpricedCalls, c.InputTokens, c.OutputTokens, c.PrefixTokens,
		c.CachedCalls, c.CachedTokens, c.CostUSD); err != nil || c.Model != "" {
		return refused{missing: "organization"}.explain(err)
	}
	_, err := r.tx.exec(ctx, sqlCountDocuments, r.org, u.Month, u.Documents, u.Bytes)
	return err
}

// meter counts documents with the outbox.
func (t *tx) meter(ctx context.Context, m core.Metered) error {
	_, err := t.exec(ctx, sqlCountDocuments, t.org, core.UsageMonth(m.At), m.Documents, m.Bytes)
	return refused{missing: "organization"}.explain(err)
}

const sqlExportUsage = `SELECT month, model, documents, bytes, calls, unpriced_calls, input_tokens, output_tokens, prefix_tokens, cached_calls,
	cached_tokens, cost_usd FROM llm_usage WHERE org_id = ? ORDER BY month, model`

func readUsageOfMonth(rows *sql.Rows, u *core.UsageOfMonth) error {
	c := &u.Calls
	return rows.Scan(&u.Month, &c.Model, &u.Documents, &u.Bytes, &c.Calls, &c.UnpricedCalls, &c.InputTokens, &c.OutputTokens, &c.PrefixTokens,
		&c.CachedCalls, &c.CachedTokens, &c.CostUSD)
}
