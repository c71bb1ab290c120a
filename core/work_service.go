package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// WorkService is what a worker process asks for: jobs to run, across tenants.
// Requests of users never reach it.
type WorkService struct {
	cfg   Config
	kinds map[JobType]jobKind
}

// Claim leases due jobs of a queue; see SystemStore.Claim. TTL is the App's lease.
func (w *WorkService) Claim(ctx context.Context, q Queue, limit, orgLimit int) ([]Lease, error) {
	r := ClaimRequest{Queue: q, Limit: limit, OrgLimit: orgLimit, TTL: w.cfg.JobLease}
	if !q.Local() { // whose command line would wait for itself
		r.PlanLimits = w.cfg.runningJobs()
	}
	return w.cfg.Store.System().Claim(ctx, r)
}

// Lease returns how long a lease lasts.
func (w *WorkService) Lease() time.Duration { return w.cfg.JobLease }

// Heartbeat renews leases and returns those that are lost.
func (w *WorkService) Heartbeat(ctx context.Context, leases []Lease) ([]Lease, error) {
	return w.cfg.Store.System().Heartbeat(ctx, leases, w.cfg.JobLease)
}

// Listen returns a listener for the bus's hints to workers of the given queues.
func (w *WorkService) Listen(ctx context.Context, queues ...Queue) (Listener, error) {
	topics := []Topic{CanceledTopic(), IndexTopic()}
	for _, q := range queues {
		topics = append(topics, WorkTopic(q))
	}
	return w.cfg.Bus.Listen(ctx, topics...)
}

// Start begins an attempt at a leased job: it becomes in progress, and the event
// says so. It returns ErrLeaseLost when the job is no longer to be run.
func (w *WorkService) Start(ctx context.Context, l Lease) (*Run, error) {
	var r *Run
	err := w.cfg.changeLeased(ctx, l, func(ctx context.Context, tx Tx) (err error) {
		r, err = w.begin(ctx, tx, l)
		return err
	})
	if err == nil && r == nil {
		err = ErrLeaseLost
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// StartAll is Start for leases of one tenant, in one transaction. It leaves out the
// jobs that are no longer to be run. Where one of them stands in the way of the
// others, each is started alone; an error then tells of those that were not.
func (w *WorkService) StartAll(ctx context.Context, leases []Lease) ([]*Run, error) {
	var runs []*Run
	err := w.cfg.changeAllLeased(ctx, leases, func(ctx context.Context, tx Tx, held []Lease) error {
		runs = nil // the store may repeat this
		for _, l := range held {
			r, err := w.begin(ctx, tx, l)
			if err != nil {
				return err
			}
			if r != nil {
				runs = append(runs, r)
			}
		}
		return nil
	})
	if err == nil {
		return runs, nil
	}
	runs = nil
	var errs []error
	for _, l := range leases {
		r, err := w.Start(ctx, l)
		if err == nil {
			runs = append(runs, r)
		} else if !errors.Is(err, ErrLeaseLost) {
			errs = append(errs, fmt.Errorf("start job %s: %w", l.JobID, err))
		}
	}
	return runs, errors.Join(errs...)
}

// begin begins an attempt behind the fence of its lease. It returns nil for a job
// that has ended, or that it ends because what it is part of has.
func (w *WorkService) begin(ctx context.Context, tx Tx, l Lease) (*Run, error) {
	j, err := tx.Jobs.GetForUpdate(ctx, l.JobID)
	if err != nil {
		return nil, err
	}
	kind, err := kindOf(w.kinds, j.Type)
	if err != nil || j.Status != JobPending {
		return nil, err
	}
	at := w.cfg.now()
	orphan, err := w.cfg.orphaned(ctx, tx, j)
	if err != nil {
		return nil, err
	}
	if orphan {
		j.ErrorCode, j.ErrorMessage = CodeBudgetExceeded, "the bulk job that it is part of has ended, or has no money left"
		return nil, w.cfg.cancelChild(ctx, tx, j, at)
	}
	j.Status, j.Attempt, j.NextAttemptAt, j.WaitsFor = JobInProgress, j.Attempt+1, nil, ""
	if j.StartedAt == nil {
		j.StartedAt = &at
	}
	if err := tx.Jobs.Update(ctx, j); err != nil {
		return nil, err
	}
	tx.Append(EventJobStarted, at, j)
	return &Run{cfg: w.cfg, kind: kind, lease: l, job: *j}, nil
}

// Rescue takes over up to limit jobs whose worker is gone and has each tried
// again, or failed when that was its last attempt. It returns how many there were.
func (w *WorkService) Rescue(ctx context.Context, limit int) (int, error) {
	leases, err := w.cfg.Store.System().Rescue(ctx, limit, w.cfg.JobLease)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, l := range leases {
		if err := w.recover(ctx, l); err != nil && !errors.Is(err, ErrLeaseLost) {
			errs = append(errs, err)
		}
	}
	return len(leases), errors.Join(errs...)
}

// recover puts one job whose lease was taken over back into its queue. A worker
// that died before it started the job has cost no attempt.
func (w *WorkService) recover(ctx context.Context, l Lease) error {
	return w.cfg.changeLeased(ctx, l, func(ctx context.Context, tx Tx) error {
		j, err := tx.Jobs.GetForUpdate(ctx, l.JobID)
		if err != nil {
			return err
		}
		w.cfg.Logger.WarnContext(ctx, "a job lost its worker", slog.String("org_id", string(j.OrgID)),
			slog.String("job_id", string(j.ID)), slog.Int("attempt", j.Attempt))
		j.LocalQueue = ""
		at := w.cfg.now()
		if j.Status == JobPending {
			j.NextAttemptAt = &at
			return requeue(ctx, tx, j, at)
		}
		kind, err := kindOf(w.kinds, j.Type)
		if err != nil {
			return err
		}
		return w.cfg.failAttempt(ctx, tx, kind, j, Unavailable("its worker stopped before the job was done; it is tried again by itself", 0, nil))
	})
}
