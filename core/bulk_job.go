package core

import (
	"context"
)

// bulkBatch bounds one transaction of a bulk job: others' writes and feeds wait for it.
const bulkBatch = 100

// bulkRun is one attempt at a bulk job. Its job's row is locked in each of its
// transactions, so that children that end meanwhile count themselves before or after.
type bulkRun struct {
	Config
	*Run
	in      bulkInput
	actor   Actor
	again   bool // the job was worked on before
	service *SummaryService
}

// runBulk makes an item and a child for each document, and has an earlier run's
// failed ones begin anew. Then the job waits for its children, without a worker.
func (c Config) runBulk(ctx context.Context, r *Run) error {
	j := r.Job()
	in, _, err := bulkOf(&j)
	if err != nil {
		return err
	}
	b := &bulkRun{Config: c, Run: r, in: in, actor: NewActor(r.Tenant(), j.UserID, RoleMember), service: &SummaryService{cfg: c}}
	if err := b.begin(ctx); err != nil {
		return err
	}
	var ids []DocumentID
	err = c.selected(ctx, r.Tenant(), DocumentSelection{IDs: in.IDs, Query: in.Query}, func(id DocumentID) error {
		if ids = append(ids, id); len(ids) < bulkBatch {
			return nil
		}
		err := b.add(ctx, ids)
		ids = ids[:0]
		return err
	})
	if err == nil && len(ids) > 0 {
		err = b.add(ctx, ids)
	}
	if err == nil && b.again {
		err = b.reopen(ctx)
	}
	if err != nil {
		return err
	}
	return b.suspend(ctx)
}

// locked runs fn in a transaction in which the bulk job is locked, and stores the
// result as fn leaves it.
func (b *bulkRun) locked(ctx context.Context, fn func(ctx context.Context, tx Tx, j *Job, result *BulkResult) error) error {
	return b.Do(ctx, func(ctx context.Context, tx Tx) error {
		j, err := tx.Jobs.GetForUpdate(ctx, b.lease.JobID)
		if err != nil {
			return err
		}
		_, result, err := bulkOf(j)
		if err != nil {
			return err
		}
		if err := fn(ctx, tx, j, &result); err != nil {
			return err
		}
		if j.Status.Ended() {
			return nil
		}
		return result.put(ctx, tx, j)
	})
}

// begin counts what is there already. On a new run what was not completed is to be
// done again, with as much money as the first run had.
func (b *bulkRun) begin(ctx context.Context) error {
	return b.locked(ctx, func(ctx context.Context, tx Tx, j *Job, result *BulkResult) error {
		if len(j.Result) > 0 { // an earlier attempt of this run
			b.again = true
			return nil
		}
		for _, state := range []JobItemState{JobItemFailed, JobItemCanceled} {
			if _, err := tx.JobItems.Move(ctx, j.ID, state, JobItem{State: JobItemPending, UpdatedAt: b.now()}); err != nil {
				return err
			}
		}
		counts, err := tx.JobItems.Count(ctx, j.ID)
		if err != nil {
			return err
		}
		*result = BulkResult{Completed: counts[JobItemCompleted], CostUSD: new(float64)}
		result.Documents = result.Completed + counts[JobItemPending]
		b.again = result.Documents > 0
		return nil
	})
}

