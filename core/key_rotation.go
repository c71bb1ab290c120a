package core

import (
	"context"
	"time"
)

// Rotated says what a rotation of the encryption keys found.
type Rotated struct {
	Looked int // integrations
	Sealed int // of them, those that were sealed anew
}

// maxRotated is more integrations than an installation has.
const maxRotated = 1 << 20

// RotateKeys seals under the first key what is sealed under another. It may be run
// again, and beside everything else.
func (w *WorkService) RotateKeys(ctx context.Context) (Rotated, error) {
	var r Rotated
	all, err := w.cfg.Store.System().DueIntegrations(ctx, w.cfg.now().Add(10*365*24*time.Hour), maxRotated)
	if err != nil {
		return r, err
	}
	for _, ref := range all {
		anew, err := w.sealAnew(ctx, ref)
		if err != nil && CodeOf(err) != CodeNotFound {
			return r, err
		}
		r.Looked++
		if anew {
			r.Sealed++
		}
	}
	return r, nil
}

func (w *WorkService) sealAnew(ctx context.Context, ref IntegrationRef) (anew bool, err error) {
	err = w.cfg.change(ctx, ref.Tenant, func(ctx context.Context, tx Tx) error {
		i, err := tx.Integrations.GetForUpdate(ctx, ref.IntegrationID)
		if anew = err == nil && len(i.Sealed) > 0 && !w.cfg.Sealer.Current(i.Sealed); !anew {
			return err
		}
		plain, err := w.cfg.Sealer.Open(ctx, ref.Tenant, SealedTokens, i.Sealed)
		if err != nil {
			return err
		}
		if i.Sealed, err = w.cfg.Sealer.Seal(ctx, ref.Tenant, SealedTokens, plain); err != nil {
			return err
		}
		return tx.Integrations.Update(ctx, i)
	})
	if err == nil && anew {
		w.cfg.forgetCachedAccess(ctx, ref.Tenant, ref.IntegrationID)
	}
	return anew, err
}
