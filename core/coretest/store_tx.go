package coretest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

func txCases() []storeCase {
	return []storeCase{
		{"CommitKeepsEverything", commitKeepsEverything},
		{"ErrorLeavesNothing", errorLeavesNothing},
		{"PanicLeavesNothingAndGoesOn", panicLeavesNothingAndGoesOn},
		{"ManyFailuresLeaveTheStoreUsable", manyFailuresLeaveTheStoreUsable},
		{"FailuresTouchNoneOfTheOthers", failuresTouchNoneOfTheOthers},
		{"RefusedWriteIsAllOrNothing", refusedWriteIsAllOrNothing},
		{"TxSeesItsOwnWrites", txSeesItsOwnWrites},
		{"UncommittedIsNotRead", uncommittedIsNotRead},
		{"LockedRowsLoseNoUpdate", lockedRowsLoseNoUpdate},
		{"RunsAgainOnConflict", runsAgainOnConflict},
		{"EndedContextKeepsAllOrNothing", endedContextKeepsAllOrNothing},
		{"OuterReadIsRefused", outerReadIsRefused},
		{"AnotherStoreIsNoOuterRead", anotherStoreIsNoOuterRead},
		{"OutboxIsWrittenWithTheCommit", outboxIsWrittenWithTheCommit},
		{"OutboxErrorsAreReturnedByInTx", outboxErrorsAreReturnedByInTx},
		{"JobOfRolledBackTxIsNeverClaimed", jobOfRolledBackTxIsNeverClaimed},
	}
}

var errOfTest = errors.New("an error of the test")

func commitKeepsEverything(s *scene) {
	o := s.org()
	d, j := o.document(), o.job()
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		tx.Enqueue(*j)
		tx.Append(core.EventDocumentCreated, d.CreatedAt, d)
		return tx.Documents.Create(ctx, d)
	})
	got, err := o.Read().Documents.Get(s.Context(), d.ID)
	wantSame(s, "document", must(s, "read document", got, err), d)
	gotJob, err := o.Read().Jobs.Get(s.Context(), j.ID)
	wantSame(s, "job", must(s, "read job", gotJob, err), j)
	if events := o.awaitEvents(s, 1); len(events) != 1 {
		s.Errorf("got %d events, want 1", len(events))
	}
}

func errorLeavesNothing(s *scene) {
	o := s.org()
	kept := o.NewDocument(s)
	d, j := o.document(), o.job()
	err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
		tx.Enqueue(*j)
		tx.Append(core.EventDocumentCreated, d.CreatedAt, d)
		if err := tx.Documents.Create(ctx, d); err != nil {
			return err
		}
		if err := tx.Documents.Delete(ctx, kept.ID); err != nil {
			return err
		}
		return errOfTest
	})
	if err != errOfTest { //nolint:errorlint // the promise is the very same error
		s.Errorf("InTx: got %v, want fn's error as it is", err)
	}
	s.wantNothingOf(o, d, j)
	if _, err := o.Read().Documents.Get(s.Context(), kept.ID); err != nil {
		s.Errorf("a document whose deletion was undone: got %v, want it", err)
	}
}

// wantNothingOf reports a document, a job or an event that should not have been kept.
func (s *scene) wantNothingOf(o *Org, d *core.Document, j *core.Job) {
	s.Helper()
	_, err := o.Read().Documents.Get(s.Context(), d.ID)
	wantCode(s, "document of a failed transaction", err, core.CodeNotFound)
	_, err = o.Read().Jobs.Get(s.Context(), j.ID)
	wantCode(s, "job of a failed transaction", err, core.CodeNotFound)
	if got := s.claim(core.ClaimRequest{Queue: j.Queue, Limit: 10, TTL: time.Minute}); len(got) != 0 {
		s.Errorf("claim after a failed transaction: got %v, want none", got)
	}
	o.appendEvent(s, "marker") // what comes before it would be seen before it
	if events := o.awaitEvents(s, 1); len(events) != 1 || string(events[0].Data) != `"marker"` {
		s.Errorf("events after a failed transaction: got %v, want the one put in later", events)
	}
}

func panicLeavesNothingAndGoesOn(s *scene) {
	o := s.org()
	d, j := o.document(), o.job()
	got := caught(func() {
		_ = o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
			tx.Enqueue(*j)
			tx.Append(core.EventDocumentCreated, d.CreatedAt, d)
			if err := tx.Documents.Create(ctx, d); err != nil {
				return err
			}
			panic("of the test")
		})
	})
	if got != "of the test" {
		s.Errorf("panic that went on: got %v, want the value of fn's", got)
	}
	s.wantNothingOf(o, d, j)
}

// caught returns what fn panicked with.
func caught(fn func()) (value any) {
	defer func() { value = recover() }()
	fn()
	return nil
}

func manyFailuresLeaveTheStoreUsable(s *scene) {
	o := s.org()
	for range 50 { // more than a pool has connections
		_ = o.TryTx(s, func(context.Context, core.Tx) error { return errOfTest })
		_ = caught(func() { _ = o.TryTx(s, func(context.Context, core.Tx) error { panic("of the test") }) })
		ctx, cancel := context.WithCancel(s.Context())
		_ = s.store.Tenant(o.Tenant).InTx(ctx, func(context.Context, core.Tx) error { cancel(); return ctx.Err() })
	}
	o.NewDocument(s)
}

