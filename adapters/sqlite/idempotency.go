package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/docsctl/docsctl/core"
)

type idempotencyRepo struct {
	scope
	tx *tx
}

const (
	sqlClaimOnce = `INSERT INTO idempotency_keys (org_id, user_id, route, key_hash, fingerprint, answer, created_at) VALUES (?, ?, ?, ?, ?, NULL, ?)
ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint, answer = NULL, created_at = excluded.created_at
WHERE idempotency_keys.created_at < ?`
	sqlOnce       = `SELECT user_id, route, key_hash, fingerprint, answer, created_at FROM idempotency_keys WHERE org_id = ?`
	sqlGetOnce    = sqlOnce + ` AND user_id = ? AND route = ? AND key_hash = ?`
	sqlForgetOnce = `DELETE FROM idempotency_keys WHERE org_id = ? AND created_at < ?`
	sqlAnswerOnce = `UPDATE idempotency_keys SET answer = ? WHERE org_id = ? AND user_id = ? AND route = ? AND key_hash = ?`
)

func (r idempotencyRepo) Claim(ctx context.Context, q core.IdempotentRequest, expired time.Time) (*core.IdempotentRequest, error) {
	if !core.ValidID(q.UserID) {
		return nil, core.NotFound("user")
	}
	if _, err := r.tx.exec(ctx, sqlForgetOnce, r.org, micros(expired)); err != nil {
		return nil, err
	}
	n, err := r.tx.exec(ctx, sqlClaimOnce, r.org, q.UserID, q.Route, q.KeyHash, q.Fingerprint, micros(q.CreatedAt), micros(expired))
	if err != nil {
		return nil, refused{missing: "user"}.explain(err)
	}
	if n > 0 {
		return nil, nil
	}
	return one(ctx, r.q, "request", readIdempotent, sqlGetOnce, r.org, q.UserID, q.Route, q.KeyHash)
}

func readIdempotent(rows *sql.Rows, q *core.IdempotentRequest) error {
	return rows.Scan(&q.UserID, &q.Route, &q.KeyHash, &q.Fingerprint, &q.Answer, (*instant)(&q.CreatedAt))
}

func (r idempotencyRepo) Answer(ctx context.Context, q core.IdempotentRequest) error {
	if !core.ValidID(q.UserID) {
		return core.NotFound("request")
	}
	return r.tx.change(ctx, "request", refused{}, sqlAnswerOnce, q.Answer, r.org, q.UserID, q.Route, q.KeyHash)
}
