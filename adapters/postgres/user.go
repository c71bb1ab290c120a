package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const userColumns = `org_id, id, email, email_key, name, role, auth_provider, password_hash, is_active, updated_at, last_login_at,
	invitation_hash, invitation_expires_at, deleted_at, external_issuer, external_subject, created_at`

func scanUser(row pgx.CollectableRow) (u core.User, err error) {
	err = row.Scan(&u.OrgID, &u.ID, &u.Email, &u.EmailKey, &u.Name, &u.Role, &u.AuthProvider, &u.PasswordHash,
		&u.IsActive, &u.UpdatedAt, &u.LastLoginAt, &u.InvitationHash, &u.InvitationExpiresAt, &u.DeletedAt,
		&u.ExternalIssuer, &u.ExternalSubject, &u.CreatedAt)
	return u, err
}

// userArgs is $2 to $16 of insertUser and updateUser.
func userArgs(u *core.User) []any {
	return []any{
		key(u.ID), u.Email, u.EmailKey, u.Name, string(u.Role), string(u.AuthProvider), u.PasswordHash,
		u.IsActive, u.UpdatedAt, u.LastLoginAt, u.InvitationHash, u.InvitationExpiresAt, u.DeletedAt,
		u.ExternalIssuer, u.ExternalSubject,
	}
}

type userReader struct{ scope }

func (r userReader) Get(ctx context.Context, id core.UserID) (*core.User, error) {
	return one(ctx, r.scope, "user", r.sql.getUser, scanUser, key(id))
}

func (r userReader) List(ctx context.Context, s core.Seek) ([]core.User, error) {
	l := newList(r.sql.listUsers)
	l.page("u", s)
	return many(ctx, r.scope, l.sql.String(), scanUser, l.args...)
}

func (r userReader) CountAdmins(ctx context.Context) (int, error) {
	n, err := one(ctx, r.scope, "organization", r.sql.countAdmins, pgx.RowTo[int])
	if err != nil {
		return 0, err
	}
	return *n, nil
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
