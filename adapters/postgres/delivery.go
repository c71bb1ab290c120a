package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const deliveryColumns = `d.id, d.webhook_id, d.event_id, d.event_type, d.subject, d.status, d.attempts, d.last_status_code, d.error_message,
	d.first_attempt_at, d.last_attempt_at, d.next_attempt_at, d.finished_at, d.created_at`

func scanDelivery(row pgx.CollectableRow) (d core.Delivery, err error) {
	err = row.Scan(&d.ID, &d.WebhookID, &d.EventID, &d.EventType, &d.Subject, &d.Status, &d.Attempts, &d.LastStatusCode, &d.ErrorMessage,
		&d.FirstAttemptAt, &d.LastAttemptAt, &d.NextAttemptAt, &d.FinishedAt, &d.CreatedAt, &d.Body)
	return d, err
}

type deliveryReader struct{ scope }

func (r deliveryReader) Get(ctx context.Context, id core.DeliveryID) (*core.Delivery, error) {
	return one(ctx, r.scope, "delivery", r.sql.getDelivery, scanDelivery, key(id))
}

func (r deliveryReader) List(ctx context.Context, f core.DeliveryFilter, s core.Seek) ([]core.Delivery, error) {
	l := newList(r.sql.listDeliveries)
	l.where("d.webhook_id = ?", key(f.WebhookID))
	if f.Status != "" {
		l.where("d.status = ?", string(f.Status))
	}
	if f.EventType != "" {
		l.where("d.event_type = ?", string(f.EventType))
	}
	l.page("d", s)
	return many(ctx, r.scope, l.sql.String(), scanDelivery, l.args...)
}

func (r deliveryReader) Due(ctx context.Context, id core.WebhookID, at time.Time, limit int) ([]core.Delivery, error) {
	return many(ctx, r.scope, r.sql.dueDeliveries, scanDelivery, key(id), at, max(limit, 0))
}

func (r deliveryReader) Pending(ctx context.Context, id core.WebhookID, most int) (int, error) {
	n, err := many(ctx, r.scope, r.sql.pendingDeliveries, pgx.RowTo[int], key(id), max(most, 0))
	if err != nil || len(n) == 0 {
		return 0, err
	}
	return n[0], nil
}

type deliveryRepo struct{ deliveryReader }

// Add writes all of them in one statement.
func (r deliveryRepo) Add(ctx context.Context, all []core.Delivery) error {
	if len(all) == 0 {
		return nil
	}
	n := len(all)
	ids, hooks, events, types, subjects := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	statuses, messages, bodies := make([]string, n), make([]string, n), make([][]byte, n)
	attempts, codes := make([]int, n), make([]int, n)
	first, last, next, finished, created := make([]*time.Time, n), make([]*time.Time, n), make([]*time.Time, n), make([]*time.Time, n), make([]time.Time, n)
	for i, d := range all {
		if !core.ValidID(d.ID) || !core.ValidID(d.WebhookID) {
			return core.NotFound("webhook")
		}
		ids[i], hooks[i], events[i], types[i], subjects[i] = string(d.ID), string(d.WebhookID), string(d.EventID), string(d.EventType), d.Subject
		statuses[i], messages[i], bodies[i], attempts[i], codes[i] = string(d.Status), d.ErrorMessage, d.Body, d.Attempts, d.LastStatusCode
		first[i], last[i], next[i], finished[i], created[i] = d.FirstAttemptAt, d.LastAttemptAt, d.NextAttemptAt, d.FinishedAt, d.CreatedAt
	}
	_, err := r.write(ctx, r.sql.addDeliveries, ids, hooks, events, types, subjects, statuses, attempts, codes, messages, first, last, next, finished, created, bodies)
	return err
}

func (r deliveryRepo) Update(ctx context.Context, d *core.Delivery) error {
	return r.writeOne(ctx, "delivery", r.sql.updateDelivery, key(d.ID), string(d.Status), d.Attempts, d.LastStatusCode, d.ErrorMessage,
		d.FirstAttemptAt, d.LastAttemptAt, d.NextAttemptAt, d.FinishedAt)
}
