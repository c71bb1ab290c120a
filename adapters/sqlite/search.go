package sqlite

import (
	"context"
	"database/sql"
	"encoding/hex"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// Ranking reads the entries of the tenant's documents that have every word, and
// the documents themselves only for the page.
const (
	sqlRank = `SELECT tier, ` + documentColumns + ` FROM (
	SELECT CASE WHEN e.title = ? THEN 0 WHEN e.entry IN (SELECT rowid FROM search_words WHERE search_words MATCH ?) THEN 1 ELSE 2 END AS tier,
		e.org_id AS entry_org, e.document_id AS entry_document
	FROM search_words w CROSS JOIN search_entries e ON e.entry = w.rowid
	WHERE w.search_words MATCH ? AND e.org_id = ?`
	sqlRankFilter = ` AND EXISTS (SELECT 1 FROM documents WHERE org_id = e.org_id AND id = e.document_id`
	sqlRankAfter  = ` AND (tier > ? OR tier = ? AND (e.created_at, e.document_id) < (?, ?))`
	sqlRankPage   = ` ORDER BY tier, e.created_at DESC, e.document_id DESC LIMIT ?)
JOIN documents ON org_id = entry_org AND id = entry_document ORDER BY tier, created_at DESC, id DESC`
)

func (r documentReader) Search(ctx context.Context, q core.SearchQuery, f core.DocumentFilter, k core.Seek) ([]core.RankedDocument, error) {
	s := newStatement(sqlRank, q.Title, r.match("title", q.Words), r.match("words", q.Words), r.org)
	if f != (core.DocumentFilter{}) {
		s.add(sqlRankFilter).documents(f).add(`)`)
	}
	if a := k.After; a != nil {
		s.add(sqlRankAfter, a.Tier, a.Tier, micros(a.At), a.ID)
	}
	s.add(sqlRankPage, max(k.Limit, 0))
	return list(ctx, r.q, readRanked, s.text.String(), s.args...)
}

func readRanked(rows *sql.Rows, d *core.RankedDocument) error {
	return rows.Scan(append([]any{&d.Tier}, documentFields(&d.Document)...)...)
}

// match is the FTS5 query for entries whose column has all words; without words
// it matches nothing.
func (r documentReader) match(column string, words []string) string {
	if len(words) == 0 {
		words = []string{""} // core makes no empty word, so no entry has one
	}
	tokens := make([]string, len(words))
	for i, w := range words {
		tokens[i] = `"` + tokenOf(r.org, w) + `"`
	}
	return column + " : (" + strings.Join(tokens, " AND ") + ")"
}

// tokenOf writes a word of an organization in ASCII letters and digits, which FTS5
// neither splits nor folds: the organization, then w and a plain word, or x and
// the hexadecimal UTF-8 of any other.
func tokenOf(org core.OrgID, word string) string {
	prefix := strings.ReplaceAll(string(org), "-", "")
	if plain(word) {
		return prefix + "w" + word
	}
	return prefix + "x" + hex.EncodeToString([]byte(word))
}

func plain(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}

const (
	sqlTakeIndexed = `UPDATE documents SET indexed_revision = revision WHERE org_id = ? AND id = ? AND revision = ?`
	sqlAddEntry    = `INSERT INTO search_entries (org_id, document_id, title, created_at)
SELECT org_id, id, ?, created_at FROM documents WHERE org_id = ? AND id = ?`
	sqlAddWords = `INSERT INTO search_words (rowid, title, words)
SELECT entry, ?, ? FROM search_entries WHERE org_id = ? AND document_id = ?`
	sqlDropWords = `DELETE FROM search_words WHERE rowid IN (SELECT entry FROM search_entries WHERE org_id = ? AND document_id = ?)`
	sqlDropEntry = `DELETE FROM search_entries WHERE org_id = ? AND document_id = ?`
)

func (r documentRepo) PutSearchEntry(ctx context.Context, e core.SearchEntry) error {
	if !core.ValidID(e.DocumentID) {
		return nil
	}
	n, err := r.tx.exec(ctx, sqlTakeIndexed, r.org, e.DocumentID, e.Revision)
	if err != nil || n == 0 {
		return err
	}
	if err := r.deleteSearchEntry(ctx, e.DocumentID); err != nil {
		return err
	}
	if _, err := r.tx.exec(ctx, sqlAddEntry, e.Title, r.org, e.DocumentID); err != nil {
		return err
	}
	_, err = r.tx.exec(ctx, sqlAddWords, r.tokens(e.TitleWords), r.tokens(e.Words), r.org, e.DocumentID)
	return err
}

func (r documentRepo) tokens(words []string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(tokenOf(r.org, w))
		b.WriteByte(' ')
	}
	return b.String()
}

func (r documentRepo) deleteSearchEntry(ctx context.Context, id core.DocumentID) error {
	if _, err := r.tx.exec(ctx, sqlDropWords, r.org, id); err != nil {
		return err
	}
	_, err := r.tx.exec(ctx, sqlDropEntry, r.org, id)
	return err
}
