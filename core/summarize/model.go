package summarize

import (
	"context"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

var _ core.Summarizer = (*ExtractiveModel)(nil)

// ExtractiveName is the name of the extractive model, as model_used tells it.
const ExtractiveName = "extractive"

// ExtractiveModel is a core.Summarizer that picks the document's own sentences. It
// needs no service and costs nothing. The template's prompt is not followed: its
// format and the asked length decide the form.
type ExtractiveModel struct {
	places chan struct{} // the work is the processor's, so more at a time would only hold more memory
}

// NewExtractive returns an ExtractiveModel that works on as many documents at a
// time as there are processors.
func NewExtractive() *ExtractiveModel {
	return &ExtractiveModel{places: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Tokens implements core.Summarizer.
func (m *ExtractiveModel) Tokens(_, text string) int { return EstimateTokens(text) }

// Check implements core.Summarizer.
func (m *ExtractiveModel) Check(_ context.Context, _ core.Tenant, r core.SummarizeRequest) error {
	if r.Model != "" && r.Model != ExtractiveName {
		return core.Invalid("model", "enum", "no language model is configured here; leave model out, or name extractive")
	}
	if len(r.JSONSchema) > 0 && r.Format == core.FormatJSON {
		return core.Invalid("format", "model", "the extractive model cannot fill a template's JSON schema; choose another format or template")
	}
	return nil
}

// Estimate implements core.Summarizer: no call, no cost.
func (m *ExtractiveModel) Estimate(ctx context.Context, t core.Tenant, r core.SummarizeRequest) (core.Estimate, error) {
	if err := m.Check(ctx, t, r); err != nil {
		return core.Estimate{}, err
	}
	return core.Estimate{Documents: 1, CostUSD: new(float64)}, ctx.Err()
}

// Summarize implements core.Summarizer.
func (m *ExtractiveModel) Summarize(ctx context.Context, t core.Tenant, r core.SummarizeRequest, o core.SummaryObserver) (*core.SummaryResult, error) {
	if err := m.Check(ctx, t, r); err != nil {
		return nil, err
	}
	select {
	case m.places <- struct{}{}:
		defer func() { <-m.places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if o.Progress != nil {
		o.Progress(core.Progress{Total: 1, Message: "reading the document"})
	}
	x, err := Extractive(ctx, Canonical(r.Document.Content), Options{Title: r.Document.Title, Length: Length(r.Length)})
	if err != nil {
		return nil, err
	}
	s := Render(x, Format(r.Format))
	if strings.TrimSpace(s.Text) == "" { // marks and symbols only
		s.Text = r.Document.Title
	}
	if o.Progress != nil {
		o.Progress(core.Progress{Done: 1, Total: 1, Message: "done"})
	}
	return &core.SummaryResult{
		Text: s.Text, Language: x.Language, Model: ExtractiveName, Citations: s.citations(),
		Warnings: x.warnings(r.Language, len(s.Citations)), Coverage: wholeText(r.Document.Content), Usage: core.Usage{CostUSD: new(float64)},
	}, nil
}

func wholeText(content string) core.Coverage {
	n := utf8.RuneCountInString(content)
	return core.Coverage{CharsTotal: n, CharsRead: n, Chunks: 1, PagesWithoutText: []int{}}
}

func (s Summary) citations() []core.Citation {
	out := make([]core.Citation, len(s.Citations))
	for i, c := range s.Citations {
		source := core.Source{Start: c.Source.Start, End: c.Source.End, Quote: c.Quote}
		out[i] = core.Citation{Start: c.Start, End: c.End, Sources: []core.Source{source}}
	}
	return out
}

// warnings tell what a picked sentence cannot be.
func (e *Extract) warnings(asked string, cited int) []core.Warning {
	warnings := []core.Warning{}
	if len(e.Facts) > 0 || cited == 0 {
		warnings = append(warnings, core.Warning{
			Code: core.WarnNoSentences, Severity: core.SeverityLow,
			Message: "the document has no sentences; its title, headings, tables and listings are told instead",
		})
	}
	wanted, _, _ := strings.Cut(strings.ToLower(asked), "-")
	if have, _, _ := strings.Cut(e.Language, "-"); wanted != "" && wanted != have {
		warnings = append(warnings, core.Warning{
			Code: core.WarnWrongLanguage, Severity: core.SeverityHigh,
			Message: "the summary is in the document's language, since the extractive model does not translate; configure a language model for that",
		})
	}
	return warnings
}
