package core

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Resummarize is what happens to a document's summaries when its content changes.
// That they are stale is told by each of them in any case.
type Resummarize string

// The choices of an organization.
const (
	ResummarizeOff  Resummarize = "off"  // nothing
	ResummarizeFlag Resummarize = "flag" // the feed tells it: summary.stale
	ResummarizeAuto Resummarize = "auto" // and they are made again, when the edits pause
)

// Resummarizes returns every choice.
func Resummarizes() []Resummarize {
	return []Resummarize{ResummarizeOff, ResummarizeFlag, ResummarizeAuto}
}

const (
	// resummarizeAtMost bounds how many of a document's summaries are made again: one
	// of each kind that somebody asked for, the latest first.
	resummarizeAtMost = 5
	// longestPause is how many pauses an endless row of edits can put a summary off.
	longestPause = 10
)

// automatic is the Input of a job that an edit has made.
type automatic struct {
	Automatic bool `json:"automatic"`
}

// isAutomatic reports whether nobody asked for j.
func (j *Job) isAutomatic() bool {
	var in automatic
	return len(j.Input) > 0 && json.Unmarshal(j.Input, &in) == nil && in.Automatic
}

// outdated does what the organization wants done when d, as it is now stored, has
// got new content. It belongs into the transaction of the edit.
func (c Config) outdated(ctx context.Context, tx Tx, d *Document) error {
	org, err := tx.Organizations.Get(ctx)
	if err != nil {
		return err
	}
	if org.Resummarize != ResummarizeFlag && org.Resummarize != ResummarizeAuto {
		return nil
	}
	recent, err := tx.Summaries.List(ctx, SummaryFilter{DocID: d.ID}, Seek{Limit: MaxPageLimit})
	if err != nil {
		return err
	}
	var latest []*Summary // of each kind, the complete ones
	waiting := map[summaryKind]bool{}
	for i := range recent {
		sum := &recent[i]
		switch {
		case sum.Status == SummaryPending:
			waits, err := c.putOff(ctx, tx, sum)
			if err != nil {
				return err
			}
			waiting[sum.kind()] = waiting[sum.kind()] || waits
		case sum.Status == SummaryComplete && !hasKind(latest, sum.kind()) && len(latest) < resummarizeAtMost:
			latest = append(latest, sum)
		}
	}
	for _, sum := range latest {
		if sum.DocVersion == d.Version-1 { // it was up to date until now
			sum.Stale = true
			tx.Append(EventSummaryStale, d.UpdatedAt, sum)
		}
		if org.Resummarize == ResummarizeAuto && !waiting[sum.kind()] {
			if err := c.again(ctx, tx, sum, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// summaryKind is what two summaries of a document have in common that answer the
// same wish.
type summaryKind struct {
	template TemplateID
	format   Format
	length   Length
	language string
	model    string
}

func (sum *Summary) kind() summaryKind {
	return summaryKind{sum.TemplateID, sum.Format, sum.Length, sum.Language, sum.ModelRequested}
}

func hasKind(all []*Summary, k summaryKind) bool {
	for _, sum := range all {
		if sum.kind() == k {
			return true
		}
	}
	return false
}

// putOff has a pending summary that an edit has made wait until the edits pause, and
// reports whether it will read the document as it is now. A job that has begun may
// have read it before.
func (c Config) putOff(ctx context.Context, tx Tx, sum *Summary) (waits bool, err error) {
	j, err := tx.Jobs.GetForUpdate(ctx, sum.JobID)
	if err != nil || j.Status != JobPending {
		return false, err
	}
	if !j.isAutomatic() || j.Attempt > 0 || j.NextAttemptAt == nil {
		return true, nil
	}
	latest := j.QueuedAt.Add(longestPause * c.ResummarizeAfter)
	next := c.now().Add(c.ResummarizeAfter)
	if next.After(latest) {
		next = latest
	}
	if !next.After(*j.NextAttemptAt) {
		return true, nil
	}
	j.NextAttemptAt = &next
	if err := tx.Jobs.Update(ctx, j); err != nil {
		return false, err
	}
	tx.Dispatch(Dispatch{JobID: j.ID, Queue: j.FirstQueue(), RunAt: next})
	return true, nil
}

// again makes a pending summary like old, and the job that fills it when the edits
// have paused. Nobody waits for it, so it queues behind those who wait.
func (c Config) again(ctx context.Context, tx Tx, old *Summary, d *Document) error {
	at := c.now()
	due := at.Add(c.ResummarizeAfter)
	sum := &Summary{
		ID: NewID[SummaryID](), DocID: d.ID, OrgID: d.OrgID, CreatedBy: old.CreatedBy,
		TemplateID: old.TemplateID, TemplateVersion: old.TemplateVersion, Prompt: old.Prompt, JSONSchema: old.JSONSchema, Focus: old.Focus,
		Format: old.Format, Length: old.Length, Language: old.Language, ModelRequested: old.ModelRequested,
		MaxCostUSD: old.MaxCostUSD, AllowPartial: old.AllowPartial,
		Status: SummaryPending, DocVersion: d.Version, CreatedAt: at, UpdatedAt: at,
	}
	job := newJobFor(d.OrgID, old.CreatedBy, JobSummarize, string(sum.ID), "summary", at)
	job.Queue, job.NextAttemptAt, job.Input = QueueLLMBulk, &due, mustJSON(automatic{true})
	sum.JobID = job.ID
	if err := tx.Summaries.Create(ctx, sum); err != nil {
		return err
	}
	tx.Enqueue(job)
	tx.Append(EventJobQueued, at, &job)
	return nil
}

// mayBegin returns CodeBudgetExceeded for an automatic job of an organization whose
// calls of this month have cost what it set for that.
func (c Config) mayBegin(ctx context.Context, r *Run) error {
	job := r.Job()
	if !job.isAutomatic() {
		return nil
	}
	read := c.Store.Tenant(r.Tenant()).Read()
	org, err := read.Organizations.Get(ctx)
	if err != nil || org.ResummarizeMaxUSD == nil {
		return err
	}
	month, err := read.Usage.Month(ctx, c.now())
	if err != nil {
		return err
	}
	spent := 0.0
	for _, u := range month {
		spent += u.CostUSD
	}
	if spent < *org.ResummarizeMaxUSD {
		return nil
	}
	return &Error{Code: CodeBudgetExceeded, Message: fmt.Sprintf(
		"automatic summaries pause until %s: this month's calls have cost resummarize_max_usd; raise it and retry", nextMonth(c.now()).Format(time.DateOnly))}
}
