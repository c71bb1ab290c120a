package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/docsctl/docsctl/core"
)

type webhookReader struct{ scope }

const (
	webhookColumns = `org_id, id, url, topics, is_active, sealed, secret_until, disabled_reason, disabled_at, failing_since, paused_until,
	failures, events_missed_at, created_at, updated_at`
	sqlWebhooks   = `SELECT ` + webhookColumns + ` FROM webhooks WHERE org_id = ?`
	sqlGetWebhook = sqlWebhooks + ` AND id = ?`
)

func (r webhookReader) Get(ctx context.Context, id core.WebhookID) (*core.Webhook, error) {
	return one(ctx, r.q, "webhook", readWebhook, sqlGetWebhook, r.org, id)
}

func (r webhookReader) List(ctx context.Context, k core.Seek) ([]core.Webhook, error) {
	s := newStatement(sqlWebhooks, r.org).page(k)
	return list(ctx, r.q, readWebhook, s.text.String(), s.args...)
}

func readWebhook(rows *sql.Rows, w *core.Webhook) error { return rows.Scan(webhookFields(w)...) }

func webhookFields(w *core.Webhook) []any {
	return []any{
		&w.OrgID, &w.ID, &w.URL, object{&w.Topics}, &w.IsActive, &w.Sealed, optional{&w.SecretUntil}, &w.DisabledReason, optional{&w.DisabledAt},
		optional{&w.FailingSince}, optional{&w.PausedUntil}, &w.Failures, optional{&w.EventsMissedAt},
		(*instant)(&w.CreatedAt), (*instant)(&w.UpdatedAt),
	}
}

type webhookRepo struct {
	webhookReader
	tx *tx
}

func (r webhookRepo) GetForUpdate(ctx context.Context, id core.WebhookID) (*core.Webhook, error) {
	return r.Get(ctx, id)
}

// webhookRefused explains the constraints of webhooks.
var webhookRefused = refused{taken: "this webhook exists; make another", missing: "organization"}

const sqlCreateWebhook = `INSERT INTO webhooks (` + webhookColumns + `, log_epoch, log_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (r webhookRepo) Create(ctx context.Context, w *core.Webhook, p core.Position) error {
	args, err := webhookArgs(w)
	if err != nil {
		return err
	}
	args = append([]any{r.org, w.ID}, args...)
	epoch, seq := logPlace(p)
	_, err = r.tx.exec(ctx, sqlCreateWebhook, append(args, micros(w.CreatedAt), micros(w.UpdatedAt), epoch, seq)...)
	return webhookRefused.explain(err)
}

// logPlace is a position as it is stored; one that is not of this store's form is of no log.
func logPlace(p core.Position) (epoch string, seq int64) {
	epoch, seq, ok := parsePosition(p)
	if !ok {
		return "", 0
	}
	return epoch, seq
}

// webhookArgs is what the two writes have in common, in the order of webhookColumns.
func webhookArgs(w *core.Webhook) ([]any, error) {
	topics, err := texts(w.Topics)
	if err != nil {
		return nil, err
	}
	return []any{
		w.URL, topics[0], w.IsActive, w.Sealed, optionalMicros(w.SecretUntil), w.DisabledReason, optionalMicros(w.DisabledAt),
		optionalMicros(w.FailingSince), optionalMicros(w.PausedUntil), w.Failures, optionalMicros(w.EventsMissedAt),
	}, nil
}

const sqlUpdateWebhook = `UPDATE webhooks SET url = ?, topics = ?, is_active = ?, sealed = ?, secret_until = ?, disabled_reason = ?, disabled_at = ?,
	failing_since = ?, paused_until = ?, failures = ?, events_missed_at = ?, updated_at = ?
