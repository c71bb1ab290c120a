package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/docsctl/docsctl/core"
)

type deliveryReader struct{ scope }

const (
	deliveryColumns = `id, webhook_id, event_id, event_type, subject, status, attempts, last_status_code, error_message, first_attempt_at,
	last_attempt_at, next_attempt_at, finished_at, created_at`
	sqlDeliveries        = `SELECT ` + deliveryColumns + `, body FROM deliveries WHERE org_id = ?`
	sqlGetDelivery       = sqlDeliveries + ` AND id = ?`
	sqlDeliveriesOfOne   = `SELECT ` + deliveryColumns + `, NULL FROM deliveries WHERE org_id = ? AND webhook_id = ?`
	sqlPendingDeliveries = `SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE org_id = ? AND webhook_id = ? AND status = 'pending' LIMIT ?)`
	sqlDueDeliveries     = sqlDeliveries + ` AND webhook_id = ? AND status = 'pending' AND next_attempt_at <= ?
	AND NOT EXISTS (SELECT 1 FROM deliveries b WHERE b.org_id = deliveries.org_id AND b.webhook_id = deliveries.webhook_id AND b.status = 'pending'
		AND b.subject = deliveries.subject AND b.event_id < deliveries.event_id)
ORDER BY next_attempt_at, event_id LIMIT ?`
)

func readDelivery(rows *sql.Rows, d *core.Delivery) error {
	return rows.Scan(&d.ID, &d.WebhookID, &d.EventID, &d.EventType, &d.Subject, &d.Status, &d.Attempts, &d.LastStatusCode, &d.ErrorMessage,
		optional{&d.FirstAttemptAt}, optional{&d.LastAttemptAt}, optional{&d.NextAttemptAt}, optional{&d.FinishedAt},
		(*instant)(&d.CreatedAt), &d.Body)
}

func (r deliveryReader) Get(ctx context.Context, id core.DeliveryID) (*core.Delivery, error) {
	return one(ctx, r.q, "delivery", readDelivery, sqlGetDelivery, r.org, id)
}

func (r deliveryReader) List(ctx context.Context, f core.DeliveryFilter, k core.Seek) ([]core.Delivery, error) {
	s := newStatement(sqlDeliveriesOfOne, r.org, f.WebhookID).
		where(` AND status = ?`, string(f.Status)).where(` AND event_type = ?`, string(f.EventType)).page(k)
	return list(ctx, r.q, readDelivery, s.text.String(), s.args...)
}

func (r deliveryReader) Due(ctx context.Context, id core.WebhookID, at time.Time, limit int) ([]core.Delivery, error) {
	return list(ctx, r.q, readDelivery, sqlDueDeliveries, r.org, id, micros(at), max(limit, 0))
}

func (r deliveryReader) Pending(ctx context.Context, id core.WebhookID, most int) (int, error) {
	n, err := one(ctx, r.q, "webhook", func(rows *sql.Rows, n *int) error { return rows.Scan(n) }, sqlPendingDeliveries, r.org, id, max(most, 0))
	if err != nil {
		return 0, err
	}
	return *n, nil
}

type deliveryRepo struct {
	deliveryReader
	tx *tx
}

const sqlAddDelivery = `INSERT INTO deliveries (org_id, ` + deliveryColumns + `, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (org_id, webhook_id, event_id) DO NOTHING`

func (r deliveryRepo) Add(ctx context.Context, all []core.Delivery) error {
	for _, d := range all {
		if !core.ValidID(d.WebhookID) {
			return core.NotFound("webhook")
		}
		args := append([]any{r.org, d.ID, d.WebhookID, d.EventID, d.EventType, d.Subject}, deliveryArgs(&d)...)
		_, err := r.tx.exec(ctx, sqlAddDelivery, append(args, micros(d.CreatedAt), d.Body)...)
		if err = (refused{missing: "webhook"}).explain(err); err != nil {
			return err
		}
	}
	return nil
}

// deliveryArgs is what the two writes have in common, in the order of deliveryColumns.
func deliveryArgs(d *core.Delivery) []any {
	return []any{
		d.Status, d.Attempts, d.LastStatusCode, d.ErrorMessage, optionalMicros(d.FirstAttemptAt), optionalMicros(d.LastAttemptAt),
		optionalMicros(d.NextAttemptAt), optionalMicros(d.FinishedAt),
	}
}

const sqlUpdateDelivery = `UPDATE deliveries SET status = ?, attempts = ?, last_status_code = ?, error_message = ?, first_attempt_at = ?,
	last_attempt_at = ?, next_attempt_at = ?, finished_at = ?
WHERE org_id = ? AND id = ?`

func (r deliveryRepo) Update(ctx context.Context, d *core.Delivery) error {
	if !core.ValidID(d.ID) {
		return core.NotFound("delivery")
	}
	return r.tx.change(ctx, "delivery", refused{}, sqlUpdateDelivery, append(deliveryArgs(d), r.org, d.ID)...)
}
