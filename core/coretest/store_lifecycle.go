package coretest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

func lifecycleCases() []storeCase {
	return []storeCase{
		{"HealthAnswers", healthAnswers},
		{"ClosedStoreIsUnavailable", closedStoreIsUnavailable},
		{"EndedContextIsReturned", endedContextIsReturned},
		{"DeadAfterReturn", deadAfterReturn},
		{"DeadTxReachesNoLaterOne", deadTxReachesNoLaterOne},
		{"TwoStoresOneDatabase", twoStoresOneDatabase},
		{"TwoStoresClaimOnce", twoStoresClaimOnce},
		{"TwoStoresShareLeases", twoStoresShareLeases},
		{"TwoStoresLoseNoUpdate", twoStoresLoseNoUpdate},
		{"DataOutlivesTheStore", dataOutlivesTheStore},
	}
}

func healthAnswers(s *scene) {
	if err := s.store.Health(s.Context()); err != nil {
		s.Errorf("health: %v", err)
	}
}

// systemCalls is every call of a SystemStore, and Health.
func systemCalls(store core.Store) map[string]func(ctx context.Context) error {
	sys := store.System()
	lease := core.Lease{Tenant: core.TrustTenant(core.NewID[core.OrgID]()), JobID: core.NewID[core.JobID](), Fence: 1}
	return map[string]func(ctx context.Context) error{
		"Logins": func(ctx context.Context) error { _, err := sys.Logins(ctx, "ann@example.org"); return err },
		"Credential": func(ctx context.Context) error {
			_, err := sys.Credential(ctx, core.CredentialAPIKey, make([]byte, 32))
			return err
		},
		"Session": func(ctx context.Context) error { _, err := sys.Session(ctx, make([]byte, 32)); return err },
		"Claim":   func(ctx context.Context) error { _, err := sys.Claim(ctx, llm(1)); return err },
		"Heartbeat": func(ctx context.Context) error {
			_, err := sys.Heartbeat(ctx, []core.Lease{lease}, time.Minute)
			return err
		},
		"Rescue":    func(ctx context.Context) error { _, err := sys.Rescue(ctx, 1, time.Minute); return err },
		"Unindexed": func(ctx context.Context) error { _, err := sys.Unindexed(ctx, 1); return err },
		"ExpiredInvitations": func(ctx context.Context) error {
			_, err := sys.ExpiredInvitations(ctx, Now(), 1)
			return err
		},
		"Prune": func(ctx context.Context) error {
			_, err := sys.Prune(ctx, core.PruneRequest{Organizations: 1, Limit: 1})
			return err
		},
		"Health": store.Health,
	}
}

// everyCall calls everything of a store that does not need a transaction, and
// reports what answers otherwise than wanted.
func (s *scene) everyCall(ctx context.Context, o *Org, position core.Position, wrong func(err error) bool) {
	s.Helper()
	x := unknownThings(o)
	x.position = position
	ts := s.store.Tenant(o.Tenant)
	calls := systemCalls(s.store)
	calls["InTx"] = func(ctx context.Context) error { return ts.InTx(ctx, nothing) }
	calls["InLease"] = func(ctx context.Context) error {
		return ts.InLease(ctx, core.Lease{Tenant: o.Tenant, JobID: core.NewID[core.JobID](), Fence: 1}, nothing)
	}
	calls["InLeases"] = func(ctx context.Context) error {
		return ts.InLeases(ctx, []core.Lease{{Tenant: o.Tenant, JobID: core.NewID[core.JobID](), Fence: 1}}, nothingHeld)
	}
	for name, op := range readOperations() {
		calls[name] = func(ctx context.Context) error {
			_, err := op.call(ctx, ts.Read(), x)
			return err
		}
	}
	for name, call := range calls {
		if err := call(ctx); wrong(err) {
			s.Errorf("%s: got %v", name, err)
		}
	}
}

func closedStoreIsUnavailable(s *scene) {
	o := s.org()
	position := o.logState(s).First
	if err := s.store.Close(); err != nil {
		s.Fatalf("close: %v", err)
	}
	s.everyCall(s.Context(), o, position, func(err error) bool { return core.CodeOf(err) != core.CodeUnavailable })
}

func endedContextIsReturned(s *scene) {
	o := s.org()
	d, j, position := o.NewDocument(s), o.NewJob(s), o.logState(s).First
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	s.everyCall(ctx, o, position, func(err error) bool { return !errors.Is(err, context.Canceled) })
	late, cancelLate := context.WithDeadline(s.Context(), time.Unix(0, 0))
	defer cancelLate()
	s.everyCall(late, o, position, func(err error) bool { return !errors.Is(err, context.DeadlineExceeded) })
	_, err := o.Read().Documents.Get(ctx, d.ID)
	if !errors.Is(err, context.Canceled) {
		s.Errorf("reading a document that exists: got %v, want context.Canceled", err)
	}
	s.lease(j, time.Minute) // nothing was leased by the calls
	o.wantDocument(s, "afterwards", d)
}

func deadAfterReturn(s *scene) {
	o := s.org()
	x := newThings(s, o)
	before := stateOf(s, o, x)
	var deadCtx context.Context
	var committed, failed core.Tx
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { deadCtx, committed = ctx, tx; return nil })
	_ = o.TryTx(s, func(_ context.Context, tx core.Tx) error { failed = tx; return errOfTest })
	for _, tx := range []core.Tx{committed, failed} {
		for _, ctx := range []context.Context{deadCtx, s.Context()} {
			s.wantDead(ctx, tx, x)
		}
		tx.Enqueue(*o.job())
		tx.Append(core.EventDocumentUpdated, Now(), "too late")
	}
	wantSame(s, "the tenant's things afterwards", stateOf(s, o, x), before)
}

