package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
)

type job struct {
	ID            core.JobID      `json:"id" format:"uuid"`
	OrgID         core.OrgID      `json:"org_id" format:"uuid"`
	UserID        *core.UserID    `json:"user_id" format:"uuid"`
	JobType       core.JobType    `json:"job_type" enum:"summarize_document,bulk_summarize,publish_summary,sync_integration,cleanup"`
	RelatedID     *string         `json:"related_id" doc:"What it works on."`
	RelatedType   *string         `json:"related_type" example:"summary"`
	Status        core.JobStatus  `json:"status" enum:"pending,in_progress,completed,failed,canceled"`
	Progress      progress        `json:"progress"`
	Result        json.RawMessage `json:"result" doc:"By job_type; null until it has completed."`
	ErrorCode     *core.Code      `json:"error_code" doc:"Of the last attempt; kept while the job waits for the next."`
	ErrorMessage  *string         `json:"error_message"`
	Run           int             `json:"run" doc:"From 1; a retry begins the next."`
	Attempt       int             `json:"attempt" doc:"Of this run; 0 before the first."`
	MaxAttempts   int             `json:"max_attempts"`
	NextAttemptAt *time.Time      `json:"next_attempt_at" doc:"While it is pending."`
	QueuedAt      time.Time       `json:"queued_at"`
	StartedAt     *time.Time      `json:"started_at"`
	FinishedAt    *time.Time      `json:"finished_at"`
	ConfirmedAt   *time.Time      `json:"confirmed_at" doc:"When a person had this run go on."`
	Waiting       *waiting        `json:"waiting,omitzero" nullable:"false" doc:"Why it does not run yet, while it is pending."`
	TaskID        *string         `json:"task_id"`
	ParentID      *core.JobID     `json:"parent_id" format:"uuid"`
	CreatedAt     time.Time       `json:"created_at"`
}

type waiting struct {
	Reason   core.JobWait `json:"reason" enum:"queue,cap,starting,retry,breaker,quota,budget,confirmation"`
	Position *int         `json:"position" doc:"Among the due jobs of the organization in its queue, from 1; only in the answer to a GET."`
	Until    *time.Time   `json:"until" doc:"When it is looked at again, if that is known."`
	Message  string       `json:"message" doc:"The same as a sentence."`
}

func viewWaiting(w *core.Waiting) *waiting {
	if w == nil {
		return nil
	}
	return &waiting{Reason: w.Reason, Position: orNull(w.Position), Until: w.Until, Message: w.Sentence}
}

type progress struct {
	Done    int    `json:"done"`
	Total   int    `json:"total" doc:"0 while it is not known."`
	Message string `json:"message"`
}

func viewJob(j *core.Job) job {
	return job{
		ID: j.ID, OrgID: j.OrgID, UserID: orNull(j.UserID), JobType: j.Type, RelatedID: orNull(j.RelatedID),
		RelatedType: orNull(j.RelatedType), Status: j.Status, Progress: progress(j.Progress), Result: rawOrNull(j.Result),
		ErrorCode: orNull(j.ErrorCode), ErrorMessage: orNull(j.ErrorMessage), Run: j.Run, Attempt: j.Attempt,
		MaxAttempts: j.MaxAttempts, NextAttemptAt: j.NextAttemptAt, QueuedAt: j.QueuedAt, StartedAt: j.StartedAt,
		FinishedAt: j.FinishedAt, ConfirmedAt: j.ConfirmedAt, Waiting: viewWaiting(j.Waiting()), TaskID: orNull(j.TaskID), ParentID: j.ParentID, CreatedAt: j.CreatedAt,
	}
}

type jobOutput struct{ Body job }

func shownJob(j *core.Job, err error) (*jobOutput, error) {
	if err != nil {
		return nil, err
	}
	return &jobOutput{Body: viewJob(j)}, nil
}

type listJobsInput struct {
	PageQuery
	Status    string   `query:"status" enum:"pending,in_progress,completed,failed,canceled"`
	JobType   string   `query:"job_type" enum:"summarize_document,bulk_summarize,publish_summary,sync_integration,cleanup"`
	RelatedID filterID `query:"related_id"`
	ParentID  filterID `query:"parent_id"`
}

type getJobInput struct {
	PathID
	Wait int `query:"wait" minimum:"0" maximum:"60" doc:"Seconds to wait for the job to end."`
}

