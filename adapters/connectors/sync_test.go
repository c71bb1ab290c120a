package connectors_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/secrets"
	"github.com/docsctl/docsctl/adapters/sqlite"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/summarize"
	"github.com/docsctl/docsctl/internal/testenv"
)

// household is an installation over a real embedded store, with one organization that
// is connected to one vendor.
type household struct {
	*core.App
	store       *sqlite.Store
	actor       core.Actor
	integration core.IntegrationID
	clock       *testenv.Clock
	attempts    int // that ended ran
}

func migrate(ctx context.Context, path string) error {
	_, err := sqlite.Up(ctx, path)
	return err
}

// keyOfTests seals what tests seal.
const keyOfTests = "Zf3kQ9vB7xL2mN8pR4tW6yC1dG5hJ0sA"

func settle(t *testing.T, c corner, vendor core.IntegrationType) *household {
	t.Helper()
	h := &household{clock: testenv.NewClock(time.Now().Truncate(time.Second))}
	store, err := sqlite.Open(t.Context(), testenv.File(t, "sqlite.Store", migrate), &sqlite.Config{Now: h.clock.Now})
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
	tokens, err := identity.NewTokens(keyOfTests)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := secrets.New(keyOfTests)
	if err != nil {
		t.Fatal(err)
	}
	h.store = store
	h.App, err = core.New(core.Config{
		Ports: core.Ports{
			Store: store, Bus: bus, Summarizer: summarize.NewExtractive(), Hasher: hasher, Tokens: tokens, Sealer: sealer,
			Connectors: core.Connectors{vendor: c.Connector},
		},
		Logger: slog.New(slog.DiscardHandler), JobLease: 30 * time.Second, Now: h.clock.Now, FoldEmail: identity.FoldEmail,
	})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := h.Auth.Register(t.Context(), core.Registration{OrganizationName: "Alba", Email: "ada@example.com", Password: "correct horse battery", Name: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	if h.actor, err = h.Auth.Authenticate(t.Context(), pair.AccessToken); err != nil {
		t.Fatal(err)
	}
	made, err := h.Integrations.Connect(t.Context(), h.actor, core.NewIntegration{
		Type: vendor, AuthType: core.AuthAPIToken, Token: c.access.Token, Config: c.access.Config,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.integration = made.Integration.ID
	return h
}

// ended runs a sync job, letting time pass between its attempts, and returns it when
// it has ended.
func (h *household) ended(t *testing.T, id core.JobID) *core.Job {
	t.Helper()
	for range 60 {
		leases, err := h.Work.Claim(t.Context(), core.QueueIntegration, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range leases {
			r, err := h.Work.Start(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Execute(t.Context()); err != nil {
				t.Fatal(err)
			}
			h.attempts++
		}
		j, err := h.Jobs.Get(t.Context(), h.actor, id)
		if err != nil {
			t.Fatal(err)
		}
		if j.Status.Ended() || j.WaitsFor == core.WaitConfirmation {
			return j
		}
		h.clock.Pass(10 * time.Minute)
		<-time.After(2 * time.Millisecond) // the breakers' time is a real one
	}
	t.Fatal("the job does not end")
	return nil
}

// sync runs a full sync to its end.
func (h *household) sync(t *testing.T) *core.Job {
	t.Helper()
	job, err := h.Integrations.Sync(t.Context(), h.actor, h.integration, core.SyncRequest{Full: true})
	if err != nil {
		t.Fatal(err)
	}
	return h.ended(t, job.ID)
}

// documents counts what the integration has.
func (h *household) documents(t *testing.T) int {
	t.Helper()
	docs, err := h.store.Tenant(h.actor.Tenant()).Read().Documents.List(t.Context(), core.DocumentFilter{IntegrationID: h.integration}, core.Seek{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return len(docs)
}

// account returns what became of a job's items.
func (h *household) account(t *testing.T, id core.JobID) map[core.JobItemState]int {
	t.Helper()
	counts, err := h.store.Tenant(h.actor.Tenant()).Read().JobItems.Count(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// TestSync_NoFaultDeletesAnything has a vendor fail in every way at calls all over a
// full sync, once and for good while. All its items stay; so all documents do,
// whatever else comes of the sync, and a sync that ends well accounts for each item.
func TestSync_NoFaultDeletesAnything(t *testing.T) {
	t.Parallel()
	for name, vendor := range synced() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fill := corners()[name]
			is := measure(t, fill, vendor, false)
			step := max(1, is.calls/4)
			if testing.Short() {
				step = max(1, is.calls/2)
			}
			cases := 0
			for _, fault := range fakes.Faults() {
				for after := 0; after < is.calls; after += step {
					times := 1 + 4*(after%2)
					if fault == fakes.StuckBody {
						times = 1
					}
					c := fill(t, limitOf(fault))
					h := settle(t, c, vendor)
					h.sync(t)
					cases++
					faulty(t, h, c, fakes.Rule{Fault: fault, After: after, Times: times}, is)
				}
			}
			t.Logf("%d cases over %d calls", cases, is.calls)
		})
	}
}

// faulty runs a full sync under a fault. What it asks again is at most one page for each
// attempt that broke off.
func faulty(t *testing.T, h *household, c corner, rule fakes.Rule, is yardstick) {
	t.Helper()
	c.fake.Forget()
	c.fake.Fail(rule)
	h.attempts = 0
	j := h.sync(t)
	if got := h.documents(t); got != c.items {
		t.Errorf("%s after %d, %d times: %d documents, want %d", rule.Fault, rule.After, rule.Times, got, c.items)
	}
	counts := h.account(t, j.ID)
	if counts[core.JobItemDeleted]+counts[core.JobItemPending] > 0 {
		t.Errorf("%s after %d, %d times: %v, want nothing deleted", rule.Fault, rule.After, rule.Times, counts)
	}
	var result core.SyncResult
	if err := json.Unmarshal(j.Result, &result); j.Status == core.JobCompleted && err != nil {
		t.Fatal(err)
	}
	sum := result.Imported + result.Updated + result.Unchanged + result.Deleted + result.Skipped + result.Failed
	if j.Status == core.JobCompleted && (result.Listed != sum || result.Listed != c.items && result.Warning == "") {
		t.Errorf("%s after %d, %d times: %+v, want %d items accounted for", rule.Fault, rule.After, rule.Times, result, c.items)
	}
	most := is.calls + (h.attempts-1)*is.page + rule.Times // a fault may be asked about in another way
	switch rule.Fault {
	case fakes.NotFound, fakes.Unauthorized, fakes.Expired, fakes.Forbidden: // of each attempt: a page's, and the listing's
		most += 2 * h.attempts * is.verify
	case fakes.RepeatedCursor:
		most += is.calls // the first page of spaces, named as its own next one: all of theirs are listed twice
	}
	if well := answered(c.fake); well > most && rule.Fault != fakes.StuckBody { // given up early, a slow machine has more calls
		t.Errorf("%s after %d, %d times: %d calls in %d attempts, want at most %d", rule.Fault, rule.After, rule.Times, well, h.attempts, most)
	}
}
