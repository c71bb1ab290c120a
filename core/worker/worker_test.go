package worker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/sqlite"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/worker"
	"github.com/docsctl/docsctl/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// model is a core.Summarizer whose Summarize a test decides.
type model func(ctx context.Context, content string) error

func (model) Tokens(_, text string) int { return len(text) }

func (model) Check(context.Context, core.Tenant, core.SummarizeRequest) error { return nil }

func (model) Estimate(context.Context, core.Tenant, core.SummarizeRequest) (core.Estimate, error) {
	return core.Estimate{Documents: 1, CostUSD: new(float64)}, nil
}

func (m model) Summarize(ctx context.Context, _ core.Tenant, r core.SummarizeRequest, _ core.SummaryObserver) (*core.SummaryResult, error) {
	if err := m(ctx, r.Document.Content); err != nil {
		return nil, err
	}
	return &core.SummaryResult{Text: "a summary of " + r.Document.Content}, nil
}

// migrate makes a store of its own for each test a matter of copying a file.
func migrate(ctx context.Context, path string) error {
	_, err := sqlite.Up(ctx, path)
	return err
}

type installation struct {
	app   *core.App
	store core.Store
	actor core.Actor
}

// install opens an installation; the store may be opened by several.
func install(t *testing.T, path string, m model, change ...func(*core.Config)) *installation {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	bus := inproc.NewBus()
	t.Cleanup(func() {
		if err := errors.Join(bus.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
	cfg := core.Config{
		Ports: core.Ports{Store: store, Bus: bus, Summarizer: m}, JobLease: time.Minute, Logger: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&cfg)
	}
	app, err := core.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	org, user, err := store.Local(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &installation{app: app, store: store, actor: core.NewActor(core.TrustTenant(org), user, core.RoleAdmin)}
}

func (in *installation) worker(t *testing.T, size int) *worker.Worker {
	t.Helper()
	w, err := worker.New(worker.Config{
		Work: in.app.Work, Maintain: true, Logger: slog.New(slog.DiscardHandler), Pools: []worker.Pool{{Queue: core.QueueLLM, Size: size}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (in *installation) request(t *testing.T, content string) core.JobID {
	t.Helper()
	d, err := in.app.Documents.Create(t.Context(), in.actor, core.NewDocument{Title: "t", Content: content})
	if err != nil {
		t.Fatal(err)
	}
	_, job, err := in.app.Summaries.Request(t.Context(), in.actor, core.SummaryRequest{DocumentID: d.ID})
	if err != nil {
		t.Fatal(err)
	}
	return job.ID
}

func (in *installation) wait(t *testing.T, id core.JobID) *core.Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	j, err := in.app.Jobs.Wait(ctx, in.actor, id)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func ended(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

func TestWorker_RunsEveryJobOnceWithinItsSize(t *testing.T) {
	t.Parallel()
	var running, most, calls atomic.Int32
	in := install(t, testenv.File(t, "sqlite.Store", migrate), func(context.Context, string) error {
		for now, old := running.Add(1), most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		defer running.Add(-1)
		calls.Add(1)
		return nil
	})
	w := in.worker(t, 3)
	defer w.Stop(t.Context())
	var jobs []core.JobID
	for i := range 50 {
		jobs = append(jobs, in.request(t, fmt.Sprint("text ", i)))
	}
	for _, id := range jobs {
		if j := in.wait(t, id); j.Status != core.JobCompleted || j.Attempt != 1 {
			t.Errorf("got %s after %d attempts, want completed at the first", j.Status, j.Attempt)
		}
	}
	if calls.Load() != 50 || most.Load() > 3 {
		t.Errorf("got %d calls, at most %d at once, want 50 and 3", calls.Load(), most.Load())
	}
}

func TestWorker_CancelReachesARunningHandler(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan time.Time, 1)
	in := install(t, testenv.File(t, "sqlite.Store", migrate), func(ctx context.Context, _ string) error {
		begun <- struct{}{}
		<-ctx.Done()
		ended <- time.Now()
		return ctx.Err()
	})
	w := in.worker(t, 1)
	defer w.Stop(t.Context())
	testenv.Promise(t, "the end of a canceled handler", time.Second, func() time.Duration {
		id := in.request(t, "text")
		<-begun
		asked := time.Now()
		if _, err := in.app.Jobs.Cancel(t.Context(), in.actor, id); err != nil {
			t.Fatal(err)
		}
		took := (<-ended).Sub(asked)
		if j := in.wait(t, id); j.Status != core.JobCanceled {
			t.Errorf("got %s, want canceled", j.Status)
		}
		return took
	})
}

func TestWorker_StopGivesRunningJobsBack(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	in := install(t, testenv.File(t, "sqlite.Store", migrate), func(ctx context.Context, _ string) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	})
	w := in.worker(t, 1)
	id := in.request(t, "text")
	<-begun
	w.Stop(ended(t.Context()))
	w.Stop(t.Context()) // again does nothing
	j, err := in.app.Jobs.Get(t.Context(), in.actor, id)
	if err != nil || j.Status != core.JobPending || j.Attempt != 0 {
		t.Errorf("got %+v, %v, want pending with no attempt counted", j, err)
	}
}

func TestWorker_StopWaitsWithinTheGrace(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}), make(chan struct{})
	in := install(t, testenv.File(t, "sqlite.Store", migrate), func(context.Context, string) error {
		close(begun)
		<-release
		return nil
	})
	w := in.worker(t, 1)
	id := in.request(t, "text")
	<-begun
	stopped := make(chan struct{})
	go func() { // ends once the handler is released
		w.Stop(context.WithoutCancel(t.Context()))
		close(stopped)
	}()
	close(release)
	<-stopped
	if j := in.wait(t, id); j.Status != core.JobCompleted {
		t.Errorf("got %s, want completed", j.Status)
	}
}

// A worker that never renews stands for a process that was killed.
func TestWorker_RescuesWhatADeadOneLeft(t *testing.T) {
	t.Parallel()
	path := testenv.File(t, "sqlite.Store", migrate)
	dead := install(t, path, func(context.Context, string) error { return nil }, func(c *core.Config) { c.JobLease = 3 * time.Second })
	id, old := dead.begin(t)
	alive := install(t, path, func(context.Context, string) error { return nil })
	w := alive.worker(t, 1)
	defer w.Stop(t.Context())
	j := alive.wait(t, id)
	if j.Status != core.JobCompleted || j.Attempt != 2 {
		t.Fatalf("got %s after %d attempts, want completed at the second", j.Status, j.Attempt)
	}
	if err := old.Do(t.Context(), func(context.Context, core.Tx) error { return nil }); !errors.Is(err, core.ErrLeaseLost) {
		t.Errorf("a write of the dead attempt: got %v, want ErrLeaseLost", err)
	}
}

// begin begins a job. On a machine that stands still its short lease may be over
// before; then another is begun.
func (in *installation) begin(t *testing.T) (core.JobID, *core.Run) {
	t.Helper()
	for range 5 {
		id := in.request(t, "text")
		leases, err := in.app.Work.Claim(t.Context(), core.QueueLLM, 1, 0)
		if err != nil || len(leases) != 1 {
			t.Fatalf("claim: got %d, %v", len(leases), err)
		}
		r, err := in.app.Work.Start(t.Context(), leases[0])
		if err == nil {
			return id, r
		}
		if !errors.Is(err, core.ErrLeaseLost) {
			t.Fatal(err)
		}
	}
	t.Fatal("every lease was lost before its job began")
	return "", nil
}

func TestWorker_IndexesWhatChanged(t *testing.T) {
	t.Parallel()
	in := install(t, testenv.File(t, "sqlite.Store", migrate), func(context.Context, string) error { return nil })
	w := in.worker(t, 1)
	defer w.Stop(t.Context())
	made := 0
	testenv.Promise(t, "what a search sees of a new document", 2*time.Second, func() time.Duration {
		if _, err := in.app.Documents.Create(t.Context(), in.actor, core.NewDocument{Title: "t", Content: "a rare platypus"}); err != nil {
			t.Fatal(err)
		}
		made++
		began := time.Now()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for deadline := time.After(patience); ; {
			found, err := in.app.Documents.List(t.Context(), in.actor, core.DocumentQuery{Text: "platypus"})
			if err != nil {
				t.Fatal(err)
			}
			if len(found.Items) == made {
				return time.Since(began)
			}
			select {
			case <-tick.C:
			case <-deadline:
				t.Fatal("a search does not see the document")
			}
		}
	})
}

func TestWorker_PrunesOnlyWhereItMaintains(t *testing.T) {
	t.Parallel()
	path := testenv.File(t, "sqlite.Store", migrate)
	short := func(c *core.Config) { c.Retention = core.Retention{Events: time.Nanosecond, MinEvent: 1} }
	in := install(t, path, func(context.Context, string) error { return nil }, short)
	for range 5 {
		if _, err := in.app.Documents.Create(t.Context(), in.actor, core.NewDocument{Title: "t", Content: "c"}); err != nil {
			t.Fatal(err)
		}
	}
	log := in.store.Tenant(in.actor.Tenant()).Read().Events
	before, err := log.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	idle, err := worker.New(worker.Config{Work: in.app.Work, Pools: []worker.Pool{{Queue: core.QueueLLM, Size: 1}}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := idle.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	idle.Stop(t.Context())
	if state, err := log.State(t.Context()); err != nil || state != before {
		t.Errorf("a worker that does not maintain: got %+v, %v, want %+v", state, err, before)
	}
	w := in.worker(t, 1)
	defer w.Stop(t.Context())
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); ; {
		state, err := log.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if events, err := log.After(t.Context(), state.First, 10); err == nil && len(events) == 1 && state.Last == before.Last {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the log is %+v, want only its newest event left", state)
		}
	}
}

func TestNew_RefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	if _, err := worker.New(worker.Config{}); err == nil {
		t.Error("a worker without work was made")
	}
	if _, err := worker.New(worker.Config{Work: &core.WorkService{}, Pools: []worker.Pool{{Queue: core.QueueLLM}}}); err == nil {
		t.Error("a pool of no size was made")
	}
}
