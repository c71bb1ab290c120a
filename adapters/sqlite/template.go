package sqlite

import (
	"context"
	"database/sql"

	"github.com/docsctl/docsctl/core"
)

type templateReader struct{ scope }

const (
	templateColumns = `org_id, id, name, description, prompt_template, template_type, format, json_schema, focus, version,
	created_by, created_at, updated_at`
	globalColumns = `NULL AS org_id, id, name, description, prompt_template, template_type, format, json_schema, focus, version,
	NULL AS created_by, created_at, updated_at`
	sqlOwnTemplates    = `SELECT ` + templateColumns + ` FROM templates WHERE org_id = ?`
	sqlGlobalTemplates = `SELECT ` + globalColumns + ` FROM global_templates WHERE 1 = 1`
)

// An own template hides a global one of the same id, so that no id of the product
// tells whether a tenant has it.
const sqlGetTemplate = sqlOwnTemplates + ` AND id = ? UNION ALL ` + sqlGlobalTemplates + ` AND id = ? LIMIT 1`

func (r templateReader) Get(ctx context.Context, id core.TemplateID) (*core.Template, error) {
	return one(ctx, r.q, "template", readTemplate, sqlGetTemplate, r.org, id, id)
}

// chosenTemplate is the organization's choice, or the id that is given.
const chosenTemplate = ` AND id = coalesce((SELECT default_template_id FROM organizations WHERE id = ?), ?)`

const sqlDefaultTemplate = sqlOwnTemplates + chosenTemplate + ` UNION ALL ` + sqlGlobalTemplates + chosenTemplate + ` LIMIT 1`

func (r templateReader) Default(ctx context.Context, id core.TemplateID) (*core.Template, error) {
	return one(ctx, r.q, "template", readTemplate, sqlDefaultTemplate, r.org, r.org, id, r.org, id)
}

// List takes a page of each kind by its index and merges the two.
func (r templateReader) List(ctx context.Context, k core.Seek) ([]core.Template, error) {
	s := newStatement(`SELECT * FROM (SELECT * FROM (`).add(sqlOwnTemplates, r.org).page(k).
		add(`) UNION ALL SELECT * FROM (`).add(sqlGlobalTemplates).page(k).add(`))`).newest(k)
	return list(ctx, r.q, readTemplate, s.text.String(), s.args...)
}

func readTemplate(rows *sql.Rows, t *core.Template) error {
	return rows.Scan(&t.OrgID, &t.ID, &t.Name, &t.Description, &t.PromptTemplate, &t.TemplateType, &t.Format, (*raw)(&t.JSONSchema), &t.Focus, &t.Version,
		&t.CreatedBy, (*instant)(&t.CreatedAt), (*instant)(&t.UpdatedAt))
}

type templateRepo struct {
	templateReader
	tx *tx
}

// templateRefused explains the constraints of templates.
var templateRefused = refused{taken: "a template of this name exists; choose another name", missing: "user"}

func (r templateRepo) GetForUpdate(ctx context.Context, id core.TemplateID) (*core.Template, error) {
	return r.Get(ctx, id)
}

const sqlCreateTemplate = `INSERT INTO templates (` + templateColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (r templateRepo) Create(ctx context.Context, t *core.Template) error {
	_, err := r.tx.exec(ctx, sqlCreateTemplate, r.org, t.ID, t.Name, t.Description, t.PromptTemplate, t.TemplateType, t.Format,
		rawText(t.JSONSchema), t.Focus, t.Version, t.CreatedBy, micros(t.CreatedAt), micros(t.UpdatedAt))
	return templateRefused.explain(err)
}

const sqlUpdateTemplate = `UPDATE templates SET name = ?, description = ?, prompt_template = ?, template_type = ?, format = ?,
	json_schema = ?, focus = ?, version = ?, updated_at = ? WHERE org_id = ? AND id = ?`

func (r templateRepo) Update(ctx context.Context, t *core.Template) error {
	if !core.ValidID(t.ID) {
		return core.NotFound("template")
	}
	return r.tx.change(ctx, "template", templateRefused, sqlUpdateTemplate, t.Name, t.Description, t.PromptTemplate, t.TemplateType, t.Format,
		rawText(t.JSONSchema), t.Focus, t.Version, micros(t.UpdatedAt), r.org, t.ID)
}

const sqlDeleteTemplate = `DELETE FROM templates WHERE org_id = ? AND id = ?`

func (r templateRepo) Delete(ctx context.Context, id core.TemplateID) error {
	if !core.ValidID(id) {
		return core.NotFound("template")
	}
	return r.tx.change(ctx, "template", refused{}, sqlDeleteTemplate, r.org, id)
}
