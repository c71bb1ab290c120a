package core

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// childEnded counts in a bulk job what has become of one of its children, in the
// transaction in which the child ends. The bulk's row is locked, so that of two that
// end at once the second sees the first, and the last ends the bulk. It returns
// ErrLeaseLost for work of a bulk that has ended meanwhile.
func (c Config) childEnded(ctx context.Context, tx Tx, child *Job) error {
	if child.ParentID == nil {
		return nil
	}
	parent, err := tx.Jobs.GetForUpdate(ctx, *child.ParentID)
	if err != nil || parent.Type != JobBulkSummarize {
		return err
	}
	if parent.Status.Ended() {
		if child.Status == JobCompleted {
			return ErrLeaseLost
		}
		return nil
	}
	in, result, err := bulkOf(parent)
	if err != nil {
		return err
	}
	item, err := itemOf(ctx, tx, parent, child)
	if err != nil || item.State != JobItemPending {
		return err
	}
	if err := c.settleItem(ctx, tx, child, item, &result); err != nil {
		return err
	}
	if child.ErrorCode == CodeBudgetExceeded && child.Status == JobFailed && in.Options.MaxCostUSD != nil {
		result.Stopped = true
	}
	if result.ended() == result.Documents && parent.WaitsFor == WaitChildren {
		return c.endBulk(ctx, tx, parent, result)
	}
	if err := result.put(ctx, tx, parent); err != nil {
		return err
	}
	tx.Tell(EventJobProgress, c.now(), parent)
	return nil
}

func itemOf(ctx context.Context, tx Tx, parent, child *Job) (*JobItem, error) {
	var in childInput
	if err := json.Unmarshal(child.Input, &in); err != nil {
		return nil, fmt.Errorf("read the item of job %s: %w", child.ID, err)
	}
	return tx.JobItems.Get(ctx, parent.ID, in.Item)
}

// settleItem stores how an item has ended, and what it has cost in place of what it
// might have.
func (c Config) settleItem(ctx context.Context, tx Tx, child *Job, item *JobItem, result *BulkResult) error {
	var used Usage
	sum, err := tx.Summaries.Get(ctx, SummaryID(child.RelatedID))
	if err == nil {
		used = sum.Usage
	} else if CodeOf(err) != CodeNotFound { // deleted with its document
		return err
	}
	result.ReservedUSD = max(0, result.ReservedUSD-item.CostUSD)
	item.Code, item.Reason, item.UpdatedAt, item.CostUSD = child.ErrorCode, child.ErrorMessage, c.now(), used.cost()
	switch child.Status {
	case JobCompleted:
		item.State, item.Code, item.Reason = JobItemCompleted, "", ""
		result.Completed++
		if used.CostUSD == nil {
			result.CostUSD = nil
		}
	case JobCanceled:
		item.State = JobItemCanceled
		result.Canceled++
	default:
		item.State = JobItemFailed
		result.Failed++
	}
	if result.CostUSD != nil {
		result.CostUSD = new(*result.CostUSD + used.cost())
	}
	if result.ended() == result.Documents { // nothing is worked on: no rounding is left over
		result.ReservedUSD = 0
	}
	return tx.JobItems.Put(ctx, []JobItem{*item})
}

// endBulk ends a locked bulk job whose children have ended. What was finished is
// kept; it has failed only when nothing was, or when its money was not enough.
func (c Config) endBulk(ctx context.Context, tx Tx, j *Job, result BulkResult) error {
	at := c.now()
	event := EventJobCompleted
	j.Status, j.FinishedAt, j.NextAttemptAt, j.WaitsFor = JobCompleted, &at, nil, ""
	j.ErrorCode, j.ErrorMessage = "", ""
	switch {
	case result.Stopped:
		event, j.Status, j.ErrorCode = EventJobFailed, JobFailed, CodeBudgetExceeded
		j.ErrorMessage = fmt.Sprintf("max_cost_usd allows no more than %d of %d documents; what is done is kept, raise it to have the others summarized",
			result.Completed, result.Documents)
	case result.Completed == 0 && result.Failed > 0:
		event, j.Status, j.ErrorCode, j.ErrorMessage = EventJobFailed, JobFailed, CodeLLM, "none of the documents could be summarized; see the reasons in the job's items"
		failed, err := tx.JobItems.List(ctx, j.ID, JobItemFailed, Seek{Limit: 1})
		if err != nil {
			return err
		}
		if len(failed) > 0 && failed[0].Code != "" {
			j.ErrorCode = failed[0].Code
		}
	case result.Failed+result.Canceled > 0:
		j.ErrorMessage = fmt.Sprintf("%d of %d documents were not summarized; see the reasons in the job's items", result.Failed+result.Canceled, result.Documents)
	}
	if err := result.put(ctx, tx, j); err != nil {
		return err
	}
	tx.Append(event, at, j)
	return nil
}

// orphaned reports whether a child is not to be begun, because its bulk has ended or
// has no money left.
func (c Config) orphaned(ctx context.Context, tx Tx, child *Job) (bool, error) {
	if child.ParentID == nil {
		return false, nil
	}
	parent, err := tx.Jobs.Get(ctx, *child.ParentID)
	if err != nil || parent.Type != JobBulkSummarize {
		return false, err
	}
	_, result, err := bulkOf(parent)
	return parent.Status.Ended() || result.Stopped, err
}

// cancelAtMost bounds how many children a request cancels at once. Those beyond are
// canceled when a worker comes to them.
const cancelAtMost = 1000

// cancelBulk cancels a locked bulk job's items; its children follow in transactions
// of their own, since who ends a child locks the child first.
func (c Config) cancelBulk(ctx context.Context, tx Tx, j *Job) error {
	_, result, err := bulkOf(j)
	if err != nil {
		return err
	}
	to := JobItem{State: JobItemCanceled, Reason: "the bulk job was canceled", UpdatedAt: c.now()}
	n, err := tx.JobItems.Move(ctx, j.ID, JobItemPending, to)
	if err != nil {
		return err
	}
	result.Canceled += n
	result.ReservedUSD = 0
	j.Result = mustJSON(result)
	j.Progress = Progress{Done: result.ended(), Total: result.Documents, Message: "canceled"}
	return nil
}

// cancelChildren cancels a canceled job's children that have not ended, those that
// are worked on first.
func (c Config) cancelChildren(ctx context.Context, t Tenant, parent JobID) error {
	read := c.Store.Tenant(t).Read()
	for _, status := range []JobStatus{JobInProgress, JobPending} {
		for range cancelAtMost / MaxPageLimit {
			jobs, err := read.Jobs.List(ctx, JobFilter{ParentID: parent, Status: status}, Seek{Limit: MaxPageLimit})
			if err != nil {
				return err
			}
			if len(jobs) == 0 {
				break
			}
			err = c.change(ctx, t, func(ctx context.Context, tx Tx) error {
				for _, j := range jobs {
					child, err := tx.Jobs.GetForUpdate(ctx, j.ID)
					if err != nil {
						return err
					}
					if err := c.cancelChild(ctx, tx, child, c.now()); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (c Config) cancelChild(ctx context.Context, tx Tx, j *Job, at time.Time) error {
	if j.Status.Ended() {
		return nil
	}
	j.setCanceled(at)
	if err := c.failSummary(ctx, tx, j); err != nil {
		return err
	}
	return c.storeCanceled(ctx, tx, j)
}
