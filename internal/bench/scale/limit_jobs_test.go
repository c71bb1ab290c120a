//go:build unix

package scale

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

// What the limit does of a job's life: the rows and indexes are docsctl's, without
// row-level security, leases, fences and events.
const (
	bareAskSummary = `insert into summaries
		select $1, $2, id, $3, $4, 1, '', null, false, null, false, false, '', 'markdown', 'medium', '', '', '', 0, 'pending', $5, 1, '',
			'{}', '{}', '[]', '[]', now(), now()
		from documents where org_id = $1 and id = $6`
	bareAskJob = `insert into jobs (org_id, id, user_id, job_type, related_id, related_type, status, progress_done, progress_total, progress_message,
			error_code, error_message, run, attempt, max_attempts, queue, local_queue, queued_at, task_id, created_at)
		values ($1, $2, $3, 'summarize', $4, 'summary', 'pending', 0, 0, '', '', '', 1, 0, 5, 'bare', '', now(), '', now())`
	bareAskTurn = `insert into gue_jobs (job_id, priority, run_at, job_type, args, queue, created_at, updated_at, org_id, work_id)
		values ($2, 0, now(), 'job', '', 'bare', now(), now(), $1, $2::text::uuid)`
	bareTake = `with due as (
			delete from gue_jobs where job_id in (select job_id from gue_jobs where queue = 'bare' limit 64 for update skip locked)
			returning org_id, work_id)
		update jobs j set status = 'in_progress', attempt = 1, started_at = now() from due d where j.org_id = d.org_id and j.id = d.work_id
		returning j.org_id::text, j.id::text, j.related_id`
	bareRead = `select d.content from summaries s join documents d on d.org_id = s.org_id and d.id = s.doc_id where s.org_id = $1 and s.id = $2`
	bareFill = `update summaries set summary_text = 'a summary', status = 'complete', updated_at = now() where org_id = $1 and id = $2`
	bareEnd  = `update jobs set status = 'completed', result = '{}', finished_at = now() where org_id = $1 and id = $2`
)

// askBare is the limit's request of a summary: its three rows, in one batch.
func (in *installation) askBare(w http.ResponseWriter, r *http.Request, c core.AccessClaims) error {
	summary, job := core.NewID[string](), core.NewID[string]()
	batch := &pgx.Batch{}
	batch.Queue(bareAskJob, string(c.OrgID), job, string(c.UserID), summary)
	batch.Queue(bareAskSummary, string(c.OrgID), summary, string(c.UserID), string(core.DefaultTemplateID), job, r.PathValue("id"))
	batch.Queue(bareAskTurn, string(c.OrgID), job)
	if err := in.bare.SendBatch(r.Context(), batch).Close(); err != nil {
		return err
	}
	return reply(w, http.StatusAccepted, map[string]string{"id": summary, "job_id": job})
}

// bareJob is what a worker of the limit takes.
type bareJob struct{ Org, ID, Summary string }

// bareJobs is the limit of summaries: 64 workers take jobs in batches by skip locked,
// read the document, and write summary and job in one batch.
func (in *installation) bareJobs(b *testing.B, limit *target, jobs, orgs int) time.Duration {
	b.Helper()
	work := make(chan bareJob, jobs)
	var workers sync.WaitGroup
	for range 64 {
		workers.Go(func() {
			for j := range work {
				if err := in.runBare(b, j); err != nil {
					b.Error(err)
				}
			}
		})
	}
	begun := time.Now()
	workers.Go(func() {
		defer close(work)
		for got := 0; got < jobs && !b.Failed(); {
			rows, err := in.bare.Query(b.Context(), bareTake)
			if err != nil {
				b.Error(err)
				return
			}
			taken, err := pgx.CollectRows(rows, pgx.RowToStructByPos[bareJob])
			if err != nil {
				b.Error(err)
				return
			}
			for _, j := range taken {
				work <- j
			}
			got += len(taken)
		}
	})
	limit.sendAll(b, jobs, orgs, summarize)
	workers.Wait()
	return time.Since(begun)
}

func (in *installation) runBare(b *testing.B, j bareJob) error {
	var content string
	if err := in.bare.QueryRow(b.Context(), bareRead, j.Org, j.Summary).Scan(&content); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(bareFill, j.Org, j.Summary)
	batch.Queue(bareEnd, j.Org, j.ID)
	return in.bare.SendBatch(b.Context(), batch).Close()
}
