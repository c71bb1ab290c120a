package coretest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/docsctl/docsctl/core"
)

func leaseCases() []storeCase {
	return []storeCase{
		{"LeaseHolderWrites", leaseHolderWrites},
		{"LeasesAreHeldTogether", leasesAreHeldTogether},
		{"ErrorBehindALeaseLeavesNothing", errorBehindALeaseLeavesNothing},
		{"StaleLeaseWritesNothing", staleLeaseWritesNothing},
		{"UnleasedJobHasNoFence", unleasedJobHasNoFence},
		{"ExpiredLeaseWritesNothing", expiredLeaseWritesNothing},
		{"CancelEndsTheLease", cancelEndsTheLease},
		{"EveryEndEndsTheLease", everyEndEndsTheLease},
		{"SuspendedJobsHaveNoLease", suspendedJobsHaveNoLease},
		{"UndoneEndKeepsTheLease", undoneEndKeepsTheLease},
		{"RescuedJobIsFencedFromItsOldWorker", rescuedJobIsFencedFromItsOldWorker},
		{"RescueTakesExpiredLeasesOnly", rescueTakesExpiredLeasesOnly},
		{"RescueTakesALeaseOnce", rescueTakesALeaseOnce},
		{"HeartbeatRenewsAndReportsLost", heartbeatRenewsAndReportsLost},
		{"HeartbeatShortensNothing", heartbeatShortensNothing},
		{"HeartbeatDoesNotReviveALease", heartbeatDoesNotReviveALease},
	}
}

// brief is a lease's life in the cases that wait for its end.
const brief = 200 * time.Millisecond

func (s *scene) rescue(limit int, ttl time.Duration) []core.Lease {
	s.Helper()
	leases, err := s.store.System().Rescue(s.Context(), limit, ttl)
	return must(s, "rescue", leases, err)
}

func (s *scene) heartbeat(ttl time.Duration, leases ...core.Lease) []core.Lease {
	s.Helper()
	lost, err := s.store.System().Heartbeat(s.Context(), leases, ttl)
	return must(s, "heartbeat", lost, err)
}

func (s *scene) inLease(l core.Lease, fn func(ctx context.Context, tx core.Tx) error) error {
	return s.store.Tenant(l.Tenant).InLease(s.Context(), l, fn)
}

func (s *scene) wantLeaseLost(what string, err error) {
	s.Helper()
	if !errors.Is(err, core.ErrLeaseLost) {
		s.Errorf("%s: got %v, want ErrLeaseLost", what, err)
	}
}

// awaitExpiry waits until l has expired by the store's clock, without a rescue.
func (s *scene) awaitExpiry(l core.Lease) {
	s.Helper()
	eventually(s, "the lease expires", func() bool { return errors.Is(s.inLease(l, nothing), core.ErrLeaseLost) })
}

// wantFenced reports a write behind a lease that should have been refused.
func (s *scene) wantFenced(what string, o *Org, l core.Lease) {
	s.Helper()
	d := o.document()
	err := s.inLease(l, func(ctx context.Context, tx core.Tx) error {
		s.Errorf("%s: its transaction was run", what)
		tx.Append(core.EventDocumentCreated, d.CreatedAt, d)
		return tx.Documents.Create(ctx, d)
	})
	s.wantLeaseLost(what, err)
	_, err = o.Read().Documents.Get(s.Context(), d.ID)
	wantCode(s, what+": its document", err, core.CodeNotFound)
}

func leaseHolderWrites(s *scene) {
	o := s.org()
	j := o.NewJob(s)
	lease := s.lease(j, time.Minute)
	for _, status := range []core.JobStatus{core.JobInProgress, core.JobInProgress, core.JobCompleted} {
		if err := s.inLease(lease, func(ctx context.Context, tx core.Tx) error {
			tx.Append(core.EventJobStarted, Now(), j)
			return putJob(ctx, tx, j.ID, status)
		}); err != nil {
			s.Fatalf("InLease that makes the job %s: %v", status, err)
		}
	}
	if events := o.awaitEvents(s, 3); len(events) != 3 {
		s.Errorf("got %d events, want 3", len(events))
	}
	s.wantFenced("a write after the job's end", o, lease)
}

