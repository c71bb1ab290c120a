package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

func scanRanked(row pgx.CollectableRow) (d core.RankedDocument, err error) {
	err = row.Scan(append(documentFields(&d.Document), &d.Tier)...)
	return d, err
}

// Search has docsctl_search choose and order the documents of the page, since behind
// a policy the index could not be used, and reads their rows as the tenant.
func (r documentReader) Search(ctx context.Context, q core.SearchQuery, f core.DocumentFilter, s core.Seek) ([]core.RankedDocument, error) {
	args := []any{
		q.Title, q.Words, optional(string(f.SourceType)), optional(string(f.Status)), nil,
		optional(f.ContentHash), optional(f.ExternalID), nil, nil, nil, max(s.Limit, 0),
	}
	if f.IntegrationID != "" {
		args[4] = key(f.IntegrationID)
	}
	if s.After != nil {
		args[7], args[8], args[9] = s.After.Tier, s.After.At, key(s.After.ID)
	}
	return many(ctx, r.scope, r.sql.searchDocuments, scanRanked, args...)
}

// optional returns "" as NULL.
func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// PutSearchEntry stores the words with the organization's mark among them, see
// document_search in the migrations.
func (r documentRepo) PutSearchEntry(ctx context.Context, e core.SearchEntry) error {
	if !core.ValidID(e.DocumentID) {
		return nil
	}
	words := slices.Concat([]string{"@" + r.org}, e.TitleWords, e.Words)
	titleWords := e.TitleWords
	if titleWords == nil {
		titleWords = []string{}
	}
	return r.writeLater(ctx, r.tx, "document", r.sql.putSearchEntry, key(e.DocumentID), e.Revision, e.Title, titleWords, words)
}
