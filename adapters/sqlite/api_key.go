package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/docsctl/docsctl/core"
)

type apiKeyReader struct{ scope }

const (
	apiKeyColumns = `org_id, id, user_id, name, prefix, key_hash, role, expires_at, last_used_at, created_at`
	sqlGetAPIKey  = `SELECT ` + apiKeyColumns + ` FROM api_keys WHERE org_id = ? AND id = ?`
	sqlAPIKeys    = `SELECT ` + apiKeyColumns + ` FROM api_keys WHERE org_id = ?`
)

func (r apiKeyReader) Get(ctx context.Context, id core.APIKeyID) (*core.APIKey, error) {
	return one(ctx, r.q, "API key", readAPIKey, sqlGetAPIKey, r.org, id)
}

func (r apiKeyReader) List(ctx context.Context, f core.APIKeyFilter, k core.Seek) ([]core.APIKey, error) {
	s := newStatement(sqlAPIKeys, r.org).where(` AND user_id = ?`, string(f.UserID)).page(k)
	return list(ctx, r.q, readAPIKey, s.text.String(), s.args...)
}

func readAPIKey(rows *sql.Rows, k *core.APIKey) error {
	return rows.Scan(&k.OrgID, &k.ID, &k.UserID, &k.Name, &k.Prefix, &k.KeyHash, &k.Role,
		optional{&k.ExpiresAt}, optional{&k.LastUsedAt}, (*instant)(&k.CreatedAt))
}

type apiKeyRepo struct {
	apiKeyReader
	tx *tx
}

// apiKeyRefused explains the constraints of api_keys.
var apiKeyRefused = refused{taken: "this API key exists; make another", missing: "user"}

const sqlCreateAPIKey = `INSERT INTO api_keys (` + apiKeyColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (r apiKeyRepo) Create(ctx context.Context, k *core.APIKey) error {
	if !core.ValidID(k.UserID) {
		return core.NotFound("user")
	}
	_, err := r.tx.exec(ctx, sqlCreateAPIKey, r.org, k.ID, k.UserID, k.Name, k.Prefix, k.KeyHash, k.Role,
		optionalMicros(k.ExpiresAt), optionalMicros(k.LastUsedAt), micros(k.CreatedAt))
	return apiKeyRefused.explain(err)
}

const sqlMarkAPIKeyUsed = `UPDATE api_keys SET last_used_at = ? WHERE org_id = ? AND id = ?`

func (r apiKeyRepo) MarkUsed(ctx context.Context, id core.APIKeyID, at time.Time) error {
	if !core.ValidID(id) {
		return core.NotFound("API key")
	}
	return r.tx.change(ctx, "API key", refused{}, sqlMarkAPIKeyUsed, micros(at), r.org, id)
}

const sqlDeleteAPIKey = `DELETE FROM api_keys WHERE org_id = ? AND id = ?`

func (r apiKeyRepo) Delete(ctx context.Context, id core.APIKeyID) error {
	if !core.ValidID(id) {
		return core.NotFound("API key")
	}
	return r.tx.change(ctx, "API key", refused{}, sqlDeleteAPIKey, r.org, id)
}

const sqlDeleteAPIKeysOfUser = `DELETE FROM api_keys WHERE org_id = ? AND user_id = ?`

func (r apiKeyRepo) DeleteOfUser(ctx context.Context, id core.UserID) error {
	if !core.ValidID(id) {
		return nil
	}
	_, err := r.tx.exec(ctx, sqlDeleteAPIKeysOfUser, r.org, id)
	return err
}
