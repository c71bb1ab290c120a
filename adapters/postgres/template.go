package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const (
	templateColumns = `t.org_id, t.id, t.name, t.description, t.prompt_template, t.template_type, t.format, t.json_schema, t.focus,
	t.version, t.created_by, t.created_at, t.updated_at`
	globalTemplateColumns = `null::uuid, t.id, t.name, t.description, t.prompt_template, t.template_type, t.format, null::json, t.focus,
	t.version, null::uuid, t.created_at, t.updated_at`
)

func scanTemplate(row pgx.CollectableRow) (t core.Template, err error) {
	err = row.Scan(&t.OrgID, &t.ID, &t.Name, &t.Description, &t.PromptTemplate, &t.TemplateType, &t.Format,
		(*[]byte)(&t.JSONSchema), &t.Focus, &t.Version, &t.CreatedBy, &t.CreatedAt, &t.UpdatedAt)
	return t, err
}

// templateArgs is $2 to $11 of insertTemplate and updateTemplate.
func templateArgs(t *core.Template) []any {
	return []any{
		key(t.ID), t.Name, t.Description, t.PromptTemplate, t.TemplateType, string(t.Format), rawJSON(t.JSONSchema),
		t.Focus, t.Version, t.UpdatedAt,
	}
}

type templateReader struct{ scope }

func (r templateReader) Get(ctx context.Context, id core.TemplateID) (*core.Template, error) {
	return one(ctx, r.scope, "template", r.sql.getTemplate, scanTemplate, key(id))
}

func (r templateReader) Default(ctx context.Context, id core.TemplateID) (*core.Template, error) {
	return one(ctx, r.scope, "template", r.sql.defaultTemplate, scanTemplate, key(id))
}

func (r templateReader) List(ctx context.Context, s core.Seek) ([]core.Template, error) {
	l := newList(r.sql.listTemplates)
	l.page("t", s)
	return many(ctx, r.scope, l.sql.String(), scanTemplate, l.args...)
}

type templateRepo struct{ templateReader }

func (r templateRepo) GetForUpdate(ctx context.Context, id core.TemplateID) (*core.Template, error) {
	own, err := one(ctx, r.scope, "template", r.sql.lockTemplate, scanTemplate, key(id))
	if core.CodeOf(err) == core.CodeNotFound {
		return r.Get(ctx, id) // a global one, which nobody changes
	}
	return own, err
}

func (r templateRepo) Create(ctx context.Context, t *core.Template) error {
	return r.writeOne(ctx, "template", r.sql.insertTemplate, append(templateArgs(t), optionalKey(t.CreatedBy), t.CreatedAt)...)
}

func (r templateRepo) Update(ctx context.Context, t *core.Template) error {
	return r.writeOne(ctx, "template", r.sql.updateTemplate, templateArgs(t)...)
}

func (r templateRepo) Delete(ctx context.Context, id core.TemplateID) error {
	return r.writeOne(ctx, "template", r.sql.deleteTemplate, key(id))
}
