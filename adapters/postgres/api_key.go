package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const apiKeyColumns = `k.org_id, k.id, k.user_id, k.name, k.prefix, k.key_hash, k.role, k.expires_at, k.last_used_at, k.created_at`

func scanAPIKey(row pgx.CollectableRow) (k core.APIKey, err error) {
	err = row.Scan(&k.OrgID, &k.ID, &k.UserID, &k.Name, &k.Prefix, &k.KeyHash, &k.Role, &k.ExpiresAt, &k.LastUsedAt, &k.CreatedAt)
	return k, err
}

type apiKeyReader struct{ scope }

func (r apiKeyReader) Get(ctx context.Context, id core.APIKeyID) (*core.APIKey, error) {
	return one(ctx, r.scope, "API key", r.sql.getAPIKey, scanAPIKey, key(id))
}

func (r apiKeyReader) List(ctx context.Context, f core.APIKeyFilter, s core.Seek) ([]core.APIKey, error) {
	l := newList(r.sql.listAPIKeys)
	if f.UserID != "" {
		l.where("k.user_id = ?", key(f.UserID))
	}
	l.page("k", s)
	return many(ctx, r.scope, l.sql.String(), scanAPIKey, l.args...)
}

type apiKeyRepo struct{ apiKeyReader }

func (r apiKeyRepo) Create(ctx context.Context, k *core.APIKey) error {
	return r.writeOne(ctx, "user", r.sql.insertAPIKey,
		key(k.ID), key(k.UserID), k.Name, k.Prefix, k.KeyHash, string(k.Role), k.ExpiresAt, k.LastUsedAt, k.CreatedAt)
}

func (r apiKeyRepo) MarkUsed(ctx context.Context, id core.APIKeyID, at time.Time) error {
	return r.writeOne(ctx, "API key", r.sql.useAPIKey, key(id), at)
}

func (r apiKeyRepo) Delete(ctx context.Context, id core.APIKeyID) error {
	return r.writeOne(ctx, "API key", r.sql.deleteAPIKey, key(id))
}

func (r apiKeyRepo) DeleteOfUser(ctx context.Context, id core.UserID) error {
	_, err := r.write(ctx, r.sql.deleteAPIKeys, key(id))
	return err
}