// wantDead reports a call on a dead transaction that found or did something.
func (s *scene) wantDead(ctx context.Context, tx core.Tx, x things) {
	s.Helper()
	for name, op := range writeOperations() {
		if err := op.call(ctx, tx, x); err == nil {
			s.Errorf("%s after fn returned: got nil, want an error", name)
		}
	}
	for name, op := range readOperations() {
		if outsideTx(name) {
			continue
		}
		if found, err := op.call(ctx, readersOf(tx), x); err == nil {
			s.Errorf("%s after fn returned: found %d, want an error", name, found)
		}
	}
}

// deadTxReachesNoLaterOne covers stores that run one transaction after another
// over the same connection.
func deadTxReachesNoLaterOne(s *scene) {
	a, b := s.org(), s.org()
	x := newThings(s, a)
	before := stateOf(s, a, x)
	var dead core.Tx
	a.InTx(s, func(_ context.Context, tx core.Tx) error { dead = tx; return nil })
	for _, o := range []*Org{a, b} {
		o.InTx(s, func(ctx context.Context, _ core.Tx) error {
			s.wantDead(ctx, dead, x)
			return nil
		})
	}
	wantSame(s, "the tenant's things afterwards", stateOf(s, a, x), before)
}

// elsewhere is o as another process sees it.
func (s *scene) elsewhere(o *Org) *Org {
	s.Helper()
	other := *o
	other.Store = s.factory.Again(s.T, s.store)
	return &other
}

func twoStoresOneDatabase(s *scene) {
	here := s.org()
	there := s.elsewhere(here)
	d := here.NewDocument(s)
	there.wantDocument(s, "written here, read there", d)
	back := there.NewDocument(s)
	here.wantDocument(s, "written there, read here", back)
	here.appendEvent(s, "here")
	there.appendEvent(s, "there")
	got := here.awaitEvents(s, 2)
	wantSame(s, "the log read there", there.awaitEvents(s, 2), got)
	wantSame(s, "the epoch there", there.logState(s).Epoch, here.logState(s).Epoch)
	if len(got) != 2 || string(got[0].Data) != `"here"` || string(got[1].Data) != `"there"` {
		s.Errorf("log: got %v, want both events in the order of their commits", got)
	}
	here.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.PutSearchEntry(ctx, entryOf(d)) })
	wantSame(s, "found there", s.search(there, wordOf(d.ID)), []core.DocumentID{d.ID})
}

func twoStoresClaimOnce(s *scene) {
	const jobs = 40
	o := s.org()
	there := s.elsewhere(o)
	for range jobs {
		o.NewJob(s)
	}
	var mu sync.Mutex // guards times
	times := map[core.JobID]int{}
	var wg sync.WaitGroup
	for i := range 6 {
		sys := []*Org{o, there}[i%2].Store.System()
		wg.Go(func() {
			for range jobs {
				leases, err := sys.Claim(s.Context(), llm(2))
				if err != nil {
					s.Errorf("claim: %v", err)
					return
				}
				mu.Lock()
				for _, l := range leases {
					times[l.JobID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, n := range times {
		if n != 1 {
			s.Errorf("job %s was leased %d times by two stores", id, n)
		}
	}
	if len(times) != jobs {
		s.Errorf("leased %d jobs, want %d", len(times), jobs)
	}
}

func twoStoresShareLeases(s *scene) {
	here := s.org()
	there := s.elsewhere(here)
	j := here.NewJob(s)
	lease := s.lease(j, time.Minute)
	if err := there.Store.Tenant(there.Tenant).InLease(s.Context(), lease, nothing); err != nil {
		s.Errorf("InLease there with a lease claimed here: %v", err)
	}
	there.setJob(s, j.ID, core.JobCanceled)
	s.wantFenced("a write here after a cancellation there", here, lease)
	expiring := s.lease(here.NewJob(s), brief)
	eventually(s, "a lease of this store is rescued by the other", func() bool {
		taken, err := there.Store.System().Rescue(s.Context(), 10, time.Minute)
		return len(must(s, "rescue", taken, err)) == 1
	})
	s.wantFenced("a write here after a rescue there", here, expiring)
}

func twoStoresLoseNoUpdate(s *scene) {
	const writers, rounds = 6, 5
	here := s.org()
	there := s.elsewhere(here)
	d := here.NewDocument(s)
	var wg sync.WaitGroup
	for i := range writers {
		o := []*Org{here, there}[i%2]
		wg.Go(func() {
			for range rounds {
				if err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return raise(ctx, tx, d.ID) }); err != nil {
					s.Errorf("update: %v", err)
				}
			}
		})
	}
	wg.Wait()
	got, err := here.Read().Documents.Get(s.Context(), d.ID)
	if got := must(s, "read", got, err).Revision; got != d.Revision+writers*rounds {
		s.Errorf("revision: got %d, want %d", got, d.Revision+writers*rounds)
	}
}

func dataOutlivesTheStore(s *scene) {
	here := s.org()
	d, x := here.NewDocument(s, full), here.NewTemplate(s)
	epoch := here.logState(s).Epoch
	there := s.elsewhere(here)
	if err := here.Store.Close(); err != nil {
		s.Fatalf("close: %v", err)
	}
	there.wantDocument(s, "a document of a closed store", d)
	there.wantTemplate(s, "a template of a closed store", x)
	wantSame(s, "epoch", there.logState(s).Epoch, epoch)
}
