package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/docsctl/docsctl/core"
)

// claimAtMost bounds one claim, so that a burst spreads over the nodes.
const claimAtMost = 64

// pool is one queue's share of the worker.
type pool struct {
	queue  core.Queue
	places chan struct{} // one element a running job
	wake   chan struct{} // a hint that jobs are due
	freed  chan struct{} // a hint that a place is free
}

func newPool(p Pool) *pool {
	return &pool{
		queue: p.Queue, places: make(chan struct{}, p.Size),
		wake: make(chan struct{}, 1), freed: make(chan struct{}, 1),
	}
}

func (p *pool) free() int { return cap(p.places) - len(p.places) }

// claimLoop fills the pool's free places until ctx ends; base is the handlers'.
func (w *Worker) claimLoop(ctx, base context.Context, p *pool) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	more := true // whether the last claim may have left due jobs behind
	for {
		if n := min(p.free(), claimAtMost); n > 0 && more {
			got := w.claim(ctx, base, p, n)
			if more = got == n; more {
				continue
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-p.freed:
		case <-p.wake:
			more = true
		case <-tick.C:
			more = true
		}
	}
}

// claim starts up to n jobs and returns how many.
func (w *Worker) claim(ctx, base context.Context, p *pool, n int) int {
	leases, err := w.cfg.Work.Claim(ctx, p.queue, n, w.cfg.OrgLimit)
	if err != nil {
		if ctx.Err() == nil {
			w.cfg.Logger.WarnContext(ctx, "no jobs could be claimed; trying again", slog.String("queue", string(p.queue)), slog.Any("error", err))
		}
		return 0
	}
	held := map[core.Tenant][]*lease{}
	for _, l := range leases {
		p.places <- struct{}{}
		held[l.Tenant] = append(held[l.Tenant], w.hold(base, p, l))
	}
	for _, together := range held {
		w.running.Go(func() { w.start(base, together) })
	}
	return len(leases)
}

// lease is a lease that this worker holds, with its job's context and what gives its
// place free.
type lease struct {
	core.Lease
	ctx  context.Context
	drop func()
}

func (w *Worker) hold(base context.Context, p *pool, l core.Lease) *lease {
	return &lease{l, w.leases.add(base, l), func() {
		w.leases.remove(l)
		<-p.places
		wake(p.freed)
	}}
}

// start begins the leased jobs of one tenant with one commit, and runs each that
// could be begun.
func (w *Worker) start(base context.Context, together []*lease) {
	leases := make([]core.Lease, len(together))
	byLease := make(map[core.Lease]*lease, len(together))
	for i, l := range together {
		leases[i], byLease[l.Lease] = l.Lease, l
	}
	// The start is not interrupted: once it is stored, a shutdown gives the jobs back.
	runs, err := w.cfg.Work.StartAll(context.WithoutCancel(base), leases)
	if err != nil {
		w.cfg.Logger.ErrorContext(base, "jobs were not started; they will be rescued",
			slog.String("org_id", string(leases[0].Tenant.OrgID())), slog.Any("error", err))
	}
	for _, r := range runs {
		l := byLease[r.Lease()]
		delete(byLease, l.Lease)
		w.running.Go(func() {
			defer l.drop()
			w.run(l, r)
		})
	}
	for _, l := range byLease {
		l.drop()
	}
}

func (w *Worker) run(l *lease, r *core.Run) {
	if err := r.Execute(l.ctx); err != nil {
		w.cfg.Logger.ErrorContext(l.ctx, "a job's end was not stored; it will be rescued",
			slog.String("org_id", string(l.Tenant.OrgID())), slog.String("job_id", string(l.JobID)), slog.Any("error", err))
	}
}
