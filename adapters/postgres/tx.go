package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/docsctl/docsctl/core"
)

// openTx is the context's mark of an open transaction of a store.
type openTx struct{ store *Store }

// transaction is one run of fn. Its connection is taken with the first statement,
// before which BEGIN and the settings travel. Writes whose answer nobody needs wait
// for what comes next: a statement that is answered, or the last batch, which is the
// outbox with COMMIT. So a transaction of writes alone takes one round trip.
type transaction struct {
	store *Store
	org   string

	mu     sync.Mutex    // guards what follows; fn may use goroutines, a connection may not
	conn   *pgxpool.Conn // nil before the first statement
	later  pgx.Batch     // writes that were accepted and not sent
	ended  bool          // fn has returned
	failed error         // why the transaction cannot be committed any more
	leased []core.Job    // the rows that the leases' check has locked, until they are changed
}

// InTx runs fn in one transaction.
func (t *tenantStore) InTx(ctx context.Context, fn func(ctx context.Context, tx core.Tx) error) error {
	return t.transact(ctx, nil, func(ctx context.Context, tx core.Tx, _ []core.Lease) error { return fn(ctx, tx) })
}

// transact runs fn until it did not meet another transaction, or lose its
// connection before the commit was sent, but no more than maxTries times.
func (t *tenantStore) transact(ctx context.Context, leases []core.Lease, fn func(ctx context.Context, tx core.Tx, held []core.Lease) error) error {
	if err := t.ready(ctx); err != nil {
		return err
	}
	if t.store.closed.Load() {
		return translate(ctx, errClosed) // also when fn would send nothing
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for try := 1; ; try++ {
		again, err := t.attempt(ctx, leases, fn)
		if err == nil || !again || try == maxTries || t.store.closed.Load() || pause(ctx, try) != nil {
			return err
		}
	}
}

// attempt runs fn once. again says that nothing was kept and another run may do better.
func (t *tenantStore) attempt(ctx context.Context, leases []core.Lease, fn func(ctx context.Context, tx core.Tx, held []core.Lease) error) (again bool, err error) {
	tx := &transaction{store: t.store, org: t.org()}
	defer tx.close(ctx) // also when fn panics
	held, err := tx.lock(ctx, leases)
	if err != nil {
		return tx.mayRunAgain(), err
	}
	out := &core.Outbox{}
	err = fn(context.WithValue(ctx, openTx{t.store}, true), tx.repositories(out), held)
	tx.end()
	if err != nil {
		return tx.mayRunAgain(), err
	}
	if err := tx.commit(ctx, out); err != nil {
		return tx.mayRunAgain(), translate(ctx, err)
	}
	return false, nil
}

func (tx *transaction) repositories(out *core.Outbox) core.Tx {
	sc := scope{runner: tx, sql: &tx.store.sql, org: tx.org}
	return core.Tx{
		Organizations: organizationRepo{organizationReader{sc}}, Users: userRepo{userReader{sc}}, Sessions: sessionRepo{sessionReader{sc}},
		APIKeys: apiKeyRepo{apiKeyReader{sc}}, Idempotency: idempotencyRepo{sc},
		Integrations: integrationRepo{integrationReader{sc}}, PublishedPages: publishedPageRepo{publishedPageReader{sc}},
		Webhooks: webhookRepo{webhookReader{sc}}, Deliveries: deliveryRepo{deliveryReader{sc}},
		Documents: documentRepo{documentReader{sc}, tx}, Summaries: summaryRepo{summaryReader{sc}, tx},
		Templates: templateRepo{templateReader{sc}}, Jobs: jobRepo{jobReader{sc}, tx}, JobItems: jobItemRepo{jobItemReader{sc}, tx}, Imports: importRepo{sc}, Usage: usageRepo{usageReader{sc}}, Outbox: out,
	}
}

// run sends a statement over the transaction's connection.
func (tx *transaction) run(ctx context.Context, sql string, args []any, rows func(pgx.Rows) error) (int64, error) {
	if err := checkArgs(args); err != nil {
		return 0, err
	}
	var n int64
	err := tx.now(ctx, func(b *pgx.Batch) { queue(b, sql, args, rows, &n) })
	return n, err
}

// ask sends questions over the transaction's connection.
func (tx *transaction) ask(ctx context.Context, all []question) error {
	return tx.now(ctx, func(b *pgx.Batch) { queueAll(b, all) })
}

// now sends what waits and then what add puts into the batch.
func (tx *transaction) now(ctx context.Context, add func(b *pgx.Batch)) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if err := tx.usable(ctx); err != nil {
		return err
	}
	return tx.exchange(ctx, add)
}

// usable returns why nothing can be sent any more. tx.mu is held.
func (tx *transaction) usable(ctx context.Context) error {
	if tx.ended {
		return errDead
	}
	if tx.failed != nil {
		return translate(ctx, fmt.Errorf("%w: %w", errLost, tx.failed))
	}
	return nil
}

