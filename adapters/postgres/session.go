package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const sessionColumns = `id, family_id, user_id, token_hash, created_at, expires_at, used_at, revoked_at, api_key_id`

func scanSession(row pgx.CollectableRow) (s core.Session, err error) {
	err = row.Scan(&s.ID, &s.FamilyID, &s.UserID, &s.TokenHash, &s.CreatedAt, &s.ExpiresAt, &s.UsedAt, &s.RevokedAt, &s.APIKeyID)
	return s, err
}

type sessionReader struct{ scope }

func (r sessionReader) Get(ctx context.Context, id core.SessionID) (*core.Session, error) {
	return one(ctx, r.scope, "session", r.sql.getSession, scanSession, key(id))
}

func (r sessionReader) Live(ctx context.Context, user core.UserID, family core.SessionID) (bool, error) {
	found, err := many(ctx, r.scope, r.sql.liveSession, pgx.RowTo[int], key(family), key(user))
	return len(found) > 0, err
}

type sessionRepo struct{ sessionReader }

func (r sessionRepo) GetForUpdate(ctx context.Context, id core.SessionID) (*core.Session, error) {
	return one(ctx, r.scope, "session", r.sql.lockSession, scanSession, key(id))
}

func (r sessionRepo) Create(ctx context.Context, s *core.Session) error {
	return r.writeOne(ctx, "session", r.sql.insertSession,
		key(s.ID), key(s.FamilyID), key(s.UserID), s.TokenHash, s.CreatedAt, s.ExpiresAt, s.UsedAt, s.RevokedAt, optionalKey(s.APIKeyID))
}

func (r sessionRepo) MarkUsed(ctx context.Context, id core.SessionID, at time.Time) error {
	return r.writeOne(ctx, "session", r.sql.useSession, key(id), at)
}

func (r sessionRepo) RevokeFamily(ctx context.Context, family core.SessionID, at time.Time) error {
	_, err := r.write(ctx, r.sql.revokeFamily, key(family), at)
	return err
}

func (r sessionRepo) RevokeOfUser(ctx context.Context, user core.UserID, keep core.SessionID, at time.Time) error {
	var kept any
	if core.ValidID(keep) {
		kept = string(keep)
	}
	_, err := r.write(ctx, r.sql.revokeOfUser, key(user), kept, at)
	return err
}
