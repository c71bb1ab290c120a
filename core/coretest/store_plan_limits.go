package coretest

import (
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

// limited is a claim under which an organization of the free plan has at most n leases.
func limited(q core.Queue, limit, n int) core.ClaimRequest {
	return core.ClaimRequest{Queue: q, Limit: limit, TTL: time.Minute, PlanLimits: map[core.PlanType]int{core.PlanFree: n}}
}

func claimRespectsPlanLimits(s *scene) {
	free, paying := s.org(), s.org(func(o *core.Organization) { o.PlanType = core.PlanEnterprise })
	for range 4 {
		free.NewJob(s)
		free.NewJob(s, func(j *core.Job) { j.Queue = core.QueueIntegration })
		paying.NewJob(s)
	}
	of := func(leases []core.Lease) map[core.Tenant]int {
		n := map[core.Tenant]int{}
		for _, l := range leases {
			n[l.Tenant]++
		}
		return n
	}
	if got := of(s.claim(limited(core.QueueLLM, 10, 3))); got[free.Tenant] != 3 || got[paying.Tenant] != 4 {
		s.Errorf("claim: got %v, want 3 of the limited plan and all 4 of the other", got)
	}
	if got := s.claim(limited(core.QueueIntegration, 10, 3)); len(got) != 0 {
		s.Errorf("claim of another queue at the limit: got %v, want none", got)
	}
	if got := s.claim(limited(core.QueueIntegration, 10, 5)); len(got) != 2 {
		s.Errorf("claim under a higher limit: got %v, want two more", got)
	}
	if got := s.claim(limited(core.QueueLLM, 10, 0)); len(got) != 1 {
		s.Errorf("claim without a limit: got %v, want what is left", got)
	}
}

func planLimitHoldsAmongConcurrentClaims(s *scene) {
	o := s.org()
	queues := []core.Queue{core.QueueLLM, core.QueueIntegration}
	for i := range 20 {
		o.NewJob(s, func(j *core.Job) { j.Queue = queues[i%2] })
	}
	again := s.factory.Again(s.T, s.store)
	var all sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for i := range 8 {
		store := []core.Store{s.store, again}[i%2]
		all.Go(func() {
			leases, err := store.System().Claim(s.Context(), limited(queues[i/2%2], 3, 4))
			if err != nil {
				s.Errorf("claim: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			total += len(leases)
		})
	}
	all.Wait()
	if total > 4 || total == 0 {
		s.Errorf("concurrent claims of two queues leased %d, want 1 to 4", total)
	}
}

func dispatchTellsWhatClaimSees(s *scene) {
	o, other := s.org(), s.org()
	state := func(j *core.Job) *core.DispatchState {
		s.Helper()
		d, err := o.Read().Jobs.Dispatch(s.Context(), j.ID)
		return must(s, "dispatch", d, err)
	}
	first := o.NewJob(s, due(3*time.Second))
	second := o.NewJob(s, due(2*time.Second))
	for range 3 {
		other.NewJob(s, due(time.Hour))
		o.NewJob(s, due(time.Hour), func(j *core.Job) { j.Queue = core.QueueIntegration })
	}
	later := o.NewJob(s, due(-time.Hour))
	if d := state(second); d.Queue != core.QueueLLM || !d.Due || d.Ahead != 1 || d.Held != 0 {
		s.Errorf("the second of a queue: got %+v, want one ahead", d)
	}
	if d := state(later); d.Due || d.RunAt.Before(Now()) {
		s.Errorf("a later one: got %+v, want it not due", d)
	}
	leased := s.claim(core.ClaimRequest{Queue: core.QueueLLM, Limit: 2, TTL: time.Minute})
	if len(leased) != 2 {
		s.Fatalf("claim: got %v, want one of each organization", leased)
	}
	_, err := o.Read().Jobs.Dispatch(s.Context(), first.ID)
	wantCode(s, "a leased job", err, core.CodeNotFound)
	if d := state(second); d.Ahead != 0 || d.Held != 1 {
		s.Errorf("after the first was leased: got %+v, want none ahead and one held", d)
	}
}
