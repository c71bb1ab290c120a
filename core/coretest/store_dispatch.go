package coretest

import (
	"context"
	"time"

	"github.com/docsctl/docsctl/core"
)

func claimDiscardsDispatchOfEndedJob(s *scene) {
	o := s.org()
	for _, status := range []core.JobStatus{core.JobCanceled, core.JobCompleted, core.JobFailed, core.JobInProgress} {
		j := o.NewJob(s)
		o.setJob(s, j.ID, status)
		if got := s.claim(llm(10)); len(got) != 0 {
			s.Errorf("claim: got %v, want none: the job is %s", got, status)
		}
		o.setJob(s, j.ID, core.JobPending)
		if got := s.claim(llm(10)); len(got) != 0 {
			s.Errorf("claim: got %v, want none: the dispatch of the %s job was discarded", got, status)
		}
	}
}

func claimDiscardsDispatchOfLeasedJob(s *scene) {
	o := s.org()
	j := o.NewJob(s)
	dispatch := func() {
		o.InTx(s, func(_ context.Context, tx core.Tx) error {
			tx.Dispatch(core.Dispatch{JobID: j.ID, Queue: j.Queue, RunAt: Now()})
			return nil
		})
	}
	dispatch()
	s.lease(j, time.Minute)
	dispatch()
	if got := s.claim(llm(10)); len(got) != 0 {
		s.Errorf("claim: got %v, want none: the job is leased already", got)
	}
	o.setJob(s, j.ID, core.JobPending)
	if got := s.claim(llm(10)); len(got) != 0 {
		s.Errorf("claim: got %v, want none: the other dispatches were discarded", got)
	}
}

// theLastDispatchCounts: what a job waited for before must not start it early.
func theLastDispatchCounts(s *scene) {
	o := s.org()
	j := o.NewJob(s) // due at once
	o.InTx(s, func(_ context.Context, tx core.Tx) error {
		tx.Dispatch(core.Dispatch{JobID: j.ID, Queue: j.Queue, RunAt: Now().Add(time.Hour)})
		return nil
	})
	if got := s.claim(llm(10)); len(got) != 0 {
		s.Errorf("claim: got %v, want none: the job was dispatched for later", got)
	}
	o.InTx(s, func(_ context.Context, tx core.Tx) error {
		tx.Dispatch(core.Dispatch{JobID: j.ID, Queue: j.Queue, RunAt: Now()})
		return nil
	})
	if got := s.claim(llm(10)); len(got) != 1 {
		s.Errorf("claim: got %v, want the job, dispatched for now", got)
	}
}

func discardedDispatchesHideNoDueJob(s *scene) {
	o := s.org()
	for range 5 {
		o.setJob(s, o.NewJob(s, due(time.Hour)).ID, core.JobCanceled)
	}
	j := o.NewJob(s)
	if got := s.claim(llm(1)); len(got) != 1 || got[0].JobID != j.ID {
		s.Errorf("claim: got %v, want the due job behind the dispatches of ended ones", got)
	}
}

// dispatchStartsAJobAgain is how a job waits for its next attempt.
func dispatchStartsAJobAgain(s *scene) {
	o := s.org()
	j := o.NewJob(s)
	first := s.lease(j, time.Minute)
	requeue := func(l core.Lease, at time.Time) error {
		return s.store.Tenant(o.Tenant).InLease(s.Context(), l, func(ctx context.Context, tx core.Tx) error {
			if err := putJob(ctx, tx, j.ID, core.JobPending); err != nil {
				return err
			}
			tx.Dispatch(core.Dispatch{JobID: j.ID, Queue: j.Queue, RunAt: at})
			return nil
		})
	}
	if err := requeue(first, Now()); err != nil {
		s.Fatalf("requeue: %v", err)
	}
	second := s.lease(j, time.Minute)
	if second.Fence <= first.Fence {
		s.Errorf("fence of the second lease: got %d, want more than %d", second.Fence, first.Fence)
	}
	s.wantLeaseLost("InLease under the first lease", requeue(first, Now()))
	if err := requeue(second, Now().Add(time.Hour)); err != nil {
		s.Fatalf("requeue: %v", err)
	}
	if got := s.claim(llm(10)); len(got) != 0 {
		s.Errorf("claim: got %v, want none: it was dispatched for later", got)
	}
}

func local(run string) func(*core.Job) {
	return func(j *core.Job) { j.LocalQueue = core.LocalQueue(run) }
}

func localQueueIsClaimedOnlyByItsRun(s *scene) {
	o := s.org()
	j := o.NewJob(s, local("run-1"))
	for _, q := range append(core.Queues(), core.LocalQueue("run-2"), core.LocalQueue("")) {
		if got := s.claim(core.ClaimRequest{Queue: q, Limit: 10, TTL: time.Minute}); len(got) != 0 {
			s.Errorf("claim of %s: got %v, want none", q, got)
		}
	}
	s.lease(j, time.Minute)
	got, err := o.Read().Jobs.Get(s.Context(), j.ID)
	wantSame(s, "the job", must(s, "read job", got, err), j)
}

func unclaimedLocalJobFallsToItsSharedQueue(s *scene) {
	o := s.org()
	j := o.NewJob(s, local("run-1"))
	shared := core.ClaimRequest{Queue: core.QueueLLM, Limit: 10, TTL: time.Minute}
	if leases := s.rescue(10, time.Hour); len(leases) != 0 {
		s.Errorf("rescue: got %v, want none: nothing was leased", leases)
	}
	if got := s.claim(shared); len(got) != 0 {
		s.Errorf("claim of the shared queue: got %v, want none: the local one still has time", got)
	}
	eventually(s, "the job falls to its shared queue", func() bool {
		if leases := s.rescue(10, 50*time.Millisecond); len(leases) != 0 {
			s.Errorf("rescue: got %v, want none: nothing was leased", leases)
		}
		got := s.claim(shared)
		if len(got) > 0 && got[0].JobID != j.ID {
			s.Errorf("claim of the shared queue: got %v, want the local job", got)
		}
		return len(got) == 1
	})
	if got := s.claim(core.ClaimRequest{Queue: j.LocalQueue, Limit: 10, TTL: time.Minute}); len(got) != 0 {
		s.Errorf("claim of the local queue: got %v, want none: the job has left it", got)
	}
}
