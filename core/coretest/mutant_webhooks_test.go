package coretest_test

import (
	"context"
	"errors"
	"time"

	"github.com/docsctl/docsctl/core"
)

// hooks has transactions with other webhooks.
type hooks struct {
	tenantStore
	breaks func(core.WebhookRepo) core.WebhookRepo
}

func (h hooks) InTx(ctx context.Context, fn func(ctx context.Context, tx core.Tx) error) error {
	return h.tenantStore.InTx(ctx, func(ctx context.Context, tx core.Tx) error {
		tx.Webhooks = h.breaks(tx.Webhooks)
		return fn(ctx, tx)
	})
}

func webhookMutant(breaks func(core.WebhookRepo) core.WebhookRepo) func(core.Store) core.Store {
	return tenantMutant(func(ts tenantStore) core.TenantStore { return hooks{ts, breaks} })
}

// unfencedWebhooks holds a webhook for whoever asks.
type unfencedWebhooks struct{ core.WebhookRepo }

func (u unfencedWebhooks) Hold(ctx context.Context, c core.WebhookClaim) (*core.Webhook, core.Position, error) {
	w, p, err := u.WebhookRepo.Hold(ctx, c)
	if errors.Is(err, core.ErrLeaseLost) {
		w, err = u.GetForUpdate(ctx, c.WebhookID)
	}
	return w, p, err
}

// forgetfulWebhooks says that it has renewed a claim.
type forgetfulWebhooks struct{ core.WebhookRepo }

func (forgetfulWebhooks) Renew(context.Context, core.WebhookClaim, time.Duration) error { return nil }
