package sqlite

import (
	"context"
	"database/sql"

	"github.com/docsctl/docsctl/core"
)

type organizationReader struct{ scope }

const sqlGetOrganization = `SELECT id, name, plan_type, default_template_id, resummarize, resummarize_max_usd, created_at, updated_at FROM organizations WHERE id = ?`

func (r organizationReader) Get(ctx context.Context) (*core.Organization, error) {
	return one(ctx, r.q, "organization", readOrganization, sqlGetOrganization, r.org)
}

func readOrganization(rows *sql.Rows, o *core.Organization) error {
	return rows.Scan(&o.ID, &o.Name, &o.PlanType, &o.DefaultTemplateID, &o.Resummarize, &o.ResummarizeMaxUSD, (*instant)(&o.CreatedAt), (*instant)(&o.UpdatedAt))
}

type organizationRepo struct {
	organizationReader
	tx *tx
}

func (r organizationRepo) GetForUpdate(ctx context.Context) (*core.Organization, error) {
	return r.Get(ctx)
}

const sqlCreateOrganization = `INSERT INTO organizations (id, name, plan_type, default_template_id, resummarize, resummarize_max_usd,
	created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

func (r organizationRepo) Create(ctx context.Context, o *core.Organization) error {
	if o.ID != r.org {
		return core.NotFound("organization")
	}
	_, err := r.tx.exec(ctx, sqlCreateOrganization, o.ID, o.Name, o.PlanType, o.DefaultTemplateID, o.Resummarize, o.ResummarizeMaxUSD,
		micros(o.CreatedAt), micros(o.UpdatedAt))
	return refused{}.explain(err)
}

const sqlUpdateOrganization = `UPDATE organizations SET name = ?, plan_type = ?, default_template_id = ?, resummarize = ?,
	resummarize_max_usd = ?, updated_at = ? WHERE id = ?`

func (r organizationRepo) Update(ctx context.Context, o *core.Organization) error {
	if o.ID != r.org {
		return core.NotFound("organization")
	}
	return r.tx.change(ctx, "organization", refused{}, sqlUpdateOrganization,
		o.Name, o.PlanType, o.DefaultTemplateID, o.Resummarize, o.ResummarizeMaxUSD, micros(o.UpdatedAt), r.org)
}

// Two looks along the index, before the store's own organization and behind it.
const sqlFounded = `SELECT 1 FROM organizations WHERE id < (SELECT value FROM meta WHERE key = ?)
	UNION ALL SELECT 1 FROM organizations WHERE id > (SELECT value FROM meta WHERE key = ?) LIMIT 1`

func (r organizationRepo) Founded(ctx context.Context) (bool, error) {
	return exists(ctx, r.q, sqlFounded, metaLocalOrg, metaLocalOrg)
}
