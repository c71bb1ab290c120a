package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// ErrShutdown is the cause with which a worker ends a run's context when the
// process is to stop: the job goes back to its queue and the attempt does not count.
var ErrShutdown = errors.New("the worker is shutting down")

// Run is one attempt at a job, under a lease. Everything that it writes goes
// through the lease's fence, so an attempt that was canceled or rescued writes
// nothing more.
type Run struct {
	cfg   Config
	kind  jobKind
	lease Lease

	mu      sync.Mutex // guards what follows
	job     Job
	told    time.Time // when progress was last told
	stored  time.Time // when progress was last stored
	settled bool      // the attempt's end is committed
}

// Tenant returns whose job it is.
func (r *Run) Tenant() Tenant { return r.lease.Tenant }

// Lease returns the lease under which the attempt runs.
func (r *Run) Lease() Lease { return r.lease }

// Job returns the job as it is known here.
func (r *Run) Job() Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.job
}

// Do runs fn in a transaction behind the fence. It returns ErrLeaseLost when the
// attempt is no longer the job's.
func (r *Run) Do(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error {
	return r.cfg.changeLeased(ctx, r.lease, fn)
}

// Complete ends the job well: in one transaction fn's writes, the result as
// JSON, the state and the end event, which is the run's last. fn may be run again,
// also after ctx has ended, and in a transaction in which other runs of the
// organization end too.
func (r *Run) Complete(ctx context.Context, result any, fn func(ctx context.Context, tx Tx) error) error {
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("encode the job's result: %w", err)
	}
	job := r.Job()
	err = r.cfg.end(ctx, r.lease, func(ctx context.Context, tx Tx) error {
		if fn != nil {
			if err := fn(ctx, tx); err != nil {
				return err
			}
		}
		at := r.cfg.now()
		job.Status, job.Result, job.FinishedAt, job.NextAttemptAt = JobCompleted, raw, &at, nil
		job.ErrorCode, job.ErrorMessage = "", ""
		job.Progress.Done = job.Progress.Total
		if err := tx.Jobs.Update(ctx, &job); err != nil {
			return err
		}
		tx.Append(EventJobCompleted, at, &job)
		return r.cfg.childEnded(ctx, tx, &job)
	})
	if err == nil {
		r.settle(job)
	}
	return err
}

// AwaitConfirmation gives the job back until a person has it go on by Jobs.Confirm,
// with fn's writes, and a result and a sentence that say what is to be confirmed. The
// attempt does not count; the next finds ConfirmedAt set.
func (r *Run) AwaitConfirmation(ctx context.Context, result any, sentence string, fn func(ctx context.Context, tx Tx) error) error {
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("encode the job's result: %w", err)
	}
	job := r.Job()
	err = r.Do(ctx, func(ctx context.Context, tx Tx) error {
		if fn != nil {
			if err := fn(ctx, tx); err != nil {
				return err
			}
		}
		job.Status, job.WaitsFor, job.NextAttemptAt = JobPending, WaitConfirmation, nil
		job.Attempt = max(r.Job().Attempt-1, 0)
		job.Result, job.Progress.Message = raw, sentence
		if err := tx.Jobs.Update(ctx, &job); err != nil {
			return err
		}
		tx.Append(EventJobQueued, r.cfg.now(), &job)
		return nil
	})
	if err == nil {
		r.settle(job)
	}
	return err
}

func (r *Run) settle(j Job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.job, r.settled = j, true
}

// Progress is told at most four times a second and stored at most once a second;
// the last one, with Done equal to Total, is always told.
const (
	tellEvery  = 250 * time.Millisecond
	storeEvery = time.Second
)

// Progress tells how far the attempt is. It may skip steps and never fails.
func (r *Run) Progress(ctx context.Context, p Progress) {
	r.mu.Lock()
	at := r.cfg.now()
	r.job.Progress = p
	tell := at.Sub(r.told) >= tellEvery || p.Done == p.Total
	store := at.Sub(r.stored) >= storeEvery
	if tell {
		r.told = at
	}
	if store {
		r.stored = at
	}
	job := r.job
	r.mu.Unlock()
	if tell {
		r.cfg.tellEphemeral(ctx, r.Tenant(), EventJobProgress, at, &job)
	}
	if !store {
		return
	}
	err := r.Do(ctx, func(ctx context.Context, tx Tx) error { return tx.Jobs.Update(ctx, &job) })
	if err != nil && !errors.Is(err, ErrLeaseLost) && ctx.Err() == nil {
		r.cfg.Logger.WarnContext(ctx, "progress was not stored", slog.String("job_id", string(job.ID)), slog.Any("error", err))
	}
}

