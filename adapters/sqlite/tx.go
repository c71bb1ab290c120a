package sqlite

import (
	"context"
	"database/sql"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

// tenantStore is one organization's part of a Store.
type tenantStore struct {
	store  *Store
	tenant core.Tenant
}

// scope is what every repository is made of: whose rows, and where statements run.
type scope struct {
	org core.OrgID
	q   querier
}

// Read returns the readers.
func (ts *tenantStore) Read() core.Readers {
	s := scope{org: ts.tenant.OrgID(), q: ts.store.reader}
	if !ts.tenant.Valid() {
		s.q = noTenant{}
	}
	return core.Readers{
		Organizations: organizationReader{s}, Users: userReader{s}, Sessions: sessionReader{s},
		APIKeys: apiKeyReader{s}, Documents: documentReader{s},
		Summaries: summaryReader{s}, Templates: templateReader{s}, Jobs: jobReader{s, ts.store.now}, Events: eventReader{s},
		JobItems: jobItemReader{s},
		Audit:    auditReader{s}, Usage: usageReader{s, ts.store.now}, Archive: archiveReader{ts.store, ts.tenant},
		Integrations: integrationReader{s}, PublishedPages: publishedPageReader{s},
		Webhooks: webhookReader{s}, Deliveries: deliveryReader{s},
	}
}

// noTenant refuses every read for an invalid tenant.
type noTenant struct{}

func (noTenant) each(context.Context, func(*sql.Rows) error, string, ...any) error {
	return errTenant()
}

func (noTenant) first(context.Context, func(*sql.Rows) error, string, ...any) error {
	return errTenant()
}

// InTx runs fn in a transaction of the organization.
func (ts *tenantStore) InTx(ctx context.Context, fn func(ctx context.Context, tx core.Tx) error) error {
	return ts.inTx(ctx, nothingHeld, fn)
}

// nothingHeld is the check of a transaction without leases.
func nothingHeld(context.Context, *tx) error { return nil }

// InLease runs fn in a transaction behind the fence of a job.
func (ts *tenantStore) InLease(ctx context.Context, l core.Lease, fn func(ctx context.Context, tx core.Tx) error) error {
	return ts.InLeases(ctx, []core.Lease{l}, func(ctx context.Context, tx core.Tx, _ []core.Lease) error { return fn(ctx, tx) })
}

// InLeases runs fn in a transaction behind the fences of several jobs. Nobody else
// writes until it ends, so the jobs' rows need no lock of their own.
func (ts *tenantStore) InLeases(ctx context.Context, leases []core.Lease, fn func(ctx context.Context, tx core.Tx, held []core.Lease) error) error {
	var held []core.Lease
	check := func(ctx context.Context, t *tx) error {
		held = nil
		for _, l := range leases {
			if l.Tenant != ts.tenant {
				continue
			}
			ok, err := t.holds(ctx, l)
			if err != nil {
				return err
			}
			if ok {
				held = append(held, l)
			}
		}
		if len(held) == 0 {
			return core.ErrLeaseLost
		}
		return nil
	}
	return ts.inTx(ctx, check, func(ctx context.Context, tx core.Tx) error { return fn(ctx, tx, held) })
}

// inTx runs fn in a transaction that begins with check.
func (ts *tenantStore) inTx(ctx context.Context, check func(context.Context, *tx) error, fn func(ctx context.Context, tx core.Tx) error) error {
	if !ts.tenant.Valid() {
		return errTenant()
	}
	if ts.store.inTx(ctx) {
		return core.ErrOuterRead
	}
	return ts.store.writer.do(ctx, func(s *session) error {
		t := &tx{session: s, org: ts.tenant.OrgID(), now: ts.store.now}
		defer t.end()
		if err := check(ctx, t); err != nil {
			return err
		}
		inner, out := ts.store.mark(ctx, t), &core.Outbox{}
		if err := fn(inner, t.repositories(out)); err != nil {
			return err
		}
		return t.flush(inner, out)
	})
}

// openKey marks the context of an open transaction of one store.
type openKey struct{ store *Store }

func (s *Store) mark(ctx context.Context, t *tx) context.Context {
	return context.WithValue(ctx, openKey{s}, t)
}

// inTx reports whether ctx is that of a transaction of this store that is open.
func (s *Store) inTx(ctx context.Context) bool {
	t, ok := ctx.Value(openKey{s}).(*tx)
	return ok && t.open()
}

// tx is one open transaction.
type tx struct {
	org core.OrgID
	now func() int64

	mu      sync.Mutex // guards session: fn may start goroutines, and some outlive it
	session *session   // nil when fn has returned
}

func (t *tx) open() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.session != nil
}

