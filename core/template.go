package core

import (
	"context"
	"encoding/json"
	"time"
)

// DefaultTemplateID is the global executive summary, which a new organization
// starts with.
const DefaultTemplateID TemplateID = "01920000-0000-7000-8000-000000000001"

// TemplateSummary is the one template type there is.
const TemplateSummary = "summary"

// MaxPromptBytes bounds a prompt template.
const MaxPromptBytes = 64 << 10

// Template is a prompt for summaries. A global one has no organization and is
// read-only; the others belong to one organization.
type Template struct {
	ID             TemplateID      `json:"id"`
	OrgID          *OrgID          `json:"org_id"` // nil for global ones
	Name           string          `json:"name"`
	Description    string          `json:"description"`
	PromptTemplate string          `json:"prompt_template"`
	TemplateType   string          `json:"template_type"`
	Format         Format          `json:"format"`
	JSONSchema     json.RawMessage `json:"json_schema,omitempty"`
	Focus          bool            `json:"focus"` // whether notes are taken with the prompt in mind
	Version        int             `json:"version"`
	IsDefault      bool            `json:"is_default"` // for the caller; computed, not stored
	CreatedBy      *UserID         `json:"created_by"`
	CreatedAt      time.Time       `json:"created_at"`
	UpdatedAt      time.Time       `json:"updated_at"`
}

// Global reports whether t belongs to the product and not to an organization.
func (t *Template) Global() bool { return t.OrgID == nil }

// TemplateReader reads the tenant's templates and the global ones.
type TemplateReader interface {
	// Get returns a template of the tenant or a global one, or CodeNotFound.
	// IsDefault is not set.
	Get(ctx context.Context, id TemplateID) (*Template, error)
	// Default returns, as Get does, the template that the organization has chosen, or
	// the one of the given id when it has chosen none.
	Default(ctx context.Context, id TemplateID) (*Template, error)
	// List returns the tenant's and the global templates by (CreatedAt, ID)
	// descending. IsDefault is not set.
	List(ctx context.Context, s Seek) ([]Template, error)
}

// TemplateRepo is TemplateReader inside a transaction. It writes the tenant's
// own templates only; a global one is CodeNotFound to it.
type TemplateRepo interface {
	TemplateReader
	// GetForUpdate returns one of the tenant's own with its row locked until the
	// transaction ends, or a global one as Get does.
	GetForUpdate(ctx context.Context, id TemplateID) (*Template, error)
	// Create stores t, or returns CodeConflict when the tenant has a template of
	// that name, compared byte for byte.
	Create(ctx context.Context, t *Template) error
	// Update stores everything of t but its id, organization, author and
	// CreatedAt. It returns CodeNotFound, or CodeConflict as Create.
	Update(ctx context.Context, t *Template) error
	// Delete removes a template, or returns CodeNotFound. Summaries keep its id.
	Delete(ctx context.Context, id TemplateID) error
}

// NewTemplate is the input of Templates.Create.
type NewTemplate struct {
	Name           string
	PromptTemplate string
	Description    string
	TemplateType   string // "": TemplateSummary
	Format         Format // "": FormatMarkdown
	JSONSchema     json.RawMessage
	Focus          bool
}

// TemplatePatch changes the fields that are not nil.
type TemplatePatch struct {
	Name           *string
	PromptTemplate *string
	Description    *string
	Format         *Format
	JSONSchema     *json.RawMessage // an empty one clears it
	Focus          *bool
}

// Validate returns CodeValidation with every field that does not hold.
func (n NewTemplate) Validate() error {
	var v validation
	v.name("name", n.Name)
	v.text("description", n.Description, 0, 2000)
	v.prompt(n.PromptTemplate)
	oneOf(&v, "template_type", n.TemplateType, TemplateSummary)
	oneOf(&v, "format", n.Format, Formats()...)
	v.schema(n.JSONSchema)
	return v.err()
}

func (v *validation) prompt(s string) {
	switch {
	case s == "":
		v.add("prompt_template", "required", "prompt_template is required")
	case len(s) > MaxPromptBytes:
		v.add("prompt_template", "max_length", "prompt_template is longer than 64 KiB; shorten it")
	default:
		v.text("prompt_template", s, 1, MaxPromptBytes)
		if _, err := parsePrompt(s); err != nil {
			v.add("prompt_template", "template", err.Error())
		}
	}
}

// maxSchemaBytes bounds a template's JSON schema.
const maxSchemaBytes = 32 << 10

func (v *validation) schema(raw json.RawMessage) {
	if len(raw) == 0 {
		return
	}
	var object map[string]any
	if len(raw) > maxSchemaBytes || json.Unmarshal(raw, &object) != nil || object == nil {
		v.add("json_schema", "json_schema", "json_schema must be a JSON object of at most 32 KiB")
	}
}
