package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/docsctl/docsctl/core"
)

type publishedPageReader struct{ scope }

const (
	publishedPageColumns = `org_id, id, integration_id, doc_id, template_id, target, remote_id, url, markdown, summary_id, job_id, created_at, updated_at`
	sqlPublishedPages    = `SELECT ` + publishedPageColumns + ` FROM published_pages WHERE org_id = ?`
	sqlGetPublishedPage  = sqlPublishedPages + ` AND id = ?`
)

func (r publishedPageReader) Get(ctx context.Context, id core.PublishedPageID) (*core.PublishedPage, error) {
	return one(ctx, r.q, "published page", readPublishedPage, sqlGetPublishedPage, r.org, id)
}

const sqlPublishedPagesByRemoteID = sqlPublishedPages + ` AND integration_id = ? AND remote_id IN (SELECT value FROM json_each(?))`

func (r publishedPageReader) ListByRemoteID(ctx context.Context, integration core.IntegrationID, ids []string) ([]core.PublishedPage, error) {
	raw, err := json.Marshal(notNil(ids))
	if err != nil {
		return nil, fmt.Errorf("encode ids: %w", err)
	}
	return list(ctx, r.q, readPublishedPage, sqlPublishedPagesByRemoteID, r.org, integration, string(raw))
}

func readPublishedPage(rows *sql.Rows, p *core.PublishedPage) error {
	return rows.Scan(&p.OrgID, &p.ID, &p.IntegrationID, &p.DocID, &p.TemplateID, &p.Target, &p.RemoteID, &p.URL, &p.Markdown,
		&p.SummaryID, &p.JobID, (*instant)(&p.CreatedAt), (*instant)(&p.UpdatedAt))
}

type publishedPageRepo struct {
	publishedPageReader
	tx *tx
}

// publishedPageRefused explains the constraints of published_pages.
var publishedPageRefused = refused{taken: "this page is published already", missing: "integration or document"}

const (
	sqlPlacedPage    = sqlPublishedPages + ` AND integration_id = ? AND doc_id = ? AND template_id = ? AND target = ?`
	sqlCreatePlacing = `INSERT INTO published_pages (` + publishedPageColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

func (r publishedPageRepo) Claim(ctx context.Context, p *core.PublishedPage) (*core.PublishedPage, error) {
	if !core.ValidID(p.IntegrationID) || !core.ValidID(p.DocID) {
		return nil, core.NotFound("integration or document")
	}
	found, err := list(ctx, r.q, readPublishedPage, sqlPlacedPage, r.org, p.IntegrationID, p.DocID, p.TemplateID, p.Target)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return &found[0], nil
	}
	_, err = r.tx.exec(ctx, sqlCreatePlacing, r.org, p.ID, p.IntegrationID, p.DocID, p.TemplateID, p.Target, p.RemoteID, p.URL,
		p.Markdown, p.SummaryID, p.JobID, micros(p.CreatedAt), micros(p.UpdatedAt))
	if err != nil {
		return nil, publishedPageRefused.explain(err)
	}
	return p, nil
}

const sqlUpdatePublishedPage = `UPDATE published_pages SET remote_id = ?, url = ?, markdown = ?, summary_id = ?, job_id = ?, updated_at = ?
WHERE org_id = ? AND id = ?`

func (r publishedPageRepo) Update(ctx context.Context, p *core.PublishedPage) error {
	if !core.ValidID(p.ID) {
		return core.NotFound("published page")
	}
	return r.tx.change(ctx, "published page", publishedPageRefused, sqlUpdatePublishedPage, p.RemoteID, p.URL, p.Markdown,
		p.SummaryID, p.JobID, micros(p.UpdatedAt), r.org, p.ID)
}
