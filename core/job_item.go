package core

import (
	"context"
	"time"
)

// JobItemState is what has become of an item.
type JobItemState string

// The states of an item. An item is pending until it is worked on; the first
// group ends a bulk's items, with the second a sync accounts for what it listed.
const (
	JobItemPending   JobItemState = "pending"
	JobItemCompleted JobItemState = "completed"
	JobItemFailed    JobItemState = "failed"
	JobItemCanceled  JobItemState = "canceled"

	JobItemImported  JobItemState = "imported"
	JobItemUpdated   JobItemState = "updated"
	JobItemUnchanged JobItemState = "unchanged"
	JobItemDeleted   JobItemState = "deleted"
	JobItemSkipped   JobItemState = "skipped"
)

// JobItemStates returns every state.
func JobItemStates() []JobItemState {
	return []JobItemState{
		JobItemPending, JobItemCompleted, JobItemFailed, JobItemCanceled,
		JobItemImported, JobItemUpdated, JobItemUnchanged, JobItemDeleted, JobItemSkipped,
	}
}

// JobItem is one of the many things that a job is about: a document of a bulk, a
// page of a sync. A job has each Item once.
type JobItem struct {
	ID        JobItemID    `json:"id"`
	JobID     JobID        `json:"job_id"`
	Item      string       `json:"item"` // a document's id, a page's external id
	Title     string       `json:"title"`
	State     JobItemState `json:"state"`
	Code      Code         `json:"error_code,omitempty"`
	Reason    string       `json:"reason,omitempty"`    // one sentence: why it was skipped, or failed
	ResultID  string       `json:"result_id,omitempty"` // of a bulk: the child job; of a sync: the document
	CostUSD   float64      `json:"cost_usd,omitempty"`  // what it has cost, or may while it is pending
	CreatedAt time.Time    `json:"created_at"`
	UpdatedAt time.Time    `json:"updated_at"`
}

// JobItemReader reads the items of the tenant's jobs. A job that is not the
// tenant's has none.
type JobItemReader interface {
	// Get returns the item of a job, or CodeNotFound.
	Get(ctx context.Context, job JobID, item string) (*JobItem, error)
	// List returns a job's items by (CreatedAt, ID) descending; state "" is all.
	List(ctx context.Context, job JobID, state JobItemState, s Seek) ([]JobItem, error)
	// Count returns how many items of a job are in each state; those without any are left out.
	Count(ctx context.Context, job JobID) (map[JobItemState]int, error)
}

// JobItemRepo is JobItemReader inside a transaction.
type JobItemRepo interface {
	JobItemReader
	// Add stores those of the items, all of one job, that the job does not have yet,
	// and returns them in their order. It returns CodeNotFound when the tenant has no
	// such job.
	Add(ctx context.Context, items []JobItem) ([]JobItem, error)
	// Put stores items, in place of those that their jobs have already; these keep
	// their ID and CreatedAt. It returns CodeNotFound when the tenant has no such job.
	Put(ctx context.Context, items []JobItem) error
	// Move puts every item of a job that is in one state into another, with a code and
	// a reason, and returns how many there were.
	Move(ctx context.Context, job JobID, from JobItemState, to JobItem) (int, error)
}

// Items returns a page of a job's items, newest first; state "" is all. It
// returns CodeNotFound when there is no such job.
func (s *JobService) Items(ctx context.Context, a Actor, id JobID, state JobItemState, p PageRequest) (Page[JobItem], error) {
	var none Page[JobItem]
	if err := a.may(permRead, ""); err != nil {
		return none, err
	}
	if state != "" {
		var v validation
		if oneOf(&v, "state", state, JobItemStates()...); v.err() != nil {
			return none, v.err()
		}
	}
	seek, err := p.seek()
	if err != nil {
		return none, err
	}
	read := s.cfg.Store.Tenant(a.Tenant()).Read()
	rows, err := read.JobItems.List(ctx, id, state, seek)
	if err == nil && len(rows) == 0 { // nothing may be because the job is not there
		_, err = read.Jobs.Get(ctx, id)
	}
	return page(rows, seek, func(i JobItem) Key { return Key{At: i.CreatedAt, ID: string(i.ID)} }), err
}
