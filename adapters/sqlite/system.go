package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/docsctl/docsctl/core"
)

// systemStore answers what is asked before a tenant is known.
type systemStore struct{ store *Store }

// maxLogins bounds how many organizations one address is looked for in.
const maxLogins = 16

const sqlLogins = `SELECT u.org_id, u.id, o.name, u.password_hash FROM users u JOIN organizations o ON o.id = u.org_id
WHERE u.email_key = ? AND u.is_active ORDER BY o.created_at, o.id LIMIT ?`

func (s *systemStore) Logins(ctx context.Context, email string) ([]core.Login, error) {
	return list(ctx, s.store.reader, func(rows *sql.Rows, l *core.Login) error {
		return rows.Scan(owner{&l.Tenant}, &l.UserID, &l.OrganizationName, &l.PasswordHash)
	}, sqlLogins, email, maxLogins)
}

const sqlFindSession = `SELECT org_id, id FROM sessions WHERE token_hash = ? LIMIT 1`

func (s *systemStore) Session(ctx context.Context, tokenHash []byte) (core.SessionRef, error) {
	ref, err := one(ctx, s.store.reader, "session", func(rows *sql.Rows, r *core.SessionRef) error {
		return rows.Scan(owner{&r.Tenant}, &r.SessionID)
	}, sqlFindSession, tokenHash)
	if err != nil {
		return core.SessionRef{}, err
	}
	return *ref, nil
}

const (
	sqlFindInvitation = `SELECT org_id, id FROM users WHERE invitation_hash = ? LIMIT 1`
	sqlFindAPIKey     = `SELECT org_id, id FROM api_keys WHERE key_hash = ? LIMIT 1`
)

func (s *systemStore) Credential(ctx context.Context, kind core.CredentialKind, hash []byte) (core.CredentialRef, error) {
	find, what := sqlFindInvitation, "invitation"
	if kind == core.CredentialAPIKey {
		find, what = sqlFindAPIKey, "API key"
	}
	ref, err := one(ctx, s.store.reader, what, func(rows *sql.Rows, r *core.CredentialRef) error {
		return rows.Scan(owner{&r.Tenant}, &r.ID)
	}, find, hash)
	if err != nil {
		return core.CredentialRef{}, err
	}
	return *ref, nil
}

const sqlUnindexed = `SELECT org_id, id FROM documents WHERE indexed_revision < revision ORDER BY updated_at LIMIT ?`

func (s *systemStore) Unindexed(ctx context.Context, limit int) ([]core.DocumentRef, error) {
	return list(ctx, s.store.reader, func(rows *sql.Rows, r *core.DocumentRef) error {
		return rows.Scan(owner{&r.Tenant}, &r.DocumentID)
	}, sqlUnindexed, max(limit, 0))
}

const sqlExpiredInvitations = `SELECT org_id, id FROM users WHERE invitation_hash IS NOT NULL AND deleted_at IS NULL
AND invitation_expires_at < ? ORDER BY invitation_expires_at LIMIT ?`

func (s *systemStore) ExpiredInvitations(ctx context.Context, before time.Time, limit int) ([]core.UserRef, error) {
	return list(ctx, s.store.reader, func(rows *sql.Rows, r *core.UserRef) error {
		return rows.Scan(owner{&r.Tenant}, &r.UserID)
	}, sqlExpiredInvitations, micros(before), max(limit, 0))
}

// owner reads whose row it is, from our own storage.
type owner struct{ to *core.Tenant }

// Scan implements sql.Scanner.
func (o owner) Scan(v any) error {
	id, _ := v.(string) // else the tenant is invalid, which every port refuses
	*o.to = core.TrustTenant(core.OrgID(id))
	return nil
}
