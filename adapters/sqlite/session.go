package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/docsctl/docsctl/core"
)

type sessionReader struct{ scope }

const (
	sqlSessions = `SELECT id, family_id, user_id, token_hash, created_at, expires_at, used_at, revoked_at, api_key_id
FROM sessions WHERE org_id = ?`
	sqlGetSession = sqlSessions + ` AND id = ?`
)

func (r sessionReader) Get(ctx context.Context, id core.SessionID) (*core.Session, error) {
	return one(ctx, r.q, "session", readSession, sqlGetSession, r.org, id)
}

const sqlLiveSession = `SELECT 1 FROM sessions WHERE org_id = ? AND family_id = ? AND user_id = ? AND revoked_at IS NULL LIMIT 1`

func (r sessionReader) Live(ctx context.Context, user core.UserID, family core.SessionID) (bool, error) {
	return exists(ctx, r.q, sqlLiveSession, r.org, family, user)
}

func readSession(rows *sql.Rows, s *core.Session) error {
	return rows.Scan(&s.ID, &s.FamilyID, &s.UserID, &s.TokenHash, (*instant)(&s.CreatedAt), (*instant)(&s.ExpiresAt),
		optional{&s.UsedAt}, optional{&s.RevokedAt}, &s.APIKeyID)
}

type sessionRepo struct {
	sessionReader
	tx *tx
}

func (r sessionRepo) GetForUpdate(ctx context.Context, id core.SessionID) (*core.Session, error) {
	return r.Get(ctx, id)
}

// sessionRefused explains the constraints of sessions.
var sessionRefused = refused{taken: "this refresh token exists; make another", missing: "user"}

const sqlCreateSession = `INSERT INTO sessions (org_id, id, family_id, user_id, token_hash, created_at, expires_at, used_at, revoked_at, api_key_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (r sessionRepo) Create(ctx context.Context, s *core.Session) error {
	_, err := r.tx.exec(ctx, sqlCreateSession, r.org, s.ID, s.FamilyID, s.UserID, s.TokenHash,
		micros(s.CreatedAt), micros(s.ExpiresAt), optionalMicros(s.UsedAt), optionalMicros(s.RevokedAt), s.APIKeyID)
	return sessionRefused.explain(err)
}

const sqlMarkSessionUsed = `UPDATE sessions SET used_at = ? WHERE org_id = ? AND id = ?`

func (r sessionRepo) MarkUsed(ctx context.Context, id core.SessionID, at time.Time) error {
	if !core.ValidID(id) {
		return core.NotFound("session")
	}
	return r.tx.change(ctx, "session", refused{}, sqlMarkSessionUsed, micros(at), r.org, id)
}

const sqlRevokeFamily = `UPDATE sessions SET revoked_at = ? WHERE org_id = ? AND family_id = ? AND revoked_at IS NULL`

func (r sessionRepo) RevokeFamily(ctx context.Context, family core.SessionID, at time.Time) error {
	if !core.ValidID(family) {
		return nil
	}
	_, err := r.tx.exec(ctx, sqlRevokeFamily, micros(at), r.org, family)
	return err
}

const sqlRevokeOfUser = `UPDATE sessions SET revoked_at = ? WHERE org_id = ? AND user_id = ? AND family_id <> ? AND revoked_at IS NULL`

func (r sessionRepo) RevokeOfUser(ctx context.Context, user core.UserID, keep core.SessionID, at time.Time) error {
	if !core.ValidID(user) {
		return nil
	}
	_, err := r.tx.exec(ctx, sqlRevokeOfUser, micros(at), r.org, user, keep)
	return err
}
