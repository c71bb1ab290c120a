package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/docsctl/docsctl/core"
)

type jobReader struct {
	scope
	now func() int64
}

const jobColumns = `org_id, id, user_id, job_type, related_id, related_type, status, progress_done, progress_total, progress_message,
	result, error_code, error_message, run, attempt, max_attempts, queue, local_queue, next_attempt_at, queued_at, started_at,
	finished_at, task_id, parent_id, created_at, input, waits_for, confirmed_at`

const sqlGetJob = `SELECT ` + jobColumns + ` FROM jobs WHERE org_id = ? AND id = ?`

func (r jobReader) Get(ctx context.Context, id core.JobID) (*core.Job, error) {
	return one(ctx, r.q, "job", readJob, sqlGetJob, r.org, id)
}

const sqlListJobs = `SELECT ` + jobColumns + ` FROM jobs WHERE org_id = ?`

func (r jobReader) List(ctx context.Context, f core.JobFilter, k core.Seek) ([]core.Job, error) {
	s := newStatement(sqlListJobs, r.org).
		where(` AND status = ?`, string(f.Status)).
		where(` AND job_type = ?`, string(f.Type)).
		where(` AND related_id = ?`, f.RelatedID).
		where(` AND parent_id = ?`, string(f.ParentID)).page(k)
	return list(ctx, r.q, readJob, s.text.String(), s.args...)
}

const sqlDispatchState = `SELECT d.queue, d.run_at, d.run_at <= ?, (SELECT count(*) FROM (SELECT 1 FROM dispatches a
	WHERE a.org_id = d.org_id AND a.queue = d.queue AND a.run_at <= ? AND (a.run_at, a.job_id) < (d.run_at, d.job_id) LIMIT ?)),
	(SELECT count(*) FROM jobs j WHERE j.org_id = d.org_id AND j.lease_until > ?)
FROM dispatches d WHERE d.org_id = ? AND d.job_id = ?`

func (r jobReader) Dispatch(ctx context.Context, id core.JobID) (*core.DispatchState, error) {
	return one(ctx, r.q, "job that waits", func(rows *sql.Rows, d *core.DispatchState) error {
		return rows.Scan(&d.Queue, (*instant)(&d.RunAt), &d.Due, &d.Ahead, &d.Held)
	}, sqlDispatchState, r.now(), r.now(), core.MaxAhead, r.now(), r.org, id)
}

func readJob(rows *sql.Rows, j *core.Job) error {
	return rows.Scan(&j.OrgID, &j.ID, &j.UserID, &j.Type, &j.RelatedID, &j.RelatedType, &j.Status,
		&j.Progress.Done, &j.Progress.Total, &j.Progress.Message, (*raw)(&j.Result), &j.ErrorCode, &j.ErrorMessage,
		&j.Run, &j.Attempt, &j.MaxAttempts, &j.Queue, &j.LocalQueue, optional{&j.NextAttemptAt}, (*instant)(&j.QueuedAt),
		optional{&j.StartedAt}, optional{&j.FinishedAt}, &j.TaskID, &j.ParentID, (*instant)(&j.CreatedAt),
		(*raw)(&j.Input), &j.WaitsFor, optional{&j.ConfirmedAt})
}

type jobRepo struct {
	jobReader
	tx *tx
}

func (r jobRepo) GetForUpdate(ctx context.Context, id core.JobID) (*core.Job, error) {
	return r.Get(ctx, id)
}

// A job that is not in progress after the update, or waits for its children, has lost its lease.
const sqlUpdateJob = `UPDATE jobs SET user_id = ?, status = ?, progress_done = ?, progress_total = ?, progress_message = ?, result = ?,
	error_code = ?, error_message = ?, run = ?, attempt = ?, max_attempts = ?, queue = ?, local_queue = ?, next_attempt_at = ?,
	queued_at = ?, started_at = ?, finished_at = ?, task_id = ?, waits_for = ?, confirmed_at = ?
WHERE org_id = ? AND id = ?`

const sqlEndLease = `UPDATE jobs SET fence = fence + 1, lease_until = NULL, lease_queue = NULL
WHERE org_id = ? AND id = ? AND (status <> 'in_progress' OR waits_for <> '') AND lease_until IS NOT NULL`

func (r jobRepo) Update(ctx context.Context, j *core.Job) error {
	if !core.ValidID(j.ID) {
		return core.NotFound("job")
	}
	err := r.tx.change(ctx, "job", jobRefused, sqlUpdateJob, j.UserID, j.Status, j.Progress.Done, j.Progress.Total, j.Progress.Message, rawText(j.Result),
		j.ErrorCode, j.ErrorMessage, j.Run, j.Attempt, j.MaxAttempts, j.Queue, j.LocalQueue, optionalMicros(j.NextAttemptAt),
		micros(j.QueuedAt), optionalMicros(j.StartedAt), optionalMicros(j.FinishedAt), j.TaskID, j.WaitsFor,
		optionalMicros(j.ConfirmedAt), r.org, j.ID)
	if err != nil || j.Status == core.JobInProgress && j.WaitsFor == "" {
		return err
	}
	if _, err := r.tx.exec(ctx, sqlEndLease, r.org, j.ID); err != nil {
		return err
	}
	if j.Status != core.JobPending || j.WaitsFor == core.WaitConfirmation {
		_, err = r.tx.exec(ctx, sqlDropDispatch, r.org, j.ID)
	}
	return err
}

// jobRefused explains the constraints of jobs; their parent is a job too.
var jobRefused = refused{missing: "user"}

const sqlCreateJob = `INSERT INTO jobs (` + jobColumns + `)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// enqueue creates a job of the outbox and dispatches it.
func (t *tx) enqueue(ctx context.Context, j *core.Job) error {
	if j.NextAttemptAt == nil {
		return errUndated
	}
	if err := t.createJob(ctx, j); err != nil {
		return err
	}
	return t.dispatch(ctx, core.Dispatch{JobID: j.ID, Queue: j.FirstQueue(), RunAt: *j.NextAttemptAt})
}

func (r jobRepo) Restore(ctx context.Context, j *core.Job) error { return r.tx.createJob(ctx, j) }

func (t *tx) createJob(ctx context.Context, j *core.Job) error {
	_, err := t.exec(ctx, sqlCreateJob, t.org, j.ID, j.UserID, j.Type, j.RelatedID, j.RelatedType, j.Status,
		j.Progress.Done, j.Progress.Total, j.Progress.Message, rawText(j.Result), j.ErrorCode, j.ErrorMessage,
		j.Run, j.Attempt, j.MaxAttempts, j.Queue, j.LocalQueue, optionalMicros(j.NextAttemptAt), micros(j.QueuedAt),
		optionalMicros(j.StartedAt), optionalMicros(j.FinishedAt), j.TaskID, j.ParentID, micros(j.CreatedAt),
		rawText(j.Input), j.WaitsFor, optionalMicros(j.ConfirmedAt))
	return jobRefused.explain(err)
}

// errUndated is a mistake of the caller's: Outbox.Enqueue asks for the time.
var errUndated = errors.New("sqlite: an enqueued job has no NextAttemptAt")
