package httpapi

import (
	"context"
	"net/http"

	"github.com/docsctl/docsctl/core"
)

type estimate struct {
	Documents    int      `json:"documents"`
	InputTokens  int64    `json:"input_tokens"`
	OutputTokens int64    `json:"output_tokens"`
	LLMCalls     int      `json:"llm_calls" doc:"That would be made."`
	CachedCalls  int      `json:"cached_calls" doc:"That were paid for before."`
	CostUSD      *float64 `json:"cost_usd" doc:"null for a model without a price."`
}

type estimateOutput struct{ Body estimate }

func estimated(e core.Estimate, err error) (*estimateOutput, error) {
	if err != nil {
		return nil, err
	}
	return &estimateOutput{Body: estimate{
		Documents: e.Documents, InputTokens: e.InputTokens, OutputTokens: e.OutputTokens,
		LLMCalls: e.LLMCalls, CachedCalls: e.CachedCalls, CostUSD: e.CostUSD,
	}}, nil
}

// selectionFilter finds documents as GET /v1/documents does.
type selectionFilter struct {
	Text          string   `json:"q,omitzero" maxLength:"500" doc:"Words that title and content have."`
	SourceType    string   `json:"source_type,omitzero" enum:"upload,notion,guru,confluence"`
	Status        string   `json:"status,omitzero" enum:"active,updating,error"`
	IntegrationID filterID `json:"integration_id,omitzero"`
}

// documentSelection reads which documents are meant: by id, or by what a filter finds.
func documentSelection(ids []filterID, f *selectionFilter) core.DocumentSelection {
	var out core.DocumentSelection
	for _, id := range ids {
		out.IDs = append(out.IDs, core.DocumentID(id))
	}
	if f != nil {
		out.Query = &core.DocumentQuery{Text: f.Text, Filter: core.DocumentFilter{
			SourceType: core.SourceType(f.SourceType), Status: core.DocumentStatus(f.Status), IntegrationID: core.IntegrationID(f.IntegrationID),
		}}
	}
	return out
}

type estimateBulk struct {
	DocumentIDs  []filterID       `json:"document_ids,omitzero" maxItems:"10000" doc:"This or filter."`
	Filter       *selectionFilter `json:"filter,omitzero" nullable:"false" doc:"An empty one finds all documents."`
	TemplateID   core.TemplateID  `json:"template_id,omitzero" doc:"Default: the organization's default template."`
	Format       core.Format      `json:"format,omitzero" enum:"markdown,plain,bullets,json" doc:"Default: the template's."`
	Length       core.Length      `json:"length,omitzero" enum:"short,medium,long" doc:"Default: medium."`
	Model        string           `json:"model,omitzero" maxLength:"200" doc:"Default: the configured one."`
	Language     string           `json:"language,omitzero" maxLength:"50" doc:"A BCP 47 tag. Default: each document's." example:"de"`
	MaxCostUSD   *float64         `json:"max_cost_usd,omitzero" minimum:"0" doc:"Is checked, and changes nothing of the estimate."`
	AllowPartial bool             `json:"allow_partial,omitzero"`
	Refresh      bool             `json:"refresh,omitzero" doc:"Pay for every model call again."`
}

func (b estimateBulk) options() core.SummaryOptions {
	return core.SummaryOptions{
		TemplateID: b.TemplateID, Format: b.Format, Length: b.Length, Model: b.Model, Language: b.Language,
		MaxCostUSD: b.MaxCostUSD, AllowPartial: b.AllowPartial, Refresh: b.Refresh,
	}
}

type estimateBulkInput struct{ Body estimateBulk }

func (s *api) registerEstimates() {
	register(s, operation{
		id: "estimateSummary", method: http.MethodPost, path: "/v1/documents/{id}/summaries/estimate", tag: "summaries",
		summary: "Tell what a summary would use", description: "Takes the body of the request for a summary, and calls no model.",
	}, func(ctx context.Context, a core.Actor, in *requestSummaryInput) (*estimateOutput, error) {
		if in.Body == nil {
			in.Body = &newSummary{}
		}
		return estimated(s.app.Summaries.Estimate(ctx, a, core.SummaryRequest{
			DocumentID: core.DocumentID(in.ID), Options: core.SummaryOptions(*in.Body),
		}))
	})
	register(s, operation{
		id: "estimateSummaries", method: http.MethodPost, path: "/v1/summaries/estimate", tag: "summaries",
		summary: "Tell what summaries of many documents would use", description: "Calls no model.", errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, a core.Actor, in *estimateBulkInput) (*estimateOutput, error) {
		return estimated(s.app.Summaries.EstimateBulk(ctx, a, documentSelection(in.Body.DocumentIDs, in.Body.Filter), in.Body.options()))
	})
}
