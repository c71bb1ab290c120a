package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
)

type summary struct {
	ID              core.SummaryID     `json:"id" format:"uuid"`
	DocID           core.DocumentID    `json:"doc_id" format:"uuid"`
	OrgID           core.OrgID         `json:"org_id" format:"uuid"`
	CreatedBy       *core.UserID       `json:"created_by" format:"uuid"`
	TemplateID      core.TemplateID    `json:"template_id" format:"uuid"`
	TemplateVersion int                `json:"template_version" doc:"The template's when the summary was asked for."`
	SummaryText     *string            `json:"summary_text" doc:"null until the summary is complete."`
	Format          core.Format        `json:"format" enum:"markdown,plain,bullets,json"`
	Length          core.Length        `json:"length" enum:"short,medium,long"`
	Language        *string            `json:"language" doc:"A BCP 47 tag." example:"en"`
	TokensUsed      int64              `json:"tokens_used"`
	ModelUsed       *string            `json:"model_used" doc:"\"extractive\" for the built-in model."`
	Status          core.SummaryStatus `json:"status" enum:"pending,complete,failed" doc:"complete: the document was read whole."`
	JobID           *core.JobID        `json:"job_id" format:"uuid"`
	DocVersion      int                `json:"doc_version" doc:"The document's version that was read."`
	Stale           bool               `json:"stale" doc:"The document has a newer version."`
	ErrorMessage    *string            `json:"error_message"`
	Usage           usage              `json:"usage"`
	Coverage        coverage           `json:"coverage"`
	Citations       []citation         `json:"citations"`
	Warnings        []warning          `json:"warnings"`
	CreatedAt       time.Time          `json:"created_at"`
	UpdatedAt       time.Time          `json:"updated_at"`
}

type usage struct {
	InputTokens  int64    `json:"input_tokens"`
	OutputTokens int64    `json:"output_tokens"`
	LLMCalls     int      `json:"llm_calls"`
	CachedCalls  int      `json:"cached_calls" doc:"Not paid again."`
	CachedTokens int64    `json:"cached_tokens"`
	CostUSD      *float64 `json:"cost_usd" doc:"null for a model without a price."`
}

type coverage struct {
	CharsTotal       int   `json:"chars_total" doc:"Unicode code points of the document."`
	CharsRead        int   `json:"chars_read"`
	Chunks           int   `json:"chunks"`
	ChunksFailed     int   `json:"chunks_failed"`
	PagesTotal       int   `json:"pages_total"`
	PagesWithoutText []int `json:"pages_without_text"`
}

type citation struct {
	Start   int      `json:"start" doc:"Unicode code points into summary_text."`
	End     int      `json:"end"`
	Sources []source `json:"sources"`
}

type source struct {
	Start int    `json:"start" doc:"Unicode code points into the document's content."`
	End   int    `json:"end"`
	Quote string `json:"quote" doc:"Exactly that text."`
	Page  int    `json:"page,omitzero" doc:"Where the format has pages."`
}

type warning struct {
	Code     string        `json:"code" example:"unsupported_number"`
	Severity core.Severity `json:"severity" enum:"high,low"`
	Message  string        `json:"message"`
	Start    *int          `json:"start,omitzero" nullable:"false" doc:"Into summary_text; absent when it is about the whole."`
	End      *int          `json:"end,omitzero" nullable:"false"`
}

func viewSummary(m *core.Summary) summary {
	v := summary{
		ID: m.ID, DocID: m.DocID, OrgID: m.OrgID, CreatedBy: orNull(m.CreatedBy), TemplateID: m.TemplateID,
		TemplateVersion: m.TemplateVersion, SummaryText: orNull(m.Text), Format: m.Format, Length: m.Length,
		Language: orNull(m.Language), TokensUsed: m.TokensUsed, ModelUsed: orNull(m.ModelUsed), Status: m.Status,
		JobID: orNull(m.JobID), DocVersion: m.DocVersion, Stale: m.Stale, ErrorMessage: orNull(m.ErrorMessage),
		Usage: usage(m.Usage), Coverage: coverage(m.Coverage), CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
		Citations: make([]citation, len(m.Citations)), Warnings: make([]warning, len(m.Warnings)),
	}
	for i, c := range m.Citations {
		v.Citations[i] = citation{Start: c.Start, End: c.End, Sources: make([]source, len(c.Sources))}
		for j, from := range c.Sources {
			v.Citations[i].Sources[j] = source(from)
		}
	}
	for i, w := range m.Warnings {
		v.Warnings[i] = warning(w)
	}
	return v
}

