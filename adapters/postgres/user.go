package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const userColumns = `org_id, id, email, email_key, name, role, auth_provider, password_hash, is_active, updated_at, last_login_at, created_at`

func scanUser(row pgx.CollectableRow) (u core.User, err error) {
	err = row.Scan(&u.OrgID, &u.ID, &u.Email, &u.EmailKey, &u.Name, &u.Role, &u.AuthProvider, &u.PasswordHash,
		&u.IsActive, &u.UpdatedAt, &u.LastLoginAt, &u.CreatedAt)
	return u, err
}

// userArgs is $2 to $11 of insertUser and updateUser.
func userArgs(u *core.User) []any {
	return []any{
		key(u.ID), u.Email, u.EmailKey, u.Name, string(u.Role), string(u.AuthProvider), u.PasswordHash,
		u.IsActive, u.UpdatedAt, u.LastLoginAt,
	}
}

type userReader struct{ scope }

func (r userReader) Get(ctx context.Context, id core.UserID) (*core.User, error) {
	return one(ctx, r.scope, "user", r.sql.getUser, scanUser, key(id))
}

type userRepo struct{ userReader }

func (r userRepo) GetForUpdate(ctx context.Context, id core.UserID) (*core.User, error) {
	return one(ctx, r.scope, "user", r.sql.lockUser, scanUser, key(id))
}

func (r userRepo) Create(ctx context.Context, u *core.User) error {
	return r.writeOne(ctx, "user", r.sql.insertUser, append(userArgs(u), u.CreatedAt)...)
}

func (r userRepo) Update(ctx context.Context, u *core.User) error {
	return r.writeOne(ctx, "user", r.sql.updateUser, userArgs(u)...)
}
