package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
)

type template struct {
	ID             core.TemplateID `json:"id" format:"uuid"`
	OrgID          *core.OrgID     `json:"org_id" format:"uuid" doc:"null for the product's own, which are read-only."`
	Name           string          `json:"name"`
	Description    string          `json:"description"`
	PromptTemplate string          `json:"prompt_template"`
	TemplateType   string          `json:"template_type" enum:"summary"`
	Format         core.Format     `json:"format" enum:"markdown,plain,bullets,json"`
	JSONSchema     json.RawMessage `json:"json_schema" doc:"What a summary in the json format looks like; null: the product's own."`
	Focus          bool            `json:"focus" doc:"Whether notes on the document are taken with the prompt in mind."`
	Version        int             `json:"version"`
	IsDefault      bool            `json:"is_default" doc:"Whether the caller's organization uses it when none is named."`
	CreatedBy      *core.UserID    `json:"created_by" format:"uuid"`
	CreatedAt      time.Time       `json:"created_at"`
	UpdatedAt      time.Time       `json:"updated_at"`
}

func viewTemplate(t *core.Template) template {
	return template{
		ID: t.ID, OrgID: t.OrgID, Name: t.Name, Description: t.Description, PromptTemplate: t.PromptTemplate,
		TemplateType: t.TemplateType, Format: t.Format, JSONSchema: rawOrNull(t.JSONSchema), Focus: t.Focus, Version: t.Version,
		IsDefault: t.IsDefault, CreatedBy: t.CreatedBy, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
	}
}

func templateETag(t *core.Template) string {
	if t.IsDefault {
		return entityTag(templateTag, int64(t.Version), defaultMark)
	}
	return entityTag(templateTag, int64(t.Version), "")
}

type createdTemplate struct {
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     template
}

type templateOutput struct {
	Status int
	ETag   string `header:"ETag"`
	Body   template
}

func shownTemplate(t *core.Template, err error) (*templateOutput, error) {
	if err != nil {
		return nil, err
	}
	return &templateOutput{Status: http.StatusOK, ETag: templateETag(t), Body: viewTemplate(t)}, nil
}

type newTemplate struct {
	Name           string          `json:"name" minLength:"1" maxLength:"200"`
	PromptTemplate string          `json:"prompt_template" minLength:"1" maxLength:"65536" doc:"May use {{title}} {{content}} {{source_url}} {{format}} {{language}}." example:"Summarize {{title}} for a busy reader."`
	Description    string          `json:"description,omitzero" maxLength:"2000"`
	TemplateType   string          `json:"template_type,omitzero" enum:"summary"`
	Format         core.Format     `json:"format,omitzero" enum:"markdown,plain,bullets,json" doc:"Default: markdown."`
	JSONSchema     json.RawMessage `json:"json_schema,omitzero" doc:"A JSON schema, for the json format."`
	Focus          bool            `json:"focus,omitzero"`
}

type createTemplateInput struct{ Body newTemplate }

type getTemplateInput struct {
	PathID
	IfNoneMatch
}

type templatePatch struct {
	Name           patch[string]          `json:"name,omitzero" minLength:"1" maxLength:"200"`
	PromptTemplate patch[string]          `json:"prompt_template,omitzero" minLength:"1" maxLength:"65536"`
	Description    patch[string]          `json:"description,omitzero" maxLength:"2000" nullable:"true"`
	Format         patch[core.Format]     `json:"format,omitzero" enum:"markdown,plain,bullets,json"`
	JSONSchema     patch[json.RawMessage] `json:"json_schema,omitzero" doc:"null: the product's own."`
	Focus          patch[bool]            `json:"focus,omitzero"`
}

func (p templatePatch) change() (core.TemplatePatch, error) {
	var required nonNull
	required.check("name", p.Name.null)
	required.check("prompt_template", p.PromptTemplate.null)
	required.check("format", p.Format.null)
	required.check("focus", p.Focus.null)
	return core.TemplatePatch{
		Name: p.Name.value, PromptTemplate: p.PromptTemplate.value, Description: p.Description.orEmpty(),
		Format: p.Format.value, JSONSchema: p.JSONSchema.orEmpty(), Focus: p.Focus.value,
	}, required.err()
}

type updateTemplateInput struct {
	PathID
	IfMatch
	Body templatePatch
}

type deleteTemplateInput struct {
	PathID
	IfMatch
}