// exchange is now with tx.mu held.
func (tx *transaction) exchange(ctx context.Context, add func(b *pgx.Batch)) error {
	b := &pgx.Batch{}
	err := tx.begin(ctx, b)
	if err == nil {
		tx.takeLater(b)
		add(b)
		err = tx.store.exchange(ctx, tx.conn, b)
	}
	if err != nil {
		tx.failed = err
	}
	return translate(ctx, err)
}

// maxLater is how many writes wait at most, so that the server works while fn does
// and no batch grows without end.
const maxLater = 64

// postpone accepts a write that is sent with what follows it. One that changes nothing
// is CodeNotFound of that kind; its statement divides by the rows that it changed, so
// that the server does not go on to the commit.
func (tx *transaction) postpone(ctx context.Context, kind, sql string, args []any) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if err := checkArgs(args); err != nil {
		return err
	}
	if err := tx.usable(ctx); err != nil {
		return err
	}
	tx.later.Queue(sql, values(args)...).Fn = func(br pgx.BatchResults) error {
		_, err := br.Exec()
		if changedNothing(err) {
			return core.NotFound(kind)
		}
		return err
	}
	if tx.later.Len() < maxLater {
		return nil
	}
	return tx.exchange(ctx, func(*pgx.Batch) {})
}

// values is args as they are now, whatever becomes of what they point to.
func values(args []any) []any {
	for i, a := range args {
		switch a := a.(type) {
		case *time.Time:
			args[i] = valueOf(a)
		case *float64:
			args[i] = valueOf(a)
		case *string:
			args[i] = valueOf(a)
		}
	}
	return args
}

func valueOf[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// takeLater moves the waiting writes into b.
func (tx *transaction) takeLater(b *pgx.Batch) {
	b.QueuedQueries = append(b.QueuedQueries, tx.later.QueuedQueries...)
	tx.later = pgx.Batch{}
}

// begin takes a connection and puts BEGIN and the settings into b, once.
func (tx *transaction) begin(ctx context.Context, b *pgx.Batch) (err error) {
	if tx.conn != nil {
		return nil
	}
	if tx.conn, err = tx.store.acquire(ctx); err != nil {
		return err
	}
	cfg := &tx.store.cfg
	b.Queue(tx.store.sql.begin)
	b.Queue(tx.store.sql.setTransaction, tx.store.roles.app, tx.org,
		milliseconds(cfg.StatementTimeout), milliseconds(cfg.LockTimeout), milliseconds(cfg.IdleTimeout))
	return nil
}

func (tx *transaction) end() {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.ended = true
}

// mayRunAgain reports whether the transaction failed for a reason that passes.
func (tx *transaction) mayRunAgain() bool {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	return tx.failed != nil && (conflicted(tx.failed) || lostConnection(tx.failed))
}

// commit writes what waits and the outbox and commits, in one round trip.
func (tx *transaction) commit(ctx context.Context, out *core.Outbox) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.failed != nil {
		return fmt.Errorf("%w: %w", errLost, tx.failed)
	}
	outbox, err := tx.store.outbox(tx.org, out)
	if err != nil || tx.conn == nil && tx.later.Len()+outbox.Len() == 0 {
		return err
	}
	b := &pgx.Batch{}
	if err := tx.begin(ctx, b); err != nil {
		tx.failed = err
		return err
	}
	tx.takeLater(b)
	b.QueuedQueries = append(b.QueuedQueries, outbox.QueuedQueries...)
	committed := false
	b.Queue(tx.store.sql.commit).Exec(func(tag pgconn.CommandTag) error {
		committed = tag.String() == "COMMIT" // ROLLBACK when a statement had failed
		return nil
	})
	err = tx.store.exchange(ctx, tx.conn, b)
	switch {
	case err == nil && !committed:
		return errLost
	case err != nil && (conflicted(err) || neverSent(err)):
		tx.failed = err // any other loss of the connection leaves open whether the commit was done
	}
	return err
}

// rollbackTimeout bounds what follows a caller's end.
const rollbackTimeout = 5 * time.Second

// close rolls back what is open and gives the connection back.
func (tx *transaction) close(ctx context.Context) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.ended = true
	if tx.conn == nil {
		return
	}
	defer tx.conn.Release() // a connection that is closed or still in a transaction is thrown away
	raw := tx.conn.Conn()
	if raw.IsClosed() || raw.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	if _, err := raw.Exec(ctx, "rollback"); err != nil && !lostConnection(err) && !errors.Is(err, context.DeadlineExceeded) {
		tx.store.cfg.Logger.WarnContext(ctx, "a transaction was not rolled back; its connection is closed", "error", err)
	}
}
