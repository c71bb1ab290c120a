package core

import "context"

// Estimate tells what Request with the same input would use, and calls no model.
func (s *SummaryService) Estimate(ctx context.Context, a Actor, r SummaryRequest) (Estimate, error) {
	return s.EstimateBulk(ctx, a, DocumentSelection{IDs: []DocumentID{r.DocumentID}}, r.Options)
}

// EstimateBulk tells what summaries of the selected documents would use together,
// and calls no model. CostUSD is nil when the model has no price. It returns
// CodeNotFound when a document named by id is not the tenant's.
func (s *SummaryService) EstimateBulk(ctx context.Context, a Actor, docs DocumentSelection, o SummaryOptions) (Estimate, error) {
	total := Estimate{CostUSD: new(float64)}
	if err := a.may(permCreate, ""); err != nil {
		return total, err
	}
	if err := docs.Validate(); err != nil {
		return total, err
	}
	if err := o.Validate(); err != nil {
		return total, err
	}
	read := s.cfg.Store.Tenant(a.Tenant()).Read()
	t, err := s.template(ctx, read.Templates, o.TemplateID)
	if err != nil {
		return total, err
	}
	err = s.cfg.selected(ctx, a.Tenant(), docs, func(id DocumentID) error {
		d, err := read.Documents.Get(ctx, id)
		if CodeOf(err) == CodeNotFound && docs.Query != nil { // deleted meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		e, err := s.cfg.Summarizer.Estimate(ctx, a.Tenant(), summarizeRequest(s.newSummary(a, d, t, o), d))
		total.add(e)
		return err
	})
	return total, err
}

func (e *Estimate) add(other Estimate) {
	e.Documents += other.Documents
	e.LLMCalls += other.LLMCalls
	e.CachedCalls += other.CachedCalls
	e.InputTokens += other.InputTokens
	e.OutputTokens += other.OutputTokens
	switch {
	case e.CostUSD == nil:
	case other.CostUSD == nil:
		e.CostUSD = nil
	default:
		e.CostUSD = new(*e.CostUSD + *other.CostUSD)
	}
}
