package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/docsctl/docsctl/core"
)

type archiveReader struct{ *tenantStore }

// exportIdle bounds how long an export waits for whoever takes its rows, between
// two statements. Within one there is no bound: a table takes as long as it is large.
const exportIdle = 10 * time.Minute

// Export reads in one read-only transaction of one snapshot. It has no number, so
// it does not hold back the feed of others.
func (r archiveReader) Export(ctx context.Context, to core.ArchiveRows) error {
	if err := r.ready(ctx); err != nil {
		return err
	}
	conn, err := r.store.acquire(ctx)
	if err != nil {
		return translate(ctx, err)
	}
	e := export{store: r.store, conn: conn, org: r.org()}
	defer e.close(ctx)
	if err := e.begin(ctx); err != nil {
		return translate(ctx, err)
	}
	return e.rows(ctx, to)
}

// export is one run of Export.
type export struct {
	store *Store
	conn  *pgxpool.Conn
	org   string
}

func (e *export) begin(ctx context.Context) error {
	b := &pgx.Batch{}
	b.Queue(e.store.sql.beginExport)
	b.Queue(e.store.sql.setTransaction, e.store.roles.app, e.org, "0", milliseconds(e.store.cfg.LockTimeout), milliseconds(exportIdle))
	return e.store.exchange(ctx, e.conn, b)
}

func (e *export) rows(ctx context.Context, to core.ArchiveRows) error {
	s := &e.store.sql
	found := false
	organization := func(o *core.Organization) error { found = true; return to.Organization(o) }
	if err := each(ctx, e, organization, scanOrganization, s.exportOrganization); err != nil {
		return err
	}
	if !found {
		return core.NotFound("organization")
	}
	for _, noun := range []func() error{
		func() error { return each(ctx, e, to.User, scanUser, s.exportUsers) },
		func() error { return each(ctx, e, to.Session, scanSession, s.exportSessions) },
		func() error { return each(ctx, e, to.APIKey, scanAPIKey, s.exportAPIKeys) },
		func() error { return each(ctx, e, to.Template, scanTemplate, s.exportTemplates) },
		func() error { return each(ctx, e, to.Integration, scanIntegration, s.exportIntegrations) },
		func() error { return each(ctx, e, to.Webhook, scanWebhook, s.exportWebhooks) },
		func() error { return each(ctx, e, to.Delivery, scanDelivery, s.exportDeliveries) },
		func() error { return each(ctx, e, to.Document, scanDocument, s.exportDocuments) },
		func() error { return each(ctx, e, to.PublishedPage, scanPublishedPage, s.exportPublished) },
		func() error { return each(ctx, e, to.Job, scanJob, s.exportJobs) },
		func() error { return each(ctx, e, to.JobItem, scanJobItem, s.exportJobItems) },
		func() error { return each(ctx, e, to.Summary, scanSummary, s.exportSummaries) },
		func() error { return each(ctx, e, to.Idempotent, scanIdempotent, s.exportOnce) },
		func() error { return each(ctx, e, to.Audit, scanAuditEntry, s.exportAudit) },
		func() error { return each(ctx, e, to.Usage, scanUsageOfMonth, s.exportUsage) },
		func() error { return each(ctx, e, to.Event, scanNewEvent, s.exportEvents) },
	} {
		if err := noun(); err != nil {
			return err
		}
	}
	return nil
}

// each hands every row of a statement to put, as it arrives.
func each[T any](ctx context.Context, e *export, put func(*T) error, scan func(pgx.CollectableRow) (T, error), sql string) error {
	var refused error // which is returned as it is
	b := &pgx.Batch{}
	b.Queue(sql, e.org).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() {
			v, err := scan(rows)
			if err != nil {
				return err
			}
			if refused = put(&v); refused != nil {
				return refused
			}
		}
		return rows.Err()
	})
	err := e.conn.SendBatch(ctx, b).Close()
	if refused != nil {
		return refused
	}
	return translate(ctx, err)
}

func scanNewEvent(row pgx.CollectableRow) (e core.NewEvent, err error) {
	err = row.Scan(&e.Type, &e.At, (*[]byte)(&e.Data))
	return e, err
}

// close ends the transaction and gives the connection back. One whose rows were not
// read to their end is closed: the server may have gigabytes left to send.
func (e *export) close(ctx context.Context) {
	defer e.conn.Release()
	raw := e.conn.Conn()
	if raw.IsClosed() || raw.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	if _, err := raw.Exec(ctx, "rollback"); err != nil {
		_ = raw.Close(ctx) // the pool makes another
	}
}
