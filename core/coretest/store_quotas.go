package coretest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/docsctl/docsctl/core"
)

func quotaCases() []storeCase {
	return []storeCase{
		{"DocumentsAreCountedWithTheCommit", documentsAreCounted},
		{"ReservationCountsUntilItIsReleased", reservationCounts},
		{"ReservationEndsWithItsLease", reservationEndsWithItsLease},
		{"ReservationsBehindTheLockNeverPassALimit", reservationsKeepALimit},
		{"WarningIsFirstOnce", warningIsFirstOnce},
	}
}

func (o *Org) totals(s *scene) core.UsageTotals {
	s.Helper()
	u, err := o.Read().Usage.Totals(s.Context(), Now())
	return *must(s, "totals", u, err)
}

func documentsAreCounted(s *scene) {
	o, other := s.org(), s.org()
	at := Now()
	lastMonth := at.AddDate(0, -2, 0)
	for range 3 {
		o.InTx(s, func(_ context.Context, tx core.Tx) error {
			tx.Meter(core.Metered{At: at, Documents: 1, Bytes: 1 << 40})
			tx.Meter(core.Metered{At: lastMonth, Documents: 5})
			return nil
		})
	}
	_ = o.TryTx(s, func(_ context.Context, tx core.Tx) error {
		tx.Meter(core.Metered{At: at, Documents: 100})
		return errOfTest
	})
	if u := o.totals(s); u.Documents != 3 || u.Bytes != 3<<40 {
		s.Errorf("this month: got %+v, want 3 documents", u)
	}
	before, err := o.Read().Usage.Totals(s.Context(), lastMonth)
	if must(s, "totals", before, err); before.Documents != 15 {
		s.Errorf("another month: got %+v, want 15 documents", before)
	}
	months, err := o.Read().Usage.Month(s.Context(), at)
	if err != nil || len(months) != 0 {
		s.Errorf("models: got %v, %v, want none: no model was called", months, err)
	}
	if u := other.totals(s); u != (core.UsageTotals{}) {
		s.Errorf("another tenant's: got %+v, want none", u)
	}
}

// reserved stores a reservation of a leased job.
func (o *Org) reserved(s *scene, l core.Lease, tokens int64) core.Reservation {
	s.Helper()
	r := core.Reservation{ID: core.NewID[string](), JobID: l.JobID, Fence: l.Fence, Tokens: tokens, CostUSD: float64(tokens) / 8, CreatedAt: Now()}
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Usage.Reserve(ctx, r) })
	return r
}

func reservationCounts(s *scene) {
	o := s.org()
	l := s.lease(o.NewJob(s), time.Minute)
	a, b := o.reserved(s, l, 8), o.reserved(s, l, 16)
	if u := o.totals(s); u.ReservedTokens != 24 || u.ReservedUSD != 3 || u.Tokens != 0 {
		s.Errorf("reserved: got %+v, want 24 tokens and 3 dollars", u)
	}
	for _, id := range []string{a.ID, a.ID, core.NewID[string](), "no id"} {
		o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Usage.Release(ctx, id) })
	}
	if u := o.totals(s); u.ReservedTokens != b.Tokens {
		s.Errorf("after a release: got %+v, want the other's %d tokens", u, b.Tokens)
	}
	err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
		return tx.Usage.Reserve(ctx, core.Reservation{ID: core.NewID[string](), JobID: core.NewID[core.JobID](), CreatedAt: Now()})
	})
	wantCode(s, "a reservation of no job", err, core.CodeNotFound)
}

func reservationEndsWithItsLease(s *scene) {
	o := s.org()
	j := o.NewJob(s)
	l := s.lease(j, time.Minute)
	o.reserved(s, l, 8)
	stale := l
	stale.Fence--
	o.reserved(s, stale, 1000)
	if u := o.totals(s); u.ReservedTokens != 8 {
		s.Errorf("while it is leased: got %+v, want 8 tokens", u)
	}
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		j.Status, j.FinishedAt, j.NextAttemptAt = core.JobFailed, new(Now()), nil
		return tx.Jobs.Update(ctx, j)
	})
	if u := o.totals(s); u.ReservedTokens != 0 || u.ReservedUSD != 0 {
		s.Errorf("after the lease: got %+v, want nothing reserved", u)
	}
	expired := s.lease(o.NewJob(s), -time.Minute)
	o.reserved(s, expired, 8)
	if u := o.totals(s); u.ReservedTokens != 0 {
		s.Errorf("of an expired lease: got %+v, want nothing reserved", u)
	}
}

// reservationsKeepALimit has 64 workers reserve, use and release as often as they may.
func reservationsKeepALimit(s *scene) {
	const limit, each = 1000, 10
	o := s.org()
	l := s.lease(o.NewJob(s), 10*time.Minute)
	var most, calls atomic.Int64
	work := func() (again bool, err error) {
		r := core.Reservation{ID: core.NewID[string](), JobID: l.JobID, Fence: l.Fence, Tokens: each, CreatedAt: Now()}
		refused, spent := false, false
		err = o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
			if err := tx.Usage.Lock(ctx); err != nil {
				return err
			}
			u, err := tx.Usage.Totals(ctx, r.CreatedAt)
			if err != nil {
				return err
			}
			spent = u.Documents+each > limit // documents stand for tokens: they are counted in a transaction
			if refused = u.Documents+u.ReservedTokens+each > limit; refused {
				return nil
			}
			most.Store(max(most.Load(), u.Documents+u.ReservedTokens+each))
			return tx.Usage.Reserve(ctx, r)
		})
		if err != nil || refused {
			return !spent, err
		}
		calls.Add(1)
		return true, o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
			tx.Meter(core.Metered{At: r.CreatedAt, Documents: each})
			return tx.Usage.Release(ctx, r.ID)
		})
	}
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for again := true; again; {
				var err error
				if again, err = work(); err != nil {
					s.Errorf("a worker: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	if u := o.totals(s); u.Documents != limit || u.ReservedTokens != 0 || most.Load() > limit || calls.Load() != limit/each {
		s.Errorf("64 workers: used %d of %d in %d calls, at most %d with what was reserved, %d still reserved", u.Documents, limit, calls.Load(), most.Load(), u.ReservedTokens)
	}
}

func warningIsFirstOnce(s *scene) {
	o, other := s.org(), s.org()
	at := Now()
	warn := func(o *Org, at time.Time, quota string) (first bool) {
		o.InTx(s, func(ctx context.Context, tx core.Tx) (err error) {
			first, err = tx.Usage.Warn(ctx, at, quota)
			return err
		})
		return first
	}
	got := []bool{warn(o, at, "usd"), warn(o, at, "usd"), warn(o, at, "tokens"), warn(o, at.AddDate(0, 2, 0), "usd"), warn(other, at, "usd")}
	wantSame(s, "first warnings", got, []bool{true, false, true, true, true})
}