func (s *api) registerJobs() {
	register(s, operation{
		id: "listJobs", method: http.MethodGet, path: "/v1/jobs", tag: "jobs", summary: "List jobs",
	}, func(ctx context.Context, a core.Actor, in *listJobsInput) (*listOutput[job], error) {
		f := core.JobFilter{
			Status: core.JobStatus(in.Status), Type: core.JobType(in.JobType),
			RelatedID: string(in.RelatedID), ParentID: core.JobID(in.ParentID),
		}
		p, err := s.app.Jobs.List(ctx, a, f, in.request())
		return listed(p, viewJob, err)
	})
	register(s, operation{
		id: "getJob", method: http.MethodGet, path: "/v1/jobs/{id}", tag: "jobs", summary: "Get a job",
		description: "With wait the answer comes when the job has ended, or the time is over, with the job as it is then.",
	}, s.getJob)
	register(s, operation{
		id: "cancelJob", method: http.MethodPost, path: "/v1/jobs/{id}/cancel", tag: "jobs", summary: "Cancel a job",
		description: "409 when it has ended.", errors: []int{http.StatusForbidden, http.StatusConflict},
	}, func(ctx context.Context, a core.Actor, in *PathID) (*jobOutput, error) {
		return shownJob(s.app.Jobs.Cancel(ctx, a, core.JobID(in.ID)))
	})
	register(s, operation{
		id: "retryJob", once: true, method: http.MethodPost, path: "/v1/jobs/{id}/retry", tag: "jobs", summary: "Begin a job's next run",
		description: "409 when it has not failed and was not canceled.", errors: []int{http.StatusForbidden, http.StatusConflict},
	}, func(ctx context.Context, a core.Actor, in *PathID) (*jobOutput, error) {
		return shownJob(s.app.Jobs.Retry(ctx, a, core.JobID(in.ID)))
	})
}

// jobItem is a document of a bulk, or a page of a sync.
type jobItem struct {
	ID        core.JobItemID    `json:"id" format:"uuid"`
	JobID     core.JobID        `json:"job_id" format:"uuid"`
	Item      string            `json:"item" doc:"Of a bulk: the document's id; of a sync: the external id."`
	Title     string            `json:"title"`
	State     core.JobItemState `json:"state" enum:"pending,completed,failed,canceled,imported,updated,unchanged,deleted,skipped"`
	ErrorCode *core.Code        `json:"error_code"`
	Reason    *string           `json:"reason" doc:"Why it was skipped, or failed."`
	ResultID  *string           `json:"result_id" doc:"Of a bulk: its job; of a sync: its document."`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
}

func viewJobItem(i *core.JobItem) jobItem {
	return jobItem{
		ID: i.ID, JobID: i.JobID, Item: i.Item, Title: i.Title, State: i.State, ErrorCode: orNull(i.Code), Reason: orNull(i.Reason),
		ResultID: orNull(i.ResultID), CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt,
	}
}

type listJobItemsInput struct {
	PathID
	PageQuery
	State string `query:"state" enum:"pending,completed,failed,canceled,imported,updated,unchanged,deleted,skipped"`
}

func (s *api) registerJobItems() {
	register(s, operation{
		id: "listJobItems", method: http.MethodGet, path: "/v1/jobs/{id}/items", tag: "jobs", summary: "List what a job is about",
		description: "The documents of a bulk job and the pages of a sync, each with what has become of it; the counts are in the job's result.",
	}, func(ctx context.Context, a core.Actor, in *listJobItemsInput) (*listOutput[jobItem], error) {
		p, err := s.app.Jobs.Items(ctx, a, core.JobID(in.ID), core.JobItemState(in.State), in.request())
		return listed(p, viewJobItem, err)
	})
	register(s, operation{
		id: "confirmJob", method: http.MethodPost, path: "/v1/jobs/{id}/confirm", tag: "jobs", summary: "Have a job go on that waits for a person",
		description: "409 when it waits for no confirmation.", errors: []int{http.StatusForbidden, http.StatusConflict},
	}, func(ctx context.Context, a core.Actor, in *PathID) (*jobOutput, error) {
		return shownJob(s.app.Jobs.Confirm(ctx, a, core.JobID(in.ID)))
	})
}

func (s *api) getJob(ctx context.Context, a core.Actor, in *getJobInput) (*jobOutput, error) {
	if in.Wait == 0 {
		j, err := s.app.Jobs.Get(ctx, a, core.JobID(in.ID))
		return s.explainedJob(ctx, a, j, err)
	}
	waited, cancel := s.untilShutdown(ctx, time.Duration(in.Wait)*time.Second)
	defer cancel()
	j, err := s.app.Jobs.Wait(waited, a, core.JobID(in.ID))
	return s.explainedJob(ctx, a, j, err)
}

// explainedJob is a job with its place in the queue.
func (s *api) explainedJob(ctx context.Context, a core.Actor, j *core.Job, err error) (*jobOutput, error) {
	if err != nil {
		return nil, err
	}
	w, err := s.app.Jobs.Waiting(ctx, a, j)
	if err != nil {
		return nil, err
	}
	shown := &jobOutput{Body: viewJob(j)}
	shown.Body.Waiting = viewWaiting(w)
	return shown, nil
}

// untilShutdown is ctx bounded by d, and by the server's shutdown if that comes first.
func (s *api) untilShutdown(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, d)
	go func() { // ends with ctx, which the caller cancels
		select {
		case <-s.cfg.Shutdown:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
