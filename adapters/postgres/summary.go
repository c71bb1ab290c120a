package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const summaryColumns = `s.org_id, s.id, s.doc_id, s.created_by, s.template_id, s.template_version, s.prompt, s.json_schema, s.focus,
	s.max_cost_usd, s.allow_partial, s.refresh, s.summary_text, s.format, s.length, s.language, s.model_requested, s.model_used,
	s.tokens_used, s.status, s.job_id, s.doc_version, d.version > s.doc_version, s.error_message, s.usage, s.coverage, s.citations, s.warnings,
	s.created_at, s.updated_at`

func scanSummary(row pgx.CollectableRow) (s core.Summary, err error) {
	var usage, coverage, citations, warnings []byte
	err = row.Scan((*string)(&s.OrgID), (*string)(&s.ID), (*string)(&s.DocID), (*string)(&s.CreatedBy), (*string)(&s.TemplateID), &s.TemplateVersion, &s.Prompt, (*[]byte)(&s.JSONSchema), &s.Focus,
		&s.MaxCostUSD, &s.AllowPartial, &s.Refresh, &s.Text, (*string)(&s.Format), (*string)(&s.Length), &s.Language, &s.ModelRequested, &s.ModelUsed,
		&s.TokensUsed, (*string)(&s.Status), (*string)(&s.JobID), &s.DocVersion, &s.Stale, &s.ErrorMessage, &usage, &coverage, &citations, &warnings,
		&s.CreatedAt, &s.UpdatedAt)
	if err != nil {
		return s, err
	}
	for _, part := range []struct {
		raw  []byte
		into any
	}{{usage, &s.Usage}, {coverage, &s.Coverage}, {citations, &s.Citations}, {warnings, &s.Warnings}} {
		if err := json.Unmarshal(part.raw, part.into); err != nil {
			return s, fmt.Errorf("read a summary's parts: %w", err)
		}
	}
	s.Citations, s.Warnings, s.Coverage.PagesWithoutText = notNil(s.Citations), notNil(s.Warnings), notNil(s.Coverage.PagesWithoutText)
	return s, nil
}

func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// summaryArgs is $2 to $26 of insertSummary and updateSummary.
func summaryArgs(s *core.Summary) ([]any, error) {
	if err := checkParts(s); err != nil {
		return nil, err
	}
	args := []any{
		key(s.ID), key(s.CreatedBy), key(s.TemplateID), s.TemplateVersion, s.Prompt, rawJSON(s.JSONSchema), s.Focus,
		s.MaxCostUSD, s.AllowPartial, s.Refresh, s.Text, string(s.Format), string(s.Length), s.Language, s.ModelRequested, s.ModelUsed,
		s.TokensUsed, string(s.Status), s.DocVersion, s.ErrorMessage,
	}
	for _, part := range []any{s.Usage, s.Coverage, notNil(s.Citations), notNil(s.Warnings)} {
		raw, err := json.Marshal(part)
		if err != nil {
			return nil, fmt.Errorf("encode a summary's parts: %w", err)
		}
		args = append(args, string(raw))
	}
	return append(args, s.UpdatedAt), nil
}

// checkParts refuses text that JSON would hide from the check of the arguments: it
// escapes a NUL and replaces what is not UTF-8.
func checkParts(s *core.Summary) error {
	ok := true
	for _, c := range s.Citations {
		for _, source := range c.Sources {
			ok = ok && validText(source.Quote)
		}
	}
	for _, w := range s.Warnings {
		ok = ok && validText(w.Code) && validText(string(w.Severity)) && validText(w.Message)
	}
	if !ok {
		return invalidText()
	}
	return nil
}

type summaryReader struct{ scope }

func (r summaryReader) Get(ctx context.Context, id core.SummaryID) (*core.Summary, error) {
	return one(ctx, r.scope, "summary", r.sql.getSummary, scanSummary, key(id))
}

func (r summaryReader) List(ctx context.Context, f core.SummaryFilter, s core.Seek) ([]core.Summary, error) {
	l := newList(r.sql.listSummaries)
	if f.DocID != "" {
		l.where("s.doc_id = ?", key(f.DocID))
	}
	if f.Status != "" {
		l.where("s.status = ?", string(f.Status))
	}
	l.page("s", s)
	return many(ctx, r.scope, l.sql.String(), scanSummary, l.args...)
}

func (r summaryReader) Source(ctx context.Context, id core.SummaryID) (*core.Summary, *core.Document, error) {
	var s *core.Summary
	var d *core.Document
	err := r.together(ctx, want(r.scope, &s, "summary", r.sql.getSummary, scanSummary, key(id)),
		want(r.scope, &d, "document", r.sql.getDocumentOf, scanDocument, key(id)))
	if err != nil {
		return nil, nil, err
	}
	return s, d, nil
}

func (r summaryReader) Material(ctx context.Context, d core.DocumentID, t, otherwise core.TemplateID) (*core.Document, *core.Template, error) {
	statement, id := r.sql.getTemplate, t
	if t == "" {
		statement, id = r.sql.defaultTemplate, otherwise
	}
	var document *core.Document
	var template *core.Template
	err := r.together(ctx, want(r.scope, &document, "document", r.sql.getDocument, scanDocument, key(d)),
		want(r.scope, &template, "template", statement, scanTemplate, key(id)))
	if err != nil {
		return nil, nil, err
	}
	return document, template, nil
}

type summaryRepo struct {
	summaryReader
	tx *transaction
}

func (r summaryRepo) Create(ctx context.Context, s *core.Summary) error {
	args, err := summaryArgs(s)
	if err != nil {
		return err
	}
	return r.writeLater(ctx, r.tx, "document", r.sql.insertSummary, append(args, key(s.DocID), key(s.JobID), s.CreatedAt)...)
}

func (r summaryRepo) Update(ctx context.Context, s *core.Summary) error {
	args, err := summaryArgs(s)
	if err != nil {
		return err
	}
	return r.writeLater(ctx, r.tx, "summary", r.sql.updateSummary, args...)
}

func (r summaryRepo) Delete(ctx context.Context, id core.SummaryID) error {
	return r.writeOne(ctx, "summary", r.sql.deleteSummary, key(id))
}

func (r summaryRepo) DeleteOfDocument(ctx context.Context, id core.DocumentID) error {
	_, err := r.write(ctx, r.sql.deleteSummaries, key(id))
	return err
}
