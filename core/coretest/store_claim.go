package coretest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

func claimCases() []storeCase {
	return []storeCase{
		{"ClaimLeavesTheJobPending", claimLeavesTheJobPending},
		{"ClaimLeasesAJobOnce", claimLeasesAJobOnce},
		{"ClaimTakesOldestFirst", claimTakesOldestFirst},
		{"ClaimSkipsFutureJobs", claimSkipsFutureJobs},
		{"ClaimTakesItsQueueOnly", claimTakesItsQueueOnly},
		{"ClaimRespectsItsLimit", claimRespectsItsLimit},
		{"ClaimIsFairBetweenOrganizations", claimIsFairBetweenOrganizations},
		{"ClaimRespectsOrgLimit", claimRespectsOrgLimit},
		{"OrgLimitHoldsAmongConcurrentClaims", orgLimitHoldsAmongConcurrentClaims},
		{"ClaimRespectsPlanLimits", claimRespectsPlanLimits},
		{"PlanLimitHoldsAmongConcurrentClaims", planLimitHoldsAmongConcurrentClaims},
		{"DispatchTellsWhatClaimSees", dispatchTellsWhatClaimSees},
		{"OrgAtItsLimitDoesNotStopOthers", orgAtItsLimitDoesNotStopOthers},
		{"ClaimDiscardsDispatchOfEndedJob", claimDiscardsDispatchOfEndedJob},
		{"ClaimDiscardsDispatchOfLeasedJob", claimDiscardsDispatchOfLeasedJob},
		{"DiscardedDispatchesHideNoDueJob", discardedDispatchesHideNoDueJob},
		{"TheLastDispatchCounts", theLastDispatchCounts},
		{"DispatchStartsAJobAgain", dispatchStartsAJobAgain},
		{"LocalQueueIsClaimedOnlyByItsRun", localQueueIsClaimedOnlyByItsRun},
		{"UnclaimedLocalJobFallsToItsSharedQueue", unclaimedLocalJobFallsToItsSharedQueue},
	}
}

func (s *scene) claim(r core.ClaimRequest) []core.Lease {
	s.Helper()
	leases, err := s.store.System().Claim(s.Context(), r)
	return must(s, "claim", leases, err)
}

// llm is a claim of QueueLLM whose leases outlive the case.
func llm(limit int) core.ClaimRequest {
	return core.ClaimRequest{Queue: core.QueueLLM, Limit: limit, TTL: time.Minute}
}

// inOwnQueue has a job wait where nobody else claims.
func inOwnQueue(j *core.Job) { j.Queue = core.Queue("of " + j.ID) }

// lease claims j, which is the only due job of its queue.
func (s *scene) lease(j *core.Job, ttl time.Duration) core.Lease {
	s.Helper()
	leases := s.claim(core.ClaimRequest{Queue: j.FirstQueue(), Limit: 2, TTL: ttl})
	if len(leases) != 1 || leases[0].JobID != j.ID || leases[0].Tenant.OrgID() != j.OrgID {
		s.Fatalf("claim: got %v, want the one due job", leases)
	}
	return leases[0]
}

// due makes a job due for d.
func due(d time.Duration) func(*core.Job) {
	return func(j *core.Job) { j.NextAttemptAt = new(Now().Add(-d)) }
}

// setJob stores a job's state in a transaction of its own.
func (o *Org) setJob(s *scene, id core.JobID, status core.JobStatus) {
	s.Helper()
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return putJob(ctx, tx, id, status) })
}

func putJob(ctx context.Context, tx core.Tx, id core.JobID, status core.JobStatus) error {
	j, err := tx.Jobs.GetForUpdate(ctx, id)
	if err != nil {
		return err
	}
	j.Status, j.NextAttemptAt = status, nil
	if status == core.JobPending {
		j.NextAttemptAt = new(Now())
	}
	if status.Ended() {
		j.FinishedAt = new(Now())
	}
	return tx.Jobs.Update(ctx, j)
}

func claimLeavesTheJobPending(s *scene) {
	o := s.org()
	j := o.NewJob(s)
	lease := s.lease(j, time.Minute)
	if lease.Fence == 0 || lease.Tenant != o.Tenant {
		s.Errorf("lease: got %+v, want the job's tenant and a fence", lease)
	}
	got, err := o.Read().Jobs.Get(s.Context(), j.ID)
	wantSame(s, "the claimed job", must(s, "read job", got, err), j)
}

