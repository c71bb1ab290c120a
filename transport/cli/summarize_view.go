package cli

import (
	"strconv"
	"time"

	"github.com/docsctl/docsctl/core"
)

// summaryView is the API's form of a summary: what is empty is null.
type summaryView struct {
	ID              core.SummaryID     `json:"id"`
	DocID           core.DocumentID    `json:"doc_id"`
	OrgID           core.OrgID         `json:"org_id"`
	CreatedBy       *core.UserID       `json:"created_by"`
	TemplateID      core.TemplateID    `json:"template_id"`
	TemplateVersion int                `json:"template_version"`
	Text            *string            `json:"summary_text"`
	Format          core.Format        `json:"format"`
	Length          core.Length        `json:"length"`
	Language        *string            `json:"language"`
	TokensUsed      int64              `json:"tokens_used"`
	ModelUsed       *string            `json:"model_used"`
	Status          core.SummaryStatus `json:"status"`
	JobID           *core.JobID        `json:"job_id"`
	DocVersion      int                `json:"doc_version"`
	Stale           bool               `json:"stale"`
	ErrorMessage    *string            `json:"error_message"`
	Usage           core.Usage         `json:"usage"`
	Coverage        core.Coverage      `json:"coverage"`
	Citations       []core.Citation    `json:"citations"`
	Warnings        []core.Warning     `json:"warnings"`
	CreatedAt       time.Time          `json:"created_at"`
	UpdatedAt       time.Time          `json:"updated_at"`
}

// viewSummary returns the view of sum; its lists are never null.
func viewSummary(sum *core.Summary) summaryView {
	v := summaryView{
		ID: sum.ID, DocID: sum.DocID, OrgID: sum.OrgID, CreatedBy: orNull(sum.CreatedBy),
		TemplateID: sum.TemplateID, TemplateVersion: sum.TemplateVersion,
		Text: orNull(sum.Text), Format: sum.Format, Length: sum.Length, Language: orNull(sum.Language),
		TokensUsed: sum.TokensUsed, ModelUsed: orNull(sum.ModelUsed), Status: sum.Status, JobID: orNull(sum.JobID),
		DocVersion: sum.DocVersion, Stale: sum.Stale, ErrorMessage: orNull(sum.ErrorMessage),
		Usage: sum.Usage, Coverage: sum.Coverage,
		Citations: append([]core.Citation{}, sum.Citations...),
		Warnings:  append([]core.Warning{}, sum.Warnings...),
		CreatedAt: sum.CreatedAt, UpdatedAt: sum.UpdatedAt,
	}
	v.Coverage.PagesWithoutText = append([]int{}, sum.Coverage.PagesWithoutText...)
	return v
}

func orNull[T ~string](s T) *T {
	if s == "" {
		return nil
	}
	return &s
}

// became says what became of an input without a summary.
func (r result) became() string {
	switch {
	case r.skipped:
		return "skipped"
	case r.err != nil:
		return "failed"
	default:
		return "left"
	}
}

// resultTable is the results for people, failures among them.
func resultTable(results []result) table {
	t := table{head: []string{"INPUT", "RESULT", "READ", "CALLS", "COST", "WARNINGS", "SUMMARY"}}
	for _, r := range results {
		name := displayName(r.input)
		if r.sum == nil {
			t.rows = append(t.rows, []string{name, r.became(), "-", "-", "-", "-", "-"})
			continue
		}
		made, calls := "made", r.sum.Usage.LLMCalls
		if r.reused {
			made, calls = "reused", 0
		}
		t.rows = append(t.rows, []string{
			name, made, percent(r.sum.Coverage), strconv.Itoa(calls), r.cost(),
			strconv.Itoa(len(r.sum.Warnings)), string(r.sum.ID),
		})
	}
	return t
}
