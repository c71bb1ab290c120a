package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const jobColumns = `j.org_id, j.id, j.user_id, j.job_type, j.related_id, j.related_type, j.status, j.progress_done, j.progress_total,
	j.progress_message, j.result, j.error_code, j.error_message, j.run, j.attempt, j.max_attempts, j.queue, j.local_queue,
	j.next_attempt_at, j.queued_at, j.started_at, j.finished_at, j.task_id, j.parent_id, j.created_at,
	j.input, j.waits_for, j.confirmed_at`

func scanJob(row pgx.CollectableRow) (j core.Job, err error) {
	err = row.Scan((*string)(&j.OrgID), (*string)(&j.ID), (*string)(&j.UserID), (*string)(&j.Type), &j.RelatedID, &j.RelatedType, (*string)(&j.Status), &j.Progress.Done, &j.Progress.Total,
		&j.Progress.Message, (*[]byte)(&j.Result), (*string)(&j.ErrorCode), &j.ErrorMessage, &j.Run, &j.Attempt, &j.MaxAttempts, (*string)(&j.Queue), (*string)(&j.LocalQueue),
		&j.NextAttemptAt, &j.QueuedAt, &j.StartedAt, &j.FinishedAt, &j.TaskID, &j.ParentID, &j.CreatedAt,
		(*[]byte)(&j.Input), (*string)(&j.WaitsFor), &j.ConfirmedAt)
	return j, err
}

// jobArgs is $2 to $22 of insertJob and updateJob.
func jobArgs(j *core.Job) []any {
	return []any{
		key(j.ID), key(j.UserID), string(j.Status), j.Progress.Done, j.Progress.Total, j.Progress.Message, rawJSON(j.Result),
		string(j.ErrorCode), j.ErrorMessage, j.Run, j.Attempt, j.MaxAttempts, string(j.Queue), string(j.LocalQueue),
		j.NextAttemptAt, j.QueuedAt, j.StartedAt, j.FinishedAt, j.TaskID,
		string(j.WaitsFor), j.ConfirmedAt,
	}
}

// newJobArgs is every argument of insertJob but the tenant.
func newJobArgs(j *core.Job) []any {
	return append(jobArgs(j), string(j.Type), j.RelatedID, j.RelatedType, optionalKey(j.ParentID), j.CreatedAt, rawJSON(j.Input))
}

type jobReader struct{ scope }

func (r jobReader) Get(ctx context.Context, id core.JobID) (*core.Job, error) {
	return one(ctx, r.scope, "job", r.sql.getJob, scanJob, key(id))
}

func (r jobReader) List(ctx context.Context, f core.JobFilter, s core.Seek) ([]core.Job, error) {
	l := newList(r.sql.listJobs)
	if f.Status != "" {
		l.where("j.status = ?", string(f.Status))
	}
	if f.Type != "" {
		l.where("j.job_type = ?", string(f.Type))
	}
	if f.RelatedID != "" {
		l.where("j.related_id = ?", f.RelatedID)
	}
	if f.ParentID != "" {
		l.where("j.parent_id = ?", key(f.ParentID))
	}
	l.page("j", s)
	return many(ctx, r.scope, l.sql.String(), scanJob, l.args...)
}

func (r jobReader) Dispatch(ctx context.Context, id core.JobID) (*core.DispatchState, error) {
	return one(ctx, r.scope, "job that waits", r.sql.dispatchState, pgx.RowToStructByPos[core.DispatchState], key(id), core.MaxAhead)
}

type jobRepo struct {
	jobReader
	tx *transaction
}

// GetForUpdate answers from the lease's check where that has locked the row, which
// saves a round trip in every transaction of a worker.
func (r jobRepo) GetForUpdate(ctx context.Context, id core.JobID) (*core.Job, error) {
	if j := r.tx.leasedJob(id); j != nil {
		return j, nil
	}
	return one(ctx, r.scope, "job", r.sql.lockJob, scanJob, key(id))
}

func (r jobRepo) Update(ctx context.Context, j *core.Job) error {
	r.tx.forgetLeased(j.ID)
	return r.writeLater(ctx, r.tx, "job", r.sql.updateJob, jobArgs(j)...)
}

func (r jobRepo) Restore(ctx context.Context, j *core.Job) error {
	return r.writeOne(ctx, "job", r.sql.insertJob, newJobArgs(j)...)
}

// leasedJob returns a copy of the job's row if the leases' check has locked it and
// nothing has changed it since.
func (tx *transaction) leasedJob(id core.JobID) *core.Job {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	at := slices.IndexFunc(tx.leased, func(j core.Job) bool { return j.ID == id })
	if tx.ended || tx.failed != nil || at < 0 {
		return nil
	}
	j := tx.leased[at]
	j.Result, j.Input = slices.Clone(j.Result), slices.Clone(j.Input)
	for _, at := range []**time.Time{&j.NextAttemptAt, &j.StartedAt, &j.FinishedAt, &j.ConfirmedAt} {
		if *at != nil {
			*at = new(**at)
		}
	}
	if j.ParentID != nil {
		j.ParentID = new(*j.ParentID)
	}
	return &j
}

func (tx *transaction) forgetLeased(id core.JobID) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.leased = slices.DeleteFunc(tx.leased, func(j core.Job) bool { return j.ID == id })
}
