package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"
)

// Bounds of a group, so that its first member does not wait long for the others.
const (
	groupSize = 64
	groupTime = 5 * time.Millisecond // a commit to disk takes 0.2 to 5 ms
)

// writer runs the transactions of the store. SQLite has one writer at a time and
// a commit waits for the disk, so calls that wait together share one transaction:
// each runs in a savepoint of its own, one after the other, then one COMMIT
// answers all. A member that fails undoes its savepoint only.
//
// A member runs in its caller's goroutine, to which the session is handed over: a
// panic is the caller's, and the writer waits. Nobody is answered before the
// commit, since a refusal too may rest on what another member wrote.
type writer struct {
	db       *sql.DB
	patience time.Duration // how long to wait for another process
	requests chan *request // unbuffered: who waits can leave
	closing  chan struct{}
	stop     func()
	stopped  chan struct{}

	groupTime time.Duration
	session   *session // nil after a fault; the loop's alone
}

// request is one waiting call.
type request struct {
	done     <-chan struct{} // of the caller's context
	granted  chan grant      // unbuffered: either the caller takes it or it has left
	finished chan struct{}   // closed when the caller has given the session back
	result   chan error      // of the commit; never blocks the writer
}

type grant struct {
	session *session
	err     error
}

func newWriter(path string, patience time.Duration) (*writer, error) {
	db, err := openOne(source(path, writing(maxPause)...))
	if err != nil {
		return nil, err
	}
	w := &writer{
		db: db, patience: patience, groupTime: groupTime, requests: make(chan *request),
		closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	w.stop = sync.OnceFunc(func() { close(w.closing) })
	go w.loop() // ended by Stop
	return w, nil
}

// Stop lets the group that is open end, and refuses every call from then on.
func (w *writer) Stop() {
	w.stop()
	<-w.stopped
}

// Close stops the writer and ends its connection.
func (w *writer) Close() error {
	w.Stop()
	if err := w.db.Close(); err != nil {
		return fmt.Errorf("close the writer: %w", err)
	}
	return nil
}

// do runs work in a savepoint and returns when it is committed, or why it is not.
// An error of work is returned as it is.
func (w *writer) do(ctx context.Context, work func(*session) error) error {
	r := &request{
		done: ctx.Done(), granted: make(chan grant),
		finished: make(chan struct{}), result: make(chan error, 1),
	}
	select {
	case <-w.closing: // first, since the choice below is random
		return errClosed()
	default:
	}
	select {
	case w.requests <- r:
	case <-w.closing:
		return errClosed()
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case g := <-r.granted:
		if g.err != nil {
			return g.err
		}
		err := r.work(g.session, work)
		return firstError(<-r.result, err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// work gives the session back in any case, also when work panics.
func (r *request) work(s *session, work func(*session) error) error {
	defer close(r.finished)
	return s.inSavepoint(work)
}

func (w *writer) loop() {
	defer close(w.stopped)
	defer w.drop()
	for {
		select {
		case <-w.closing:
			return
		case r := <-w.requests:
			w.group(r)
		}
	}
}

// group runs first and those who wait behind it in one transaction.
func (w *writer) group(first *request) {
	if err := w.begin(); err != nil {
		w.refuse(first, err)
		return
	}
	members := w.gather(first)
	err := w.session.end()
	if err != nil {
		w.drop()
	}
	for _, r := range members {
		r.result <- err
	}
}

// gather runs first and whoever waits, until nobody does or the group is full.
func (w *writer) gather(first *request) []*request {
	var members []*request
	full := time.Now().Add(w.groupTime)
	for r := first; ; {
		select {
		case r.granted <- grant{session: w.session}:
			<-r.finished
			members = append(members, r)
		case <-r.done:
		}
		if w.session.broken != nil || len(members) == groupSize || time.Now().After(full) {
			return members
		}
		select {
		case r = <-w.requests:
		default:
			return members
		}
	}
}

// refuse answers everybody who waits now: each would wait as long for the same.
func (w *writer) refuse(r *request, err error) {
	for {
		select {
		case r.granted <- grant{err: err}:
		case <-r.done:
		}
		select {
		case r = <-w.requests:
		default:
			return
		}
	}
}

// begin opens a transaction, with a new connection when there is none, and waits
// for other processes as long as its patience lasts.
func (w *writer) begin() error {
	ctx := context.Background()
	until := time.Now().Add(w.patience)
	for {
		err := w.tryBegin(ctx)
		if err == nil {
			return nil
		}
		if !busy(err) {
			w.drop()
			return lost(err)
		}
		if time.Now().After(until) || !pause(ctx, w.closing) {
			return lost(err)
		}
	}
}

func (w *writer) tryBegin(ctx context.Context) (err error) {
	if w.session == nil {
		if w.session, err = newSession(ctx, w.db); err != nil {
			return err
		}
	}
	_, err = w.session.run(ctx, "BEGIN IMMEDIATE")
	return err
}

// drop forgets the connection, so that a fault of it does not outlive it.
func (w *writer) drop() {
	if w.session != nil {
		w.session.drop()
		w.session = nil
	}
}
