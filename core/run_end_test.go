package core_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// watchedStore says before each transaction behind leases how many those are, and may
// spoil one behind several.
type watchedStore struct {
	core.Store
	before func(leases int)
	within func() error // at the transaction's end; nil: nothing
}

func (w *watchedStore) Tenant(t core.Tenant) core.TenantStore {
	return watchedTenant{w.Store.Tenant(t), w}
}

type watchedTenant struct {
	core.TenantStore
	store *watchedStore
}

func (w watchedTenant) InLease(ctx context.Context, l core.Lease, fn func(ctx context.Context, tx core.Tx) error) error {
	w.store.before(1)
	return w.TenantStore.InLease(ctx, l, fn)
}

func (w watchedTenant) InLeases(ctx context.Context, l []core.Lease, fn func(ctx context.Context, tx core.Tx, held []core.Lease) error) error {
	w.store.before(len(l))
	return w.TenantStore.InLeases(ctx, l, func(ctx context.Context, tx core.Tx, held []core.Lease) error {
		err := fn(ctx, tx, held)
		if err == nil && w.store.within != nil {
			err = w.store.within()
		}
		return err
	})
}

// endings is an installation with runs that have begun.
type endings struct {
	*installation
	actor core.Actor
	store *watchedStore
	sums  []*core.Summary
	runs  []*core.Run
}

func startEndings(t *testing.T, n int) *endings {
	t.Helper()
	e := &endings{store: &watchedStore{before: func(int) {}}}
	e.installation = install(t, func(c *core.Config) { e.store.Store, c.Store = c.Store, e.store })
	e.actor, _ = e.admin(t, "ann@example.org")
	for range n {
		sum, _ := e.request(t, e.actor)
		e.sums = append(e.sums, sum)
	}
	leases, err := e.Work.Claim(t.Context(), core.QueueLLM, n, 0)
	if err != nil {
		t.Fatal(err)
	}
	if e.runs, err = e.Work.StartAll(t.Context(), leases); err != nil || len(e.runs) != n {
		t.Fatalf("start: got %d runs, %v, want %d", len(e.runs), err, n)
	}
	slices.SortFunc(e.runs, func(a, b *core.Run) int { return slices.IndexFunc(e.sums, is(a)) - slices.IndexFunc(e.sums, is(b)) })
	return e
}

// is tells whose run it is.
func is(r *core.Run) func(*core.Summary) bool {
	return func(s *core.Summary) bool { return s.JobID == r.Job().ID }
}

// end has all runs end while the first one's commit is under way, does something
// before that commit goes on, and returns how many leases each transaction had.
func (e *endings) end(t *testing.T, meanwhile func()) (leases []int) {
	t.Helper()
	var mu sync.Mutex // guards leases
	begun, goOn := make(chan struct{}), make(chan struct{})
	e.store.before = func(n int) {
		mu.Lock()
		leases = append(leases, n)
		first := len(leases) == 1
		mu.Unlock()
		if first {
			close(begun)
			<-goOn
		}
	}
	var runs sync.WaitGroup
	for i, r := range e.runs {
		runs.Go(func() {
			if err := r.Execute(t.Context()); err != nil {
				t.Error(err)
			}
		})
		if i == 0 {
			<-begun
		}
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for e.Work.EndsWaiting(e.actor.Tenant()) < len(e.runs)-1 {
		<-tick.C
	}
	meanwhile()
	close(goOn)
	runs.Wait()
	return leases
}

func (e *endings) wantEnds(t *testing.T, want ...core.JobStatus) {
	t.Helper()
	for i, sum := range e.sums {
		if j := e.job(t, e.actor, sum.JobID); j.Status != want[i] {
			t.Errorf("job %d is %s (%s), want %s", i, j.Status, j.ErrorMessage, want[i])
		}
		if want[i] == core.JobCompleted && e.summary(t, e.actor, sum.ID).Text != "a summary" {
			t.Errorf("summary %d is not what the model wrote", i)
		}
	}
}

func TestRun_EndsOfManyShareATransaction(t *testing.T) {
	t.Parallel()
	e := startEndings(t, 5)
	leases := e.end(t, func() {
		if _, err := e.Jobs.Cancel(t.Context(), e.actor, e.sums[2].JobID); err != nil {
			t.Error(err)
		}
	})
	if want := []int{1, 4}; !slices.Equal(leases, want) {
		t.Errorf("the transactions had %v leases, want %v", leases, want)
	}
	e.wantEnds(t, core.JobCompleted, core.JobCompleted, core.JobCanceled, core.JobCompleted, core.JobCompleted)
	ended := slices.DeleteFunc(e.events(t, e.actor), func(typ core.EventType) bool { return typ != core.EventJobCompleted })
	if len(ended) != 4 {
		t.Errorf("%d ends were told, want each of the four once", len(ended))
	}
}

func TestRun_EndThatFailsSpoilsNoOther(t *testing.T) {
	t.Parallel()
	e := startEndings(t, 4)
	gone := e.sums[1]
	e.end(t, func() { e.deleteRow(t, gone) })
	e.sums = slices.Delete(e.sums, 1, 2)
	e.wantEnds(t, core.JobCompleted, core.JobCompleted, core.JobCompleted)
	if j := e.job(t, e.actor, gone.JobID); j.Status != core.JobFailed || j.ErrorCode != core.CodeNotFound {
		t.Errorf("the job without a summary is %s with %s, want failed for what is gone", j.Status, j.ErrorCode)
	}
}

// deleteRow takes a summary away without ending its job.
func (e *endings) deleteRow(t *testing.T, sum *core.Summary) {
	t.Helper()
	err := e.store.Store.Tenant(e.actor.Tenant()).InTx(t.Context(), func(ctx context.Context, tx core.Tx) error {
		return tx.Summaries.Delete(ctx, sum.ID)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRun_WhatSpoilsATransactionOfManyEndsEachAlone(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func() error{
		"a panic":              func() error { panic("the transaction of several") },
		"a write's lost lease": func() error { return core.ErrLeaseLost },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := startEndings(t, 3)
			e.store.within = spoil
			if leases := e.end(t, func() {}); !slices.Equal(leases, []int{1, 2, 1, 1}) {
				t.Errorf("the transactions had %v leases, want the first, the others together, and each alone", leases)
			}
			e.wantEnds(t, core.JobCompleted, core.JobCompleted, core.JobCompleted)
		})
	}
}