// leasesAreHeldTogether covers one transaction behind many leases, some of which are lost.
func leasesAreHeldTogether(s *scene) {
	o := s.org()
	var leases, held []core.Lease
	for i := range 4 {
		l := s.lease(o.NewJob(s), time.Minute)
		if i%2 == 1 {
			l.Fence--
		} else {
			held = append(held, l)
		}
		leases = append(leases, l)
	}
	stale := held[0] // beside the lease that followed it
	stale.Fence--
	ts := s.store.Tenant(o.Tenant)
	err := ts.InLeases(s.Context(), append(leases, stale), func(ctx context.Context, tx core.Tx, got []core.Lease) error {
		wantSame(s, "the leases that are held", got, held)
		for i, l := range got {
			tx.Append(core.EventJobStarted, Now(), i)
			if err := putJob(ctx, tx, l.JobID, core.JobCompleted); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.Fatalf("InLeases of held and lost ones: %v", err)
	}
	for _, l := range leases {
		j, err := o.Read().Jobs.Get(s.Context(), l.JobID)
		must(s, "read a job", j, err)
		if want := slices.Contains(held, l); (j.Status == core.JobCompleted) != want {
			s.Errorf("a job whose lease is held (%v) became %s", want, j.Status)
		}
	}
	if events := o.awaitEvents(s, len(held)); len(events) != len(held) {
		s.Errorf("got %d events, want %d", len(events), len(held))
	}
	never := func(context.Context, core.Tx, []core.Lease) error { s.Error("ran behind lost leases"); return nil }
	s.wantLeaseLost("InLeases of lost leases", ts.InLeases(s.Context(), leases, never))
	s.wantLeaseLost("InLeases without leases", ts.InLeases(s.Context(), nil, never))
}

func errorBehindALeaseLeavesNothing(s *scene) {
	o := s.org()
	lease := s.lease(o.NewJob(s), time.Minute)
	d := o.document()
	err := s.inLease(lease, func(ctx context.Context, tx core.Tx) error {
		if err := tx.Documents.Create(ctx, d); err != nil {
			return err
		}
		return errOfTest
	})
	if !errors.Is(err, errOfTest) {
		s.Errorf("InLease: got %v, want fn's error", err)
	}
	_, err = o.Read().Documents.Get(s.Context(), d.ID)
	wantCode(s, "its document", err, core.CodeNotFound)
	if err := s.inLease(lease, nothing); err != nil {
		s.Errorf("InLease after an error: got %v, want the lease still held", err)
	}
}

func staleLeaseWritesNothing(s *scene) {
	o := s.org()
	lease := s.lease(o.NewJob(s), time.Minute)
	for _, fence := range []int64{lease.Fence - 1, lease.Fence + 1, 0, -1} {
		stale := lease
		stale.Fence = fence
		s.wantFenced("a write under another fence", o, stale)
	}
	if err := s.inLease(lease, nothing); err != nil {
		s.Errorf("the holder's InLease: %v", err)
	}
}

func unleasedJobHasNoFence(s *scene) {
	o := s.org()
	j := o.NewJob(s)
	for fence := range int64(3) {
		s.wantFenced("a write behind a job that nobody leased", o, core.Lease{Tenant: o.Tenant, JobID: j.ID, Fence: fence})
	}
	s.wantFenced("a write behind a job that does not exist", o, core.Lease{Tenant: o.Tenant, JobID: core.NewID[core.JobID](), Fence: 1})
}

func expiredLeaseWritesNothing(s *scene) {
	o := s.org()
	lease := s.lease(o.NewJob(s), brief)
	s.awaitExpiry(lease)
	s.wantFenced("a write after the lease expired", o, lease)
	if lost := s.heartbeat(time.Minute, lease); len(lost) != 1 {
		s.Errorf("heartbeat of an expired lease: got lost %v, want it", lost)
	}
}

func cancelEndsTheLease(s *scene) {
	o := s.org()
	j := o.NewJob(s)
	lease := s.lease(j, time.Minute)
	o.setJob(s, j.ID, core.JobInProgress)
	if err := s.inLease(lease, nothing); err != nil {
		s.Fatalf("InLease of a job in progress: %v", err)
	}
	o.setJob(s, j.ID, core.JobCanceled)
	s.wantFenced("a write after the job was canceled", o, lease)
	wantSame(s, "lost leases", s.heartbeat(time.Minute, lease), []core.Lease{lease})
	if got := s.rescue(10, time.Minute); len(got) != 0 {
		s.Errorf("rescue: got %v, want none: the job has ended", got)
	}
}

func everyEndEndsTheLease(s *scene) {
	o := s.org()
	for _, status := range []core.JobStatus{core.JobPending, core.JobCompleted, core.JobFailed, core.JobCanceled} {
		j := o.NewJob(s)
		lease := s.lease(j, time.Minute)
		if err := s.inLease(lease, func(ctx context.Context, tx core.Tx) error { return putJob(ctx, tx, j.ID, status) }); err != nil {
			s.Fatalf("InLease that makes the job %s: %v", status, err)
		}
		s.wantFenced("a write after the job became "+string(status), o, lease)
		next := lease
		next.Fence++
		s.wantFenced("a write under the fence that the end raised", o, next)
		wantSame(s, "lost leases after the job became "+string(status), s.heartbeat(time.Minute, lease), []core.Lease{lease})
	}
}

func undoneEndKeepsTheLease(s *scene) {
	o := s.org()
	j := o.NewJob(s)
	lease := s.lease(j, time.Minute)
	err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
		if err := putJob(ctx, tx, j.ID, core.JobCanceled); err != nil {
			return err
		}
		return errOfTest
	})
	if !errors.Is(err, errOfTest) {
		s.Fatalf("InTx: %v", err)
	}
	if err := s.inLease(lease, nothing); err != nil {
		s.Errorf("InLease after a cancellation that was rolled back: %v", err)
	}
}

// suspendedJobsHaveNoLease: a job that waits for its children stays in progress, one
// that waits for a confirmation is pending, and neither is rescued or claimed.
func suspendedJobsHaveNoLease(s *scene) {
	for wait, status := range map[core.JobWait]core.JobStatus{core.WaitChildren: core.JobInProgress, core.WaitConfirmation: core.JobPending} {
		o := s.org()
		j := o.NewJob(s)
		lease := s.lease(j, brief)
		j.Status, j.WaitsFor, j.NextAttemptAt = status, wait, nil
		err := s.inLease(lease, func(ctx context.Context, tx core.Tx) error { return tx.Jobs.Update(ctx, j) })
		if err != nil {
			s.Fatalf("%s: suspend: %v", wait, err)
		}
		s.wantFenced("a write after the suspension", o, lease)
		s.awaitExpiry(lease)
		if got := append(s.rescue(5, time.Minute), s.claim(llm(5))...); len(got) != 0 {
			s.Errorf("%s: rescued or claimed: got %v, want none", wait, got)
		}
		j.Status, j.WaitsFor, j.NextAttemptAt = core.JobPending, "", new(Now())
		o.InTx(s, func(ctx context.Context, tx core.Tx) error {
			tx.Dispatch(core.Dispatch{JobID: j.ID, Queue: j.Queue, RunAt: Now()})
			return tx.Jobs.Update(ctx, j)
		})
		s.lease(j, time.Minute)
	}
}
