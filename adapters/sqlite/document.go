package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/docsctl/docsctl/core"
)

type documentReader struct{ scope }

const documentColumns = `org_id, id, user_id, title, source_type, source_url, external_id, external_last_updated, external_version, integration_id,
	conversion_warnings, mime_type, content_hash, content_bytes, version, revision, status, error_message, created_at, updated_at`

const (
	sqlDocuments   = `SELECT ` + documentColumns + `, content, pages FROM documents WHERE org_id = ?`
	sqlGetDocument = sqlDocuments + ` AND id = ?`
)

func (r documentReader) Get(ctx context.Context, id core.DocumentID) (*core.Document, error) {
	return one(ctx, r.q, "document", readWholeDocument, sqlGetDocument, r.org, id)
}

const sqlListDocuments = `SELECT ` + documentColumns + ` FROM documents WHERE org_id = ?`

func (r documentReader) List(ctx context.Context, f core.DocumentFilter, k core.Seek) ([]core.Document, error) {
	s := newStatement(sqlListDocuments, r.org).documents(f).page(k)
	return list(ctx, r.q, readDocument, s.text.String(), s.args...)
}

const sqlDocumentsByID = sqlListDocuments + ` AND id IN (SELECT value FROM json_each(?))`

func (r documentReader) ListByID(ctx context.Context, ids []core.DocumentID) ([]core.Document, error) {
	raw, err := json.Marshal(notNil(ids))
	if err != nil {
		return nil, fmt.Errorf("encode ids: %w", err)
	}
	return list(ctx, r.q, readDocument, sqlDocumentsByID, r.org, string(raw))
}

// documents narrows to the documents that fit f.
func (s *statement) documents(f core.DocumentFilter) *statement {
	return s.where(` AND source_type = ?`, string(f.SourceType)).
		where(` AND status = ?`, string(f.Status)).
		where(` AND integration_id = ?`, string(f.IntegrationID)).
		where(` AND content_hash = ?`, f.ContentHash).
		where(` AND external_id <> '' AND external_id = ?`, f.ExternalID) // the first half admits the partial index
}

func documentFields(d *core.Document) []any {
	return []any{
		&d.OrgID, &d.ID, &d.UserID, &d.Title, &d.SourceType, &d.SourceURL, &d.ExternalID, optional{&d.ExternalLastUpdated}, &d.ExternalVersion, &d.IntegrationID,
		object{&d.ConversionWarnings}, &d.MimeType, &d.ContentHash, &d.ContentBytes, &d.Version, &d.Revision, &d.Status, &d.ErrorMessage,
		(*instant)(&d.CreatedAt), (*instant)(&d.UpdatedAt),
	}
}

func readDocument(rows *sql.Rows, d *core.Document) error { return rows.Scan(documentFields(d)...) }

func readWholeDocument(rows *sql.Rows, d *core.Document) error {
	return rows.Scan(append(documentFields(d), &d.Content, object{&d.Pages})...)
}

type documentRepo struct {
	documentReader
	tx *tx
}

// documentRefused explains the constraints of documents.
var documentRefused = refused{taken: "a document with this external id exists; update it or use another", missing: "user"}

func (r documentRepo) GetForUpdate(ctx context.Context, id core.DocumentID) (*core.Document, error) {
	return r.Get(ctx, id)
}

const sqlCreateDocument = `INSERT INTO documents (` + documentColumns + `, content, pages)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// LockName has nobody to wait for: one transaction writes at a time.
func (r documentRepo) LockName(ctx context.Context, _ string) error {
	r.tx.mu.Lock()
	defer r.tx.mu.Unlock()
	return r.tx.usable(ctx)
}

func (r documentRepo) Create(ctx context.Context, d *core.Document) error {
	encoded, err := texts(d.Pages, notNil(d.ConversionWarnings))
	if err != nil {
		return err
	}
	_, err = r.tx.exec(ctx, sqlCreateDocument, r.org, d.ID, d.UserID, d.Title, d.SourceType, d.SourceURL, d.ExternalID,
		optionalMicros(d.ExternalLastUpdated), d.ExternalVersion, d.IntegrationID, encoded[1], d.MimeType, d.ContentHash, d.ContentBytes, d.Version, d.Revision,
		d.Status, d.ErrorMessage, micros(d.CreatedAt), micros(d.UpdatedAt), d.Content, encoded[0])
	return documentRefused.explain(err)
}

const sqlUpdateDocument = `UPDATE documents SET title = ?, source_type = ?, source_url = ?, external_id = ?, external_last_updated = ?,
	external_version = ?, integration_id = ?, conversion_warnings = ?, mime_type = ?, content_hash = ?, content_bytes = ?, version = ?, revision = ?, status = ?, error_message = ?,
	updated_at = ?, content = ?, pages = ? WHERE org_id = ? AND id = ?`

func (r documentRepo) Update(ctx context.Context, d *core.Document) error {
	if !core.ValidID(d.ID) {
		return core.NotFound("document")
	}
	encoded, err := texts(d.Pages, notNil(d.ConversionWarnings))
	if err != nil {
		return err
	}
	return r.tx.change(ctx, "document", documentRefused, sqlUpdateDocument, d.Title, d.SourceType, d.SourceURL, d.ExternalID,
		optionalMicros(d.ExternalLastUpdated), d.ExternalVersion, d.IntegrationID, encoded[1], d.MimeType, d.ContentHash, d.ContentBytes, d.Version, d.Revision,
		d.Status, d.ErrorMessage, micros(d.UpdatedAt), d.Content, encoded[0], r.org, d.ID)
}

const sqlDeleteDocument = `DELETE FROM documents WHERE org_id = ? AND id = ?`

func (r documentRepo) Delete(ctx context.Context, id core.DocumentID) error {
	if !core.ValidID(id) {
		return core.NotFound("document")
	}
	if err := r.deleteSearchEntry(ctx, id); err != nil {
		return err
	}
	n, err := r.tx.exec(ctx, sqlDeleteDocument, r.org, id)
	switch {
	case foreignKey(err):
		return core.Conflict("the document has summaries; delete them first")
	case err == nil && n == 0:
		return core.NotFound("document")
	}
	return err
}