// refusedWriteIsAllOrNothing covers databases that end a transaction at the first
// error and then answer a commit with a silent rollback, and stores that send a write
// later than it was asked for.
func refusedWriteIsAllOrNothing(s *scene) {
	o := s.org()
	taken := o.NewDocument(s, func(d *core.Document) { d.ExternalID = "x" })
	before, after := o.document(), o.document()
	var refused error
	err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
		if err := tx.Documents.Create(ctx, before); err != nil {
			return err
		}
		refused = tx.Documents.Create(ctx, o.document(func(d *core.Document) { d.ExternalID = taken.ExternalID }))
		_ = tx.Documents.Create(ctx, after)
		return nil
	})
	if refused == nil {
		wantCode(s, "InTx with a write that was accepted and then refused", err, core.CodeConflict)
	}
	for _, d := range []*core.Document{before, after} {
		_, got := o.Read().Documents.Get(s.Context(), d.ID)
		if (got == nil) != (err == nil) {
			s.Errorf("InTx returned %v, and a document of it is read with %v; want all or nothing", err, got)
		}
	}
}

func txSeesItsOwnWrites(s *scene) {
	o := s.org()
	d := o.document()
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		if err := tx.Documents.Create(ctx, d); err != nil {
			return err
		}
		got, err := tx.Documents.Get(ctx, d.ID)
		if err != nil {
			return err
		}
		wantSame(s, "a document created in the same transaction", got, d)
		list, err := tx.Documents.List(ctx, core.DocumentFilter{}, core.Seek{Limit: 10})
		if err == nil && len(list) != 1 {
			err = fmt.Errorf("a list in the transaction has %d documents, want 1", len(list))
		}
		return err
	})
}

func uncommittedIsNotRead(s *scene) {
	o := s.org()
	d := o.document()
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		if err := tx.Documents.Create(ctx, d); err != nil {
			return err
		}
		_, err := o.Read().Documents.Get(s.Context(), d.ID) // as another goroutine would: not with fn's context
		wantCode(s, "a document that is not yet committed", err, core.CodeNotFound)
		return nil
	})
	if _, err := o.Read().Documents.Get(s.Context(), d.ID); err != nil {
		s.Errorf("the document after the commit: %v", err)
	}
}

func lockedRowsLoseNoUpdate(s *scene) {
	const writers, rounds = 8, 5
	o := s.org()
	d := o.NewDocument(s)
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range rounds {
				if err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return raise(ctx, tx, d.ID) }); err != nil {
					s.Errorf("update: %v", err)
				}
			}
		})
	}
	wg.Wait()
	got, err := o.Read().Documents.Get(s.Context(), d.ID)
	if got := must(s, "read", got, err).Revision; got != d.Revision+writers*rounds {
		s.Errorf("revision after %d updates: got %d, want %d", writers*rounds, got, d.Revision+writers*rounds)
	}
}

func raise(ctx context.Context, tx core.Tx, id core.DocumentID) error {
	d, err := tx.Documents.GetForUpdate(ctx, id)
	if err != nil {
		return err
	}
	d.Revision++
	return tx.Documents.Update(ctx, d)
}

// runsAgainOnConflict has two transactions lock the same rows in opposite order.
// A store with one writer runs them one after the other; any other has a deadlock
// to resolve. Both must commit.
func runsAgainOnConflict(s *scene) {
	o := s.org()
	first, second := o.NewDocument(s), o.NewDocument(s)
	held := map[core.DocumentID]chan struct{}{first.ID: make(chan struct{}), second.ID: make(chan struct{})}
	var wg sync.WaitGroup
	cross := func(mine, other core.DocumentID) {
		var once sync.Once
		err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
			if err := raise(ctx, tx, mine); err != nil {
				return err
			}
			tx.Append(core.EventDocumentUpdated, Now(), mine)
			once.Do(func() { close(held[mine]) })
			pause(held[other], 100*time.Millisecond)
			return raise(ctx, tx, other)
		})
		if err != nil {
			s.Errorf("one of two crosswise transactions: got %v, want both to commit", err)
		}
	}
	wg.Go(func() { cross(first.ID, second.ID) })
	wg.Go(func() { cross(second.ID, first.ID) })
	wg.Wait()
	for _, d := range []*core.Document{first, second} {
		got, err := o.Read().Documents.Get(s.Context(), d.ID)
		if got := must(s, "read", got, err).Revision; got != d.Revision+2 {
			s.Errorf("revision after two transactions: got %d, want %d", got, d.Revision+2)
		}
	}
	o.appendEvent(s, "marker")
	if events := o.awaitEvents(s, 3); len(events) != 3 {
		s.Errorf("got %d events, want one of each transaction and the marker: a run that was repeated left its own", len(events))
	}
}

func endedContextKeepsAllOrNothing(s *scene) {
	o := s.org()
	d, j := o.document(), o.job()
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	err := s.store.Tenant(o.Tenant).InTx(ctx, func(ctx context.Context, tx core.Tx) error {
		tx.Enqueue(*j)
		if err := tx.Documents.Create(ctx, d); err != nil {
			return err
		}
		cancel()
		return nil
	})
	_, doc := o.Read().Documents.Get(s.Context(), d.ID)
	_, job := o.Read().Jobs.Get(s.Context(), j.ID)
	if (doc == nil) != (err == nil) || (job == nil) != (err == nil) {
		s.Errorf("InTx returned %v; the document is read with %v, the job with %v; want all or nothing", err, doc, job)
	}
}
