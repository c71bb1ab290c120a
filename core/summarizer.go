package core

import "context"

// SummarizeRequest is all that a summary is made of.
type SummarizeRequest struct {
	Document     *Document // with content
	Prompt       string    // the template's text, its variables not yet replaced
	Format       Format
	Length       Length
	Language     string // "": the document's
	Model        string // "": the configured one
	JSONSchema   []byte // of the template, for FormatJSON; nil: the product's
	Focus        bool
	MaxCostUSD   *float64
	AllowPartial bool
	Refresh      bool
}

// SummaryResult is a summary and the account of how it came about.
type SummaryResult struct {
	Text      string
	Language  string // BCP 47, "" when unknown
	Model     string
	Citations []Citation // in order of Start
	Warnings  []Warning
	Coverage  Coverage
	Usage     Usage
}

// Summarizer makes summaries. For every citation of a result, the quote is the
// document's content between the source's offsets.
type Summarizer interface {
	// Tokens estimates how many tokens the model makes of text; "": the configured model.
	Tokens(model, text string) int
	// Check returns CodeValidation for a request that can never succeed, such as
	// one for an unknown model. It calls no model and does not look at the document.
	Check(ctx context.Context, t Tenant, r SummarizeRequest) error
	// Summarize reads the document whole and returns its summary. It calls report
	// as work goes on, never two at a time and never after it has returned; the
	// last report of a success has Done equal to Total. The same request gives the
	// same result where the model allows it. It returns ctx's error soon after
	// ctx ends, CodeLLM when the model failed and CodeUnavailable when it cannot
	// be reached now.
	Summarize(ctx context.Context, t Tenant, r SummarizeRequest, report func(Progress)) (*SummaryResult, error)
}
