package httpapi

import (
	"context"
	"net/http"

	"github.com/docsctl/docsctl/core"
)

// bulk is what POST /v1/summaries/bulk takes.
type bulk struct {
	DocumentIDs  []filterID       `json:"document_ids,omitzero" maxItems:"10000" doc:"This or filter."`
	Filter       *selectionFilter `json:"filter,omitzero" nullable:"false" doc:"An empty one finds all documents."`
	TemplateID   core.TemplateID  `json:"template_id,omitzero" doc:"Default: the organization's default template."`
	Format       core.Format      `json:"format,omitzero" enum:"markdown,plain,bullets,json" doc:"Default: the template's."`
	Length       core.Length      `json:"length,omitzero" enum:"short,medium,long" doc:"Default: medium."`
	Model        string           `json:"model,omitzero" maxLength:"200" doc:"Default: the configured one."`
	Language     string           `json:"language,omitzero" maxLength:"50" doc:"A BCP 47 tag. Default: each document's." example:"de"`
	MaxCostUSD   *float64         `json:"max_cost_usd,omitzero" minimum:"0" doc:"Of all documents together; what is begun stays under it."`
	AllowPartial bool             `json:"allow_partial,omitzero" doc:"Take summaries of what could be read, where not all could."`
	Refresh      bool             `json:"refresh,omitzero" doc:"Pay for every model call again."`
}

func (b bulk) options() core.SummaryOptions {
	return core.SummaryOptions{
		TemplateID: b.TemplateID, Format: b.Format, Length: b.Length, Model: b.Model, Language: b.Language,
		MaxCostUSD: b.MaxCostUSD, AllowPartial: b.AllowPartial, Refresh: b.Refresh,
	}
}

type requestBulkInput struct{ Body bulk }

type jobEnqueued struct {
	Job job `json:"job"`
}

type jobEnqueuedOutput struct {
	Location string `header:"Location"`
	Body     jobEnqueued
}

func (s *api) registerBulk() {
	register(s, operation{
		id: "requestSummaries", once: true, method: http.MethodPost, path: "/v1/summaries/bulk", tag: "summaries", summary: "Have many documents summarized",
		description: "Answers with the job at once. It makes a job for each document, whose parent_id it is; what has become of each is told by GET /v1/jobs/{id}/items. max_cost_usd is of all together: the job ends with BUDGET_EXCEEDED before it would cost more, and what is done is kept.",
		status:      http.StatusAccepted, errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, a core.Actor, in *requestBulkInput) (*jobEnqueuedOutput, error) {
		j, err := s.app.Summaries.Bulk(ctx, a, core.BulkRequest{Documents: documentSelection(in.Body.DocumentIDs, in.Body.Filter), Options: in.Body.options()})
		if err != nil {
			return nil, err
		}
		return &jobEnqueuedOutput{Location: "/v1/jobs/" + string(j.ID), Body: jobEnqueued{Job: viewJob(j)}}, nil
	})
}
