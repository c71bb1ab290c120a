package sqlite

import (
	"context"
	"database/sql"

	"github.com/docsctl/docsctl/core"
)

type userReader struct{ scope }

const (
	sqlUsers = `SELECT org_id, id, email, email_key, name, role, auth_provider, password_hash, is_active,
	created_at, updated_at, last_login_at FROM users WHERE org_id = ?`
	sqlGetUser = sqlUsers + ` AND id = ?`
)

func (r userReader) Get(ctx context.Context, id core.UserID) (*core.User, error) {
	return one(ctx, r.q, "user", readUser, sqlGetUser, r.org, id)
}

func readUser(rows *sql.Rows, u *core.User) error {
	return rows.Scan(&u.OrgID, &u.ID, &u.Email, &u.EmailKey, &u.Name, &u.Role, &u.AuthProvider, &u.PasswordHash, &u.IsActive,
		(*instant)(&u.CreatedAt), (*instant)(&u.UpdatedAt), optional{&u.LastLoginAt})
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
	created_at, updated_at, last_login_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (r userRepo) Create(ctx context.Context, u *core.User) error {
	_, err := r.tx.exec(ctx, sqlCreateUser, r.org, u.ID, u.Email, u.EmailKey, u.Name, u.Role, u.AuthProvider, u.PasswordHash, u.IsActive,
		micros(u.CreatedAt), micros(u.UpdatedAt), optionalMicros(u.LastLoginAt))
	return userRefused.explain(err)
}

const sqlUpdateUser = `UPDATE users SET email = ?, email_key = ?, name = ?, role = ?, auth_provider = ?, password_hash = ?, is_active = ?,
	updated_at = ?, last_login_at = ? WHERE org_id = ? AND id = ?`

func (r userRepo) Update(ctx context.Context, u *core.User) error {
	if !core.ValidID(u.ID) {
		return core.NotFound("user")
	}
	return r.tx.change(ctx, "user", userRefused, sqlUpdateUser, u.Email, u.EmailKey, u.Name, u.Role, u.AuthProvider, u.PasswordHash, u.IsActive,
		micros(u.UpdatedAt), optionalMicros(u.LastLoginAt), r.org, u.ID)
}