type newSummary struct {
	TemplateID   core.TemplateID `json:"template_id,omitzero" doc:"Default: the organization's default template."`
	Format       core.Format     `json:"format,omitzero" enum:"markdown,plain,bullets,json" doc:"Default: the template's."`
	Length       core.Length     `json:"length,omitzero" enum:"short,medium,long" doc:"Default: medium."`
	Model        string          `json:"model,omitzero" maxLength:"200" doc:"Default: the configured one."`
	Language     string          `json:"language,omitzero" maxLength:"50" doc:"A BCP 47 tag. Default: the document's." example:"de"`
	MaxCostUSD   *float64        `json:"max_cost_usd,omitzero" minimum:"0" doc:"The job ends before it would cost more."`
	AllowPartial bool            `json:"allow_partial,omitzero" doc:"Take a summary of what could be read, if not all could."`
	Refresh      bool            `json:"refresh,omitzero" doc:"Pay for every model call again."`
}

type requestSummaryInput struct {
	PathID
	Body *newSummary
}

type summaryRequested struct {
	Summary summary `json:"summary"`
	Job     job     `json:"job"`
}

type requestSummaryOutput struct {
	Location string `header:"Location"`
	Body     summaryRequested
}

type listDocumentSummariesInput struct {
	PathID
	PageQuery
}

type listSummariesInput struct {
	PageQuery
	DocID  filterID `query:"doc_id"`
	Status string   `query:"status" enum:"pending,complete,failed"`
}

type summaryOutput struct{ Body summary }

func (s *api) registerSummaries() {
	register(s, operation{
		id: "requestSummary", once: true, method: http.MethodPost, path: "/v1/documents/{id}/summaries", tag: "summaries", summary: "Have a document summarized",
		description: "Answers at once with the pending summary and the job that fills it; Location is the job's.", status: http.StatusAccepted,
	}, s.requestSummary)
	s.registerEstimates()
	s.registerExports()
	s.registerBulk()
	register(s, operation{
		id: "listDocumentSummaries", method: http.MethodGet, path: "/v1/documents/{id}/summaries", tag: "summaries", summary: "List a document's summaries",
	}, s.listDocumentSummaries)
	register(s, operation{
		id: "listSummaries", method: http.MethodGet, path: "/v1/summaries", tag: "summaries", summary: "List summaries",
	}, func(ctx context.Context, a core.Actor, in *listSummariesInput) (*listOutput[summary], error) {
		f := core.SummaryFilter{DocID: core.DocumentID(in.DocID), Status: core.SummaryStatus(in.Status)}
		p, err := s.app.Summaries.List(ctx, a, f, in.request())
		return listed(p, viewSummary, err)
	})
	register(s, operation{
		id: "getSummary", method: http.MethodGet, path: "/v1/summaries/{id}", tag: "summaries", summary: "Get a summary",
	}, func(ctx context.Context, a core.Actor, in *PathID) (*summaryOutput, error) {
		m, err := s.app.Summaries.Get(ctx, a, core.SummaryID(in.ID))
		if err != nil {
			return nil, err
		}
		return &summaryOutput{Body: viewSummary(m)}, nil
	})
	register(s, operation{
		id: "deleteSummary", method: http.MethodDelete, path: "/v1/summaries/{id}", tag: "summaries", summary: "Delete a summary",
		description: "A job that has not ended is canceled.", errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, a core.Actor, in *PathID) (*struct{}, error) {
		return nil, s.app.Summaries.Delete(ctx, a, core.SummaryID(in.ID))
	})
}

func (s *api) requestSummary(ctx context.Context, a core.Actor, in *requestSummaryInput) (*requestSummaryOutput, error) {
	if in.Body == nil {
		in.Body = &newSummary{}
	}
	m, j, err := s.app.Summaries.Request(ctx, a, core.SummaryRequest{DocumentID: core.DocumentID(in.ID), Options: core.SummaryOptions(*in.Body)})
	if err != nil {
		return nil, err
	}
	return &requestSummaryOutput{Location: "/v1/jobs/" + string(j.ID), Body: summaryRequested{Summary: viewSummary(m), Job: viewJob(j)}}, nil
}

// listDocumentSummaries tells a document without summaries from one that is not
// there, which an empty list alone would not.
func (s *api) listDocumentSummaries(ctx context.Context, a core.Actor, in *listDocumentSummariesInput) (*listOutput[summary], error) {
	p, err := s.app.Summaries.List(ctx, a, core.SummaryFilter{DocID: core.DocumentID(in.ID)}, in.request())
	if err == nil && len(p.Items) == 0 {
		_, err = s.app.Documents.Get(ctx, a, core.DocumentID(in.ID))
	}
	return listed(p, viewSummary, err)
}
