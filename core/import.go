package core

import (
	"context"
	"log/slog"
	"time"
)

// ImportMark says who imports an organization, and how long they may be silent.
type ImportMark struct {
	ID  string        // a UUID of the import's own
	TTL time.Duration // after which the import counts as given up
}

// ImportRepo keeps the mark of a tenant whose rows an import is writing, or a
// deletion removing, in many transactions. While it stands the organization is not there: its users are
// stored as inactive, so that nobody is signed in, and its jobs without a dispatch.
type ImportRepo interface {
	// Begin sets the mark, or returns CodeConflict when there is one.
	Begin(ctx context.Context, m ImportMark) error
	// Renew has the mark last for m.TTL from now, by the store's clock. It returns
	// CodeNotFound when the mark is not m's any more; until the transaction ends
	// nobody takes it.
	Renew(ctx context.Context, m ImportMark) error
	// Take makes a mark that was given up m's, or returns CodeNotFound.
	Take(ctx context.Context, m ImportMark) error
	// End removes the mark and makes the tenant's users active but those in
	// inactive, or returns CodeNotFound as Renew does.
	End(ctx context.Context, m ImportMark, inactive []UserID) error
	// Retire sets a mark that counts as given up at once, and has the organization
	// be there no more: its users become inactive, no job of it is started, and
	// those that run have lost their lease. It returns CodeConflict when there is a
	// mark, and for the organization that an embedded store was born with.
	Retire(ctx context.Context, m ImportMark) error
	// Discard renews the mark and deletes up to limit of the tenant's rows, what
	// points to others first. It returns how many it deleted, 0 when the mark is
	// all that is left, or CodeNotFound as Renew does.
	Discard(ctx context.Context, m ImportMark, limit int) (deleted int, err error)
}

// discardAtMost bounds one transaction of DiscardImport.
const discardAtMost = 500

// DiscardImport removes what the import of m has written, and its mark. It does
// nothing when the mark is not m's any more.
func DiscardImport(ctx context.Context, ts TenantStore, m ImportMark) error {
	for left := true; left; {
		err := ts.InTx(ctx, func(ctx context.Context, tx Tx) error {
			n, err := tx.Imports.Discard(ctx, m, discardAtMost)
			if left = err == nil && n > 0; left || err != nil {
				return err
			}
			return tx.Imports.End(ctx, m, nil)
		})
		if CodeOf(err) == CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// DiscardAbandoned discards the import of a tenant if it was given up: its process
// was killed, or has lost the store; and what is left of an organization that was
// deleted. It does nothing else.
func DiscardAbandoned(ctx context.Context, ts TenantStore) error {
	m := ImportMark{ID: NewID[string](), TTL: time.Minute}
	err := ts.InTx(ctx, func(ctx context.Context, tx Tx) error { return tx.Imports.Take(ctx, m) })
	if CodeOf(err) == CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return DiscardImport(ctx, ts, m)
}

// Tidy discards up to limit imports that were given up, of any tenant, and what is
// left of organizations that were deleted.
func (w *WorkService) Tidy(ctx context.Context, limit int) error {
	tenants, err := w.cfg.Store.System().AbandonedImports(ctx, limit)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		w.cfg.Logger.InfoContext(ctx, "removing the rows of an organization that was deleted, or whose import broke off", slog.String("org_id", string(t.OrgID())))
		if err := DiscardAbandoned(ctx, w.cfg.Store.Tenant(t)); err != nil {
			return err
		}
		w.cfg.forgetAccess(ctx, t)
	}
	return nil
}
