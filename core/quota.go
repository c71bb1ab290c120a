package core

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Quota is what a plan allows: a calendar month's use, in UTC, and what may go on at
// once. A field of 0 is no limit.
type Quota struct {
	Documents   int64   // that are made
	Bytes       int64   // of text that is stored
	Tokens      int64   // that models read and write
	USD         float64 // that calls of models cost, where their price is known
	RunningJobs int     // at once
	Requests    int     // a minute; 0: Config.RateLimit
}

// The names of quotas, in QuotaDetails and in events.
const (
	quotaDocuments = "documents"
	quotaBytes     = "bytes"
	quotaTokens    = "tokens"
	quotaUSD       = "usd"
)

// QuotaDetails is the Details of CodeQuota, and the data of EventUsageWarning.
type QuotaDetails struct {
	Quota    string    `json:"quota"` // documents, bytes, tokens or usd
	Limit    float64   `json:"limit"`
	Used     float64   `json:"used"`
	ResetsAt time.Time `json:"resets_at"`
}

// warnAt is the part of a quota at which an organization is warned.
const warnAt = 0.8

// monthlyUse is one quota of a plan beside what is used of it.
type monthlyUse struct {
	name     string
	limit    float64 // 0: none
	used     float64
	reserved float64
}

func (q Quota) monthly(u UsageTotals) []monthlyUse {
	return []monthlyUse{
		{quotaDocuments, float64(q.Documents), float64(u.Documents), 0},
		{quotaBytes, float64(q.Bytes), float64(u.Bytes), 0},
		{quotaTokens, float64(q.Tokens), float64(u.Tokens), float64(u.ReservedTokens)},
		{quotaUSD, q.USD, u.CostUSD, u.ReservedUSD},
	}
}

// runningJobs returns how many jobs each plan lets run at once, where it limits them.
func (c Config) runningJobs() map[PlanType]int {
	most := map[PlanType]int{}
	for plan, q := range c.Quotas {
		if q.RunningJobs > 0 {
			most[plan] = q.RunningJobs
		}
	}
	return most
}

// limitsDocuments and limitsCalls report whether there is anything to ask for.
func (q Quota) limitsDocuments() bool { return q.Documents > 0 || q.Bytes > 0 }
func (q Quota) limitsCalls() bool     { return q.Tokens > 0 || q.USD > 0 }

// limits reports whether any plan has a limit of that kind.
func (c Config) limits(is func(Quota) bool) bool {
	for _, q := range c.Quotas {
		if is(q) {
			return true
		}
	}
	return false
}

// quota returns what the plan of tx's organization allows.
func (c Config) quota(ctx context.Context, tx Tx) (Quota, error) {
	org, err := tx.Organizations.Get(ctx)
	if err != nil {
		return Quota{}, err
	}
	return c.Quotas[org.PlanType], nil
}

// cachedQuota is quota as this node remembers it for a few seconds.
func (c Config) cachedQuota(ctx context.Context, t Tenant) (Quota, error) {
	const key = "plan"
	raw, found, err := c.Cache.Get(ctx, t, key)
	var plan PlanType
	if err == nil && found && json.Unmarshal(raw, &plan) == nil {
		return c.Quotas[plan], nil
	}
	org, err := c.Store.Tenant(t).Read().Organizations.Get(ctx)
	if err != nil {
		return Quota{}, err
	}
	if err := c.Cache.Set(ctx, t, key, mustJSON(org.PlanType), accessTTL); err != nil && ctx.Err() == nil {
		c.Logger.DebugContext(ctx, "the cache takes nothing", slog.Any("error", err))
	}
	return c.Quotas[org.PlanType], nil
}

// nextMonth is when monthly quotas begin anew.
func nextMonth(at time.Time) time.Time {
	at = at.UTC()
	return time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}

func errQuota(m monthlyUse, at time.Time) *Error {
	resets := nextMonth(at)
	return &Error{
		Code:    CodeQuota,
		Message: fmt.Sprintf("the plan's %s of this month are used up; wait for %s, or ask for a larger plan", m.name, resets.Format("2 January")),
		Details: QuotaDetails{Quota: m.name, Limit: m.limit, Used: m.used, ResetsAt: resets},
	}
}

// admitDocument counts text that is stored, as a new document or in the place of an
// old one's, and returns CodeQuota when the plan does not allow it.
func (c Config) admitDocument(ctx context.Context, tx Tx, documents, bytes int64) error {
	at := c.now()
	tx.Meter(Metered{At: at, Documents: documents, Bytes: bytes})
	if !c.limits(Quota.limitsDocuments) {
		return nil
	}
	q, err := c.quota(ctx, tx)
	if err != nil || !q.limitsDocuments() {
		return err
	}
	if err := tx.Usage.Lock(ctx); err != nil {
		return err
	}
	used, err := tx.Usage.Totals(ctx, at)
	if err != nil {
		return err
	}
	for _, m := range q.monthly(*used) {
		more := map[string]float64{quotaDocuments: float64(documents), quotaBytes: float64(bytes)}[m.name]
		if m.limit > 0 && more > 0 && m.used+more > m.limit {
			return errQuota(m, at)
		}
	}
	used.Documents += documents
	used.Bytes += bytes
	return c.warn(ctx, tx, q, used, at)
}

