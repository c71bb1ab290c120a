//go:build unix

package scale

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

// bareJobs does the same with nothing but the statements: a job and a summary are
// written in one batch; 64 workers take jobs in batches by skip locked, read the
// document, and write summary, job and two events in one batch.
func (in *installation) bareJobs(b *testing.B, jobs, orgs int) time.Duration {
	b.Helper()
	ctx := b.Context()
	for _, sql := range []string{
		`drop table if exists bare_jobs, bare_summaries, bare_events`,
		`create table bare_jobs (org_id uuid, id uuid, doc_id uuid, status text, result text, primary key (org_id, id))`,
		`create table bare_summaries (org_id uuid, job_id uuid, text text, primary key (org_id, job_id))`,
		`create table bare_events (n bigint generated always as identity primary key, org_id uuid, data text)`,
	} {
		in.exec(b, sql)
	}
	type taken struct{ Org, ID, Doc string }
	work := make(chan taken, jobs)
	var workers sync.WaitGroup
	begun := time.Now()
	for range 64 {
		workers.Go(func() {
			for j := range work {
				var content string
				err := in.bare.QueryRow(ctx, `select content from documents where org_id = $1 and id = $2`, j.Org, j.Doc).Scan(&content)
				batch := &pgx.Batch{}
				batch.Queue(`update bare_summaries set text = 'a summary' where org_id = $1 and job_id = $2`, j.Org, j.ID)
				batch.Queue(`update bare_jobs set status = 'completed', result = '{}' where org_id = $1 and id = $2`, j.Org, j.ID)
				batch.Queue(`insert into bare_events (org_id, data) values ($1, '{}'), ($1, '{}')`, j.Org)
				if err == nil {
					err = in.bare.SendBatch(ctx, batch).Close()
				}
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	var claimer sync.WaitGroup
	claimer.Go(func() {
		defer close(work)
		for got := 0; got < jobs && !b.Failed(); {
			rows, err := in.bare.Query(ctx, `update bare_jobs set status = 'in_progress' where (org_id, id) in
				(select org_id, id from bare_jobs where status = 'pending' limit 64 for update skip locked) returning org_id::text, id::text, doc_id::text`)
			if err != nil {
				b.Error(err)
				return
			}
			found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[taken])
			if err != nil {
				b.Error(err)
				return
			}
			for _, j := range found {
				work <- j
			}
			got += len(found)
		}
	})
	in.spread(b, jobs, func(n int) error {
		org, id := numbered[string]("org", 1+n%orgs), core.NewID[string]()
		batch := &pgx.Batch{}
		batch.Queue(`insert into bare_jobs values ($1, $2, $3, 'pending')`, org, id, numbered[string]("doc", (1+n%orgs)*perOrg+1+n%perOrg))
		batch.Queue(`insert into bare_summaries values ($1, $2)`, org, id)
		batch.Queue(`insert into bare_events (org_id, data) values ($1, '{}')`, org)
		return in.bare.SendBatch(ctx, batch).Close()
	})
	claimer.Wait()
	workers.Wait()
	return time.Since(begun)
}
