package core

import (
	"context"
	"net/url"
	"slices"
)

// WebhookService holds the use cases of webhooks. Only an admin may use them.
type WebhookService struct{ cfg Config }

// WebhookWithSecret is a webhook with its newest secret, which is shown once.
type WebhookWithSecret struct {
	Webhook *Webhook
	Secret  string
}

// maxWebhooks is how many an organization may have.
const maxWebhooks = 50

// Create makes a webhook that is told of what happens from now on. It returns
// CodeValidation for an address that cannot be reached from here, and CodeConflict
// when the organization has as many as it may.
func (s *WebhookService) Create(ctx context.Context, a Actor, n NewWebhook) (*WebhookWithSecret, error) {
	if err := a.may(permWebhooks, ""); err != nil {
		return nil, err
	}
	if err := n.Validate(); err != nil {
		return nil, err
	}
	if err := s.cfg.Webhooks.Check(n.URL); err != nil {
		return nil, err
	}
	at, secret := s.cfg.now(), newWebhookSecret()
	sealed, err := s.cfg.sealWebhook(ctx, a.Tenant(), webhookSecrets{{Secret: secret}})
	if err != nil {
		return nil, err
	}
	log, err := s.cfg.Store.Tenant(a.Tenant()).Read().Events.State(ctx)
	if err != nil {
		return nil, err
	}
	made := WebhookWithSecret{Secret: secret, Webhook: &Webhook{
		ID: NewID[WebhookID](), OrgID: a.Tenant().OrgID(), URL: n.URL, Topics: sortedTopics(n.Topics), IsActive: !n.Inactive,
		Sealed: sealed, CreatedAt: at, UpdatedAt: at,
	}}
	err = s.cfg.once(ctx, a, &made, func(ctx context.Context, tx Tx) error {
		all, err := tx.Webhooks.List(ctx, Seek{Limit: maxWebhooks})
		if err != nil {
			return err
		}
		if len(all) >= maxWebhooks {
			return Conflict("the organization has 50 webhooks; delete one that is no longer used")
		}
		s.cfg.audit(tx, a, AuditWebhookCreated, string(made.Webhook.ID), about(made.Webhook))
		return tx.Webhooks.Create(ctx, made.Webhook, log.Last)
	})
	if err != nil {
		return nil, err
	}
	return &made, nil
}

// sortedTopics returns each topic once, in the order of Topics.
func sortedTopics(topics []string) []string {
	return slices.DeleteFunc(Topics(), func(t string) bool { return !slices.Contains(topics, t) })
}

// about is what the audit log keeps of a webhook: of its address no more than the
// host, for the rest may be a secret.
func about(w *Webhook) map[string]any {
	host := ""
	if u, err := url.Parse(w.URL); err == nil {
		host = u.Host
	}
	return map[string]any{"host": host, "topics": w.Topics, "is_active": w.IsActive}
}

// Get returns a webhook, or CodeNotFound.
func (s *WebhookService) Get(ctx context.Context, a Actor, id WebhookID) (*Webhook, error) {
	if err := a.may(permWebhooks, ""); err != nil {
		return nil, err
	}
	return s.cfg.Store.Tenant(a.Tenant()).Read().Webhooks.Get(ctx, id)
}

// List returns a page of webhooks.
func (s *WebhookService) List(ctx context.Context, a Actor, p PageRequest) (Page[Webhook], error) {
	var none Page[Webhook]
	if err := a.may(permWebhooks, ""); err != nil {
		return none, err
	}
	seek, err := p.seek()
	if err != nil {
		return none, err
	}
	rows, err := s.cfg.Store.Tenant(a.Tenant()).Read().Webhooks.List(ctx, seek)
	return page(rows, seek, func(w Webhook) Key { return Key{At: w.CreatedAt, ID: string(w.ID)} }), err
}

