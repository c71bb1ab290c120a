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
	SpentUSD     float64 // what earlier attempts have cost; it counts towards MaxCostUSD
	AllowPartial bool
	Refresh      bool
}

// LeftUSD returns what of MaxCostUSD is left to spend, nil for no cap.
func (r SummarizeRequest) LeftUSD() *float64 {
	if r.MaxCostUSD == nil {
		return nil
	}
	return new(max(0, *r.MaxCostUSD-r.SpentUSD))
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

// SummaryObserver is told how a summary comes about. Each function but Call is called by
// one goroutine at a time, and not after Summarize has returned; nil is not called.
type SummaryObserver struct {
	// Call is asked before each call of a model, by several goroutines at once. It may
	// wait. An error means that the call must not be made and ends the summary; else
	// the function that it returns is called once when the call has ended and what it
	// used is counted.
	Call func(ctx context.Context, e CallEstimate) (done func(context.Context), err error)
	// Progress is told the model's calls that are done, of those planned.
	Progress func(Progress)
	// Text is told what the model writes, without citation marks: text continues at
	// offset, in characters, what was told before; a lower offset replaces what
	// follows it. JSON and summaries that are cached are not told. The result's text
	// may differ in its white space and marks.
	Text func(offset int, text string)
}

// Estimate is what summaries would use.
type Estimate struct {
	Documents    int
	LLMCalls     int // that would be made
	CachedCalls  int // that were paid for before
	InputTokens  int64
	OutputTokens int64
	CostUSD      *float64 // nil for a model without a price
}

// Summarizer makes summaries. For every citation of a result, the quote is the
// document's content between the source's offsets.
type Summarizer interface {
	// Tokens estimates how many tokens the model makes of text; "": the configured model.
	Tokens(model, text string) int
	// Check returns CodeValidation for a request that can never succeed, such as
	// one for an unknown model. It calls no model and does not look at the document.
	Check(ctx context.Context, t Tenant, r SummarizeRequest) error
	// Estimate tells what Summarize would use, and calls no model. Calls are exact but
	// for answers that have to be asked for twice, and for merges whose children come
	// out as they were before. It returns the errors of Check.
	Estimate(ctx context.Context, t Tenant, r SummarizeRequest) (Estimate, error)
	// Summarize reads the document whole and returns its summary. It tells o as work
	// goes on; the last progress of a success has Done equal to Total. The same
	// request gives the same result where the model allows it. It returns ctx's error
	// soon after ctx ends, CodeLLM when the model failed, CodeUnavailable when it
	// cannot be reached now, and CodeBudgetExceeded before a call that MaxCostUSD
	// does not allow. With an error it returns nil, or a result that has Usage alone:
	// what was used in vain.
	Summarize(ctx context.Context, t Tenant, r SummarizeRequest, o SummaryObserver) (*SummaryResult, error)
}