type previewRequest struct {
	PromptTemplate string          `json:"prompt_template" minLength:"1" maxLength:"65536"`
	DocumentID     core.DocumentID `json:"document_id"`
}

type previewInput struct{ Body previewRequest }

type preview struct {
	Prompt  string              `json:"prompt"`
	Tokens  int                 `json:"tokens" doc:"Estimated."`
	Content core.PreviewContent `json:"content" enum:"document,notes" doc:"notes: the document is long, so the call that writes the summary has notes on all of its parts in the place of the content."`
}

type previewOutput struct{ Body preview }

func (s *api) registerTemplates() {
	register(s, operation{
		id: "createTemplate", once: true, method: http.MethodPost, path: "/v1/templates", tag: "templates", summary: "Make a template",
		status: http.StatusCreated, errors: []int{http.StatusConflict},
	}, s.createTemplate)
	register(s, operation{
		id: "listTemplates", method: http.MethodGet, path: "/v1/templates", tag: "templates", summary: "List the organization's templates and the product's",
	}, func(ctx context.Context, a core.Actor, in *PageQuery) (*listOutput[template], error) {
		p, err := s.app.Templates.List(ctx, a, in.request())
		return listed(p, viewTemplate, err)
	})
	register(s, operation{
		id: "getTemplate", method: http.MethodGet, path: "/v1/templates/{id}", tag: "templates", summary: "Get a template",
	}, s.getTemplate)
	register(s, operation{
		id: "updateTemplate", method: http.MethodPatch, path: "/v1/templates/{id}", tag: "templates", summary: "Change a template",
		description: "A merge patch; it raises version. The product's own are read-only.",
		errors:      []int{http.StatusForbidden, http.StatusConflict, http.StatusPreconditionFailed},
	}, func(ctx context.Context, a core.Actor, in *updateTemplateInput) (*templateOutput, error) {
		p, err := in.Body.change()
		if err != nil {
			return nil, err
		}
		return shownTemplate(s.app.Templates.Update(ctx, a, core.TemplateID(in.ID), p, in.revisions(templateTag)))
	})
	register(s, operation{
		id: "deleteTemplate", method: http.MethodDelete, path: "/v1/templates/{id}", tag: "templates", summary: "Delete a template",
		description: "Summaries keep what they were made with.", errors: []int{http.StatusForbidden, http.StatusPreconditionFailed},
	}, func(ctx context.Context, a core.Actor, in *deleteTemplateInput) (*struct{}, error) {
		return nil, s.app.Templates.Delete(ctx, a, core.TemplateID(in.ID), in.revisions(templateTag))
	})
	register(s, operation{
		id: "setDefaultTemplate", method: http.MethodPost, path: "/v1/templates/{id}/default", tag: "templates",
		summary: "Make a template the organization's default", errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, a core.Actor, in *PathID) (*templateOutput, error) {
		return shownTemplate(s.app.Templates.SetDefault(ctx, a, core.TemplateID(in.ID)))
	})
	register(s, operation{
		id: "previewTemplate", method: http.MethodPost, path: "/v1/templates/preview", tag: "templates", summary: "See what a prompt becomes for a document",
		description: "Calls no model.", errors: []int{http.StatusNotFound},
	}, s.previewTemplate)
}

func (s *api) createTemplate(ctx context.Context, a core.Actor, in *createTemplateInput) (*createdTemplate, error) {
	if string(in.Body.JSONSchema) == "null" { // as if it were absent, like the other fields
		in.Body.JSONSchema = nil
	}
	t, err := s.app.Templates.Create(ctx, a, core.NewTemplate(in.Body))
	if err != nil {
		return nil, err
	}
	return &createdTemplate{Location: "/v1/templates/" + string(t.ID), ETag: templateETag(t), Body: viewTemplate(t)}, nil
}

func (s *api) getTemplate(ctx context.Context, a core.Actor, in *getTemplateInput) (*templateOutput, error) {
	out, err := shownTemplate(s.app.Templates.Get(ctx, a, core.TemplateID(in.ID)))
	if err == nil && in.has(out.ETag) {
		out.Status = http.StatusNotModified
	}
	return out, err
}

func (s *api) previewTemplate(ctx context.Context, a core.Actor, in *previewInput) (*previewOutput, error) {
	p, err := s.app.Templates.Preview(ctx, a, in.Body.PromptTemplate, in.Body.DocumentID)
	if err != nil {
		return nil, err
	}
	return &previewOutput{Body: preview(*p)}, nil
}
