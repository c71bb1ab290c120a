package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/docsctl/docsctl/core"
)

type sessionRepo struct {
	scope
	tx *tx
}

const (
	sqlSessions = `SELECT id, family_id, user_id, token_hash, created_at, expires_at, used_at, revoked_at
FROM sessions WHERE org_id = ?`
	sqlGetSession = sqlSessions + ` AND id = ?`
)

func (r sessionRepo) GetForUpdate(ctx context.Context, id core.SessionID) (*core.Session, error) {
	return one(ctx, r.q, "session", readSession, sqlGetSession, r.org, id)
}

func readSession(rows *sql.Rows, s *core.Session) error {
	return rows.Scan(&s.ID, &s.FamilyID, &s.UserID, &s.TokenHash, (*instant)(&s.CreatedAt), (*instant)(&s.ExpiresAt),
		optional{&s.UsedAt}, optional{&s.RevokedAt})
}

// sessionRefused explains the constraints of sessions.
var sessionRefused = refused{taken: "this refresh token exists; make another", missing: "user"}

const sqlCreateSession = `INSERT INTO sessions (org_id, id, family_id, user_id, token_hash, created_at, expires_at, used_at, revoked_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (r sessionRepo) Create(ctx context.Context, s *core.Session) error {
	_, err := r.tx.exec(ctx, sqlCreateSession, r.org, s.ID, s.FamilyID, s.UserID, s.TokenHash,
		micros(s.CreatedAt), micros(s.ExpiresAt), optionalMicros(s.UsedAt), optionalMicros(s.RevokedAt))
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
