package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/docsctl/docsctl/core"
)

type archiveReader struct {
	store  *Store
	tenant core.Tenant
}

// Each statement reads along an index, so that no row waits for a sort.
const (
	sqlExportUsers        = sqlEveryUser + ` ORDER BY id`
	sqlExportSessions     = sqlSessions + ` ORDER BY id`
	sqlExportAPIKeys      = sqlAPIKeys + ` ORDER BY id`
	sqlExportTemplates    = sqlOwnTemplates + ` ORDER BY id`
	sqlExportIntegrations = sqlIntegrations + ` ORDER BY id`
	sqlExportPublished    = sqlPublishedPages + ` ORDER BY id`
	sqlExportWebhooks     = sqlWebhooks + ` ORDER BY id`
	sqlExportDeliveries   = sqlDeliveries + ` ORDER BY id`
	sqlExportDocuments    = sqlDocuments + ` ORDER BY id`
	sqlExportParents      = sqlListJobs + ` AND parent_id IS NULL ORDER BY created_at, id`
	sqlExportChildren     = sqlListJobs + ` AND parent_id IS NOT NULL ORDER BY created_at, id`
	sqlExportItems        = sqlItems + ` ORDER BY id`
	sqlExportSummaries    = sqlListSummaries + ` ORDER BY id`
	sqlExportOnce         = sqlOnce + ` ORDER BY user_id, route, key_hash`
	sqlExportAudit        = sqlAudit + ` ORDER BY created_at, id`
	sqlExportEvents       = `SELECT type, at, data FROM events WHERE org_id = ? ORDER BY seq`
)

// Export reads in one transaction, which sees one state. While it lasts others
// write on, and the write-ahead log grows.
func (r archiveReader) Export(ctx context.Context, to core.ArchiveRows) error {
	if r.store.inTx(ctx) {
		return core.ErrOuterRead
	}
	if !r.tenant.Valid() {
		return errTenant()
	}
	return r.store.reader.atOneMoment(ctx, func(q querier) error {
		return exportRows(ctx, scope{org: r.tenant.OrgID(), q: q}, to)
	})
}

func exportRows(ctx context.Context, s scope, to core.ArchiveRows) error {
	importing, err := exists(ctx, s.q, sqlImporting, s.org)
	if err != nil {
		return err
	}
	if importing {
		return core.NotFound("organization")
	}
	o, err := organizationReader{s}.Get(ctx)
	if err != nil {
		return err
	}
	if err := to.Organization(o); err != nil {
		return err
	}
	for _, noun := range []func() error{
		func() error { return export(ctx, s, to.User, readUser, sqlExportUsers) },
		func() error { return export(ctx, s, to.Session, readSession, sqlExportSessions) },
		func() error { return export(ctx, s, to.APIKey, readAPIKey, sqlExportAPIKeys) },
		func() error { return export(ctx, s, to.Template, readTemplate, sqlExportTemplates) },
		func() error { return export(ctx, s, to.Integration, readIntegration, sqlExportIntegrations) },
		func() error { return export(ctx, s, to.Webhook, readWebhook, sqlExportWebhooks) },
		func() error { return export(ctx, s, to.Delivery, readDelivery, sqlExportDeliveries) },
		func() error { return export(ctx, s, to.Document, readWholeDocument, sqlExportDocuments) },
		func() error { return export(ctx, s, to.PublishedPage, readPublishedPage, sqlExportPublished) },
		func() error { return export(ctx, s, to.Job, readJob, sqlExportParents) },
		func() error { return export(ctx, s, to.Job, readJob, sqlExportChildren) },
		func() error { return export(ctx, s, to.JobItem, readJobItem, sqlExportItems) },
		func() error { return export(ctx, s, to.Summary, readSummary, sqlExportSummaries) },
		func() error { return export(ctx, s, to.Idempotent, readIdempotent, sqlExportOnce) },
		func() error { return export(ctx, s, to.Audit, readAuditEntry, sqlExportAudit) },
		func() error { return export(ctx, s, to.Usage, readUsageOfMonth, sqlExportUsage) },
		func() error { return export(ctx, s, to.Event, readNewEvent, sqlExportEvents) },
	} {
		if err := noun(); err != nil {
			return err
		}
	}
	return nil
}

// export hands every row of a statement to put.
func export[T any](ctx context.Context, s scope, put func(*T) error, read func(*sql.Rows, *T) error, statement string) error {
	var refused error // which is returned as it is
	err := s.q.each(ctx, func(rows *sql.Rows) error {
		v := new(T)
		if err := read(rows, v); err != nil {
			return err
		}
		refused = put(v)
		return refused
	}, statement, s.org)
	if refused != nil {
		return refused
	}
	return err
}

func readNewEvent(rows *sql.Rows, e *core.NewEvent) error {
	return rows.Scan(&e.Type, (*instant)(&e.At), (*raw)(&e.Data))
}

// snapshot runs statements in one transaction that reads.
type snapshot struct {
	reader *reader
	tx     *sql.Tx
}

func (s snapshot) each(ctx context.Context, row func(*sql.Rows) error, statement string, args ...any) error {
	stmt, err := s.reader.prepared(ctx, statement)
	if err == nil {
		err = scan(ctx, s.tx.StmtContext(ctx, stmt), row, args)
	}
	return translate(ctx, err)
}

func (s snapshot) first(ctx context.Context, row func(*sql.Rows) error, statement string, args ...any) error {
	return s.each(ctx, row, statement, args...)
}

// atOneMoment runs work over one connection, in a transaction that sees one state.
func (r *reader) atOneMoment(ctx context.Context, work func(querier) error) (err error) {
	select {
	case r.free <- struct{}{}:
		defer func() { <-r.free }()
	case <-ctx.Done():
		return ctx.Err()
	}
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		if r.isClosed() {
			return errClosed()
		}
		return translate(ctx, fmt.Errorf("begin to read: %w", err))
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	return work(snapshot{reader: r, tx: tx})
}
