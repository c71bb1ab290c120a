package worker

import (
	"context"
	"errors"
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
	for _, l := range leases {
		p.places <- struct{}{}
		run := w.leases.add(base, l)
		w.running.Go(func() {
			defer func() {
				w.leases.remove(l)
				<-p.places
				wake(p.freed)
			}()
			w.run(run, l)
		})
	}
	return len(leases)
}

// run starts and executes one leased job.
func (w *Worker) run(ctx context.Context, l core.Lease) {
	// The start is not interrupted: once it is stored, a shutdown gives the job back.
	r, err := w.cfg.Work.Start(context.WithoutCancel(ctx), l)
	if err == nil {
		err = r.Execute(ctx)
	}
	if err != nil && !errors.Is(err, core.ErrLeaseLost) {
		w.cfg.Logger.ErrorContext(ctx, "a job's start or end was not stored; it will be rescued",
			slog.String("org_id", string(l.Tenant.OrgID())), slog.String("job_id", string(l.JobID)), slog.Any("error", err))
	}
}
