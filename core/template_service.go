package core

import (
	"context"
)

// TemplateService holds the use cases of templates.
type TemplateService struct{ cfg Config }

// Create stores a template of the organization. It returns CodeConflict when it
// has one of that name.
func (s *TemplateService) Create(ctx context.Context, a Actor, n NewTemplate) (*Template, error) {
	if err := a.may(permCreate, ""); err != nil {
		return nil, err
	}
	if n.TemplateType == "" {
		n.TemplateType = TemplateSummary
	}
	if n.Format == "" {
		n.Format = FormatMarkdown
	}
	if err := n.Validate(); err != nil {
		return nil, err
	}
	at, org, user := s.cfg.now(), a.Tenant().OrgID(), a.User()
	t := &Template{
		ID: NewID[TemplateID](), OrgID: &org, Name: n.Name, Description: n.Description,
		PromptTemplate: n.PromptTemplate, TemplateType: n.TemplateType, Format: n.Format,
		JSONSchema: n.JSONSchema, Focus: n.Focus, Version: 1, CreatedBy: &user, CreatedAt: at, UpdatedAt: at,
	}
	err := s.cfg.once(ctx, a, t, func(ctx context.Context, tx Tx) error {
		return tx.Templates.Create(ctx, t)
	})
	if err != nil {
		return nil, err
	}
	t.JSONSchema = n.JSONSchema // byte for byte: an equal request has the same
	return t, nil
}

// Get returns one of the organization's templates or a global one, or CodeNotFound.
func (s *TemplateService) Get(ctx context.Context, a Actor, id TemplateID) (*Template, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	read := s.cfg.Store.Tenant(a.Tenant()).Read()
	t, err := read.Templates.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	chosen, err := defaultTemplate(ctx, read.Organizations)
	if err != nil {
		return nil, err
	}
	t.IsDefault = t.ID == chosen
	return t, nil
}

// List returns a page of the organization's templates and the global ones.
func (s *TemplateService) List(ctx context.Context, a Actor, p PageRequest) (Page[Template], error) {
	var none Page[Template]
	if err := a.may(permRead, ""); err != nil {
		return none, err
	}
	seek, err := p.seek()
	if err != nil {
		return none, err
	}
	read := s.cfg.Store.Tenant(a.Tenant()).Read()
	chosen, err := defaultTemplate(ctx, read.Organizations)
	if err != nil {
		return none, err
	}
	rows, err := read.Templates.List(ctx, seek)
	if err != nil {
		return none, err
	}
	for i := range rows {
		rows[i].IsDefault = rows[i].ID == chosen
	}
	return page(rows, seek, func(t Template) Key { return Key{At: t.CreatedAt, ID: string(t.ID)} }), nil
}

// defaultTemplate returns the organization's choice, or the product's.
func defaultTemplate(ctx context.Context, orgs OrganizationReader) (TemplateID, error) {
	org, err := orgs.Get(ctx)
	if err != nil {
		return "", err
	}
	if org.DefaultTemplateID == nil {
		return DefaultTemplateID, nil
	}
	return *org.DefaultTemplateID, nil
}