// Execute runs the job's handler and commits how it ended: completed, pending
// again, failed, or back in its queue on ErrShutdown. An attempt that lost its
// lease writes nothing. It returns an error only when the end could not be
// stored; the lease then runs out and the job is rescued.
func (r *Run) Execute(ctx context.Context) error {
	err := r.handle(ctx)
	if r.isSettled() {
		return nil
	}
	lost := errors.Is(err, ErrLeaseLost) || errors.Is(context.Cause(ctx), ErrLeaseLost)
	if lost {
		return nil
	}
	if err == nil {
		return r.Complete(ctx, nil, nil)
	}
	shutdown := errors.Is(context.Cause(ctx), ErrShutdown)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.JobLease/2)
	defer cancel()
	if shutdown {
		err = r.release(ctx)
	} else {
		err = r.fail(ctx, err)
	}
	if errors.Is(err, ErrLeaseLost) {
		return nil
	}
	return err
}

func (r *Run) isSettled() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.settled
}

// handle turns a panic of the handler into an error, so that one document cannot
// take the other jobs of the process with it.
func (r *Run) handle(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.cfg.Logger.ErrorContext(ctx, "a job handler panicked", slog.String("job_id", string(r.lease.JobID)),
				slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("job handler panicked: %v", p)
		}
	}()
	return r.kind.handle(ctx, r)
}

// release gives the job back unharmed.
func (r *Run) release(ctx context.Context) error {
	return r.Do(ctx, func(ctx context.Context, tx Tx) error {
		j, err := tx.Jobs.GetForUpdate(ctx, r.lease.JobID)
		if err != nil {
			return err
		}
		at := r.cfg.now()
		j.Status, j.Attempt, j.NextAttemptAt = JobPending, max(j.Attempt-1, 0), &at
		return requeue(ctx, tx, j, at)
	})
}

// patience is the pause above which waiting is the other side's wish and not a
// failed attempt.
const patience = time.Minute

// fail stores what went wrong and has the job tried again where that may help.
func (r *Run) fail(ctx context.Context, cause error) error {
	e := AsError(cause)
	level := slog.LevelWarn
	if e.Code == CodeInternal {
		level = slog.LevelError
	}
	r.cfg.Logger.Log(ctx, level, "a job's attempt failed", slog.String("org_id", string(r.Tenant().OrgID())),
		slog.String("job_id", string(r.lease.JobID)), slog.Any("error", cause))
	return r.Do(ctx, func(ctx context.Context, tx Tx) error {
		j, err := tx.Jobs.GetForUpdate(ctx, r.lease.JobID)
		if err != nil {
			return err
		}
		return r.cfg.failAttempt(ctx, tx, r.kind, j, e)
	})
}

// failAttempt decides between another attempt and the end of a locked job's run.
func (c Config) failAttempt(ctx context.Context, tx Tx, kind jobKind, j *Job, e *Error) error {
	at := c.now()
	j.ErrorCode, j.ErrorMessage = e.Code, e.Message
	wait, waits := waitFor(e)
	if (waits || Retryable(e)) && (waits || j.Attempt < j.MaxAttempts) {
		next := at.Add(backoff(j.Attempt, e.RetryAfter))
		if waits {
			j.Attempt = max(j.Attempt-1, 0)
		}
		j.Status, j.NextAttemptAt, j.WaitsFor = JobPending, &next, wait
		return requeue(ctx, tx, j, at)
	}
	j.Status, j.FinishedAt, j.NextAttemptAt = JobFailed, &at, nil
	if err := kind.ended(ctx, tx, j); err != nil {
		return err
	}
	if err := tx.Jobs.Update(ctx, j); err != nil {
		return err
	}
	tx.Append(EventJobFailed, at, j)
	return c.childEnded(ctx, tx, j)
}

// waitFor returns what a job that failed with e waits for. Others' wishes are no
// failed attempts, and waited for as often as they last.
func waitFor(e *Error) (wait JobWait, others bool) {
	switch {
	case e.Code == CodeQuota && e.RetryAfter > 0: // without a hint it is the month's, which nobody waits for
		return WaitQuota, true
	case errors.Is(e, ErrCircuitOpen):
		return WaitBreaker, true
	case e.Code == CodeBudgetExceeded && e.RetryAfter > 0:
		return WaitBudget, true
	default:
		return WaitRetry, e.RetryAfter > patience && Retryable(e)
	}
}
