package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/docsctl/docsctl/core"
)

type auditReader struct{ scope }

const (
	auditColumns = `org_id, id, user_id, api_key_id, action, target_id, address, user_agent, request_id, data, created_at`
	sqlAudit     = `SELECT ` + auditColumns + ` FROM audit_log WHERE org_id = ?`
)

func (r auditReader) List(ctx context.Context, f core.AuditFilter, k core.Seek) ([]core.AuditEntry, error) {
	s := newStatement(sqlAudit, r.org).
		where(` AND action = ?`, string(f.Action)).
		where(` AND user_id = ?`, string(f.UserID)).
		where(` AND target_id = ?`, f.TargetID).
		whereTime(` AND created_at >= ?`, f.Since).
		whereTime(` AND created_at < ?`, f.Until).page(k)
	return list(ctx, r.q, readAuditEntry, s.text.String(), s.args...)
}

// whereTime is where for a time, unless it is zero.
func (s *statement) whereTime(condition string, t time.Time) *statement {
	if t.IsZero() {
		return s
	}
	return s.add(condition, micros(t))
}

func readAuditEntry(rows *sql.Rows, e *core.AuditEntry) error {
	return rows.Scan(&e.OrgID, &e.ID, &e.UserID, &e.APIKeyID, &e.Action, &e.TargetID, &e.Address, &e.UserAgent, &e.RequestID,
		(*raw)(&e.Data), (*instant)(&e.At))
}

const sqlAppendAudit = `INSERT INTO audit_log (` + auditColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (t *tx) audit(ctx context.Context, e core.AuditEntry) error {
	_, err := t.exec(ctx, sqlAppendAudit, t.org, e.ID, e.UserID, e.APIKeyID, e.Action, e.TargetID, e.Address, e.UserAgent, e.RequestID,
		rawText(e.Data), micros(e.At))
	return refused{missing: "organization"}.explain(err)
}
