package core

import (
	"context"
	"time"
)

// Rotated says what a rotation of the encryption keys found.
type Rotated struct {
	Looked int // integrations and webhooks
	Sealed int // of them, those that were sealed anew
}

// maxRotated is more integrations, or webhooks, than an installation has.
const maxRotated = 1 << 20

// RotateKeys seals under the first key what is sealed under another. It may be run
// again, and beside everything else.
func (w *WorkService) RotateKeys(ctx context.Context) (Rotated, error) {
	var r Rotated
	integrations, err := w.cfg.Store.System().DueIntegrations(ctx, w.cfg.now().Add(10*365*24*time.Hour), maxRotated)
	if err != nil {
		return r, err
	}
	for _, ref := range integrations {
		if err := r.note(w.sealIntegrationAnew(ctx, ref)); err != nil {
			return r, err
		}
	}
	webhooks, err := w.cfg.Store.System().WebhookWork(ctx, WebhookWorkRequest{All: true, Limit: maxRotated})
	if err != nil {
		return r, err
	}
	for _, c := range webhooks {
		if err := r.note(w.sealWebhookAnew(ctx, c)); err != nil {
			return r, err
		}
	}
	return r, nil
}

// note counts a thing that was looked at. One that is gone is none.
func (r *Rotated) note(anew bool, err error) error {
	switch {
	case CodeOf(err) == CodeNotFound:
		return nil
	case err != nil:
		return err
	case anew:
		r.Sealed++
	}
	r.Looked++
	return nil
}

func (w *WorkService) sealIntegrationAnew(ctx context.Context, ref IntegrationRef) (anew bool, err error) {
	err = w.cfg.change(ctx, ref.Tenant, func(ctx context.Context, tx Tx) error {
		i, err := tx.Integrations.GetForUpdate(ctx, ref.IntegrationID)
		if err != nil {
			return err
		}
		if i.Sealed, anew, err = w.cfg.sealAnew(ctx, ref.Tenant, SealedTokens, i.Sealed); err != nil || !anew {
			return err
		}
		return tx.Integrations.Update(ctx, i)
	})
	if err == nil && anew {
		w.cfg.forgetCachedAccess(ctx, ref.Tenant, ref.IntegrationID)
	}
	return anew, err
}

func (w *WorkService) sealWebhookAnew(ctx context.Context, c WebhookClaim) (anew bool, err error) {
	err = w.cfg.change(ctx, c.Tenant, func(ctx context.Context, tx Tx) error {
		hook, err := tx.Webhooks.GetForUpdate(ctx, c.WebhookID)
		if err != nil {
			return err
		}
		if hook.Sealed, anew, err = w.cfg.sealAnew(ctx, c.Tenant, SealedWebhookSecrets, hook.Sealed); err != nil || !anew {
			return err
		}
		return tx.Webhooks.Update(ctx, hook)
	})
	return anew, err
}

// sealAnew seals under the first key what is not, and reports whether it did.
func (c Config) sealAnew(ctx context.Context, t Tenant, purpose string, sealed []byte) (again []byte, anew bool, err error) {
	if len(sealed) == 0 || c.Sealer.Current(sealed) {
		return sealed, false, nil
	}
	plain, err := c.Sealer.Open(ctx, t, purpose, sealed)
	if err != nil {
		return nil, false, err
	}
	again, err = c.Sealer.Seal(ctx, t, purpose, plain)
	return again, err == nil, err
}