// add makes items and children for those of the documents that have none yet.
func (b *bulkRun) add(ctx context.Context, ids []DocumentID) error {
	rows, err := b.Store.Tenant(b.Tenant()).Read().Documents.ListByID(ctx, ids)
	if err != nil {
		return err
	}
	docs := make(map[DocumentID]*Document, len(rows))
	for i := range rows {
		docs[rows[i].ID] = &rows[i]
	}
	return b.locked(ctx, func(ctx context.Context, tx Tx, j *Job, result *BulkResult) error {
		t, err := b.service.template(ctx, tx.Templates, b.in.Options.TemplateID)
		if err != nil {
			return err
		}
		added, err := tx.JobItems.Add(ctx, b.items(j, ids, docs))
		if err != nil {
			return err
		}
		for _, item := range added {
			if result.Documents++; item.State == JobItemFailed {
				result.Failed++
				continue
			}
			if err := b.child(ctx, tx, j, item, docs[DocumentID(item.Item)], t); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *bulkRun) items(j *Job, ids []DocumentID, docs map[DocumentID]*Document) []JobItem {
	items := make([]JobItem, 0, len(ids))
	for _, id := range ids {
		at := b.now()
		item := JobItem{ID: NewID[JobItemID](), JobID: j.ID, Item: string(id), State: JobItemPending, CreatedAt: at, UpdatedAt: at}
		if d := docs[id]; d != nil {
			item.Title, item.ResultID = d.Title, string(NewID[JobID]())
		} else {
			missing := NotFound("document")
			item.State, item.Code, item.Reason = JobItemFailed, missing.Code, missing.Message
		}
		items = append(items, item)
	}
	return items
}

// child makes the pending summary of an item's document, and the job that fills it.
func (b *bulkRun) child(ctx context.Context, tx Tx, parent *Job, item JobItem, d *Document, t *Template) error {
	options := b.in.Options
	options.MaxCostUSD = nil // it gets a share of the parent's when it begins
	sum := b.service.newSummary(b.actor, d, t, options)
	job := newJob(b.actor, JobSummarize, string(sum.ID), "summary", sum.CreatedAt)
	job.ID, job.ParentID, job.Queue, job.Input = JobID(item.ResultID), &parent.ID, QueueLLMBulk, mustJSON(childInput{Item: item.Item})
	sum.JobID = job.ID
	if err := tx.Summaries.Create(ctx, sum); err != nil {
		return err
	}
	tx.Enqueue(job)
	tx.Append(EventJobQueued, job.QueuedAt, &job)
	return nil
}

// reopen has the ended children of pending items begin their next run.
func (b *bulkRun) reopen(ctx context.Context) error {
	read := b.Store.Tenant(b.Tenant()).Read()
	seek := Seek{Limit: bulkBatch}
	for {
		items, err := read.JobItems.List(ctx, b.lease.JobID, JobItemPending, seek)
		if err != nil || len(items) == 0 {
			return err
		}
		err = b.locked(ctx, func(ctx context.Context, tx Tx, _ *Job, result *BulkResult) error {
			for _, item := range items {
				if err := b.reopenOne(ctx, tx, item, result); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		last := items[len(items)-1]
		seek.After = &Key{At: last.CreatedAt, ID: string(last.ID)}
	}
}

func (b *bulkRun) reopenOne(ctx context.Context, tx Tx, item JobItem, result *BulkResult) error {
	child, err := tx.Jobs.GetForUpdate(ctx, JobID(item.ResultID))
	if err == nil && !child.Status.Ended() {
		return nil
	}
	if err == nil {
		err = b.restartSummary(ctx, tx, child)
	}
	if e := AsError(err); e != nil && (e.Code == CodeNotFound || e.Code == CodeConflict) { // its document or summary is gone
		result.Failed++
		item.State, item.Code, item.Reason, item.UpdatedAt = JobItemFailed, e.Code, e.Message, b.now()
		return tx.JobItems.Put(ctx, []JobItem{item})
	}
	if err != nil {
		return err
	}
	at := b.now()
	child.restart(at)
	return requeue(ctx, tx, child, at)
}

// suspend has the job wait for its children, or end when they have ended.
func (b *bulkRun) suspend(ctx context.Context) error {
	var job Job
	err := b.locked(ctx, func(ctx context.Context, tx Tx, j *Job, result *BulkResult) error {
		if result.ended() == result.Documents {
			err := b.endBulk(ctx, tx, j, *result)
			job = *j
			return err
		}
		j.WaitsFor = WaitChildren
		job = *j
		return nil
	})
	if err == nil {
		b.settle(job)
	}
	return err
}
