package postgres

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
)

// TestServerRestart stops and kills the server under load. What is under way
// succeeds or is unavailable, what was acknowledged is there, and afterwards the
// same store works again.
func TestServerRestart(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]func(*testenv.PostgresServer){
		"Stopped": func(s *testenv.PostgresServer) { s.Restart(t) },
		"Killed":  func(s *testenv.PostgresServer) { s.Kill(t); s.Start(t) },
	} {
		t.Run(name, func(t *testing.T) {
			server := testenv.StartPostgres(t, testenv.PostgresOptions{})
			s := openURL(t, server.Database(t, "postgres.Store", migrateUp))
			w := &workload{org: coretest.NewOrg(t, s)}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var workers sync.WaitGroup
			for range 8 {
				workers.Go(func() { w.run(t, ctx) })
			}
			w.await(t, 100)
			restart(server)
			w.await(t, 100)
			stop()
			workers.Wait()
			w.check(t)
			t.Logf("%d calls succeeded, %d were unavailable", w.done.Load(), w.unavailable.Load())
		})
	}
}

// TestServerHangs pauses the server: a call without a deadline ends all the same.
func TestServerHangs(t *testing.T) {
	t.Parallel()
	server := testenv.StartPostgres(t, testenv.PostgresOptions{})
	url := server.Database(t, "postgres.Store", migrateUp)
	o := coretest.NewOrg(t, openURL(t, url))
	hasty := openWith(t, url, &Config{StatementTimeout: 100 * time.Millisecond}, newStatements())
	read := func() error {
		_, err := hasty.Tenant(o.Tenant).Read().Users.Get(context.WithoutCancel(t.Context()), o.User.ID)
		return err
	}
	server.Pause(t)
	err := read()
	if core.CodeOf(err) != core.CodeUnavailable {
		t.Errorf("while the server hangs: got %v, want %s", err, core.CodeUnavailable)
	}
	server.Continue(t)
	for late := time.Now().Add(time.Minute); err != nil; err = read() {
		if time.Now().After(late) {
			t.Fatalf("afterwards: %v", err)
		}
	}
}

// TestTimeouts proves that the settings of a transaction hold.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	o := coretest.NewOrg(t, openURL(t, url))
	o.Store = openWith(t, url, &Config{LockTimeout: 50 * time.Millisecond, IdleTimeout: 500 * time.Millisecond}, newStatements())
	conn := connect(t, url)

	blocker, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	execSQL(t, conn, "select from users for update")
	err = o.TryTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Users.Update(ctx, &o.User) })
	if core.CodeOf(err) != core.CodeUnavailable {
		t.Errorf("waiting for a row for too long: got %v, want %s", err, core.CodeUnavailable)
	}
	if err := blocker.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}

	runs := 0
	err = o.TryTx(t, func(ctx context.Context, tx core.Tx) error {
		if runs++; runs > 1 {
			return tx.Users.Update(ctx, &o.User)
		}
		if _, err := tx.Users.Get(ctx, o.User.ID); err != nil {
			return err
		}
		for texts(t, conn, "select count(*)::text from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'")[0] != "0" {
		}
		return tx.Users.Update(ctx, &o.User)
	})
	if err != nil || runs < 2 { // more where the machine has left another run idle
		t.Errorf("a transaction that was idle for too long: got %v after %d runs, want it ended by the server and run again", err, runs)
	}
}

// workload creates documents, with an event each, and reads them.
type workload struct {
	org         *coretest.Org
	done        atomic.Int64 // calls that succeeded
	unavailable atomic.Int64

	mu      sync.Mutex // guards news and created
	news    chan struct{}
	created []core.DocumentID // acknowledged
}

func (w *workload) run(t *testing.T, ctx context.Context) {
	for ctx.Err() == nil {
		d := core.Document{
			ID: core.NewID[core.DocumentID](), UserID: w.org.User.ID, Title: "t", SourceType: core.SourceUpload,
			Version: 1, Revision: 1, Status: core.DocumentActive, CreatedAt: coretest.Now(), UpdatedAt: coretest.Now(),
		}
		err := w.org.Store.Tenant(w.org.Tenant).InTx(ctx, func(ctx context.Context, tx core.Tx) error {
			tx.Append(core.EventDocumentCreated, d.CreatedAt, &d)
			return tx.Documents.Create(ctx, &d)
		})
		if err == nil {
			w.mu.Lock()
			w.created = append(w.created, d.ID)
			w.mu.Unlock()
		}
		w.note(t, ctx, err)
		_, err = w.org.Read().Documents.List(ctx, core.DocumentFilter{}, core.Seek{Limit: 5})
		w.note(t, ctx, err)
	}
}

func (w *workload) note(t *testing.T, ctx context.Context, err error) {
	switch {
	case err == nil:
		w.done.Add(1)
	case ctx.Err() != nil: // the test's end
	case core.CodeOf(err) == core.CodeUnavailable && core.AsError(err).RetryAfter > 0:
		w.unavailable.Add(1)
	default:
		t.Errorf("got %v, want success or %s", err, core.CodeUnavailable)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.news != nil {
		close(w.news)
		w.news = nil
	}
}

// await returns when n more calls have succeeded.
func (w *workload) await(t *testing.T, n int64) {
	t.Helper()
	for goal := w.done.Load() + n; w.done.Load() < goal; {
		w.mu.Lock()
		if w.news == nil {
			w.news = make(chan struct{})
		}
		news := w.news
		w.mu.Unlock()
		select {
		case <-news:
		case <-t.Context().Done():
			t.Fatal("the store did not come back")
		}
	}
}

// check reports acknowledged documents that are missing, and documents without event.
func (w *workload) check(t *testing.T) {
	t.Helper()
	for _, id := range w.created {
		if _, err := w.org.Read().Documents.Get(t.Context(), id); err != nil {
			t.Errorf("a document whose creation was acknowledged: %v", err)
		}
	}
	state, err := w.org.Read().Events.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	events, err := w.org.Read().Events.After(t.Context(), state.First, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	documents := 0
	seek := core.Seek{Limit: 1000}
	for {
		rows, err := w.org.Read().Documents.List(t.Context(), core.DocumentFilter{}, seek)
		if err != nil {
			t.Fatal(err)
		}
		documents += len(rows)
		if len(rows) < seek.Limit {
			break
		}
		seek.After = &core.Key{At: rows[len(rows)-1].CreatedAt, ID: string(rows[len(rows)-1].ID)}
	}
	if len(events) != documents || documents < len(w.created) {
		t.Errorf("got %d documents and %d events of %d acknowledged transactions, want one event for each document", documents, len(events), len(w.created))
	}
}
