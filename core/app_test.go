package core_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/extract"
	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/sqlite"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/internal/coremock"
	"github.com/docsctl/docsctl/internal/testenv"
)

// installation is an App over a real embedded store, and the summarizer whose
// answers a test decides.
type installation struct {
	*core.App
	store *sqlite.Store
	bus   *inproc.Bus
	model *coremock.SummarizerMock
}

const testSecret = "Zf3kQ9vB7xL2mN8pR4tW6yC1dG5hJ0sA"

// migrate makes a store of its own for each test a matter of copying a file.
func migrate(ctx context.Context, path string) error {
	_, err := sqlite.Up(ctx, path)
	return err
}

func install(t *testing.T, change ...func(*core.Config)) *installation {
	t.Helper()
	store, err := sqlite.Open(t.Context(), testenv.File(t, "sqlite.Store", migrate), nil)
	if err != nil {
		t.Fatal(err)
	}
	bus := inproc.NewBus()
	t.Cleanup(func() {
		if err := errors.Join(bus.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
	hasher, err := identity.NewHasher(identity.Params{MemoryKiB: 64, Iterations: 1, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := identity.NewTokens(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	model := &coremock.SummarizerMock{
		CheckFunc:  func(context.Context, core.Tenant, core.SummarizeRequest) error { return nil },
		TokensFunc: func(_, text string) int { return len(text) / 4 },
		EstimateFunc: func(context.Context, core.Tenant, core.SummarizeRequest) (core.Estimate, error) {
			return core.Estimate{Documents: 1, LLMCalls: 1, CostUSD: new(float64)}, nil
		},
		SummarizeFunc: func(context.Context, core.Tenant, core.SummarizeRequest, core.SummaryObserver) (*core.SummaryResult, error) {
			return &core.SummaryResult{Text: "a summary", Model: "mock"}, nil
		},
	}
	cfg := core.Config{
		Ports: core.Ports{
			Store: store, Bus: bus, Summarizer: model, Extractor: extract.New(extract.Config{}), Hasher: hasher, Tokens: tokens,
			Presence: inproc.NewPresence(nil),
		},
		Logger: slog.New(slog.DiscardHandler), JobLease: 30 * time.Second, FoldEmail: identity.FoldEmail,
	}
	for _, c := range change {
		c(&cfg)
	}
	app, err := core.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &installation{App: app, store: store, bus: bus, model: model}
}

const testPassword = "correct horse battery"

// admin founds an organization and returns its first admin.
func (in *installation) admin(t *testing.T, email string) (core.Actor, *core.TokenPair) {
	t.Helper()
	pair, err := in.Auth.Register(t.Context(), core.Registration{OrganizationName: "Acme", Email: email, Password: testPassword, Name: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := in.Auth.Authenticate(t.Context(), pair.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	return a, pair
}

func (in *installation) document(t *testing.T, a core.Actor) *core.Document {
	t.Helper()
	d, err := in.Documents.Create(t.Context(), a, core.NewDocument{Title: "Report", Content: "Sales rose by a tenth."})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// request asks for a summary of a new document.
func (in *installation) request(t *testing.T, a core.Actor) (*core.Summary, *core.Job) {
	t.Helper()
	sum, job, err := in.Summaries.Request(t.Context(), a, core.SummaryRequest{DocumentID: in.document(t, a).ID})
	if err != nil {
		t.Fatal(err)
	}
	return sum, job
}

// claim leases the one due job of the shared queue.
func (in *installation) claim(t *testing.T) *core.Run {
	t.Helper()
	leases, err := in.Work.Claim(t.Context(), core.QueueLLM, 1, 0)
	if err != nil || len(leases) != 1 {
		t.Fatalf("claim: got %d leases, %v, want one", len(leases), err)
	}
	r, err := in.Work.Start(t.Context(), leases[0])
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// events returns the types of the tenant's log, in order.
func (in *installation) events(t *testing.T, a core.Actor) []core.EventType {
	t.Helper()
	log := in.store.Tenant(a.Tenant()).Read().Events
	state, err := log.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	events, err := log.After(t.Context(), state.First, 500)
	if err != nil {
		t.Fatal(err)
	}
	var types []core.EventType
	for _, e := range events {
		types = append(types, e.Type)
	}
	return types
}

func wantCode(t *testing.T, what string, err error, want core.Code) {
	t.Helper()
	if got := core.CodeOf(err); got != want {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
	}
}
