package sqlite

import (
	"context"
	"database/sql"

	"github.com/docsctl/docsctl/core"
)

type summaryReader struct{ scope }

const summaryColumns = `org_id, id, doc_id, created_by, template_id, template_version, prompt, json_schema, focus, max_cost_usd,
	allow_partial, refresh, text, format, length, language, model_requested, model_used, tokens_used, status, job_id, doc_version,
	error_message, usage, coverage, citations, warnings, created_at, updated_at`

// staleColumn is true when the document has a newer version.
const staleColumn = `, (SELECT d.version > summaries.doc_version FROM documents d WHERE d.org_id = summaries.org_id AND d.id = summaries.doc_id)`

const sqlGetSummary = `SELECT ` + summaryColumns + staleColumn + ` FROM summaries WHERE org_id = ? AND id = ?`

func (r summaryReader) Get(ctx context.Context, id core.SummaryID) (*core.Summary, error) {
	return one(ctx, r.q, "summary", readSummary, sqlGetSummary, r.org, id)
}

const sqlListSummaries = `SELECT ` + summaryColumns + staleColumn + ` FROM summaries WHERE org_id = ?`

func (r summaryReader) List(ctx context.Context, f core.SummaryFilter, k core.Seek) ([]core.Summary, error) {
	s := newStatement(sqlListSummaries, r.org).
		where(` AND doc_id = ?`, string(f.DocID)).
		where(` AND status = ?`, string(f.Status)).page(k)
	return list(ctx, r.q, readSummary, s.text.String(), s.args...)
}

// Source makes two looks: here they cost no round trip.
func (r summaryReader) Source(ctx context.Context, id core.SummaryID) (*core.Summary, *core.Document, error) {
	s, err := r.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	d, err := documentReader(r).Get(ctx, s.DocID)
	if err != nil {
		return nil, nil, err
	}
	return s, d, nil
}

func (r summaryReader) Material(ctx context.Context, d core.DocumentID, t, otherwise core.TemplateID) (*core.Document, *core.Template, error) {
	document, err := documentReader(r).Get(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	var template *core.Template
	if t == "" {
		template, err = templateReader(r).Default(ctx, otherwise)
	} else {
		template, err = templateReader(r).Get(ctx, t)
	}
	if err != nil {
		return nil, nil, err
	}
	return document, template, nil
}

func readSummary(rows *sql.Rows, x *core.Summary) error {
	err := rows.Scan(&x.OrgID, &x.ID, &x.DocID, &x.CreatedBy, &x.TemplateID, &x.TemplateVersion, &x.Prompt, (*raw)(&x.JSONSchema), &x.Focus, &x.MaxCostUSD,
		&x.AllowPartial, &x.Refresh, &x.Text, &x.Format, &x.Length, &x.Language, &x.ModelRequested, &x.ModelUsed, &x.TokensUsed, &x.Status, &x.JobID, &x.DocVersion,
		&x.ErrorMessage, object{&x.Usage}, object{&x.Coverage}, object{&x.Citations}, object{&x.Warnings},
		(*instant)(&x.CreatedAt), (*instant)(&x.UpdatedAt), &x.Stale)
	x.Citations, x.Warnings = notNil(x.Citations), notNil(x.Warnings)
	x.Coverage.PagesWithoutText = notNil(x.Coverage.PagesWithoutText)
	return err
}

// notNil has lists come back empty, never missing.
func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

type summaryRepo struct {
	summaryReader
	tx *tx
}

// summaryRefused explains the constraints of summaries.
var summaryRefused = refused{missing: "document"}

const sqlCreateSummary = `INSERT INTO summaries (` + summaryColumns + `)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (r summaryRepo) Create(ctx context.Context, x *core.Summary) error {
	if !core.ValidID(x.DocID) {
		return core.NotFound("document")
	}
	account, err := accountOf(x)
	if err != nil {
		return err
	}
	args := append([]any{
		r.org, x.ID, x.DocID, x.CreatedBy, x.TemplateID, x.TemplateVersion, x.Prompt, rawText(x.JSONSchema), x.Focus, x.MaxCostUSD,
		x.AllowPartial, x.Refresh, x.Text, x.Format, x.Length, x.Language, x.ModelRequested, x.ModelUsed, x.TokensUsed, x.Status, x.JobID, x.DocVersion,
		x.ErrorMessage,
	}, account...)
	_, err = r.tx.exec(ctx, sqlCreateSummary, append(args, micros(x.CreatedAt), micros(x.UpdatedAt))...)
	return summaryRefused.explain(err)
}

// accountOf returns the columns that are kept as JSON: usage, coverage, citations,
// warnings. JSON would hide what checkText looks for, so their texts are checked here.
func accountOf(x *core.Summary) ([]any, error) {
	for _, c := range x.Citations {
		for _, s := range c.Sources {
			if !sound(s.Quote) {
				return nil, errText()
			}
		}
	}
	for _, w := range x.Warnings {
		if !sound(w.Code) || !sound(w.Message) || !sound(string(w.Severity)) {
			return nil, errText()
		}
	}
	return texts(x.Usage, x.Coverage, x.Citations, x.Warnings)
}

const sqlUpdateSummary = `UPDATE summaries SET template_version = ?, prompt = ?, json_schema = ?, focus = ?, max_cost_usd = ?,
	allow_partial = ?, refresh = ?, text = ?, format = ?, length = ?, language = ?, model_requested = ?, model_used = ?, tokens_used = ?,
	status = ?, doc_version = ?, error_message = ?, usage = ?, coverage = ?, citations = ?, warnings = ?, updated_at = ?
WHERE org_id = ? AND id = ?`

func (r summaryRepo) Update(ctx context.Context, x *core.Summary) error {
	if !core.ValidID(x.ID) {
		return core.NotFound("summary")
	}
	account, err := accountOf(x)
	if err != nil {
		return err
	}
	args := append([]any{
		x.TemplateVersion, x.Prompt, rawText(x.JSONSchema), x.Focus, x.MaxCostUSD, x.AllowPartial, x.Refresh, x.Text, x.Format, x.Length,
		x.Language, x.ModelRequested, x.ModelUsed, x.TokensUsed, x.Status, x.DocVersion, x.ErrorMessage,
	}, account...)
	return r.tx.change(ctx, "summary", summaryRefused, sqlUpdateSummary, append(args, micros(x.UpdatedAt), r.org, x.ID)...)
}

const sqlDeleteSummary = `DELETE FROM summaries WHERE org_id = ? AND id = ?`

func (r summaryRepo) Delete(ctx context.Context, id core.SummaryID) error {
	if !core.ValidID(id) {
		return core.NotFound("summary")
	}
	return r.tx.change(ctx, "summary", refused{}, sqlDeleteSummary, r.org, id)
}

const sqlDeleteSummariesOfDocument = `DELETE FROM summaries WHERE org_id = ? AND doc_id = ?`

func (r summaryRepo) DeleteOfDocument(ctx context.Context, id core.DocumentID) error {
	if !core.ValidID(id) {
		return nil
	}
	_, err := r.tx.exec(ctx, sqlDeleteSummariesOfDocument, r.org, id)
	return err
}
