package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const sessionColumns = `id, family_id, user_id, token_hash, created_at, expires_at, used_at, revoked_at`

func scanSession(row pgx.CollectableRow) (s core.Session, err error) {
	err = row.Scan(&s.ID, &s.FamilyID, &s.UserID, &s.TokenHash, &s.CreatedAt, &s.ExpiresAt, &s.UsedAt, &s.RevokedAt)
	return s, err
}

type sessionRepo struct{ scope }

func (r sessionRepo) GetForUpdate(ctx context.Context, id core.SessionID) (*core.Session, error) {
	return one(ctx, r.scope, "session", r.sql.lockSession, scanSession, key(id))
}

func (r sessionRepo) Create(ctx context.Context, s *core.Session) error {
	return r.writeOne(ctx, "session", r.sql.insertSession,
		key(s.ID), key(s.FamilyID), key(s.UserID), s.TokenHash, s.CreatedAt, s.ExpiresAt, s.UsedAt, s.RevokedAt)
}

func (r sessionRepo) MarkUsed(ctx context.Context, id core.SessionID, at time.Time) error {
	return r.writeOne(ctx, "session", r.sql.useSession, key(id), at)
}

func (r sessionRepo) RevokeFamily(ctx context.Context, family core.SessionID, at time.Time) error {
	_, err := r.write(ctx, r.sql.revokeFamily, key(family), at)
	return err
}
