package coretest

import (
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

func rescuedJobIsFencedFromItsOldWorker(s *scene) {
	o := s.org()
	j := o.NewJob(s)
	old := s.lease(j, brief)
	o.setJob(s, j.ID, core.JobInProgress)
	var taken []core.Lease
	eventually(s, "the expired lease is rescued", func() bool { taken = s.rescue(10, time.Minute); return len(taken) > 0 })
	if len(taken) != 1 || taken[0].JobID != j.ID || taken[0].Tenant != o.Tenant || taken[0].Fence <= old.Fence {
		s.Fatalf("rescue: got %v, want the job under a fence above %d", taken, old.Fence)
	}
	s.wantFenced("a write of the old worker", o, old)
	wantSame(s, "lost leases", s.heartbeat(time.Minute, old, taken[0]), []core.Lease{old})
	if err := s.inLease(taken[0], nothing); err != nil {
		s.Errorf("InLease of the rescuer: %v", err)
	}
	if got := s.claim(llm(10)); len(got) != 0 {
		s.Errorf("claim: got %v, want none: the rescuer holds the job", got)
	}
}

func rescueTakesExpiredLeasesOnly(s *scene) {
	o := s.org()
	long := s.lease(o.NewJob(s), time.Hour)
	for range 5 {
		s.lease(o.NewJob(s), brief)
	}
	o.NewJob(s) // due, never claimed
	taken := map[core.JobID]bool{}
	eventually(s, "the five expired leases are rescued", func() bool {
		got := s.rescue(2, time.Minute)
		if len(got) > 2 {
			s.Errorf("rescue of 2: got %d", len(got))
		}
		for _, l := range got {
			if taken[l.JobID] {
				s.Errorf("job %s was rescued twice within its new lease", l.JobID)
			}
			taken[l.JobID] = true
		}
		return len(taken) >= 5
	})
	if taken[long.JobID] || len(taken) != 5 {
		s.Errorf("rescued %d jobs, the one with a long lease among them: %v; want the 5 others", len(taken), taken[long.JobID])
	}
}

func rescueTakesALeaseOnce(s *scene) {
	o := s.org()
	for range 6 {
		s.lease(o.NewJob(s), time.Millisecond)
	}
	var mu sync.Mutex // guards times
	times, taken := map[core.JobID]int{}, 0
	eventually(s, "six leases are rescued", func() bool {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				leases, err := s.store.System().Rescue(s.Context(), 3, time.Minute)
				if err != nil {
					s.Errorf("rescue: %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, l := range leases {
					times[l.JobID]++
					taken++
				}
			})
		}
		wg.Wait()
		return len(times) == 6
	})
	if taken != 6 {
		s.Errorf("concurrent rescues took %d leases over 6 jobs", taken)
	}
}

func heartbeatRenewsAndReportsLost(s *scene) {
	a, b := s.org(), s.org()
	renewed, control := s.renewedInTime(a)
	other := s.lease(b.NewJob(s), time.Minute)
	unknown := core.Lease{Tenant: a.Tenant, JobID: core.NewID[core.JobID](), Fence: 1}
	stale, foreign := other, other
	stale.Fence--
	foreign.Tenant = a.Tenant
	lost := s.heartbeat(2*time.Hour, renewed, unknown, other, stale, foreign)
	want := map[core.Lease]bool{unknown: true, stale: true, foreign: true}
	for _, l := range lost {
		if !want[l] {
			s.Errorf("heartbeat reports %v as lost", l)
		}
		delete(want, l)
	}
	if len(want) != 0 {
		s.Errorf("heartbeat does not report %v as lost", want)
	}
	s.awaitExpiry(control)
	if err := s.inLease(renewed, nothing); err != nil {
		s.Errorf("InLease of a renewed lease after its first end: %v", err)
	}
	if got := s.rescue(10, time.Minute); len(got) != 1 || got[0].JobID != control.JobID {
		s.Errorf("rescue: got %v, want only the lease that was not renewed", got)
	}
	if lost := s.heartbeat(time.Minute); len(lost) != 0 {
		s.Errorf("heartbeat of no leases: got %v", lost)
	}
}

// renewedInTime leases two jobs, as briefly as the machine can renew one of them
// before its end.
func (s *scene) renewedInTime(o *Org) (renewed, control core.Lease) {
	s.Helper()
	for life := brief; ; life *= 4 {
		began := time.Now()
		renewed, control = s.lease(o.NewJob(s), life), s.lease(o.NewJob(s), life)
		lost := s.heartbeat(time.Hour, renewed)
		if time.Since(began) < life {
			if len(lost) > 0 {
				s.Errorf("heartbeat reports a lease as lost that was renewed in time")
			}
			return renewed, control
		}
		s.awaitExpiry(control)
		s.rescue(10, time.Hour)
	}
}

func heartbeatShortensNothing(s *scene) {
	o := s.org()
	long := s.lease(o.NewJob(s), time.Hour)
	if lost := s.heartbeat(brief/4, long); len(lost) != 0 {
		s.Fatalf("heartbeat: lost %v", lost)
	}
	control := s.lease(o.NewJob(s), brief)
	s.awaitExpiry(control)
	if err := s.inLease(long, nothing); err != nil {
		s.Errorf("a lease with an hour left, after a heartbeat for less: %v", err)
	}
}

func heartbeatDoesNotReviveALease(s *scene) {
	o := s.org()
	lease := s.lease(o.NewJob(s), brief)
	s.awaitExpiry(lease)
	s.heartbeat(time.Hour, lease)
	s.wantFenced("a write after a heartbeat that came too late", o, lease)
	if got := s.rescue(10, time.Minute); len(got) != 1 {
		s.Errorf("rescue: got %v, want the expired lease", got)
	}
}
