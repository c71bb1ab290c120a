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
	var errs []error
	for _, ref := range refs {
		if err := w.index(ctx, ref); err != nil && CodeOf(err) != CodeNotFound {
			errs = append(errs, fmt.Errorf("index document %s of organization %s: %w", ref.DocumentID, ref.Tenant.OrgID(), err))
		}
	}
	return len(refs), errors.Join(errs...)
}

func (w *WorkService) index(ctx context.Context, ref DocumentRef) error {
	d, err := w.cfg.Store.Tenant(ref.Tenant).Read().Documents.Get(ctx, ref.DocumentID)
	if err != nil {
		return err
	}
	e := newSearchEntry(d) // outside the transaction: a book takes a tenth of a second
	return w.cfg.change(ctx, ref.Tenant, func(ctx context.Context, tx Tx) error {
		return tx.Documents.PutSearchEntry(ctx, e)
	})
}
