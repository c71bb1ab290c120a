package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/docsctl/docsctl/core"
)

type integrationReader struct{ scope }

const (
	integrationColumns = `org_id, id, user_id, integration_type, auth_type, name, config, status, error_message, sealed, token_expires_at,
	last_sync, last_result, sync_interval_minutes, sync_state, next_sync_at, refresh_until, due_at, created_at, updated_at`
	sqlIntegrations   = `SELECT ` + integrationColumns + ` FROM integrations WHERE org_id = ?`
	sqlGetIntegration = sqlIntegrations + ` AND id = ?`
)

func (r integrationReader) Get(ctx context.Context, id core.IntegrationID) (*core.Integration, error) {
	return one(ctx, r.q, "integration", readIntegration, sqlGetIntegration, r.org, id)
}

func (r integrationReader) List(ctx context.Context, k core.Seek) ([]core.Integration, error) {
	s := newStatement(sqlIntegrations, r.org).page(k)
	return list(ctx, r.q, readIntegration, s.text.String(), s.args...)
}

func readIntegration(rows *sql.Rows, i *core.Integration) error {
	return rows.Scan(&i.OrgID, &i.ID, &i.UserID, &i.Type, &i.AuthType, &i.Name, object{&i.Config}, &i.Status, &i.ErrorMessage, &i.Sealed,
		optional{&i.TokenExpiresAt}, optional{&i.LastSync}, optionalObject[core.SyncCounts]{&i.LastResult}, &i.SyncInterval, object{&i.Sync},
		optional{&i.NextSyncAt}, optional{&i.RefreshUntil}, optional{&i.DueAt}, (*instant)(&i.CreatedAt), (*instant)(&i.UpdatedAt))
}

type integrationRepo struct {
	integrationReader
	tx *tx
}

func (r integrationRepo) GetForUpdate(ctx context.Context, id core.IntegrationID) (*core.Integration, error) {
	return r.Get(ctx, id)
}

// integrationRefused explains the constraints of integrations.
var integrationRefused = refused{taken: "this integration exists; connect another", missing: "user"}

const sqlCreateIntegration = `INSERT INTO integrations (` + integrationColumns + `)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (r integrationRepo) Create(ctx context.Context, i *core.Integration) error {
	if !core.ValidID(i.UserID) {
		return core.NotFound("user")
	}
	args, err := integrationArgs(i)
	if err != nil {
		return err
	}
	args = append([]any{r.org, i.ID, i.UserID, i.Type, i.AuthType}, args...)
	_, err = r.tx.exec(ctx, sqlCreateIntegration, append(args, micros(i.CreatedAt), micros(i.UpdatedAt))...)
	return integrationRefused.explain(err)
}

// integrationArgs is what the two writes have in common, in the order of integrationColumns.
func integrationArgs(i *core.Integration) ([]any, error) {
	encoded, err := texts(i.Config, i.LastResult, i.Sync)
	if err != nil {
		return nil, err
	}
	if i.LastResult == nil {
		encoded[1] = nil
	}
	return []any{
		i.Name, encoded[0], i.Status, i.ErrorMessage, i.Sealed, optionalMicros(i.TokenExpiresAt), optionalMicros(i.LastSync), encoded[1],
		i.SyncInterval, encoded[2], optionalMicros(i.NextSyncAt), optionalMicros(i.RefreshUntil), optionalMicros(i.DueAt),
	}, nil
}

const sqlUpdateIntegration = `UPDATE integrations SET name = ?, config = ?, status = ?, error_message = ?, sealed = ?, token_expires_at = ?,
	last_sync = ?, last_result = ?, sync_interval_minutes = ?, sync_state = ?, next_sync_at = ?, refresh_until = ?, due_at = ?, updated_at = ?
WHERE org_id = ? AND id = ?`

func (r integrationRepo) Update(ctx context.Context, i *core.Integration) error {
	if !core.ValidID(i.ID) {
		return core.NotFound("integration")
	}
	args, err := integrationArgs(i)
	if err != nil {
		return err
	}
	return r.tx.change(ctx, "integration", integrationRefused, sqlUpdateIntegration, append(args, micros(i.UpdatedAt), r.org, i.ID)...)
}

const (
	sqlDetachDocuments = `UPDATE documents SET integration_id = NULL, external_id = '', external_version = '', revision = revision + 1
WHERE org_id = ? AND integration_id = ?`
	sqlDeleteIntegration = `DELETE FROM integrations WHERE org_id = ? AND id = ?`
)

func (r integrationRepo) Delete(ctx context.Context, id core.IntegrationID) error {
	if !core.ValidID(id) {
		return core.NotFound("integration")
	}
	if _, err := r.tx.exec(ctx, sqlDetachDocuments, r.org, id); err != nil {
		return err
	}
	return r.tx.change(ctx, "integration", integrationRefused, sqlDeleteIntegration, r.org, id)
}

const sqlDueIntegrations = `SELECT org_id, id FROM integrations WHERE due_at <= ? ORDER BY due_at LIMIT ?`

func (s *systemStore) DueIntegrations(ctx context.Context, at time.Time, limit int) ([]core.IntegrationRef, error) {
	return list(ctx, s.store.reader, func(rows *sql.Rows, r *core.IntegrationRef) error {
		return rows.Scan(owner{&r.Tenant}, &r.IntegrationID)
	}, sqlDueIntegrations, micros(at), max(limit, 0))
}

const sqlSealed = `SELECT 1 WHERE EXISTS (SELECT 1 FROM integrations WHERE org_id > '' AND sealed IS NOT NULL)
	OR EXISTS (SELECT 1 FROM webhooks WHERE org_id > '' AND sealed IS NOT NULL)`

// Sealed reports whether anything in the store, of any organization, is sealed, so
// that it is useless without its keys.
func (s *Store) Sealed(ctx context.Context) (bool, error) {
	return exists(ctx, s.reader, sqlSealed)
}
