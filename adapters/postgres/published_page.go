package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const publishedPageColumns = `p.org_id, p.id, p.integration_id, p.doc_id, p.template_id, p.target, p.remote_id, p.url, p.markdown,
	p.summary_id, p.job_id, p.created_at, p.updated_at`

func scanPublishedPage(row pgx.CollectableRow) (p core.PublishedPage, err error) {
	err = row.Scan(&p.OrgID, &p.ID, &p.IntegrationID, &p.DocID, &p.TemplateID, &p.Target, &p.RemoteID, &p.URL, &p.Markdown,
		&p.SummaryID, &p.JobID, &p.CreatedAt, &p.UpdatedAt)
	return p, err
}

type publishedPageReader struct{ scope }

func (r publishedPageReader) Get(ctx context.Context, id core.PublishedPageID) (*core.PublishedPage, error) {
	return one(ctx, r.scope, "published page", r.sql.getPublishedPage, scanPublishedPage, key(id))
}

func (r publishedPageReader) ListByRemoteID(ctx context.Context, integration core.IntegrationID, ids []string) ([]core.PublishedPage, error) {
	if !core.ValidID(integration) {
		return nil, nil
	}
	storable := []string{}
	for _, id := range ids {
		if checkArgs([]any{id}) == nil {
			storable = append(storable, id)
		}
	}
	return many(ctx, r.scope, r.sql.publishedPagesByRemoteID, scanPublishedPage, string(integration), storable)
}

type publishedPageRepo struct{ publishedPageReader }

// Claim waits, by the unique index, for a transaction that claims the same place.
func (r publishedPageRepo) Claim(ctx context.Context, p *core.PublishedPage) (*core.PublishedPage, error) {
	const kind = "integration or document"
	place := []any{key(p.IntegrationID), key(p.DocID), key(p.TemplateID), p.Target}
	if err := checkArgs(place); err != nil {
		return nil, core.NotFound(kind)
	}
	_, err := r.write(ctx, r.sql.claimPublishedPage, append(place, key(p.ID), p.RemoteID, p.URL, p.Markdown,
		key(p.SummaryID), optionalKey(p.JobID), p.CreatedAt, p.UpdatedAt)...)
	if err != nil {
		return nil, err
	}
	return one(ctx, r.scope, kind, r.sql.placedPage, scanPublishedPage, place...)
}

func (r publishedPageRepo) Update(ctx context.Context, p *core.PublishedPage) error {
	return r.writeOne(ctx, "published page", r.sql.updatePublishedPage, key(p.ID), p.RemoteID, p.URL, p.Markdown,
		key(p.SummaryID), optionalKey(p.JobID), p.UpdatedAt)
}
