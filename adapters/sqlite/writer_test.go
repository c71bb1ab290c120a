package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

var errOfMember = errors.New("an error of a member")

// group runs members in one transaction: the first holds the writer until the
// others wait, and then they run one after the other.
func group(t *testing.T, s *Store, members ...func() error) []error {
	t.Helper()
	errs := make([]error, len(members))
	var wg sync.WaitGroup
	errOfFirst := s.writer.do(t.Context(), func(*session) error {
		for i, m := range members {
			wg.Go(func() { errs[i] = m() })
			awaitWaiting(t, s.writer, i+1) // so that they run in this order
		}
		return nil
	})
	wg.Wait()
	if errOfFirst != nil && core.CodeOf(errOfFirst) != core.CodeUnavailable {
		t.Fatal(errOfFirst)
	}
	return errs
}

// awaitWaiting waits until n goroutines stand before w. The runtime knows best.
func awaitWaiting(t *testing.T, w *writer, n int) {
	t.Helper()
	call := fmt.Sprintf("(*writer).do(%p", w)
	buf := make([]byte, 4<<20)
	for range 100_000 {
		waiting := 0
		for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if header, _, _ := strings.Cut(g, "\n"); strings.Contains(header, "[select") && strings.Contains(g, call) {
				waiting++
			}
		}
		if waiting >= n {
			return
		}
		runtime.Gosched()
	}
	t.Fatalf("%d calls do not wait for the writer", n)
}

// create returns a call that stores a document and then returns end's error.
func create(t *testing.T, o *coretest.Org, id *core.DocumentID, end func(ctx context.Context) error) func() error {
	return func() error {
		return o.TryTx(t, func(ctx context.Context, tx core.Tx) error {
			at := coretest.Now()
			*id = core.NewID[core.DocumentID]()
			err := tx.Documents.Create(ctx, &core.Document{ID: *id, UserID: o.User.ID, CreatedAt: at, UpdatedAt: at})
			if err != nil {
				return err
			}
			return end(ctx)
		})
	}
}

func has(t *testing.T, o *coretest.Org, id core.DocumentID) bool {
	t.Helper()
	_, err := o.Read().Documents.Get(t.Context(), id)
	if err != nil && core.CodeOf(err) != core.CodeNotFound {
		t.Fatal(err)
	}
	return err == nil
}

func TestWriter_FailingMembersUndoOnlyThemselves(t *testing.T) {
	t.Parallel()
	s := openStore(t, migrated(t))
	o := coretest.NewOrg(t, s)
	ids := make([]core.DocumentID, 6)
	ok := func(context.Context) error { return nil }
	var panicked any
	var exited atomic.Bool
	errs := group(t, s,
		create(t, o, &ids[0], ok),
		create(t, o, &ids[1], func(context.Context) error { return errOfMember }),
		func() (err error) {
			defer func() { panicked = recover() }()
			return create(t, o, &ids[2], func(context.Context) error { panic("of a member") })()
		},
		func() error {
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer exited.Store(true)
				_ = create(t, o, &ids[3], func(context.Context) error { runtime.Goexit(); return nil })()
			}()
			<-done
			return nil
		},
		func() error {
			return o.TryTx(t, func(ctx context.Context, tx core.Tx) error { // a summary whose job never comes
				at := coretest.Now()
				ids[4] = core.NewID[core.DocumentID]()
				err := tx.Documents.Create(ctx, &core.Document{ID: ids[4], UserID: o.User.ID, CreatedAt: at, UpdatedAt: at})
				if err != nil {
					return err
				}
				return tx.Summaries.Create(ctx, &core.Summary{ID: core.NewID[core.SummaryID](), DocID: ids[4], CreatedBy: o.User.ID, JobID: core.NewID[core.JobID]()})
			})
		},
		create(t, o, &ids[5], ok),
	)
	for i, want := range []error{nil, errOfMember, nil, nil, errs[4], nil} {
		if errs[i] != want { //nolint:errorlint // the promise is the very same error
			t.Errorf("member %d: got %v, want %v", i, errs[i], want)
		}
	}
	if core.CodeOf(errs[4]) != core.CodeNotFound {
		t.Errorf("the summary without a job: got %v, want %s", errs[4], core.CodeNotFound)
	}
	if panicked != "of a member" || !exited.Load() {
		t.Errorf("got the panic %v and exited %v, want both to go on", panicked, exited.Load())
	}
	for i, want := range []bool{true, false, false, false, false, true} {
		if got := has(t, o, ids[i]); got != want {
			t.Errorf("document of member %d: got kept %v, want %v", i, got, want)
		}
	}
}

func TestWriter_WaitingCallsShareACommit(t *testing.T) {
	t.Parallel()
	s := openStore(t, migrated(t))
	o := coretest.NewOrg(t, s)
	s.writer.groupTime = time.Hour // what is tested is that they share, not for how long; nobody writes yet
	const members = 20
	ids := make([]core.DocumentID, members)
	seen := make([]bool, members)
	calls := make([]func() error, members)
	for i := range calls {
		calls[i] = create(t, o, &ids[i], func(context.Context) error {
			for j, id := range ids { // as another reader: nothing of the group is committed yet
				seen[i] = seen[i] || j != i && id != "" && has(t, o, id)
			}
			return nil
		})
	}
	for i, err := range group(t, s, calls...) {
		if err != nil || seen[i] || !has(t, o, ids[i]) {
			t.Errorf("member %d: got %v, another's document committed before %v, kept %v", i, err, seen[i], has(t, o, ids[i]))
		}
	}
}

