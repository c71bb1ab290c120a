package core

import (
	"context"
	"encoding/json"
	"fmt"
)

// BulkRequest asks for a summary of each of many documents.
type BulkRequest struct {
	Documents DocumentSelection
	Options   SummaryOptions // MaxCostUSD is of all together
}

// BulkResult is the result of a bulk job, while it is worked on too. Documents is
// the sum of the others but for those that are still pending.
type BulkResult struct {
	Documents   int      `json:"documents"`
	Completed   int      `json:"completed"`
	Failed      int      `json:"failed"`
	Canceled    int      `json:"canceled"`
	CostUSD     *float64 `json:"cost_usd"`               // of this run; nil for a model without a price
	ReservedUSD float64  `json:"reserved_usd,omitempty"` // for the documents that are worked on
	Stopped     bool     `json:"stopped,omitempty"`      // nothing more is begun: the money is spent
}

func (b *BulkResult) ended() int { return b.Completed + b.Failed + b.Canceled }

// bulkInput is the Input of a bulk job.
type bulkInput struct {
	IDs     []DocumentID   `json:"ids,omitempty"`
	Query   *DocumentQuery `json:"query,omitempty"`
	Options SummaryOptions `json:"options"` // its template is chosen
}

// childInput is the Input of a bulk's child.
type childInput struct {
	Item string `json:"item"` // of the parent
}

// Bulk makes the job that has each of the selected documents summarized: a child
// job and an item for each. The documents are looked for by the job; one that is
// not the tenant's then is an item that failed. It returns CodeNotFound for a
// template that is not the tenant's.
func (s *SummaryService) Bulk(ctx context.Context, a Actor, r BulkRequest) (*Job, error) {
	if err := a.may(permCreate, ""); err != nil {
		return nil, err
	}
	if err := r.Documents.Validate(); err != nil {
		return nil, err
	}
	if err := r.Options.Validate(); err != nil {
		return nil, err
	}
	var job Job
	err := s.cfg.once(ctx, a, &job, func(ctx context.Context, tx Tx) error {
		t, err := s.template(ctx, tx.Templates, r.Options.TemplateID)
		if err != nil {
			return err
		}
		d := &Document{OrgID: a.Tenant().OrgID()}
		if err := s.cfg.Summarizer.Check(ctx, a.Tenant(), summarizeRequest(s.newSummary(a, d, t, r.Options), d)); err != nil {
			return err
		}
		in := bulkInput{IDs: r.Documents.IDs, Query: r.Documents.Query, Options: r.Options}
		in.Options.TemplateID = t.ID
		job = newJob(a, JobBulkSummarize, string(t.ID), "template", s.cfg.now())
		job.Input = mustJSON(in)
		tx.Enqueue(job)
		tx.Append(EventJobQueued, job.QueuedAt, &job)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &job, nil
}

// bulkOf reads what a bulk job was asked for, and how far it is.
func bulkOf(j *Job) (in bulkInput, result BulkResult, err error) {
	if err = json.Unmarshal(j.Input, &in); err == nil && len(j.Result) > 0 {
		err = json.Unmarshal(j.Result, &result)
	}
	if err != nil {
		err = fmt.Errorf("read the state of bulk job %s: %w", j.ID, err)
	}
	return in, result, err
}

// put stores in a locked bulk job how far it is.
func (b *BulkResult) put(ctx context.Context, tx Tx, j *Job) error {
	j.Result = mustJSON(b)
	j.Progress = Progress{Done: b.ended(), Total: b.Documents, Message: fmt.Sprintf("%d of %d documents done", b.ended(), b.Documents)}
	if b.Failed > 0 {
		j.Progress.Message += fmt.Sprintf(", %d failed", b.Failed)
	}
	return tx.Jobs.Update(ctx, j)
}
