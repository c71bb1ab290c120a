package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const auditColumns = `a.org_id, a.id, a.user_id, a.api_key_id, a.action, a.target_id, a.address, a.user_agent, a.request_id, a.data, a.created_at`

func scanAuditEntry(row pgx.CollectableRow) (e core.AuditEntry, err error) {
	err = row.Scan(&e.OrgID, &e.ID, &e.UserID, &e.APIKeyID, &e.Action, &e.TargetID, &e.Address, &e.UserAgent, &e.RequestID,
		(*[]byte)(&e.Data), &e.At)
	return e, err
}

type auditReader struct{ scope }

func (r auditReader) List(ctx context.Context, f core.AuditFilter, s core.Seek) ([]core.AuditEntry, error) {
	l := newList(r.sql.listAudit)
	if f.Action != "" {
		l.where("a.action = ?", string(f.Action))
	}
	if f.UserID != "" {
		l.where("a.user_id = ?", key(f.UserID))
	}
	if f.TargetID != "" {
		l.where("a.target_id = ?", f.TargetID)
	}
	if !f.Since.IsZero() {
		l.where("a.created_at >= ?", f.Since)
	}
	if !f.Until.IsZero() {
		l.where("a.created_at < ?", f.Until)
	}
	l.page("a", s)
	return many(ctx, r.scope, l.sql.String(), scanAuditEntry, l.args...)
}

// queueAudit adds a line to the audit log with the outbox.
func (s *Store) queueAudit(b *pgx.Batch, org string, e core.AuditEntry) {
	b.Queue(s.sql.insertAudit, org, key(e.ID), optionalKey(e.UserID), optionalKey(e.APIKeyID), string(e.Action), e.TargetID,
		e.Address, e.UserAgent, e.RequestID, rawJSON(e.Data), e.At)
}
