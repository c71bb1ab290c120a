package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

type idempotencyRepo struct{ scope }

func scanIdempotent(row pgx.CollectableRow) (q core.IdempotentRequest, err error) {
	err = row.Scan(&q.UserID, &q.Route, &q.KeyHash, &q.Fingerprint, &q.Answer, &q.CreatedAt)
	return q, err
}

// Claim waits on the primary key for whoever has inserted the same and not
// committed yet.
func (r idempotencyRepo) Claim(ctx context.Context, q core.IdempotentRequest, expired time.Time) (*core.IdempotentRequest, error) {
	if _, err := r.write(ctx, r.sql.forgetOnce, expired); err != nil {
		return nil, err
	}
	user := key(q.UserID)
	if _, malformed := user.(noID); malformed {
		return nil, core.NotFound("user")
	}
	n, err := r.write(ctx, r.sql.claimOnce, user, q.Route, q.KeyHash, q.Fingerprint, q.CreatedAt, expired)
	if err != nil || n > 0 {
		return nil, err
	}
	return one(ctx, r.scope, "request", r.sql.getOnce, scanIdempotent, user, q.Route, q.KeyHash)
}

func (r idempotencyRepo) Answer(ctx context.Context, q core.IdempotentRequest) error {
	return r.writeOne(ctx, "request", r.sql.answerOnce, key(q.UserID), q.Route, q.KeyHash, q.Answer)
}
