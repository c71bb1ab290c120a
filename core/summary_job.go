package core

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// summarizeRequest is what the summarizer gets for a pending summary.
func summarizeRequest(sum *Summary, d *Document) SummarizeRequest {
	return SummarizeRequest{
		Document: d, Prompt: sum.Prompt, Format: sum.Format, Length: sum.Length, Language: sum.Language,
		Model: sum.ModelRequested, JSONSchema: sum.JSONSchema, Focus: sum.Focus,
		MaxCostUSD: sum.MaxCostUSD, SpentUSD: sum.Usage.cost(), AllowPartial: sum.AllowPartial, Refresh: sum.Refresh,
	}
}

// runSummarize fills the summary that a JobSummarize is about.
func (c Config) runSummarize(ctx context.Context, r *Run) error {
	sum, d, err := c.Store.Tenant(r.Tenant()).Read().Summaries.Source(ctx, SummaryID(r.Job().RelatedID))
	if err != nil {
		return err
	}
	if err := c.mayBegin(ctx, r); err != nil {
		return err
	}
	request := summarizeRequest(sum, d)
	shared, err := c.reserveShare(ctx, r, sum, &request)
	if err != nil {
		return err
	}
	told := newSummaryTeller(r, sum.ID)
	result, err := c.Summarizer.Summarize(ctx, r.Tenant(), request, SummaryObserver{
		Call:     c.callMeter(r),
		Progress: func(p Progress) { r.Progress(ctx, p) },
		Text:     func(offset int, text string) { told.write(ctx, offset, text) },
	})
	if err != nil {
		c.keepUsage(ctx, r, sum.ID, result)
		if shared {
			return c.largerShare(ctx, r, request, result, err)
		}
		return err
	}
	told.flush(ctx)
	result.locate(d.Pages)
	result.Usage = result.Usage.after(sum.Usage)
	answer := map[string]any{"summary_id": sum.ID, "doc_id": d.ID, "usage": result.Usage, "coverage": result.Coverage}
	return r.Complete(ctx, answer, func(ctx context.Context, tx Tx) error {
		done := *sum // nobody else changes a pending summary; one that was deleted meanwhile is not found
		done.fill(d, result)
		done.UpdatedAt = c.now()
		if err := tx.Summaries.Update(ctx, &done); err != nil {
			return err
		}
		tx.Append(EventSummaryCompleted, done.UpdatedAt, &done)
		return nil
	})
}

// usageTime is how long it may take to note what a failed attempt has cost.
const usageTime = 5 * time.Second

// keepUsage notes in the summary what an attempt used that made none of it: it is
// paid for, and counts towards the cap of the next one.
func (c Config) keepUsage(ctx context.Context, r *Run, id SummaryID, result *SummaryResult) {
	if result == nil || result.Usage.LLMCalls == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), usageTime)
	defer cancel()
	err := r.Do(ctx, func(ctx context.Context, tx Tx) error {
		sum, err := tx.Summaries.Get(ctx, id)
		if err != nil {
			return err
		}
		sum.Usage = result.Usage.after(sum.Usage)
		sum.TokensUsed = sum.Usage.InputTokens + sum.Usage.OutputTokens
		return tx.Summaries.Update(ctx, sum)
	})
	if err != nil && !errors.Is(err, ErrLeaseLost) && CodeOf(err) != CodeNotFound {
		c.Logger.WarnContext(ctx, "what an attempt used was not noted", slog.String("summary_id", string(id)), slog.Any("error", err))
	}
}

// fill makes a pending summary complete. DocVersion is the version that was read,
// which may be newer than the one that was asked about.
func (sum *Summary) fill(d *Document, r *SummaryResult) {
	sum.Status, sum.ErrorMessage = SummaryComplete, ""
	sum.DocVersion = d.Version
	sum.Text, sum.Language, sum.ModelUsed = r.Text, r.Language, r.Model
	sum.Citations, sum.Warnings, sum.Coverage, sum.Usage = r.Citations, r.Warnings, r.Coverage, r.Usage
	sum.TokensUsed = r.Usage.InputTokens + r.Usage.OutputTokens
}

// failSummary tells in the summary that its job's run has ended without one.
func (c Config) failSummary(ctx context.Context, tx Tx, j *Job) error {
	sum, err := tx.Summaries.Get(ctx, SummaryID(j.RelatedID))
	if CodeOf(err) == CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	sum.Status, sum.ErrorMessage, sum.UpdatedAt = SummaryFailed, j.ErrorMessage, c.now()
	if j.Status == JobCanceled {
		sum.ErrorMessage = "the job was canceled; retry it to have the summary made"
	}
	if err := tx.Summaries.Update(ctx, sum); err != nil {
		return err
	}
	tx.Append(EventSummaryFailed, sum.UpdatedAt, sum)
	return nil
}

// restartSummary makes a failed summary pending again for its job's next run.
func (c Config) restartSummary(ctx context.Context, tx Tx, j *Job) error {
	sum, err := tx.Summaries.Get(ctx, SummaryID(j.RelatedID))
	if CodeOf(err) == CodeNotFound {
		return Conflict("its summary was deleted; ask for a new one")
	}
	if err != nil {
		return err
	}
	sum.Status, sum.ErrorMessage, sum.UpdatedAt = SummaryPending, "", c.now()
	sum.Usage, sum.TokensUsed = Usage{}, 0 // a run has a cap of its own
	return tx.Summaries.Update(ctx, sum)
}
