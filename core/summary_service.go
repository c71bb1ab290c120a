package core

import "context"

// SummaryService holds the use cases of summaries.
type SummaryService struct{ cfg Config }

// SummaryRequest asks for a summary of a document.
type SummaryRequest struct {
	DocumentID DocumentID
	Options    SummaryOptions
	Queue      Queue // "": QueueLLM; a LocalQueue for a process that runs the job itself
}

// Request makes a pending summary of a document and the job that will fill it.
// It returns CodeNotFound when the document or template is not the tenant's.
func (s *SummaryService) Request(ctx context.Context, a Actor, r SummaryRequest) (*Summary, *Job, error) {
	if err := a.may(permCreate, ""); err != nil {
		return nil, nil, err
	}
	if err := r.Options.Validate(); err != nil {
		return nil, nil, err
	}
	var made struct {
		Summary *Summary
		Job     Job
	}
	err := s.cfg.once(ctx, a, &made, func(ctx context.Context, tx Tx) error {
		d, t, err := tx.Summaries.Material(ctx, r.DocumentID, r.Options.TemplateID, DefaultTemplateID)
		if err != nil {
			return err
		}
		if err := s.cfg.admitCalls(ctx, tx); err != nil {
			return err
		}
		sum := s.newSummary(a, d, t, r.Options) // anew on each run: the store may repeat fn
		if err := s.cfg.Summarizer.Check(ctx, a.Tenant(), summarizeRequest(sum, d)); err != nil {
			return err
		}
		job := newJob(a, JobSummarize, string(sum.ID), "summary", sum.CreatedAt)
		if r.Queue != "" && r.Queue != job.Queue {
			job.LocalQueue = r.Queue
		}
		sum.JobID = job.ID
		if err := tx.Summaries.Create(ctx, sum); err != nil {
			return err
		}
		tx.Enqueue(job)
		tx.Append(EventJobQueued, job.QueuedAt, &job)
		made.Summary, made.Job = sum, job
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return made.Summary, &made.Job, nil
}

// template returns the asked one, or the organization's default.
func (s *SummaryService) template(ctx context.Context, templates TemplateReader, id TemplateID) (*Template, error) {
	if id == "" {
		return templates.Default(ctx, DefaultTemplateID)
	}
	return templates.Get(ctx, id)
}

func (s *SummaryService) newSummary(a Actor, d *Document, t *Template, o SummaryOptions) *Summary {
	at := s.cfg.now()
	sum := &Summary{
		ID: NewID[SummaryID](), DocID: d.ID, OrgID: d.OrgID, CreatedBy: a.User(),
		TemplateID: t.ID, TemplateVersion: t.Version, Prompt: t.PromptTemplate, JSONSchema: t.JSONSchema, Focus: t.Focus,
		Format: o.Format, Length: o.Length, Language: o.Language, ModelRequested: o.Model,
		MaxCostUSD: o.MaxCostUSD, AllowPartial: o.AllowPartial, Refresh: o.Refresh,
		Status: SummaryPending, DocVersion: d.Version, CreatedAt: at, UpdatedAt: at,
	}
	if sum.Format == "" {
		sum.Format = t.Format
	}
	if sum.Length == "" {
		sum.Length = LengthMedium
	}
	return sum
}

// Find returns the newest complete summary that Request with the same options
// would make again of the document as it is, or CodeNotFound.
func (s *SummaryService) Find(ctx context.Context, a Actor, r SummaryRequest) (*Summary, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	if err := r.Options.Validate(); err != nil {
		return nil, err
	}
	read := s.cfg.Store.Tenant(a.Tenant()).Read()
	d, t, err := read.Summaries.Material(ctx, r.DocumentID, r.Options.TemplateID, DefaultTemplateID)
	if err != nil {
		return nil, err
	}
	wanted := s.newSummary(a, d, t, r.Options)
	recent, err := read.Summaries.List(ctx, SummaryFilter{DocID: d.ID, Status: SummaryComplete}, Seek{Limit: MaxPageLimit})
	if err != nil {
		return nil, err
	}
	for i := range recent {
		if recent[i].answers(wanted) {
			return &recent[i], nil
		}
	}
	return nil, NotFound("summary")
}

// answers reports whether sum is what wanted asks for.
func (sum *Summary) answers(wanted *Summary) bool {
	return sum.DocVersion == wanted.DocVersion && sum.TemplateID == wanted.TemplateID &&
		sum.TemplateVersion == wanted.TemplateVersion && sum.Format == wanted.Format && sum.Length == wanted.Length &&
		sum.ModelRequested == wanted.ModelRequested && (wanted.Language == "" || sum.Language == wanted.Language) &&
		(wanted.AllowPartial || !sum.AllowPartial)
}

// Get returns a summary, or CodeNotFound.
func (s *SummaryService) Get(ctx context.Context, a Actor, id SummaryID) (*Summary, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	return s.cfg.Store.Tenant(a.Tenant()).Read().Summaries.Get(ctx, id)
}

// List returns a page of summaries. A document that is not the tenant's has none.
func (s *SummaryService) List(ctx context.Context, a Actor, f SummaryFilter, p PageRequest) (Page[Summary], error) {
	var none Page[Summary]
	if err := a.may(permRead, ""); err != nil {
		return none, err
	}
	if f.Status != "" {
		var v validation
		if oneOf(&v, "status", f.Status, SummaryPending, SummaryComplete, SummaryFailed); v.err() != nil {
			return none, v.err()
		}
	}
	seek, err := p.seek()
	if err != nil {
		return none, err
	}
	rows, err := s.cfg.Store.Tenant(a.Tenant()).Read().Summaries.List(ctx, f, seek)
	return page(rows, seek, func(x Summary) Key { return Key{At: x.CreatedAt, ID: string(x.ID)} }), err
}

// Delete removes a summary that the actor made, or any for an admin, and cancels
// its job when that has not ended.
func (s *SummaryService) Delete(ctx context.Context, a Actor, id SummaryID) error {
	return s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) error {
		sum, err := tx.Summaries.Get(ctx, id)
		if err != nil {
			return err
		}
		if err := a.may(permDeleteSummary, sum.CreatedBy); err != nil {
			return err
		}
		if sum.Status == SummaryPending {
			j, err := tx.Jobs.GetForUpdate(ctx, sum.JobID)
			if err != nil {
				return err
			}
			if err := s.cfg.cancelJob(ctx, tx, j, s.cfg.now()); err != nil {
				return err
			}
		}
		s.cfg.audit(tx, a, AuditSummaryDeleted, string(id), nil)
		return tx.Summaries.Delete(ctx, id)
	})
}