func TestWriter_EndedContextLeavesTheQueueAndTheGroup(t *testing.T) {
	t.Parallel()
	s := openStore(t, migrated(t))
	o := coretest.NewOrg(t, s)
	var kept, canceled core.DocumentID
	ctx, cancel := context.WithCancel(t.Context())
	gone, leave := context.WithCancel(t.Context())
	leave()
	errs := group(t, s,
		create(t, o, &kept, func(context.Context) error { return nil }),
		func() error {
			return s.Tenant(o.Tenant).InTx(ctx, func(ctx context.Context, tx core.Tx) error {
				at := coretest.Now()
				canceled = core.NewID[core.DocumentID]()
				if err := tx.Documents.Create(ctx, &core.Document{ID: canceled, UserID: o.User.ID, CreatedAt: at, UpdatedAt: at}); err != nil {
					return err
				}
				cancel()
				return nil
			})
		},
	)
	if errs[0] != nil || !errors.Is(errs[1], context.Canceled) {
		t.Errorf("got %v, want nil and a canceled context", errs)
	}
	if !has(t, o, kept) || has(t, o, canceled) {
		t.Errorf("got kept %v, canceled %v, want only the first", has(t, o, kept), has(t, o, canceled))
	}
	err := s.Tenant(o.Tenant).InTx(gone, func(context.Context, core.Tx) error { t.Error("ran"); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a call whose context has ended: got %v, want %v", err, context.Canceled)
	}
}

func TestWriter_DeadRepositoriesAreRefused(t *testing.T) {
	t.Parallel()
	s := openStore(t, migrated(t))
	o := coretest.NewOrg(t, s)
	var old core.Tx
	var inner context.Context
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { old, inner = tx, ctx; return nil })
	if _, err := old.Users.Get(t.Context(), o.User.ID); !errors.Is(err, errEnded) {
		t.Errorf("a read: got %v, want %v", err, errEnded)
	}
	if err := old.Users.Update(t.Context(), &o.User); !errors.Is(err, errEnded) {
		t.Errorf("a write: got %v, want %v", err, errEnded)
	}
	if _, err := o.Read().Users.Get(inner, o.User.ID); err != nil {
		t.Errorf("a read with the context of a transaction that has ended: %v", err)
	}
}

// TestWriter_FullDiskHeals has SQLite report a full disk by a bound of the
// connection, which goes with it.
func TestWriter_FullDiskHeals(t *testing.T) {
	t.Parallel()
	s := openStore(t, migrated(t))
	o := coretest.NewOrg(t, s)
	kept := o.NewDocument(t)
	err := s.writer.do(t.Context(), func(c *session) error {
		pages, err := only[int](t.Context(), c, "PRAGMA page_count")
		if err != nil {
			return err
		}
		return second(only[int](t.Context(), c, fmt.Sprintf("PRAGMA max_page_count = %d", pages[0]+2)))
	})
	if err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("a long text. ", 100_000)
	store := func() error {
		return o.TryTx(t, func(ctx context.Context, tx core.Tx) error {
			d := *kept
			d.Content = big
			return tx.Documents.Update(ctx, &d)
		})
	}
	var other core.DocumentID
	errs := group(t, s, store, create(t, o, &other, func(context.Context) error { return nil }))
	for i, err := range errs {
		if i == 0 && core.CodeOf(err) != core.CodeUnavailable || err != nil && core.CodeOf(err) != core.CodeUnavailable {
			t.Errorf("member %d: got %v, want %s", i, err, core.CodeUnavailable)
		}
	}
	if !strings.Contains(errs[0].Error(), "full") {
		t.Errorf("got %v, want it to say that the disk is full", errs[0])
	}
	if got := has(t, o, other); got != (errs[1] == nil) {
		t.Errorf("the other member returned %v and its document is kept %v", errs[1], got)
	}
	if got, err := o.Read().Documents.Get(t.Context(), kept.ID); err != nil || got.Content != kept.Content {
		t.Errorf("a read afterwards: got %v, want the document as it was", err)
	}
	if err := store(); err != nil {
		t.Errorf("a write over a new connection: %v", err)
	}
}

func TestWriter_OtherProgramsAreWaitedFor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	open := func(patience time.Duration) *Store {
		s, err := Open(t.Context(), path, &Config{BusyTimeout: patience})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	patient := coretest.NewOrg(t, open(time.Minute))
	hasty := *patient
	hasty.Store = open(300 * time.Millisecond)
	db, err := openOne(source(path, busyFor(time.Minute)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	hold := func() *sql.Conn {
		c, err := db.Conn(t.Context())
		if err == nil {
			_, err = c.ExecContext(t.Context(), "BEGIN IMMEDIATE")
		}
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	free := func(c *sql.Conn) {
		if _, err := c.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
		_ = c.Close()
	}
	c := hold()
	err = hasty.TryTx(t, func(context.Context, core.Tx) error { t.Error("ran"); return nil })
	if core.CodeOf(err) != core.CodeUnavailable || core.AsError(err).RetryAfter == 0 {
		t.Errorf("while another program writes: got %v, want %s with a hint", err, core.CodeUnavailable)
	}
	timer := time.AfterFunc(50*time.Millisecond, func() { free(c) })
	defer timer.Stop()
	patient.NewDocument(t)
}
