package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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

// InLease runs fn in one transaction in which the job's row is locked.
func (t *tenantStore) InLease(ctx context.Context, l core.Lease, fn func(ctx context.Context, tx core.Tx) error) error {
	return t.InLeases(ctx, []core.Lease{l}, func(ctx context.Context, tx core.Tx, _ []core.Lease) error { return fn(ctx, tx) })
}

// InLeases runs fn in one transaction in which the jobs' rows are locked.
func (t *tenantStore) InLeases(ctx context.Context, leases []core.Lease, fn func(ctx context.Context, tx core.Tx, held []core.Lease) error) error {
	if err := t.ready(ctx); err != nil {
		return err
	}
	leases = slices.DeleteFunc(slices.Clone(leases), func(l core.Lease) bool { return l.Tenant != t.tenant || !core.ValidID(l.JobID) })
	if len(leases) == 0 {
		return core.ErrLeaseLost
	}
	return t.transact(ctx, leases, fn)
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

// lock begins the transaction and locks the rows of the jobs whose leases are still
// held, which it returns. Without leases it does nothing.
func (tx *transaction) lock(ctx context.Context, leases []core.Lease) (held []core.Lease, err error) {
	if len(leases) == 0 {
		return nil, nil
	}
	jobs, err := tx.lockJobs(ctx, leases)
	if err != nil {
		return nil, err
	}
	for _, l := range leases {
		if slices.ContainsFunc(jobs, func(j core.Job) bool { return j.ID == l.JobID }) {
			held = append(held, l)
		}
	}
	if len(held) == 0 {
		return nil, core.ErrLeaseLost
	}
	tx.leased = jobs
	return held, nil
}

func (tx *transaction) lockJobs(ctx context.Context, leases []core.Lease) ([]core.Job, error) {
	sc := scope{runner: tx, sql: &tx.store.sql, org: tx.org}
	if len(leases) == 1 {
		return many(ctx, sc, sc.sql.lockLease, scanJob, string(leases[0].JobID), leases[0].Fence)
	}
	ids, fences := make([]string, len(leases)), make([]int64, len(leases))
	for i, l := range leases {
		ids[i], fences[i] = string(l.JobID), l.Fence
	}
	tx.later.Queue(sc.sql.anyLength)
	return many(ctx, sc, sc.sql.lockLeases, scanJob, ids, fences)
}

// run sends a statement over the transaction's connection.
func (tx *transaction) run(ctx context.Context, sql string, args []any, rows func(pgx.Rows) error) (int64, error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.ended {
		return 0, errDead
	}
	if err := checkArgs(args); err != nil {
		return 0, err
	}
	if tx.failed != nil {
		return 0, translate(ctx, fmt.Errorf("%w: %w", errLost, tx.failed))
	}
	var n int64
	b := &pgx.Batch{}
	if err := tx.begin(ctx, b); err != nil {
		tx.failed = err
		return 0, translate(ctx, err)
	}
	tx.takeLater(b)
	queue(b, sql, args, rows, &n)
	if err := tx.store.exchange(ctx, tx.conn, b); err != nil {
		tx.failed = err
		return 0, translate(ctx, err)
	}
	return n, nil
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
	if tx.ended {
		return errDead
	}
	if err := checkArgs(args); err != nil {
		return err
	}
	if tx.failed != nil {
		return translate(ctx, fmt.Errorf("%w: %w", errLost, tx.failed))
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
	b := &pgx.Batch{}
	err := tx.begin(ctx, b)
	if err == nil {
		tx.takeLater(b)
		err = tx.store.exchange(ctx, tx.conn, b)
	}
	if err != nil {
		tx.failed = err
	}
	return translate(ctx, err)
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

// outbox is the statements that write what fn left behind, in its order.
func (s *Store) outbox(org string, out *core.Outbox) (*pgx.Batch, error) {
	b := &pgx.Batch{}
	for i := range out.Enqueued {
		j := &out.Enqueued[i]
		if j.NextAttemptAt == nil {
			return nil, errors.New("postgres: an enqueued job has no time at which it is due")
		}
		b.Queue(s.sql.insertJob, append([]any{org}, newJobArgs(j)...)...)
		s.queueDispatch(b, org, core.Dispatch{JobID: j.ID, Queue: j.FirstQueue(), RunAt: *j.NextAttemptAt})
	}
	for _, d := range out.Dispatched {
		s.queueDispatch(b, org, d)
	}
	s.queueEvents(b, org, out.Appended)
	for _, e := range out.Audited {
		s.queueAudit(b, org, e)
	}
	for _, m := range out.Metered {
		b.Queue(s.sql.countDocuments, org, core.UsageMonth(m.At), rand.IntN(usageSlots), m.Documents, m.Bytes)
	}
	for _, q := range b.QueuedQueries {
		if err := checkArgs(q.Arguments); err != nil {
			return nil, outboxRefused(err)
		}
	}
	return b, nil
}

// queueEvents adds the events in their order; several go in one statement.
func (s *Store) queueEvents(b *pgx.Batch, org string, events []core.NewEvent) {
	switch len(events) {
	case 0:
	case 1:
		e := &events[0]
		b.Queue(s.sql.insertEvent, org, string(e.Type), e.At, string(e.Data))
	default:
		types, times, data := make([]string, len(events)), make([]time.Time, len(events)), make([]string, len(events))
		for i, e := range events {
			types[i], times[i], data[i] = string(e.Type), e.At, string(e.Data)
		}
		b.Queue(s.sql.insertEvents, org, types, times, data)
	}
}

// outboxRefused tells of an argument that cannot be stored.
func outboxRefused(err error) error {
	if errors.Is(err, errNoID) {
		return core.NotFound("job")
	}
	return invalidText()
}
