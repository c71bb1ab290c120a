package core

import (
	"context"
	"errors"
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
	r := &Run{cfg: w.cfg, lease: l}
	orphan := false
	err := w.cfg.changeLeased(ctx, l, func(ctx context.Context, tx Tx) error {
		j, err := tx.Jobs.GetForUpdate(ctx, l.JobID)
		if err != nil {
			return err
		}
		kind, err := kindOf(w.kinds, j.Type)
		if err != nil {
			return err
		}
		r.kind = kind
		if j.Status != JobPending {
			return ErrLeaseLost
		}
		at := w.cfg.now()
		if orphan, err = w.cfg.orphaned(ctx, tx, j); err != nil {
			return err
		}
		if orphan {
			j.ErrorCode, j.ErrorMessage = CodeBudgetExceeded, "the bulk job that it is part of has ended, or has no money left"
			return w.cfg.cancelChild(ctx, tx, j, at)
		}
		j.Status, j.Attempt, j.NextAttemptAt, j.WaitsFor = JobInProgress, j.Attempt+1, nil, ""
		if j.StartedAt == nil {
			j.StartedAt = &at
		}
		if err := tx.Jobs.Update(ctx, j); err != nil {
			return err
		}
		tx.Append(EventJobStarted, at, j)
		r.job = *j
		return nil
	})
	if err == nil && orphan {
		err = ErrLeaseLost
	}
	if err != nil {
		return nil, err
	}
	return r, nil
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
