package core

import (
	"context"
	"time"
)

// reserveMargin is what a share is larger than the estimate: answers vary in length,
// and one that has to be asked for twice costs twice.
const reserveMargin = 1.5

// budgetWait is how long a child waits for money that its sisters may give back.
const budgetWait = 2 * time.Second

// errNoShare is what a child fails with for which its bulk has no money left.
func errNoShare() error {
	return &Error{Code: CodeBudgetExceeded, Message: "the bulk job's max_cost_usd leaves too little for this document; raise it and retry, what is done is kept"}
}

// reserveShare gives a bulk's child a share of its parent's money: what the document is
// estimated to cost, and a margin. It leaves in r what the child may spend. All shares
// together never pass the parent's cap, so what is spent does not either. When too
// much is reserved by others the child is to wait, and when too little is left it
// fails, and with it the bulk stops. It reports whether there is a cap to share.
func (c Config) reserveShare(ctx context.Context, run *Run, sum *Summary, r *SummarizeRequest) (shared bool, err error) {
	child := run.Job()
	limit, err := c.bulkLimit(ctx, run, &child)
	if err != nil || limit == nil {
		return false, err
	}
	e, err := c.Summarizer.Estimate(ctx, run.Tenant(), *r)
	if err != nil || e.CostUSD == nil { // without a price nothing can be kept
		return false, err
	}
	spent := sum.Usage.cost()
	needs := spent + *e.CostUSD
	return true, run.Do(ctx, func(ctx context.Context, tx Tx) error {
		parent, err := tx.Jobs.GetForUpdate(ctx, *child.ParentID)
		if err != nil {
			return err
		}
		_, result, err := bulkOf(parent)
		if err != nil {
			return err
		}
		item, err := itemOf(ctx, tx, parent, &child)
		if err != nil {
			return err
		}
		others := max(0, result.ReservedUSD-item.CostUSD)
		left := *limit - others
		if result.CostUSD != nil {
			left -= *result.CostUSD
		}
		if parent.Status.Ended() || result.Stopped {
			return errNoShare()
		}
		if needs > left {
			if others > 0 {
				return &Error{Code: CodeBudgetExceeded, Message: "the money left is reserved for other documents; it goes on when they are done", RetryAfter: budgetWait}
			}
			return errNoShare()
		}
		item.CostUSD = min(left, needs*reserveMargin)
		result.ReservedUSD = others + item.CostUSD
		r.MaxCostUSD = new(item.CostUSD)
		if err := tx.JobItems.Put(ctx, []JobItem{*item}); err != nil {
			return err
		}
		return result.put(ctx, tx, parent)
	})
}

// largerShare has a bulk's child ask for another share when its first was too small.
// It goes on where it was: what it has spent counts, and what it has is not paid again.
// One that made no call would get the same share again, unless calls of others have
// shown meanwhile that the model counts more.
func (c Config) largerShare(ctx context.Context, run *Run, r SummarizeRequest, used *SummaryResult, err error) error {
	if CodeOf(err) != CodeBudgetExceeded || used == nil {
		return err
	}
	if used.Usage.LLMCalls == 0 {
		e, failed := c.Summarizer.Estimate(ctx, run.Tenant(), r)
		if failed != nil || e.CostUSD == nil || r.SpentUSD+*e.CostUSD <= *r.MaxCostUSD {
			return err
		}
	}
	return &Error{Code: CodeBudgetExceeded, Message: "the document needs more money than was estimated; it goes on with what the bulk job has left", RetryAfter: time.Millisecond, Err: err}
}

// bulkLimit returns the cap of a child's bulk, nil for none.
func (c Config) bulkLimit(ctx context.Context, run *Run, child *Job) (*float64, error) {
	if child.ParentID == nil {
		return nil, nil
	}
	parent, err := c.Store.Tenant(run.Tenant()).Read().Jobs.Get(ctx, *child.ParentID)
	if err != nil || parent.Type != JobBulkSummarize {
		return nil, err
	}
	in, _, err := bulkOf(parent)
	return in.Options.MaxCostUSD, err
}
