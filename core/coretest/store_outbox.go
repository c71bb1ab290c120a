package coretest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// failuresTouchNoneOfTheOthers covers stores that commit several transactions at once.
func failuresTouchNoneOfTheOthers(s *scene) {
	const writers = 30
	o := s.org()
	var docs []*core.Document
	for range writers {
		docs = append(docs, o.document())
	}
	var wg sync.WaitGroup
	for i, d := range docs {
		wg.Go(func() {
			var err error
			panicked := caught(func() {
				err = o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return o.writeOrFail(ctx, tx, d, i%3) })
			})
			if (err == nil && panicked == nil) != (i%3 == 0) {
				s.Errorf("transaction %d: got %v, panic %v", i, err, panicked)
			}
		})
	}
	wg.Wait()
	for i, d := range docs {
		_, err := o.Read().Documents.Get(s.Context(), d.ID)
		if (err == nil) != (i%3 == 0) {
			s.Errorf("document of transaction %d, of which every third committed: read with %v", i, err)
		}
	}
	o.appendEvent(s, "marker")
	if events := o.awaitEvents(s, writers/3+1); len(events) != writers/3+1 {
		s.Errorf("got %d events, want those of the %d that committed and the marker", len(events), writers/3)
	}
}

// writeOrFail writes d and an event, and returns nil for 0, an error for 1, and
// panics for 2.
func (o *Org) writeOrFail(ctx context.Context, tx core.Tx, d *core.Document, end int) error {
	tx.Append(core.EventDocumentCreated, d.CreatedAt, d.ID)
	if err := tx.Documents.Create(ctx, d); err != nil {
		return err
	}
	switch end {
	case 1:
		return errOfTest
	case 2:
		panic("of the test")
	}
	return nil
}

func outerReadIsRefused(s *scene) {
	a, b := s.org(), s.org()
	d := a.NewDocument(s)
	j := a.NewJob(s)
	lease := s.lease(j, time.Minute)
	a.InTx(s, func(ctx context.Context, _ core.Tx) error {
		for _, o := range []*Org{a, b} {
			s.wantOuterRead(ctx, o)
		}
		_, err := a.Read().Documents.Get(ctx, d.ID)
		if !errors.Is(err, core.ErrOuterRead) {
			s.Errorf("reading a row that exists: got %v, want ErrOuterRead", err)
		}
		type key struct{}
		derived, cancel := context.WithCancel(context.WithValue(ctx, key{}, 1))
		defer cancel()
		s.wantOuterRead(derived, a)
		return nil
	})
	err := s.store.Tenant(a.Tenant).InLease(s.Context(), lease, func(ctx context.Context, _ core.Tx) error {
		s.wantOuterRead(ctx, a)
		return nil
	})
	if err != nil {
		s.Errorf("InLease whose fn was refused an outer read: %v", err)
	}
	if _, err := a.Read().Documents.Get(s.Context(), d.ID); err != nil {
		s.Errorf("a read after the transaction: %v", err)
	}
}

func (s *scene) wantOuterRead(ctx context.Context, o *Org) {
	s.Helper()
	never := func(context.Context, core.Tx) error {
		s.Error("a transaction within a transaction was run")
		return nil
	}
	ts := s.store.Tenant(o.Tenant)
	if err := ts.InTx(ctx, never); !errors.Is(err, core.ErrOuterRead) {
		s.Errorf("InTx in a transaction: got %v, want ErrOuterRead", err)
	}
	lease := core.Lease{Tenant: o.Tenant, JobID: core.NewID[core.JobID](), Fence: 1}
	if err := ts.InLease(ctx, lease, never); !errors.Is(err, core.ErrOuterRead) {
		s.Errorf("InLease in a transaction: got %v, want ErrOuterRead", err)
	}
	if err := ts.InLeases(ctx, []core.Lease{lease}, nothingHeld); !errors.Is(err, core.ErrOuterRead) {
		s.Errorf("InLeases in a transaction: got %v, want ErrOuterRead", err)
	}
	for name, op := range readOperations() {
		if _, err := op.call(ctx, ts.Read(), unknownThings(o)); !errors.Is(err, core.ErrOuterRead) {
			s.Errorf("%s in a transaction: got %v, want ErrOuterRead", name, err)
		}
	}
}

