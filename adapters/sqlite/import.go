package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/docsctl/docsctl/core"
)

type importRepo struct {
	scope
	tx *tx
}

const sqlImporting = `SELECT 1 FROM imports WHERE org_id = ?`

const (
	sqlBeginImport = `INSERT INTO imports (org_id, id, valid_until) VALUES (?, ?, ?)`
	sqlRenewImport = `UPDATE imports SET valid_until = ? WHERE org_id = ? AND id = ?`
	sqlTakeImport  = `UPDATE imports SET valid_until = ?, id = ? WHERE org_id = ? AND valid_until <= ?`
	sqlEndImport   = `DELETE FROM imports WHERE org_id = ? AND id = ?`
)

// importRefused explains the constraints of imports.
var importRefused = refused{taken: "an import of this organization is under way; wait for its end"}

func (r importRepo) Begin(ctx context.Context, m core.ImportMark) error {
	_, err := r.tx.exec(ctx, sqlBeginImport, r.org, m.ID, r.until(m))
	return importRefused.explain(err)
}

const (
	sqlIsLocal     = `SELECT 1 FROM meta WHERE key = ? AND value = ?`
	sqlDeactivate  = `UPDATE users SET is_active = 0 WHERE org_id = ?`
	sqlUndispatch  = `DELETE FROM dispatches WHERE org_id = ?`
	sqlEndLeasesOf = `UPDATE jobs SET fence = fence + 1, lease_until = NULL, lease_queue = NULL WHERE org_id = ? AND lease_until IS NOT NULL`
)

func (r importRepo) Retire(ctx context.Context, m core.ImportMark) error {
	local, err := exists(ctx, r.q, sqlIsLocal, metaLocalOrg, r.org)
	if err != nil {
		return err
	}
	if local {
		return core.Conflict("this organization is the one that the commands of this machine work on; delete the data folder instead")
	}
	for _, statement := range []string{sqlDeactivate, sqlUndispatch, sqlEndLeasesOf} {
		if _, err := r.tx.exec(ctx, statement, r.org); err != nil {
			return err
		}
	}
	return r.Begin(ctx, core.ImportMark{ID: m.ID})
}

func (r importRepo) until(m core.ImportMark) int64 { return r.tx.now() + m.TTL.Microseconds() }

func (r importRepo) Renew(ctx context.Context, m core.ImportMark) error {
	return r.mark(ctx, m, sqlRenewImport, r.until(m), r.org, m.ID)
}

func (r importRepo) Take(ctx context.Context, m core.ImportMark) error {
	return r.mark(ctx, m, sqlTakeImport, r.until(m), m.ID, r.org, r.tx.now())
}

// mark runs a statement that changes the tenant's mark.
func (r importRepo) mark(ctx context.Context, m core.ImportMark, statement string, args ...any) error {
	if !core.ValidID(m.ID) {
		return core.NotFound("import")
	}
	return r.tx.change(ctx, "import", refused{}, statement, args...)
}

const sqlActivate = `UPDATE users SET is_active = 1 WHERE org_id = ? AND id NOT IN (SELECT value FROM json_each(?))`

func (r importRepo) End(ctx context.Context, m core.ImportMark, inactive []core.UserID) error {
	if err := r.mark(ctx, m, sqlEndImport, r.org, m.ID); err != nil {
		return err
	}
	except, err := json.Marshal(notNil(inactive))
	if err != nil {
		return fmt.Errorf("encode ids: %w", err)
	}
	_, err = r.tx.exec(ctx, sqlActivate, r.org, string(except))
	return err
}