// Update changes a template that the actor made, or any of the organization's
// for an admin, and raises its version. Global ones are CodeAuthorization. It
// returns CodePreconditionFailed when the template is at none of match.
func (s *TemplateService) Update(ctx context.Context, a Actor, id TemplateID, p TemplatePatch, match Revisions) (*Template, error) {
	var t *Template
	err := s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) (err error) {
		if t, err = s.editable(ctx, tx, a, id, match); err != nil {
			return err
		}
		chosen, err := defaultTemplate(ctx, tx.Organizations)
		if err != nil {
			return err
		}
		t.IsDefault = t.ID == chosen
		before := *t
		p.apply(t)
		if err := (NewTemplate{
			Name: t.Name, PromptTemplate: t.PromptTemplate, Description: t.Description,
			TemplateType: t.TemplateType, Format: t.Format, JSONSchema: t.JSONSchema, Focus: t.Focus,
		}).Validate(); err != nil {
			return err
		}
		if sameTemplate(&before, t) {
			return nil
		}
		t.Version++
		t.UpdatedAt = s.cfg.now()
		return tx.Templates.Update(ctx, t)
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (p TemplatePatch) apply(t *Template) {
	set(&t.Name, p.Name)
	set(&t.PromptTemplate, p.PromptTemplate)
	set(&t.Description, p.Description)
	set(&t.Format, p.Format)
	set(&t.JSONSchema, p.JSONSchema)
	set(&t.Focus, p.Focus)
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

func sameTemplate(a, b *Template) bool {
	return a.Name == b.Name && a.PromptTemplate == b.PromptTemplate && a.Description == b.Description &&
		a.Format == b.Format && string(a.JSONSchema) == string(b.JSONSchema) && a.Focus == b.Focus
}

// editable locks a template that a may change.
func (s *TemplateService) editable(ctx context.Context, tx Tx, a Actor, id TemplateID, match Revisions) (*Template, error) {
	t, err := tx.Templates.GetForUpdate(ctx, id)
	if err != nil {
		return nil, err
	}
	if t.Global() {
		return nil, &Error{Code: CodeAuthorization, Message: "templates of the product are read-only; make a copy and change that"}
	}
	if err := a.may(permEditTemplate, *t.CreatedBy); err != nil {
		return nil, err
	}
	return t, match.check(int64(t.Version))
}

// Delete removes a template that the actor made, or any of the organization's for
// an admin. If it was the default, the product's default takes its place.
// Summaries keep its id and prompt. match is as for Update.
func (s *TemplateService) Delete(ctx context.Context, a Actor, id TemplateID, match Revisions) error {
	return s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) error {
		if _, err := s.editable(ctx, tx, a, id, match); err != nil {
			return err
		}
		org, err := tx.Organizations.GetForUpdate(ctx)
		if err != nil {
			return err
		}
		if org.DefaultTemplateID != nil && *org.DefaultTemplateID == id {
			org.DefaultTemplateID, org.UpdatedAt = nil, s.cfg.now()
			if err := tx.Organizations.Update(ctx, org); err != nil {
				return err
			}
		}
		s.cfg.audit(tx, a, AuditTemplateDeleted, string(id), nil)
		return tx.Templates.Delete(ctx, id)
	})
}

// SetDefault makes a template the one that the organization's summaries use when
// they name none. Only an admin may.
func (s *TemplateService) SetDefault(ctx context.Context, a Actor, id TemplateID) (*Template, error) {
	if err := a.may(permDefaultTemplate, ""); err != nil {
		return nil, err
	}
	var t *Template
	err := s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) (err error) {
		if t, err = tx.Templates.GetForUpdate(ctx, id); err != nil {
			return err
		}
		t.IsDefault = true
		org, err := tx.Organizations.GetForUpdate(ctx)
		if err != nil {
			return err
		}
		if org.DefaultTemplateID != nil && *org.DefaultTemplateID == id {
			return nil
		}
		org.DefaultTemplateID, org.UpdatedAt = &id, s.cfg.now()
		return tx.Organizations.Update(ctx, org)
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Preview is what a prompt template becomes for a document.
type Preview struct {
	Prompt  string
	Tokens  int            // estimated
	Content PreviewContent // what a summary's call has in the place of the content
}

// PreviewContent says what the call that writes a summary reads.
type PreviewContent string

// A short document is read by that call itself, as previewed; of a long one it
// reads notes on all of its parts.
const (
	PreviewDocument PreviewContent = "document"
	PreviewNotes    PreviewContent = "notes"
)

// Preview renders a prompt template for a document, as a short document's one
// call would hold it. It calls no model.
func (s *TemplateService) Preview(ctx context.Context, a Actor, promptTemplate string, id DocumentID) (*Preview, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	var v validation
	if v.prompt(promptTemplate); v.err() != nil {
		return nil, v.err()
	}
	d, err := s.cfg.Store.Tenant(a.Tenant()).Read().Documents.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	prompt, err := RenderPrompt(promptTemplate, map[string]string{
		"title": d.Title, "content": d.Content, "source_url": d.SourceURL, "format": string(FormatMarkdown), "language": "",
	})
	if err != nil {
		return nil, err
	}
	p := &Preview{Prompt: prompt, Tokens: s.cfg.Summarizer.Tokens("", prompt), Content: PreviewDocument}
	e, err := s.cfg.Summarizer.Estimate(ctx, a.Tenant(), SummarizeRequest{Document: d, Prompt: promptTemplate, Format: FormatMarkdown, Length: LengthMedium})
	if err != nil {
		return nil, err
	}
	if e.LLMCalls+e.CachedCalls > 1 {
		p.Content = PreviewNotes
	}
	return p, nil
}
