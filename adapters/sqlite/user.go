package sqlite

import (
	"context"
	"database/sql"

	"github.com/docsctl/docsctl/core"
)

type userReader struct{ scope }

const (
	sqlEveryUser = `SELECT org_id, id, email, email_key, name, role, auth_provider, password_hash, is_active,
	created_at, updated_at, last_login_at, invitation_hash, invitation_expires_at, deleted_at, external_issuer, external_subject FROM users WHERE org_id = ?`
	sqlGetUser     = sqlEveryUser + ` AND id = ?`
	sqlUsers       = sqlEveryUser + ` AND deleted_at IS NULL`
	sqlCountAdmins = `SELECT count(*) FROM users
	WHERE org_id = ? AND role = 'admin' AND is_active AND invitation_hash IS NULL AND deleted_at IS NULL`
)

func (r userReader) Get(ctx context.Context, id core.UserID) (*core.User, error) {
	return one(ctx, r.q, "user", readUser, sqlGetUser, r.org, id)
}

func (r userReader) List(ctx context.Context, k core.Seek) ([]core.User, error) {
	s := newStatement(sqlUsers, r.org).page(k)
	return list(ctx, r.q, readUser, s.text.String(), s.args...)
}

func (r userReader) CountAdmins(ctx context.Context) (int, error) {
	n, err := one(ctx, r.q, "organization", func(rows *sql.Rows, n *int) error { return rows.Scan(n) }, sqlCountAdmins, r.org)
	if err != nil {
		return 0, err
	}
	return *n, nil
}

func readUser(rows *sql.Rows, u *core.User) error {
	return rows.Scan(&u.OrgID, &u.ID, &u.Email, &u.EmailKey, &u.Name, &u.Role, &u.AuthProvider, &u.PasswordHash, &u.IsActive,
		(*instant)(&u.CreatedAt), (*instant)(&u.UpdatedAt), optional{&u.LastLoginAt},
		&u.InvitationHash, optional{&u.InvitationExpiresAt}, optional{&u.DeletedAt}, &u.ExternalIssuer, &u.ExternalSubject)
}

type userRepo struct {
	userReader
	tx *tx
}

// userRefused explains the constraints of users.
var userRefused = refused{taken: "a user with this e-mail address exists; sign in or use another address", missing: "organization"}

func (r userRepo) GetForUpdate(ctx context.Context, id core.UserID) (*core.User, error) {
	return r.Get(ctx, id)
}

const sqlCreateUser = `INSERT INTO users (org_id, id, email, email_key, name, role, auth_provider, password_hash, is_active,
	created_at, updated_at, last_login_at, invitation_hash, invitation_expires_at, deleted_at, external_issuer, external_subject)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (r userRepo) Create(ctx context.Context, u *core.User) error {
	_, err := r.tx.exec(ctx, sqlCreateUser, r.org, u.ID, u.Email, u.EmailKey, u.Name, u.Role, u.AuthProvider, u.PasswordHash, u.IsActive,
		micros(u.CreatedAt), micros(u.UpdatedAt), optionalMicros(u.LastLoginAt), u.InvitationHash, optionalMicros(u.InvitationExpiresAt),
		optionalMicros(u.DeletedAt), u.ExternalIssuer, u.ExternalSubject)
	return userRefused.explain(err)
}

const sqlUpdateUser = `UPDATE users SET email = ?, email_key = ?, name = ?, role = ?, auth_provider = ?, password_hash = ?, is_active = ?,
	updated_at = ?, last_login_at = ?, invitation_hash = ?, invitation_expires_at = ?, deleted_at = ?,
	external_issuer = ?, external_subject = ? WHERE org_id = ? AND id = ?`

func (r userRepo) Update(ctx context.Context, u *core.User) error {
	if !core.ValidID(u.ID) {
		return core.NotFound("user")
	}
	return r.tx.change(ctx, "user", userRefused, sqlUpdateUser, u.Email, u.EmailKey, u.Name, u.Role, u.AuthProvider, u.PasswordHash, u.IsActive,
		micros(u.UpdatedAt), optionalMicros(u.LastLoginAt), u.InvitationHash, optionalMicros(u.InvitationExpiresAt),
		optionalMicros(u.DeletedAt), u.ExternalIssuer, u.ExternalSubject, r.org, u.ID)
}
