package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const integrationColumns = `i.org_id, i.id, i.user_id, i.integration_type, i.auth_type, i.name, i.config, i.status, i.error_message, i.sealed,
	i.token_expires_at, i.last_sync, i.last_result, i.sync_interval_minutes, i.sync_state, i.next_sync_at, i.refresh_until, i.due_at,
	i.created_at, i.updated_at`

func scanIntegration(row pgx.CollectableRow) (i core.Integration, err error) {
	err = row.Scan(&i.OrgID, &i.ID, &i.UserID, &i.Type, &i.AuthType, &i.Name, &i.Config, &i.Status, &i.ErrorMessage, &i.Sealed,
		&i.TokenExpiresAt, &i.LastSync, &i.LastResult, &i.SyncInterval, &i.Sync, &i.NextSyncAt, &i.RefreshUntil, &i.DueAt,
		&i.CreatedAt, &i.UpdatedAt)
	return i, err
}

// integrationArgs is what insertIntegration and updateIntegration have in common, in order.
func integrationArgs(i *core.Integration) ([]any, error) {
	config, err := json.Marshal(i.Config)
	if err != nil {
		return nil, fmt.Errorf("encode an integration's configuration: %w", err)
	}
	state, err := json.Marshal(i.Sync)
	if err != nil {
		return nil, fmt.Errorf("encode an integration's state: %w", err)
	}
	var result any
	if i.LastResult != nil {
		raw, err := json.Marshal(i.LastResult)
		if err != nil {
			return nil, fmt.Errorf("encode a sync's result: %w", err)
		}
		result = string(raw)
	}
	return []any{
		i.Name, string(config), string(i.Status), i.ErrorMessage, i.Sealed, i.TokenExpiresAt, i.LastSync, result,
		i.SyncInterval, string(state), i.NextSyncAt, i.RefreshUntil, i.DueAt, i.UpdatedAt,
	}, nil
}

type integrationReader struct{ scope }

func (r integrationReader) Get(ctx context.Context, id core.IntegrationID) (*core.Integration, error) {
	return one(ctx, r.scope, "integration", r.sql.getIntegration, scanIntegration, key(id))
}

func (r integrationReader) List(ctx context.Context, s core.Seek) ([]core.Integration, error) {
	l := newList(r.sql.listIntegrations)
	l.page("i", s)
	return many(ctx, r.scope, l.sql.String(), scanIntegration, l.args...)
}

type integrationRepo struct{ integrationReader }

func (r integrationRepo) GetForUpdate(ctx context.Context, id core.IntegrationID) (*core.Integration, error) {
	return one(ctx, r.scope, "integration", r.sql.lockIntegration, scanIntegration, key(id))
}

func (r integrationRepo) Create(ctx context.Context, i *core.Integration) error {
	args, err := integrationArgs(i)
	if err != nil {
		return err
	}
	args = append([]any{key(i.ID)}, args...)
	return r.writeOne(ctx, "user", r.sql.insertIntegration, append(args, key(i.UserID), string(i.Type), string(i.AuthType), i.CreatedAt)...)
}

func (r integrationRepo) Update(ctx context.Context, i *core.Integration) error {
	args, err := integrationArgs(i)
	if err != nil {
		return err
	}
	return r.writeOne(ctx, "integration", r.sql.updateIntegration, append([]any{key(i.ID)}, args...)...)
}

func (r integrationRepo) Delete(ctx context.Context, id core.IntegrationID) error {
	if _, err := r.write(ctx, r.sql.detachDocuments, key(id)); err != nil {
		return err
	}
	return r.writeOne(ctx, "integration", r.sql.deleteIntegration, key(id))
}

// DueIntegrations returns the integrations that are to be looked at.
func (s *system) DueIntegrations(ctx context.Context, at time.Time, limit int) ([]core.IntegrationRef, error) {
	return call(ctx, s, s.store.sql.dueIntegrations, true, func(row pgx.CollectableRow) (core.IntegrationRef, error) {
		var org core.OrgID
		var ref core.IntegrationRef
		err := row.Scan(&org, &ref.IntegrationID)
		ref.Tenant = core.TrustTenant(org)
		return ref, err
	}, at, max(limit, 0))
}
