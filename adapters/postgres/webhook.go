package postgres

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const webhookColumns = `w.org_id, w.id, w.url, w.topics, w.is_active, w.sealed, w.secret_until, w.disabled_reason, w.disabled_at,
	w.failing_since, w.paused_until, w.failures, w.events_missed_at, w.created_at, w.updated_at`

func webhookFields(w *core.Webhook) []any {
	return []any{
		&w.OrgID, &w.ID, &w.URL, &w.Topics, &w.IsActive, &w.Sealed, &w.SecretUntil, &w.DisabledReason, &w.DisabledAt,
		&w.FailingSince, &w.PausedUntil, &w.Failures, &w.EventsMissedAt, &w.CreatedAt, &w.UpdatedAt,
	}
}

func scanWebhook(row pgx.CollectableRow) (w core.Webhook, err error) {
	err = row.Scan(webhookFields(&w)...)
	return w, err
}

// webhookArgs is what insertWebhook and updateWebhook have in common, in order.
func webhookArgs(w *core.Webhook) []any {
	return []any{
		w.URL, w.Topics, w.IsActive, w.Sealed, w.SecretUntil, w.DisabledReason, w.DisabledAt, w.FailingSince, w.PausedUntil,
		w.Failures, w.EventsMissedAt, w.UpdatedAt,
	}
}

type webhookReader struct{ scope }

func (r webhookReader) Get(ctx context.Context, id core.WebhookID) (*core.Webhook, error) {
	return one(ctx, r.scope, "webhook", r.sql.getWebhook, scanWebhook, key(id))
}

func (r webhookReader) List(ctx context.Context, s core.Seek) ([]core.Webhook, error) {
	l := newList(r.sql.listWebhooks)
	l.page("w", s)
	return many(ctx, r.scope, l.sql.String(), scanWebhook, l.args...)
}

type webhookRepo struct{ webhookReader }

func (r webhookRepo) GetForUpdate(ctx context.Context, id core.WebhookID) (*core.Webhook, error) {
	return one(ctx, r.scope, "webhook", r.sql.lockWebhook, scanWebhook, key(id))
}

func (r webhookRepo) Create(ctx context.Context, w *core.Webhook, p core.Position) error {
	args := append([]any{key(w.ID)}, webhookArgs(w)...)
	return r.writeOne(ctx, "webhook", r.sql.insertWebhook, append(append(args, w.CreatedAt), logPlace(p)...)...)
}

// logPlace is a position as three arguments; one that is not of this store's form is of no log.
func logPlace(p core.Position) []any {
	epoch, text, _ := strings.Cut(string(p), "-")
	at, ok := parsePlace(text)
	if !ok {
		epoch, at = "", place{}
	}
	return []any{epoch, strconv.FormatUint(at.xid, 10), at.id}
}

func (r webhookRepo) Update(ctx context.Context, w *core.Webhook) error {
	return r.writeOne(ctx, "webhook", r.sql.updateWebhook, append([]any{key(w.ID)}, webhookArgs(w)...)...)
}

func (r webhookRepo) Delete(ctx context.Context, id core.WebhookID) error {
	return r.writeOne(ctx, "webhook", r.sql.deleteWebhook, key(id))
}

// heldWebhook is a webhook with its place in the log.
type heldWebhook struct {
	core.Webhook
	epoch string
	place place
}

// Hold reads the fence and the lease of the row as it is once it is locked.
func (r webhookRepo) Hold(ctx context.Context, c core.WebhookClaim) (*core.Webhook, core.Position, error) {
	if string(c.Tenant.OrgID()) != r.org {
		return nil, "", core.ErrLeaseLost
	}
	h, err := one(ctx, r.scope, "webhook", r.sql.holdWebhook, func(row pgx.CollectableRow) (h heldWebhook, err error) {
		err = row.Scan(append(webhookFields(&h.Webhook), &h.epoch, (*xid)(&h.place.xid), &h.place.id)...)
		return h, err
	}, key(c.WebhookID), c.Fence)
	switch {
	case core.CodeOf(err) == core.CodeNotFound:
		return nil, "", core.ErrLeaseLost
	case err != nil:
		return nil, "", err
	}
	return &h.Webhook, h.place.position(h.epoch), nil
}

func (r webhookRepo) Advance(ctx context.Context, id core.WebhookID, p core.Position) error {
	return r.writeOne(ctx, "webhook", r.sql.advanceWebhook, append([]any{key(id)}, logPlace(p)...)...)
}

func (r webhookRepo) Renew(ctx context.Context, c core.WebhookClaim, ttl time.Duration) error {
	if string(c.Tenant.OrgID()) != r.org {
		return core.ErrLeaseLost
	}
	err := r.writeOne(ctx, "webhook", r.sql.renewWebhook, key(c.WebhookID), c.Fence, ttl.Seconds())
	if core.CodeOf(err) == core.CodeNotFound {
		return core.ErrLeaseLost
	}
	return err
}

// WebhookWork leases webhooks that have something to do.
func (s *system) WebhookWork(ctx context.Context, r core.WebhookWorkRequest) ([]core.WebhookClaim, error) {
	if !r.All && (r.Limit < 1 || r.TTL <= 0) {
		return nil, errors.New("postgres: a claim of webhooks must ask for at least one and last some time")
	}
	return call(ctx, s, s.store.sql.webhookWork, r.All, func(row pgx.CollectableRow) (c core.WebhookClaim, err error) {
		var org core.OrgID
		err = row.Scan(&org, &c.WebhookID, &c.Fence)
		c.Tenant = core.TrustTenant(org)
		return c, err
	}, r.At, max(r.Limit, 0), r.TTL.Seconds(), r.MaxPending, r.All)
}
