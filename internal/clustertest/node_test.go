//go:build unix

package clustertest

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/adapters/postgres"
	"github.com/docsctl/docsctl/adapters/redis"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/core/worker"
	"github.com/docsctl/docsctl/internal/testenv"
)

// How long leases last. The end of a short one can be waited for, but a machine that
// stands still as long loses jobs by it; what is not about that has long ones.
const (
	lease     = 3 * time.Second
	longLease = time.Minute
)

// secret signs the access tokens of every process.
const secret = "one secret of all processes and known to nobody but these tests"

// site is what the processes of an installation share.
type site struct{ Database, Redis string }

func migrate(ctx context.Context, url string) error {
	_, err := postgres.Up(ctx, url, "")
	return err
}

func newSite(t *testing.T) site {
	t.Helper()
	return site{Database: testenv.Database(t, "clustertest", migrate), Redis: testenv.Redis(t).URL()}
}

// model is a core.Summarizer whose text a test decides.
type model func(ctx context.Context, content string) (string, error)

func (model) Tokens(_, text string) int { return len(text) }

func (model) Check(context.Context, core.Tenant, core.SummarizeRequest) error { return nil }

func (model) Estimate(context.Context, core.Tenant, core.SummarizeRequest) (core.Estimate, error) {
	return core.Estimate{Documents: 1, CostUSD: new(float64)}, nil
}

func (m model) Summarize(ctx context.Context, _ core.Tenant, r core.SummarizeRequest, _ core.SummaryObserver) (*core.SummaryResult, error) {
	text, err := m(ctx, r.Document.Content)
	if err != nil {
		return nil, err
	}
	return &core.SummaryResult{Text: text}, nil
}

// instant answers at once.
func instant(_ context.Context, content string) (string, error) { return "of " + content, nil }

// parts is what a test puts into a node; zero fields are as in docsctl.
type parts struct {
	model model                             // nil: instant
	clock time.Duration                     // by how much the node's clock is ahead
	lease time.Duration                     // of the node's jobs; zero: longLease
	store func(core.Store) core.Store       // put around the store
	bus   func(core.EventBus) core.EventBus // put around the bus
}

// node is one process's share of an installation.
type node struct {
	core.Ports
	app   *core.App
	redis *redis.Client
}

func openNode(ctx context.Context, s site, p parts) (_ *node, err error) {
	n := &node{}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	quiet := slog.New(slog.DiscardHandler)
	now := func() time.Time { return time.Now().Add(p.clock) }
	store, err := postgres.Open(ctx, s.Database, &postgres.Config{Logger: quiet, Now: now})
	if err != nil {
		return nil, err
	}
	n.Store = store
	if n.redis, err = redis.Open(ctx, s.Redis, &redis.Config{Logger: quiet}); err != nil {
		return nil, err
	}
	n.Bus, n.Summarizer = redis.NewBus(n.redis), p.model
	if p.model == nil {
		n.Summarizer = model(instant)
	}
	if n.Tokens, err = identity.NewTokens(secret); err != nil {
		return nil, err
	}
	if n.Hasher, err = identity.NewHasher(identity.DefaultParams()); err != nil {
		return nil, err
	}
	ports := n.Ports
	if p.store != nil {
		ports.Store = p.store(ports.Store)
	}
	if p.bus != nil {
		ports.Bus = p.bus(ports.Bus)
	}
	n.app, err = core.New(core.Config{Ports: ports, JobLease: cmp.Or(p.lease, longLease), Logger: quiet, Now: now})
	return n, err
}

func (n *node) Close() error {
	var errs []error
	if n.Bus != nil {
		errs = append(errs, n.Bus.Close())
	}
	if n.redis != nil {
		errs = append(errs, n.redis.Close())
	}
	if n.Store != nil {
		errs = append(errs, n.Store.Close())
	}
	return errors.Join(errs...)
}

// work starts a worker of the given size; maintain has it rescue jobs too.
func (n *node) work(ctx context.Context, size int, maintain bool) (*worker.Worker, error) {
	w, err := worker.New(worker.Config{
		Work: n.app.Work, Maintain: maintain, Logger: slog.New(slog.DiscardHandler),
		Pools: []worker.Pool{{Queue: core.QueueLLM, Size: size}},
	})
	if err != nil {
		return nil, err
	}
	return w, w.Start(ctx)
}

// here opens a node in the test's own process.
func here(t *testing.T, s site, p parts) *node {
	t.Helper()
	n, err := openNode(t.Context(), s, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// workHere has a node of the test's own process run jobs until the test's end.
func (n *node) workHere(t *testing.T, size int) {
	t.Helper()
	w, err := n.work(t.Context(), size, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Stop(ended) })
}

// ended is a context that has: what stops with it gives running jobs back at once.
var ended = func() context.Context {
	ctx, end := context.WithCancel(context.Background())
	end()
	return ctx
}()

// request asks n times for a summary of a document.
func (n *node) request(t *testing.T, o *coretest.Org, d *core.Document, times int) []core.JobID {
	t.Helper()
	var jobs []core.JobID
	for range times {
		_, job, err := n.app.Summaries.Request(t.Context(), o.Actor(), core.SummaryRequest{DocumentID: d.ID})
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, job.ID)
	}
	return jobs
}
