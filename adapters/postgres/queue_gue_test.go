package postgres

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/vgarvardt/gue/v5"
	"github.com/vgarvardt/gue/v5/adapter/pgxv5"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

// TestGueReadsOurDispatches locks and ends a dispatch with gue's own client, as its
// tools would.
func TestGueReadsOurDispatches(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	o := coretest.NewOrg(t, openURL(t, url))
	j := o.NewJob(t)
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	client, err := gue.NewClient(pgxv5.NewConnPool(pool))
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.LockNextScheduledJob(t.Context(), string(core.QueueLLM))
	if err != nil || got == nil {
		t.Fatalf("gue's lock: got %v (%v), want the dispatch", got, err)
	}
	var args dispatchArgs
	if err := json.Unmarshal(got.Args, &args); err != nil {
		t.Error(err)
	}
	want := dispatchArgs{OrgID: string(o.Organization.ID), JobID: j.ID}
	if diff := cmp.Diff(args, want); diff != "" || got.Type != gueJobType {
		t.Errorf("gue reads a job of type %s with arguments (-got +want):\n%s", got.Type, diff)
	}
	if err := got.Delete(t.Context()); err != nil {
		t.Error(err)
	}
	if err := got.Done(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	claim := func(t *testing.T, s *Store, limit, orgLimit int) map[core.OrgID]int {
		t.Helper()
		leases, err := s.System().Claim(t.Context(), core.ClaimRequest{Queue: core.QueueLLM, Limit: limit, OrgLimit: orgLimit, TTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		n := map[core.OrgID]int{}
		for _, l := range leases {
			n[l.Tenant.OrgID()]++
		}
		return n
	}

	t.Run("AJobWithManyDispatchesIsLeasedOnce", func(t *testing.T) {
		t.Parallel()
		s := openURL(t, migrated(t))
		o := coretest.NewOrg(t, s)
		j := o.NewJob(t)
		o.InTx(t, func(_ context.Context, tx core.Tx) error {
			for range 5 {
				tx.Dispatch(core.Dispatch{JobID: j.ID, Queue: j.Queue, RunAt: coretest.Now()})
			}
			return nil
		})
		o.NewJob(t)
		o.NewJob(t)
		if got := claim(t, s, 8, 0); got[o.Organization.ID] != 3 {
			t.Errorf("leases: got %v, want each of the 3 jobs once", got)
		}
	})

	t.Run("TheTurnGoesRoundAllOrganizations", func(t *testing.T) {
		t.Parallel()
		const organizations = 7
		s := openURL(t, migrated(t))
		for range organizations {
			o := coretest.NewOrg(t, s)
			for range 10 {
				o.NewJob(t)
			}
		}
		total := map[core.OrgID]int{}
		for round := range organizations {
			for org, n := range claim(t, s, 3, 0) {
				total[org] += n
			}
			if round == 2 && len(total) != organizations {
				t.Errorf("after 9 leases: %d organizations have one, want all %d", len(total), organizations)
			}
		}
		for org, n := range total {
			if n != 3 {
				t.Errorf("after 21 leases: %s has %d, want 3", org, n)
			}
		}
	})

	t.Run("WhatIsLeftIsSharedWithinTheLimit", func(t *testing.T) {
		t.Parallel()
		s := openURL(t, migrated(t))
		sizes := map[core.OrgID]int{}
		for _, n := range []int{1, 4, 30, 30} {
			o := coretest.NewOrg(t, s)
			for range n {
				o.NewJob(t)
			}
			sizes[o.Organization.ID] = n
		}
		for org, n := range claim(t, s, 40, 10) {
			if want := min(sizes[org], 10); n != want {
				t.Errorf("an organization of %d jobs has %d leases, want %d", sizes[org], n, want)
			}
		}
	})

	t.Run("ALockedJobStopsNobody", func(t *testing.T) {
		t.Parallel()
		s := openURL(t, migrated(t))
		o := coretest.NewOrg(t, s)
		first := o.NewJob(t)
		o.NewJob(t)
		o.InTx(t, func(ctx context.Context, tx core.Tx) error {
			if _, err := tx.Jobs.GetForUpdate(ctx, first.ID); err != nil {
				return err
			}
			if got := claim(t, s, 10, 0); got[o.Organization.ID] != 1 {
				t.Errorf("while the first job is locked: got %v, want the second", got)
			}
			return nil
		})
		if got := claim(t, s, 10, 0); got[o.Organization.ID] != 1 {
			t.Errorf("afterwards: got %v, want the first", got)
		}
	})

	t.Run("AWrongClockDelaysNoDueJob", func(t *testing.T) {
		t.Parallel()
		url := migrated(t)
		s := openURL(t, url)
		ahead := func() time.Time { return time.Now().Add(5 * time.Second) }
		s.cfg.Now = ahead
		o := coretest.NewOrg(t, s)
		o.NewJob(t, func(j *core.Job) { j.NextAttemptAt = new(ahead()) })
		late := texts(t, connect(t, url), `select run_at::text from gue_jobs where run_at > clock_timestamp()`)
		if len(late) > 0 {
			t.Errorf("a due job is dispatched for %v", late)
		}
	})
}
