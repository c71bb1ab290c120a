package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A call is tried this often before its failure is told: what the others did in the
// meantime, or a server that was started again, is then over.
const maxTries = 4

// pause waits a few milliseconds, so that two that have met do not meet again.
func pause(ctx context.Context, try int) error {
	timer := time.NewTimer(rand.N(10 * time.Millisecond << try))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// single sends one statement with the role and the tenant before it, in one round
// trip. The batch is a transaction by itself, with which the settings end. A
// repeatable statement is sent again when its answer was lost.
func (s *Store) single(ctx context.Context, org, sql string, args []any, rows func(pgx.Rows) error, repeatable bool) (int64, error) {
	var n int64
	err := s.inScope(ctx, org, repeatable, func(b *pgx.Batch) { queue(b, sql, args, rows, &n) })
	return n, err
}

// inScope is single for all statements that add puts into the batch.
func (s *Store) inScope(ctx context.Context, org string, repeatable bool, add func(b *pgx.Batch)) error {
	for try := 1; ; try++ {
		var b pgx.Batch
		s.queueScope(&b, org)
		add(&b)
		err := s.send(ctx, &b)
		if err == nil {
			return nil
		}
		again := conflicted(err) || neverSent(err) || repeatable && lostConnection(err)
		if try == maxTries || !again || s.closed.Load() || pause(ctx, try) != nil {
			return translate(ctx, err)
		}
	}
}

// queueScope adds the settings of a transaction of one batch: the role that
// row-level security binds, the tenant, the longest time.
func (s *Store) queueScope(b *pgx.Batch, org string) {
	b.Queue(s.sql.setScope, s.roles.app, org, milliseconds(s.cfg.StatementTimeout))
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// queue adds a statement whose rows go to rows, or which only touches n of them.
func queue(b *pgx.Batch, sql string, args []any, rows func(pgx.Rows) error, n *int64) {
	if rows != nil {
		b.Queue(sql, args...).Query(rows)
		return
	}
	b.Queue(sql, args...).Exec(func(tag pgconn.CommandTag) error { *n = tag.RowsAffected(); return nil })
}

// queueAll adds questions.
func queueAll(b *pgx.Batch, all []question) {
	for _, q := range all {
		b.Queue(q.sql, q.args...).Query(q.rows)
	}
}

// send sends a batch over any connection.
func (s *Store) send(ctx context.Context, b *pgx.Batch) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return s.exchange(ctx, conn, b)
}

// answerGrace is what a server that ends a statement in time may be late by. One
// that hangs or has gone without a word would else be waited for without end.
const answerGrace = 5 * time.Second

// exchange sends a batch and reads its answers.
func (s *Store) exchange(ctx context.Context, conn *pgxpool.Conn, b *pgx.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StatementTimeout+answerGrace)
	defer cancel()
	return conn.SendBatch(ctx, b).Close()
}

// errBusy is returned when no connection became free in time.
var errBusy = errors.New("no connection to Postgres became free")

func (s *Store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	if s.closed.Load() {
		return nil, errClosed
	}
	bounded, cancel := context.WithTimeoutCause(ctx, s.cfg.AcquireTimeout, errBusy)
	defer cancel()
	conn, err := s.pool.Acquire(bounded)
	if err != nil && ctx.Err() == nil && bounded.Err() != nil {
		return nil, errBusy
	}
	return conn, err
}