// admitCalls returns CodeQuota when the plan allows no more calls of models.
func (c Config) admitCalls(ctx context.Context, tx Tx) error {
	if !c.limits(Quota.limitsCalls) {
		return nil
	}
	q, err := c.quota(ctx, tx)
	if err != nil || !q.limitsCalls() {
		return err
	}
	at := c.now()
	used, err := tx.Usage.Totals(ctx, at)
	if err != nil {
		return err
	}
	for _, m := range q.monthly(*used) {
		if (m.name == quotaTokens || m.name == quotaUSD) && m.limit > 0 && m.used >= m.limit {
			return errQuota(m, at)
		}
	}
	return nil
}

// warn tells, once a month for each quota, that little of it is left.
func (c Config) warn(ctx context.Context, tx Tx, q Quota, used *UsageTotals, at time.Time) error {
	for _, m := range q.monthly(*used) {
		if m.limit <= 0 || m.used < warnAt*m.limit {
			continue
		}
		first, err := tx.Usage.Warn(ctx, at, m.name)
		if err != nil {
			return err
		}
		if first {
			tx.Append(EventUsageWarning, at, QuotaDetails{Quota: m.name, Limit: m.limit, Used: m.used, ResetsAt: nextMonth(at)})
		}
	}
	return nil
}

// Bounds of the pause of a call that waits for others to tell what they used.
const (
	reservePause    = 100 * time.Millisecond
	maxReservePause = 2 * time.Second
)

// callMeter returns what a run's summarizer asks before each call; nil when no plan
// limits calls.
func (c Config) callMeter(r *Run) func(context.Context, CallEstimate) (func(context.Context), error) {
	if !c.limits(Quota.limitsCalls) {
		return nil
	}
	return func(ctx context.Context, e CallEstimate) (func(context.Context), error) {
		return c.reserveCall(ctx, r.Lease(), e)
	}
}

// reserveCall sets aside what a call is expected to use, and returns what gives it back
// once its real use is counted. While others' reservations alone stand in the way it
// waits; it returns CodeQuota when what is used does.
func (c Config) reserveCall(ctx context.Context, l Lease, e CallEstimate) (func(context.Context), error) {
	for pause := reservePause; ; pause = min(2*pause, maxReservePause) {
		id, refused, err := c.tryReserve(ctx, l, e)
		if err != nil {
			return nil, err
		}
		if refused == nil {
			return func(ctx context.Context) { c.releaseCall(ctx, l.Tenant, id) }, nil
		}
		if refused.used+refused.asked(e) > refused.limit {
			return nil, errQuota(*refused, c.now())
		}
		select {
		case <-time.After(rand.N(pause)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (m monthlyUse) asked(e CallEstimate) float64 {
	switch m.name {
	case quotaTokens:
		return float64(e.Tokens)
	case quotaUSD:
		return e.CostUSD
	}
	return 0
}

// tryReserve reserves in one transaction, or returns the quota that refuses it. An
// id of "" is for a plan without limits.
func (c Config) tryReserve(ctx context.Context, l Lease, e CallEstimate) (id string, refused *monthlyUse, err error) {
	err = c.change(ctx, l.Tenant, func(ctx context.Context, tx Tx) error {
		id, refused = "", nil
		q, err := c.quota(ctx, tx)
		if err != nil || !q.limitsCalls() {
			return err
		}
		if err := tx.Usage.Lock(ctx); err != nil {
			return err
		}
		used, err := tx.Usage.Totals(ctx, c.now())
		if err != nil {
			return err
		}
		for _, m := range q.monthly(*used) {
			if m.limit > 0 && m.asked(e) > 0 && m.used+m.reserved+m.asked(e) > m.limit {
				refused = &m
				return nil
			}
		}
		id = NewID[string]()
		return tx.Usage.Reserve(ctx, Reservation{ID: id, JobID: l.JobID, Fence: l.Fence, Tokens: e.Tokens, CostUSD: e.CostUSD, CreatedAt: c.now()})
	})
	return id, refused, err
}

// releaseTime bounds what follows a call whose context may have ended.
const releaseTime = 5 * time.Second

// releaseCall gives a reservation back. One that stays ends with its job's lease.
func (c Config) releaseCall(ctx context.Context, t Tenant, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	err := c.change(ctx, t, func(ctx context.Context, tx Tx) error {
		q, err := c.quota(ctx, tx)
		if err != nil {
			return err
		}
		if id != "" {
			if err := tx.Usage.Release(ctx, id); err != nil {
				return err
			}
		}
		at := c.now()
		used, err := tx.Usage.Totals(ctx, at)
		if err != nil {
			return err
		}
		return c.warn(ctx, tx, q, used, at)
	})
	if err != nil {
		c.Logger.WarnContext(ctx, "what was reserved for a call was not given back; it ends with its job's lease", slog.Any("error", err))
	}
}
