package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

// documentColumns are all but the content and its pages, which stand last where they are read.
const documentColumns = `d.org_id, d.id, d.user_id, d.title, d.source_type, d.source_url, d.external_id, d.external_last_updated,
	d.external_version, d.conversion_warnings, d.integration_id, d.mime_type, d.content_hash, d.content_bytes, d.version, d.revision, d.status, d.error_message, d.created_at, d.updated_at`

// documentFields are where documentColumns go; pgx would find the strings in our types
// by reflection, for each row.
func documentFields(d *core.Document) []any {
	return []any{
		(*string)(&d.OrgID), (*string)(&d.ID), (*string)(&d.UserID), &d.Title, (*string)(&d.SourceType), &d.SourceURL, &d.ExternalID, &d.ExternalLastUpdated,
		&d.ExternalVersion, (*jsonStrings)(&d.ConversionWarnings), &d.IntegrationID, &d.MimeType, &d.ContentHash, &d.ContentBytes, &d.Version, &d.Revision, (*string)(&d.Status), &d.ErrorMessage,
		&d.CreatedAt, &d.UpdatedAt,
	}
}

func scanDocument(row pgx.CollectableRow) (d core.Document, err error) {
	err = row.Scan(append(documentFields(&d), &d.Content, (*jsonPages)(&d.Pages))...)
	return d, err
}

// scanListed scans a document without its content and pages.
func scanListed(row pgx.CollectableRow) (d core.Document, err error) {
	err = row.Scan(documentFields(&d)...)
	return d, err
}

// jsonStrings and jsonPages scan JSON. Most documents have nothing there, which is
// not worth a parser for each row of a list.
type (
	jsonStrings []string
	jsonPages   core.Pages
)

func (s *jsonStrings) ScanBytes(raw []byte) error {
	if string(raw) == "[]" {
		*s = jsonStrings{}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(s))
}

func (p *jsonPages) ScanBytes(raw []byte) error {
	if string(raw) == "{}" {
		*p = jsonPages{}
		return nil
	}
	return json.Unmarshal(raw, (*core.Pages)(p))
}

// documentArgs is what insertDocument and updateDocument have in common, in order.
func documentArgs(d *core.Document) ([]any, error) {
	pages, err := json.Marshal(d.Pages)
	if err != nil {
		return nil, fmt.Errorf("encode a document's pages: %w", err)
	}
	warnings, err := json.Marshal(append([]string{}, d.ConversionWarnings...))
	if err != nil {
		return nil, fmt.Errorf("encode a document's warnings: %w", err)
	}
	return []any{
		d.Title, d.Content, string(d.SourceType), d.SourceURL, d.ExternalID, d.ExternalLastUpdated, optionalKey(d.IntegrationID),
		d.MimeType, d.ContentHash, d.ContentBytes, d.Version, d.Revision, string(d.Status), d.ErrorMessage, d.UpdatedAt, string(pages),
		d.ExternalVersion, string(warnings),
	}, nil
}

type documentReader struct{ scope }

func (r documentReader) Get(ctx context.Context, id core.DocumentID) (*core.Document, error) {
	return one(ctx, r.scope, "document", r.sql.getDocument, scanDocument, key(id))
}

func (r documentReader) ListByID(ctx context.Context, ids []core.DocumentID) ([]core.Document, error) {
	known := []string{}
	for _, id := range ids {
		if core.ValidID(id) {
			known = append(known, string(id))
		}
	}
	return many(ctx, r.scope, r.sql.documentsByID, scanListed, known)
}

func (r documentReader) List(ctx context.Context, f core.DocumentFilter, s core.Seek) ([]core.Document, error) {
	l := newList(r.sql.listDocuments)
	if f.SourceType != "" {
		l.where("d.source_type = ?", string(f.SourceType))
	}
	if f.Status != "" {
		l.where("d.status = ?", string(f.Status))
	}
	if f.IntegrationID != "" {
		l.where("d.integration_id = ?", key(f.IntegrationID))
	}
	if f.ContentHash != "" {
		l.where("d.content_hash = ?", f.ContentHash)
	}
	if f.ExternalID != "" {
		l.where("md5(d.external_id)::uuid = md5(?)::uuid and d.external_id = ? and d.external_id <> ''", f.ExternalID)
	}
	l.page("d", s)
	return many(ctx, r.scope, l.sql.String(), scanListed, l.args...)
}

type documentRepo struct {
	documentReader
	tx *transaction
}

func (r documentRepo) GetForUpdate(ctx context.Context, id core.DocumentID) (*core.Document, error) {
	return one(ctx, r.scope, "document", r.sql.lockDocument, scanDocument, key(id))
}

// LockName waits for an advisory lock, which ends with the transaction.
func (r documentRepo) LockName(ctx context.Context, name string) error {
	sum := sha256.Sum256([]byte(name)) // so that any text is a name
	return r.writeLater(ctx, r.tx, "document", r.sql.lockDocumentName, hex.EncodeToString(sum[:]))
}

func (r documentRepo) Create(ctx context.Context, d *core.Document) error {
	args, err := documentArgs(d)
	if err != nil {
		return err
	}
	args = append([]any{key(d.ID), key(d.UserID)}, args...)
	return r.writeLater(ctx, r.tx, "document", r.sql.insertDocument, append(args, d.CreatedAt)...)
}

func (r documentRepo) Update(ctx context.Context, d *core.Document) error {
	args, err := documentArgs(d)
	if err != nil {
		return err
	}
	return r.writeLater(ctx, r.tx, "document", r.sql.updateDocument, append([]any{key(d.ID)}, args...)...)
}

func (r documentRepo) Delete(ctx context.Context, id core.DocumentID) error {
	err := r.writeOne(ctx, "document", r.sql.deleteDocument, key(id))
	if referenced(err) {
		return core.Conflict("the document has summaries; delete them first")
	}
	return err
}
