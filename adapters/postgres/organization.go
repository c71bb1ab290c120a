package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const organizationColumns = `org_id, name, plan_type, default_template_id, resummarize, resummarize_max_usd, created_at, updated_at`

func scanOrganization(row pgx.CollectableRow) (o core.Organization, err error) {
	err = row.Scan(&o.ID, &o.Name, &o.PlanType, &o.DefaultTemplateID, &o.Resummarize, &o.ResummarizeMaxUSD, &o.CreatedAt, &o.UpdatedAt)
	return o, err
}

type organizationReader struct{ scope }

func (r organizationReader) Get(ctx context.Context) (*core.Organization, error) {
	return one(ctx, r.scope, "organization", r.sql.getOrganization, scanOrganization)
}

type organizationRepo struct{ organizationReader }

func (r organizationRepo) GetForUpdate(ctx context.Context) (*core.Organization, error) {
	return one(ctx, r.scope, "organization", r.sql.lockOrganization, scanOrganization)
}

func (r organizationRepo) Create(ctx context.Context, o *core.Organization) error {
	return r.writeOne(ctx, "organization", r.sql.insertOrganization,
		o.Name, string(o.PlanType), optionalKey(o.DefaultTemplateID), string(o.Resummarize), o.ResummarizeMaxUSD, o.CreatedAt, o.UpdatedAt)
}

func (r organizationRepo) Update(ctx context.Context, o *core.Organization) error {
	return r.writeOne(ctx, "organization", r.sql.updateOrganization,
		o.Name, string(o.PlanType), optionalKey(o.DefaultTemplateID), string(o.Resummarize), o.ResummarizeMaxUSD, o.UpdatedAt)
}

func (r organizationRepo) Founded(ctx context.Context) (bool, error) {
	founded, err := one(ctx, r.scope, "organization", r.sql.founded, pgx.RowTo[bool])
	return err == nil && *founded, err
}
