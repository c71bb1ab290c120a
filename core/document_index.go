package core

import (
	"context"
	"errors"
	"fmt"
)

// Index writes the search entries of up to limit documents that changed since
// they were indexed, and returns how many there were. One that fails does not keep
// the others from it.
func (w *WorkService) Index(ctx context.Context, limit int) (int, error) {
	refs, err := w.cfg.Store.System().Unindexed(ctx, limit)
	if err != nil {
		return 0, err
	}
	byTenant := map[Tenant][]DocumentID{}
	for _, ref := range refs {
		byTenant[ref.Tenant] = append(byTenant[ref.Tenant], ref.DocumentID)
	}
	var errs []error
	for t, ids := range byTenant {
		if err := w.index(ctx, t, ids); err != nil {
			errs = append(errs, fmt.Errorf("index documents of organization %s: %w", t.OrgID(), err))
		}
	}
	return len(refs), errors.Join(errs...)
}

// index writes the entries of a tenant's documents, with one commit for all where
// nothing stands in its way.
func (w *WorkService) index(ctx context.Context, t Tenant, ids []DocumentID) error {
	var errs []error
	var entries []SearchEntry
	for _, id := range ids {
		d, err := w.cfg.Store.Tenant(t).Read().Documents.Get(ctx, id)
		if err == nil {
			entries = append(entries, newSearchEntry(d)) // outside the transaction: a book takes a tenth of a second
		} else if CodeOf(err) != CodeNotFound {
			errs = append(errs, fmt.Errorf("read document %s: %w", id, err))
		}
	}
	if w.putEntries(ctx, t, entries) == nil {
		return errors.Join(errs...)
	}
	for i, e := range entries {
		if err := w.putEntries(ctx, t, entries[i:i+1]); err != nil && CodeOf(err) != CodeNotFound {
			errs = append(errs, fmt.Errorf("store the entry of document %s: %w", e.DocumentID, err))
		}
	}
	return errors.Join(errs...)
}

func (w *WorkService) putEntries(ctx context.Context, t Tenant, entries []SearchEntry) error {
	return w.cfg.change(ctx, t, func(ctx context.Context, tx Tx) error {
		for _, e := range entries {
			if err := tx.Documents.PutSearchEntry(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}
