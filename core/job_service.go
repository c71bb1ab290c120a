package core

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"
)

// JobService holds the use cases of jobs.
type JobService struct {
	cfg   Config
	kinds map[JobType]jobKind
}

// newJob makes a pending job that is due at once.
func newJob(a Actor, t JobType, related, relatedType string, at time.Time) Job {
	return newJobFor(a.Tenant().OrgID(), a.User(), t, related, relatedType, at)
}

// newJobFor is newJob for a user who does not act now.
func newJobFor(org OrgID, user UserID, t JobType, related, relatedType string, at time.Time) Job {
	kind := kindRules[t]
	return Job{
		ID: NewID[JobID](), OrgID: org, UserID: user, Type: t,
		RelatedID: related, RelatedType: relatedType, Status: JobPending, Run: 1, MaxAttempts: kind.maxAttempts,
		Queue: kind.queue, NextAttemptAt: &at, QueuedAt: at, CreatedAt: at,
	}
}

// Get returns a job, or CodeNotFound.
func (s *JobService) Get(ctx context.Context, a Actor, id JobID) (*Job, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	return s.cfg.Store.Tenant(a.Tenant()).Read().Jobs.Get(ctx, id)
}

// List returns a page of jobs.
func (s *JobService) List(ctx context.Context, a Actor, f JobFilter, p PageRequest) (Page[Job], error) {
	var none Page[Job]
	if err := a.may(permRead, ""); err != nil {
		return none, err
	}
	var v validation
	if f.Status != "" {
		oneOf(&v, "status", f.Status, JobStatuses()...)
	}
	if f.Type != "" {
		oneOf(&v, "job_type", f.Type, JobTypes()...)
	}
	if v.err() != nil {
		return none, v.err()
	}
	seek, err := p.seek()
	if err != nil {
		return none, err
	}
	rows, err := s.cfg.Store.Tenant(a.Tenant()).Read().Jobs.List(ctx, f, seek)
	return page(rows, seek, func(j Job) Key { return Key{At: j.CreatedAt, ID: string(j.ID)} }), err
}

// Cancel ends a job that the actor made, or any for an admin. What its handler
// has not committed never appears. It returns CodeConflict when the job has ended.
func (s *JobService) Cancel(ctx context.Context, a Actor, id JobID) (*Job, error) {
	var j *Job
	err := s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) (err error) {
		if j, err = s.controllable(ctx, tx, a, id); err != nil {
			return err
		}
		if j.Status.Ended() {
			return Conflict("the job has ended; there is nothing to cancel")
		}
		kind, err := kindOf(s.kinds, j.Type)
		if err != nil {
			return err
		}
		j.setCanceled(s.cfg.now())
		if err := kind.ended(ctx, tx, j); err != nil {
			return err
		}
		return s.cfg.storeCanceled(ctx, tx, j)
	})
	if err != nil {
		return nil, err
	}
	if j.Type == JobBulkSummarize {
		if err := s.cfg.cancelChildren(ctx, a.Tenant(), j.ID); err != nil { // workers will come to them
			s.cfg.Logger.WarnContext(ctx, "a canceled job's children are canceled later", slog.String("job_id", string(j.ID)), slog.Any("error", err))
		}
	}
	return j, nil
}

func (s *JobService) controllable(ctx context.Context, tx Tx, a Actor, id JobID) (*Job, error) {
	j, err := tx.Jobs.GetForUpdate(ctx, id)
	if err != nil {
		return nil, err
	}
	return j, a.may(permControlJob, j.UserID)
}

// cancelJob cancels a locked job because what it works on goes away.
func (c Config) cancelJob(ctx context.Context, tx Tx, j *Job, at time.Time) error {
	if j.Status.Ended() {
		return nil
	}
	j.setCanceled(at)
	return c.storeCanceled(ctx, tx, j)
}

func (j *Job) setCanceled(at time.Time) {
	j.Status, j.FinishedAt, j.NextAttemptAt, j.WaitsFor = JobCanceled, &at, nil, ""
}

func (c Config) storeCanceled(ctx context.Context, tx Tx, j *Job) error {
	if err := tx.Jobs.Update(ctx, j); err != nil {
		return err
	}
	tx.Canceled = append(tx.Canceled, j.ID)
	tx.Append(EventJobCanceled, *j.FinishedAt, j)
	return c.childEnded(ctx, tx, j)
}

// Retry begins the next run of a failed or canceled job that the actor made, or
// of any for an admin. It returns CodeConflict for a job in another state.
func (s *JobService) Retry(ctx context.Context, a Actor, id JobID) (*Job, error) {
	var j *Job
	err := s.cfg.once(ctx, a, &j, func(ctx context.Context, tx Tx) (err error) {
		if j, err = s.controllable(ctx, tx, a, id); err != nil {
			return err
		}
		if err := j.mayRestart(); err != nil {
			return err
		}
		kind, err := kindOf(s.kinds, j.Type)
		if err != nil {
			return err
		}
		if err := kind.restarted(ctx, tx, j); err != nil {
			return err
		}
		at := s.cfg.now()
		j.restart(at)
		return requeue(ctx, tx, j, at)
	})
	if err != nil {
		return nil, err
	}
	return j, nil
}

