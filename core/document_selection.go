package core

import (
	"context"
	"strings"
)

// MaxSelected bounds how many documents one selection may name or find.
const MaxSelected = 10_000

// DocumentSelection says which documents are meant: those with an id of IDs, or all
// that Query finds, whose Page does not matter. One of the two is set.
type DocumentSelection struct {
	IDs   []DocumentID
	Query *DocumentQuery
}

// Validate returns CodeValidation with every field that does not hold.
func (s DocumentSelection) Validate() error {
	var v validation
	switch {
	case len(s.IDs) == 0 && s.Query == nil:
		v.add("document_ids", "required", "document_ids or filter is required; name the documents")
	case len(s.IDs) > 0 && s.Query != nil:
		v.add("filter", "exclusive", "document_ids and filter exclude each other; send one of them")
	case len(s.IDs) > MaxSelected:
		v.add("document_ids", "maxItems", "document_ids names more than 10000 documents; send several requests")
	}
	if err := v.err(); err != nil || s.Query == nil {
		return err
	}
	return s.Query.Validate()
}

// selected calls each for every selected document's id, once. Ids are not looked up.
// It returns CodeValidation when there are more than MaxSelected, and each's error.
func (c Config) selected(ctx context.Context, t Tenant, s DocumentSelection, each func(DocumentID) error) error {
	seen := map[DocumentID]bool{}
	once := func(id DocumentID) error {
		if seen[id] {
			return nil
		}
		if len(seen) == MaxSelected {
			return Invalid("filter", "maxItems", "filter finds more than 10000 documents; narrow it")
		}
		seen[id] = true
		return each(id)
	}
	for _, id := range s.IDs {
		if err := once(id); err != nil {
			return err
		}
	}
	if s.Query == nil {
		return nil
	}
	return c.found(ctx, t, *s.Query, once)
}

// found calls each for every document that a query finds, a page at a time.
func (c Config) found(ctx context.Context, t Tenant, q DocumentQuery, each func(DocumentID) error) error {
	read := c.Store.Tenant(t).Read().Documents
	words, searched := newSearchQuery(q.Text)
	if !searched && strings.TrimSpace(q.Text) != "" {
		return nil
	}
	seek := Seek{Limit: MaxPageLimit}
	for {
		var rows []RankedDocument
		if searched {
			var err error
			if rows, err = read.Search(ctx, words, q.Filter, seek); err != nil {
				return err
			}
		} else {
			listed, err := read.List(ctx, q.Filter, seek)
			if err != nil {
				return err
			}
			for _, d := range listed {
				rows = append(rows, RankedDocument{Document: d})
			}
		}
		for _, d := range rows {
			if err := each(d.ID); err != nil {
				return err
			}
		}
		if len(rows) < seek.Limit {
			return nil
		}
		last := rows[len(rows)-1]
		seek.After = &Key{At: last.CreatedAt, ID: string(last.ID), Tier: last.Tier}
	}
}