// Update changes a webhook. Turned on again, it goes on where it was turned off: what
// is pending is sent, and what the log still holds follows.
func (s *WebhookService) Update(ctx context.Context, a Actor, id WebhookID, p WebhookPatch) (*Webhook, error) {
	if err := a.may(permWebhooks, ""); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if p.URL != nil {
		if err := s.cfg.Webhooks.Check(*p.URL); err != nil {
			return nil, err
		}
	}
	var w *Webhook
	err := s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) (err error) {
		if w, err = tx.Webhooks.GetForUpdate(ctx, id); err != nil || !w.apply(p) {
			return err
		}
		w.UpdatedAt = s.cfg.now()
		s.cfg.audit(tx, a, AuditWebhookUpdated, string(id), about(w))
		return tx.Webhooks.Update(ctx, w)
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// apply reports whether the patch changes anything. Another address, and being turned
// on, begin without the failures of before.
func (w *Webhook) apply(p WebhookPatch) bool {
	changed := false
	if p.Topics != nil {
		if topics := sortedTopics(*p.Topics); !slices.Equal(topics, w.Topics) {
			w.Topics, changed = topics, true
		}
	}
	if p.URL != nil && *p.URL != w.URL {
		w.URL, changed = *p.URL, true
		w.recovered()
	}
	if p.IsActive != nil && *p.IsActive != w.IsActive {
		w.IsActive, changed = *p.IsActive, true
		if w.DisabledReason, w.DisabledAt = "", nil; w.IsActive {
			w.recovered()
		}
	}
	return changed
}

// recovered forgets failures, and reports whether there were any.
func (w *Webhook) recovered() bool {
	was := w.FailingSince != nil || w.PausedUntil != nil || w.Failures > 0
	w.FailingSince, w.PausedUntil, w.Failures = nil, nil, 0
	return was
}

// Delete removes a webhook and its deliveries; what is being sent may still arrive.
func (s *WebhookService) Delete(ctx context.Context, a Actor, id WebhookID) error {
	if err := a.may(permWebhooks, ""); err != nil {
		return err
	}
	return s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) error {
		w, err := tx.Webhooks.GetForUpdate(ctx, id)
		if err != nil {
			return err
		}
		s.cfg.audit(tx, a, AuditWebhookDeleted, string(id), about(w))
		return tx.Webhooks.Delete(ctx, id)
	})
}

// RotateSecret gives a webhook another secret, and returns it. For a day messages are
// signed by both, so that a receiver may change over at any time of it.
func (s *WebhookService) RotateSecret(ctx context.Context, a Actor, id WebhookID) (*WebhookWithSecret, error) {
	if err := a.may(permWebhooks, ""); err != nil {
		return nil, err
	}
	var made WebhookWithSecret
	err := s.cfg.once(ctx, a, &made, func(ctx context.Context, tx Tx) error {
		w, err := tx.Webhooks.GetForUpdate(ctx, id)
		if err != nil {
			return err
		}
		if made.Secret, err = s.cfg.rotate(ctx, a.Tenant(), w); err != nil {
			return err
		}
		w.UpdatedAt = s.cfg.now()
		made.Webhook = w
		s.cfg.audit(tx, a, AuditWebhookSecretRotated, string(id), nil)
		return tx.Webhooks.Update(ctx, w)
	})
	if err != nil {
		return nil, err
	}
	return &made, nil
}

// Deliveries returns a page of a webhook's deliveries, newest first, or CodeNotFound
// when there is no such webhook.
func (s *WebhookService) Deliveries(ctx context.Context, a Actor, f DeliveryFilter, p PageRequest) (Page[Delivery], error) {
	var none Page[Delivery]
	if err := a.may(permWebhooks, ""); err != nil {
		return none, err
	}
	if f.Status != "" {
		var v validation
		if oneOf(&v, "status", f.Status, DeliveryStatuses()...); v.err() != nil {
			return none, v.err()
		}
	}
	seek, err := p.seek()
	if err != nil {
		return none, err
	}
	read := s.cfg.Store.Tenant(a.Tenant()).Read()
	if _, err := read.Webhooks.Get(ctx, f.WebhookID); err != nil {
		return none, err
	}
	rows, err := read.Deliveries.List(ctx, f, seek)
	return page(rows, seek, func(d Delivery) Key { return Key{At: d.CreatedAt, ID: string(d.ID)} }), err
}

// Redeliver has a delivery that has ended sent again, with the same id and body. It
// returns CodeConflict while it is pending, and while its webhook is turned off.
func (s *WebhookService) Redeliver(ctx context.Context, a Actor, webhook WebhookID, id DeliveryID) (*Delivery, error) {
	if err := a.may(permWebhooks, ""); err != nil {
		return nil, err
	}
	var d *Delivery
	err := s.cfg.once(ctx, a, &d, func(ctx context.Context, tx Tx) error {
		w, err := tx.Webhooks.GetForUpdate(ctx, webhook)
		if err != nil {
			return err
		}
		if d, err = tx.Deliveries.Get(ctx, id); err != nil {
			return err
		}
		switch {
		case d.WebhookID != webhook:
			return NotFound("delivery")
		case d.Status == DeliveryPending:
			return Conflict("the delivery is pending already; it is sent at next_attempt_at")
		case !w.IsActive:
			return Conflict("the webhook is turned off; turn it on by is_active, then deliver again")
		}
		d.restart(s.cfg.now())
		s.cfg.audit(tx, a, AuditWebhookRedelivered, string(webhook), map[string]any{"delivery_id": id})
		return tx.Deliveries.Update(ctx, d)
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}