// mayRestart returns CodeConflict unless j's next run can begin. A bulk's is also for
// the documents that failed while others were done; its children follow it.
func (j *Job) mayRestart() error {
	unfinished := false
	if j.Type == JobBulkSummarize && j.Status == JobCompleted {
		_, result, err := bulkOf(j)
		unfinished = err == nil && result.Completed < result.Documents
	}
	switch {
	case j.ParentID != nil:
		return Conflict("the job is part of another; retry that one (its parent_id), which begins what has failed of it")
	case j.Status != JobFailed && j.Status != JobCanceled && !unfinished:
		return Conflict("only a failed or canceled job can be retried; wait for its end")
	}
	return nil
}

// restart makes j pending in its next run.
func (j *Job) restart(at time.Time) {
	j.Run, j.Attempt = j.Run+1, 0
	j.Status, j.Progress, j.Result, j.ErrorCode, j.ErrorMessage = JobPending, Progress{}, nil, "", ""
	j.QueuedAt, j.StartedAt, j.FinishedAt, j.NextAttemptAt, j.LocalQueue = at, nil, nil, &at, ""
	j.WaitsFor, j.ConfirmedAt = "", nil
}

// Confirm has a job go on that waits for a person's word, for who made it or an
// admin. It returns CodeConflict for a job that does not.
func (s *JobService) Confirm(ctx context.Context, a Actor, id JobID) (*Job, error) {
	var j *Job
	err := s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) (err error) {
		if j, err = s.controllable(ctx, tx, a, id); err != nil {
			return err
		}
		if j.Status != JobPending || j.WaitsFor != WaitConfirmation {
			return Conflict("the job waits for no confirmation; there is nothing to confirm")
		}
		at := s.cfg.now()
		j.WaitsFor, j.ConfirmedAt, j.NextAttemptAt = "", &at, &at
		return requeue(ctx, tx, j, at)
	})
	if err != nil {
		return nil, err
	}
	return j, nil
}

// requeue stores a job that is pending again and dispatches it.
func requeue(ctx context.Context, tx Tx, j *Job, at time.Time) error {
	if err := tx.Jobs.Update(ctx, j); err != nil {
		return err
	}
	tx.Dispatch(Dispatch{JobID: j.ID, Queue: j.FirstQueue(), RunAt: *j.NextAttemptAt})
	tx.Append(EventJobQueued, at, j)
	return nil
}

// pollEvery is the net under the bus: how late a change is seen when its notice is lost.
const pollEvery = time.Second

// Wait returns the job as soon as it has ended, or as it is when ctx ends first.
// It holds no connection to the store while it waits.
func (s *JobService) Wait(ctx context.Context, a Actor, id JobID) (*Job, error) {
	return s.Watch(ctx, a, id, func(*Job) {})
}

// Watch is Wait that also calls each with the job whenever it is seen to have
// changed, progress included. Calls come one at a time.
func (s *JobService) Watch(ctx context.Context, a Actor, id JobID, each func(*Job)) (*Job, error) {
	return s.WatchText(ctx, a, id, each, nil)
}

// WatchText is Watch that also calls text with what the model writes while the job
// makes a summary, as far as it is heard of: the summary itself has all of it. Calls
// of each and text come one at a time; text may be nil.
func (s *JobService) WatchText(ctx context.Context, a Actor, id JobID, each func(*Job), text func(SummaryDelta)) (*Job, error) {
	j, err := s.Get(ctx, a, id)
	if err != nil || j.Status.Ended() {
		return j, err
	}
	var news <-chan Notice
	if l, err := s.cfg.Bus.Listen(ctx, FeedTopic(a.Tenant())); err == nil { // without a bus it polls
		defer l.Close()
		news = l.C()
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		fresh, err := s.Get(context.WithoutCancel(ctx), a, id)
		if err != nil {
			return nil, err
		}
		if j = fresh; j.Status.Ended() {
			return j, nil
		}
		each(j)
		if !s.awaitNews(ctx, news, tick.C, func(body []byte) { tellEphemeral(body, id, each, text) }) {
			return j, nil
		}
	}
}

// awaitNews returns true when the job is to be read again, false when ctx ended.
func (s *JobService) awaitNews(ctx context.Context, news <-chan Notice, tick <-chan time.Time, told func(body []byte)) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick:
			return true
		case n, ok := <-news:
			switch {
			case !ok:
				news = nil
			case n.Body == nil || n.Lost:
				return true
			default:
				told(n.Body)
			}
		}
	}
}

// tellEphemeral passes on an ephemeral event that is about a job.
func tellEphemeral(body []byte, id JobID, each func(*Job), text func(SummaryDelta)) {
	var e Event
	if json.Unmarshal(body, &e) != nil {
		return
	}
	switch e.Type {
	case EventJobProgress:
		var j Job
		if json.Unmarshal(e.Data, &j) == nil && j.ID == id {
			each(&j)
		}
	case EventSummaryDelta:
		var d SummaryDelta
		if text != nil && json.Unmarshal(e.Data, &d) == nil && d.JobID == id {
			text(d)
		}
	}
}