func anotherStoreIsNoOuterRead(s *scene) {
	o := s.org()
	elsewhere := NewOrg(s, s.factory.Open(s.T))
	d := elsewhere.NewDocument(s)
	o.InTx(s, func(ctx context.Context, _ core.Tx) error {
		_, err := elsewhere.Read().Documents.Get(ctx, d.ID)
		return err
	})
}

func outboxIsWrittenWithTheCommit(s *scene) {
	o := s.org()
	j, again := o.job(), o.NewJob(s, func(j *core.Job) { j.NextAttemptAt = new(Now().Add(time.Hour)) })
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		tx.Enqueue(*j)
		tx.Dispatch(core.Dispatch{JobID: again.ID, Queue: again.Queue, RunAt: Now()})
		tx.Append(core.EventJobQueued, j.QueuedAt, j)
		tx.Canceled = append(tx.Canceled, core.NewID[core.JobID]())
		if _, err := tx.Jobs.Get(ctx, j.ID); core.CodeOf(err) != core.CodeNotFound {
			return fmt.Errorf("a job before the commit: got %w, want %s", err, core.CodeNotFound)
		}
		return nil
	})
	got, err := o.Read().Jobs.Get(s.Context(), j.ID)
	wantSame(s, "job after the commit", must(s, "read job", got, err), j)
	if got := s.claim(core.ClaimRequest{Queue: j.Queue, Limit: 10, TTL: time.Minute}); len(got) != 2 {
		s.Errorf("claim after the commit: got %d leases, want 2", len(got))
	}
	events := o.awaitEvents(s, 1)
	var told core.Job
	if err := json.Unmarshal(events[0].Data, &told); err != nil || told.ID != j.ID || events[0].Type != core.EventJobQueued {
		s.Errorf("event after the commit: got %+v (%v), want job.queued of the job", events[0], err)
	}
}

func outboxErrorsAreReturnedByInTx(s *scene) {
	o := s.org()
	j := o.NewJob(s)
	bad := map[string]func(tx core.Tx){
		"a job whose id exists": func(tx core.Tx) { tx.Enqueue(*j) },
		"two jobs with one id":  func(tx core.Tx) { k := o.job(); tx.Enqueue(*k); tx.Enqueue(*k) },
		"a dispatch of a job there isn't": func(tx core.Tx) {
			tx.Dispatch(core.Dispatch{JobID: core.NewID[core.JobID](), Queue: j.Queue, RunAt: Now()})
		},
	}
	for name, put := range bad {
		d := o.document()
		err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
			tx.Append(core.EventDocumentCreated, d.CreatedAt, d)
			put(tx)
			return tx.Documents.Create(ctx, d)
		})
		if err == nil {
			s.Errorf("%s: InTx returned nil, want an error", name)
		}
		_, err = o.Read().Documents.Get(s.Context(), d.ID)
		wantCode(s, name+": the transaction's document", err, core.CodeNotFound)
	}
	o.appendEvent(s, "marker")
	if events := o.awaitEvents(s, 1); len(events) != 1 {
		s.Errorf("got %d events, want only the one of the transaction that did not fail", len(events))
	}
}

func jobOfRolledBackTxIsNeverClaimed(s *scene) {
	o := s.org()
	j := o.job()
	if err := o.TryTx(s, func(_ context.Context, tx core.Tx) error { tx.Enqueue(*j); return errOfTest }); err == nil {
		s.Fatal("InTx returned nil for fn's error")
	}
	after := o.NewJob(s)
	leases := s.claim(core.ClaimRequest{Queue: j.Queue, Limit: 10, TTL: time.Minute})
	if len(leases) != 1 || leases[0].JobID != after.ID {
		s.Errorf("claim: got %v, want only the job of the committed transaction", leases)
	}
}

// appendEvent puts one event with data into the log.
func (o *Org) appendEvent(t testing.TB, data any) {
	t.Helper()
	o.InTx(t, func(_ context.Context, tx core.Tx) error {
		tx.Append(core.EventDocumentUpdated, Now(), data)
		return nil
	})
}

// awaitEvents returns the log when it shows at least n events: what is committed
// may become visible a moment later.
func (o *Org) awaitEvents(t testing.TB, n int) []core.Event {
	t.Helper()
	state, err := o.Read().Events.State(t.Context())
	first := must(t, "state of the log", state, err).First
	var events []core.Event
	eventually(t, fmt.Sprintf("%d events in the log", n), func() bool {
		got, err := o.Read().Events.After(t.Context(), first, 10_000)
		events = must(t, "read the log", got, err)
		return len(events) >= n
	})
	return events
}