WHERE org_id = ? AND id = ?`

func (r webhookRepo) Update(ctx context.Context, w *core.Webhook) error {
	if !core.ValidID(w.ID) {
		return core.NotFound("webhook")
	}
	args, err := webhookArgs(w)
	if err != nil {
		return err
	}
	return r.tx.change(ctx, "webhook", webhookRefused, sqlUpdateWebhook, append(args, micros(w.UpdatedAt), r.org, w.ID)...)
}

const sqlDeleteWebhook = `DELETE FROM webhooks WHERE org_id = ? AND id = ?`

func (r webhookRepo) Delete(ctx context.Context, id core.WebhookID) error {
	if !core.ValidID(id) {
		return core.NotFound("webhook")
	}
	return r.tx.change(ctx, "webhook", webhookRefused, sqlDeleteWebhook, r.org, id)
}

const sqlHoldWebhook = `SELECT ` + webhookColumns + `, log_epoch, log_seq FROM webhooks
WHERE org_id = ? AND id = ? AND fence = ? AND lease_until > ?`

// heldWebhook is a webhook with its place in the log.
type heldWebhook struct {
	core.Webhook
	epoch string
	seq   int64
}

func (r webhookRepo) Hold(ctx context.Context, c core.WebhookClaim) (*core.Webhook, core.Position, error) {
	if c.Tenant.OrgID() != r.org {
		return nil, "", core.ErrLeaseLost
	}
	h, err := one(ctx, r.q, "webhook", func(rows *sql.Rows, h *heldWebhook) error {
		return rows.Scan(append(webhookFields(&h.Webhook), &h.epoch, &h.seq)...)
	}, sqlHoldWebhook, r.org, c.WebhookID, c.Fence, r.tx.now())
	if core.CodeOf(err) == core.CodeNotFound {
		return nil, "", core.ErrLeaseLost
	}
	if err != nil {
		return nil, "", err
	}
	return &h.Webhook, position(h.epoch, h.seq), nil
}

const sqlAdvanceWebhook = `UPDATE webhooks SET log_epoch = ?, log_seq = ? WHERE org_id = ? AND id = ?`

func (r webhookRepo) Advance(ctx context.Context, id core.WebhookID, p core.Position) error {
	if !core.ValidID(id) {
		return core.NotFound("webhook")
	}
	epoch, seq := logPlace(p)
	return r.tx.change(ctx, "webhook", webhookRefused, sqlAdvanceWebhook, epoch, seq, r.org, id)
}

const sqlRenewWebhook = `UPDATE webhooks SET lease_until = ? WHERE org_id = ? AND id = ? AND fence = ? AND lease_until > ?`

func (r webhookRepo) Renew(ctx context.Context, c core.WebhookClaim, ttl time.Duration) error {
	if c.Tenant.OrgID() != r.org || !core.ValidID(c.WebhookID) {
		return core.ErrLeaseLost
	}
	now := r.tx.now()
	err := r.tx.change(ctx, "webhook", webhookRefused, sqlRenewWebhook, now+ttl.Microseconds(), r.org, c.WebhookID, c.Fence, now)
	if core.CodeOf(err) == core.CodeNotFound {
		return core.ErrLeaseLost
	}
	return err
}

const (
	sqlEveryWebhook = `SELECT org_id, id, 0 FROM webhooks WHERE org_id > '' LIMIT ?`
	sqlWebhookWork  = `SELECT w.org_id, w.id, w.fence + 1 FROM webhooks w
WHERE w.is_active = 1 AND (w.lease_until IS NULL OR w.lease_until <= ?1) AND (w.paused_until IS NULL OR w.paused_until <= ?2)
	AND NOT EXISTS (SELECT 1 FROM imports i WHERE i.org_id = w.org_id)
	AND (EXISTS (SELECT 1 FROM deliveries d WHERE d.org_id = w.org_id AND d.webhook_id = w.id AND d.status = 'pending' AND d.next_attempt_at <= ?2
			AND NOT EXISTS (SELECT 1 FROM deliveries b WHERE b.org_id = d.org_id AND b.webhook_id = d.webhook_id AND b.status = 'pending'
				AND b.subject = d.subject AND b.event_id < d.event_id))
		OR ((w.log_epoch <> (SELECT value FROM meta WHERE key = '` + metaEpoch + `')
				OR EXISTS (SELECT 1 FROM events e WHERE e.org_id = w.org_id AND e.seq > w.log_seq))
			AND (SELECT count(*) FROM (SELECT 1 FROM deliveries p WHERE p.org_id = w.org_id AND p.webhook_id = w.id AND p.status = 'pending' LIMIT ?3)) < ?3))
ORDER BY w.leased_at LIMIT ?4`
	sqlLeaseWebhook = `UPDATE webhooks SET fence = fence + 1, lease_until = ?, leased_at = ? WHERE org_id = ? AND id = ?`
)

func readWebhookClaim(rows *sql.Rows, c *core.WebhookClaim) error {
	return rows.Scan(owner{&c.Tenant}, &c.WebhookID, &c.Fence)
}

// WebhookWork looks whether there is anything to do before it asks for the writer.
func (s *systemStore) WebhookWork(ctx context.Context, r core.WebhookWorkRequest) ([]core.WebhookClaim, error) {
	if r.All {
		return list(ctx, s.store.reader, readWebhookClaim, sqlEveryWebhook, max(r.Limit, 0))
	}
	if r.Limit < 1 || r.TTL <= 0 {
		return nil, errors.New("sqlite: a claim of webhooks must ask for at least one and last some time")
	}
	now := s.store.now()
	found, err := list(ctx, s.store.reader, readWebhookClaim, sqlWebhookWork, now, micros(r.At), r.MaxPending, 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	err = s.write(ctx, func(w *session) error {
		found = nil
		err := w.each(ctx, func(rows *sql.Rows) error {
			var c core.WebhookClaim
			err := readWebhookClaim(rows, &c)
			found = append(found, c)
			return err
		}, sqlWebhookWork, now, micros(r.At), r.MaxPending, r.Limit)
		for _, c := range found {
			if err == nil {
				_, err = w.exec(ctx, sqlLeaseWebhook, now+r.TTL.Microseconds(), now, c.Tenant.OrgID(), c.WebhookID)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