// Each statement of a discard deletes a part of one table; the words of a search
// entry go before it.
const (
	sqlDiscardEvents       = `DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE org_id = ? ORDER BY seq LIMIT ?)`
	sqlDiscardSummaries    = `DELETE FROM summaries WHERE org_id = ? AND id IN (SELECT id FROM summaries WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardReservations = `DELETE FROM usage_reservations WHERE org_id = ? AND id IN (SELECT id FROM usage_reservations WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardWarnings     = `DELETE FROM usage_warnings WHERE org_id = ? AND (month, quota) IN
	(SELECT month, quota FROM usage_warnings WHERE org_id = ? ORDER BY month, quota LIMIT ?)`
	sqlDiscardDispatches = `DELETE FROM dispatches WHERE org_id = ? AND job_id IN (SELECT job_id FROM dispatches WHERE org_id = ? ORDER BY job_id LIMIT ?)`
	sqlDiscardBounds     = `DELETE FROM event_bounds WHERE org_id = ? AND org_id = ? AND ? > 0`
	sqlDiscardItems      = `DELETE FROM job_items WHERE org_id = ? AND id IN (SELECT id FROM job_items WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardChildren   = `DELETE FROM jobs WHERE org_id = ? AND id IN
	(SELECT id FROM jobs WHERE org_id = ? AND parent_id IS NOT NULL ORDER BY created_at DESC, id DESC LIMIT ?)`
	sqlDiscardJobs         = `DELETE FROM jobs WHERE org_id = ? AND id IN (SELECT id FROM jobs WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardWords        = `DELETE FROM search_words WHERE rowid IN (SELECT entry FROM search_entries WHERE org_id = ? ORDER BY document_id LIMIT ?)`
	sqlDiscardEntries      = `DELETE FROM search_entries WHERE entry IN (SELECT entry FROM search_entries WHERE org_id = ? ORDER BY document_id LIMIT ?)`
	sqlDiscardDocuments    = `DELETE FROM documents WHERE org_id = ? AND id IN (SELECT id FROM documents WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardPublished    = `DELETE FROM published_pages WHERE org_id = ? AND id IN (SELECT id FROM published_pages WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardIntegrations = `DELETE FROM integrations WHERE org_id = ? AND id IN (SELECT id FROM integrations WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardDeliveries   = `DELETE FROM deliveries WHERE org_id = ? AND id IN (SELECT id FROM deliveries WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardWebhooks     = `DELETE FROM webhooks WHERE org_id = ? AND id IN (SELECT id FROM webhooks WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardTemplates    = `DELETE FROM templates WHERE org_id = ? AND id IN (SELECT id FROM templates WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardOnce         = `DELETE FROM idempotency_keys WHERE org_id = ? AND (user_id, route, key_hash) IN
	(SELECT user_id, route, key_hash FROM idempotency_keys WHERE org_id = ? ORDER BY user_id, route, key_hash LIMIT ?)`
	sqlDiscardAPIKeys  = `DELETE FROM api_keys WHERE org_id = ? AND id IN (SELECT id FROM api_keys WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardSessions = `DELETE FROM sessions WHERE org_id = ? AND id IN (SELECT id FROM sessions WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardUsers    = `DELETE FROM users WHERE org_id = ? AND id IN (SELECT id FROM users WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardAudit    = `DELETE FROM audit_log WHERE org_id = ? AND id IN (SELECT id FROM audit_log WHERE org_id = ? ORDER BY id LIMIT ?)`
	sqlDiscardNodes    = `DELETE FROM llm_cache WHERE org_id = ? AND key IN (SELECT key FROM llm_cache WHERE org_id = ? ORDER BY key LIMIT ?)`
	sqlDiscardUsage    = `DELETE FROM llm_usage WHERE org_id = ? AND (month, model) IN
	(SELECT month, model FROM llm_usage WHERE org_id = ? ORDER BY month, model LIMIT ?)`
	sqlDiscardOrg = `DELETE FROM organizations WHERE id = ? AND id = ? AND ? > 0`
)

// discards are the tables that an import writes, what points to others first.
var discards = []string{
	sqlDiscardEvents,
	sqlDiscardBounds,
	sqlDiscardSummaries,
	sqlDiscardItems,
	sqlDiscardReservations,
	sqlDiscardWarnings,
	sqlDiscardDispatches,
	sqlDiscardChildren, sqlDiscardJobs, sqlDiscardWords, sqlDiscardEntries,
	sqlDiscardPublished, sqlDiscardDocuments, sqlDiscardIntegrations, sqlDiscardDeliveries, sqlDiscardWebhooks,
	sqlDiscardTemplates, sqlDiscardOnce, sqlDiscardAPIKeys, sqlDiscardSessions, sqlDiscardUsers, sqlDiscardAudit,
	sqlDiscardNodes, sqlDiscardUsage, sqlDiscardOrg,
}

func (r importRepo) Discard(ctx context.Context, m core.ImportMark, limit int) (int, error) {
	if err := r.Renew(ctx, m); err != nil {
		return 0, err
	}
	deleted := 0
	for _, statement := range discards {
		if deleted >= limit {
			break
		}
		args := []any{r.org, r.org, limit - deleted}
		if statement == sqlDiscardEvents || statement == sqlDiscardWords || statement == sqlDiscardEntries {
			args = args[1:]
		}
		n, err := r.tx.exec(ctx, statement, args...)
		if err != nil {
			return 0, err
		}
		if statement != sqlDiscardWords { // its entry is counted
			deleted += int(n)
		}
	}
	return deleted, nil
}

const sqlAbandonedImports = `SELECT org_id FROM imports WHERE valid_until <= ? ORDER BY valid_until LIMIT ?`

func (s *systemStore) AbandonedImports(ctx context.Context, limit int) ([]core.Tenant, error) {
	return list(ctx, s.store.reader, func(rows *sql.Rows, t *core.Tenant) error {
		return rows.Scan(owner{t})
	}, sqlAbandonedImports, s.store.now(), max(limit, 0))
}