func (t *tx) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.session = nil
}

func (t *tx) repositories(out *core.Outbox) core.Tx {
	s := scope{org: t.org, q: t}
	return core.Tx{
		Organizations: organizationRepo{organizationReader{s}, t}, Users: userRepo{userReader{s}, t}, Sessions: sessionRepo{sessionReader{s}, t},
		APIKeys: apiKeyRepo{apiKeyReader{s}, t}, Idempotency: idempotencyRepo{s, t},
		Documents: documentRepo{documentReader{s}, t}, Summaries: summaryRepo{summaryReader{s}, t},
		Templates: templateRepo{templateReader{s}, t}, Jobs: jobRepo{jobReader{s, t.now}, t}, JobItems: jobItemRepo{jobItemReader{s}, t}, Imports: importRepo{s, t}, Usage: usageRepo{usageReader{s, t.now}, t}, Outbox: out,
		Integrations: integrationRepo{integrationReader{s}, t}, PublishedPages: publishedPageRepo{publishedPageReader{s}, t},
		Webhooks: webhookRepo{webhookReader{s}, t}, Deliveries: deliveryRepo{deliveryReader{s}, t},
	}
}

// usable returns why no statement may run. The caller holds mu.
func (t *tx) usable(ctx context.Context) error {
	if t.session == nil {
		return errEnded
	}
	return ctx.Err()
}

func (t *tx) each(ctx context.Context, row func(*sql.Rows) error, statement string, args ...any) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.usable(ctx); err != nil {
		return err
	}
	return t.session.each(ctx, row, statement, args...)
}

func (t *tx) first(ctx context.Context, row func(*sql.Rows) error, statement string, args ...any) error {
	return t.each(ctx, row, statement, args...)
}

// exec runs a statement that writes, and returns how many rows it changed.
func (t *tx) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.usable(ctx); err != nil {
		return 0, err
	}
	if err := checkText(args); err != nil {
		return 0, err
	}
	return t.session.exec(ctx, statement, args...)
}

// change is exec of a statement that is to change one row; r explains constraints.
func (t *tx) change(ctx context.Context, kind string, r refused, statement string, args ...any) error {
	n, err := t.exec(ctx, statement, args...)
	if err != nil {
		return r.explain(err)
	}
	if n == 0 {
		return core.NotFound(kind)
	}
	return nil
}

// checkText refuses text that cannot be kept as it is in every store.
func checkText(args []any) error {
	for _, a := range args {
		v := reflect.ValueOf(a)
		if v.Kind() == reflect.Pointer && !v.IsNil() {
			v = v.Elem()
		}
		if v.Kind() == reflect.String && !sound(v.String()) {
			return errText()
		}
	}
	return nil
}

func sound(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// flush writes what the transaction leaves behind besides its rows.
func (t *tx) flush(ctx context.Context, out *core.Outbox) error {
	for i := range out.Enqueued {
		if err := t.enqueue(ctx, &out.Enqueued[i]); err != nil {
			return err
		}
	}
	for _, d := range out.Dispatched {
		if err := t.dispatch(ctx, d); err != nil {
			return err
		}
	}
	for _, e := range out.Appended {
		if err := t.append(ctx, e); err != nil {
			return err
		}
	}
	for _, e := range out.Audited {
		if err := t.audit(ctx, e); err != nil {
			return err
		}
	}
	for _, m := range out.Metered {
		if err := t.meter(ctx, m); err != nil {
			return err
		}
	}
	return ctx.Err()
}