func claimLeasesAJobOnce(s *scene) {
	const claimers, jobs = 8, 60
	a, b := s.org(), s.org()
	for i := range jobs {
		[]*Org{a, b}[i%2].NewJob(s)
	}
	var mu sync.Mutex // guards times
	times := map[core.JobID]int{}
	var wg sync.WaitGroup
	for range claimers {
		wg.Go(func() {
			for range jobs {
				leases, err := s.store.System().Claim(s.Context(), llm(3))
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
			s.Errorf("job %s was leased %d times", id, n)
		}
	}
	if len(times) != jobs {
		s.Errorf("leased %d jobs, want all %d", len(times), jobs)
	}
}

func claimTakesOldestFirst(s *scene) {
	o := s.org()
	var want, got []core.JobID
	for _, age := range []int{3, 5, 1, 4, 2} {
		o.NewJob(s, due(time.Duration(age)*time.Minute), func(j *core.Job) { j.RelatedID = fmt.Sprint(age) })
	}
	jobs, err := o.Read().Jobs.List(s.Context(), core.JobFilter{}, everything)
	byAge := map[string]core.JobID{}
	for _, j := range must(s, "list jobs", jobs, err) {
		byAge[j.RelatedID] = j.ID
	}
	for age := 5; age >= 1; age-- {
		want = append(want, byAge[fmt.Sprint(age)])
		for _, l := range s.claim(llm(1)) {
			got = append(got, l.JobID)
		}
	}
	wantSame(s, "jobs in the order in which they were claimed one by one", got, want)
}

func claimSkipsFutureJobs(s *scene) {
	o := s.org()
	o.NewJob(s, due(-time.Hour))
	if got := s.claim(llm(10)); len(got) != 0 {
		s.Errorf("claim: got %v, want none: the job is due in an hour", got)
	}
	soon := o.NewJob(s, due(-300*time.Millisecond))
	eventually(s, "the job that becomes due is claimed", func() bool {
		got := s.claim(llm(10))
		if len(got) > 0 && (got[0].JobID != soon.ID || Now().Before(*soon.NextAttemptAt)) {
			s.Errorf("claimed %v before it was due", got)
		}
		return len(got) == 1
	})
}

func claimTakesItsQueueOnly(s *scene) {
	o := s.org()
	want := map[core.Queue]core.JobID{}
	for _, q := range core.Queues() {
		want[q] = o.NewJob(s, func(j *core.Job) { j.Queue = q }).ID
	}
	for _, q := range core.Queues() {
		got := s.claim(core.ClaimRequest{Queue: q, Limit: 10, TTL: time.Minute})
		if len(got) != 1 || got[0].JobID != want[q] {
			s.Errorf("claim of %s: got %v, want its one job", q, got)
		}
	}
}

func claimRespectsItsLimit(s *scene) {
	o := s.org()
	for range 7 {
		o.NewJob(s)
	}
	for _, want := range []int{3, 3, 1, 0} {
		if got := s.claim(llm(3)); len(got) != want {
			s.Errorf("claim of 3: got %d, want %d", len(got), want)
		}
	}
}

// perOrg counts leases by organization.
func perOrg(leases []core.Lease) map[core.OrgID]int {
	n := map[core.OrgID]int{}
	for _, l := range leases {
		n[l.Tenant.OrgID()]++
	}
	return n
}

func claimIsFairBetweenOrganizations(s *scene) {
	a, b, c := s.org(), s.org(), s.org()
	for i := range 20 {
		a.NewJob(s, due(time.Duration(60-i)*time.Minute))
	}
	b.NewJob(s)
	c.NewJob(s, due(time.Second))
	c.NewJob(s)
	ids := []core.OrgID{a.Organization.ID, b.Organization.ID, c.Organization.ID}
	wantSame(s, "leases of a claim of 3", perOrg(s.claim(llm(3))), map[core.OrgID]int{ids[0]: 1, ids[1]: 1, ids[2]: 1})
	wantSame(s, "leases of a claim of 5", perOrg(s.claim(llm(5))), map[core.OrgID]int{ids[0]: 4, ids[2]: 1})
}

func claimRespectsOrgLimit(s *scene) {
	o := s.org()
	for range 6 {
		o.NewJob(s)
	}
	o.NewJob(s, func(j *core.Job) { j.Queue = core.QueueIntegration })
	limited := llm(10)
	limited.OrgLimit = 2
	first := s.claim(limited)
	if len(first) != 2 {
		s.Fatalf("claim with an organization's limit of 2: got %d", len(first))
	}
	if again := s.claim(limited); len(again) != 0 {
		s.Errorf("a second claim: got %d more, want none", len(again))
	}
	other := core.ClaimRequest{Queue: core.QueueIntegration, Limit: 1, OrgLimit: 1, TTL: time.Minute}
	if got := s.claim(other); len(got) != 1 {
		s.Errorf("claim of another queue: got %d, want 1: the limit is of a queue", len(got))
	}
	o.setJob(s, first[0].JobID, core.JobCompleted)
	if got := s.claim(limited); len(got) != 1 {
		s.Errorf("claim after one job has ended: got %d, want 1", len(got))
	}
	if got := s.claim(llm(10)); len(got) != 3 {
		s.Errorf("claim without a limit: got %d, want the other 3", len(got))
	}
}

func orgLimitHoldsAmongConcurrentClaims(s *scene) {
	o := s.org()
	for range 20 {
		o.NewJob(s)
	}
	var mu sync.Mutex // guards held
	held := 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			leases, err := s.store.System().Claim(s.Context(), core.ClaimRequest{Queue: core.QueueLLM, Limit: 2, OrgLimit: 3, TTL: time.Minute})
			if err != nil {
				s.Errorf("claim: %v", err)
			}
			mu.Lock()
			held += len(leases)
			mu.Unlock()
		})
	}
	wg.Wait()
	if held < 1 || held > 3 {
		s.Errorf("8 concurrent claims leased %d jobs of one organization, want at most 3 and at least 1", held)
	}
}

func orgAtItsLimitDoesNotStopOthers(s *scene) {
	a, b := s.org(), s.org()
	for range 5 {
		a.NewJob(s, due(time.Hour))
	}
	b.NewJob(s)
	r := llm(1)
	r.OrgLimit = 1
	seen := perOrg(append(s.claim(r), s.claim(r)...))
	wantSame(s, "leases of two claims", seen, map[core.OrgID]int{a.Organization.ID: 1, b.Organization.ID: 1})
}
