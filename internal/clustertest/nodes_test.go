//go:build unix

package clustertest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
)

func TestTwoNodes_OneFeed(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 25
	s := newSite(t)
	nodes := []*node{here(t, s, parts{}), here(t, s, parts{})}
	o := coretest.NewOrg(t, nodes[0].Store)
	var feeds []*reader
	for _, n := range nodes {
		feeds = append(feeds, n.follow(t, o))
	}
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for range each {
				if _, err := nodes[i%2].app.Documents.Create(t.Context(), o.Actor(), core.NewDocument{Title: "t", Content: "c"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, f := range feeds {
		f.await(t, writers*each, core.EventDocumentCreated)
	}
	all.Wait()
	ids := func(events []core.Event) (ids []core.Position) {
		for _, e := range events {
			ids = append(ids, e.ID)
		}
		return ids
	}
	want := ids(readLog(t, o))
	for i, f := range feeds {
		if got := ids(f.seen); !slices.Equal(got, want) {
			t.Errorf("node %d told of %d events, want the log's %d in its order", i, len(got), len(want))
		}
	}
}

// pausing answers after d.
func pausing(d time.Duration) model {
	return func(ctx context.Context, content string) (string, error) {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(d):
			return "of " + content, nil
		}
	}
}

// TestClocks_OfTwoNodesMayDiffer gives two nodes clocks that differ by five seconds.
func TestClocks_OfTwoNodesMayDiffer(t *testing.T) {
	t.Parallel()
	const each = 20
	s := newSite(t)
	ahead, right := here(t, s, parts{clock: 5 * time.Second}), here(t, s, parts{})
	o := coretest.NewOrg(t, right.Store)
	d := o.NewDocument(t)

	t.Run("WorkOfOneIsDueAtOnceForTheOther", func(t *testing.T) {
		for _, pair := range [][2]*node{{ahead, right}, {right, ahead}} {
			f := pair[1].follow(t, o)
			w, err := pair[1].work(t.Context(), each, false)
			if err != nil {
				t.Fatal(err)
			}
			var jobs []core.JobID
			testenv.Promise(t, "instant jobs, which a wrong clock would delay by its five seconds,", 4*time.Second, func() time.Duration {
				asked := time.Now()
				jobs = append(jobs, pair[0].request(t, o, d, each)...)
				f.await(t, len(jobs), core.EventJobCompleted)
				return time.Since(asked)
			})
			w.Stop(t.Context())
			judge(t, o, jobs)
			for _, id := range jobs {
				if j, err := o.Read().Jobs.Get(t.Context(), id); err != nil || j.Attempt != 1 {
					t.Errorf("a job took %d attempts (%v), want 1", j.Attempt, err)
				}
			}
		}
	})
	t.Run("LeasesOutliveTheDifference", func(t *testing.T) {
		// A machine that stands still longer than a lease loses it, whatever the clocks
		// say: then longer ones tell.
		for _, life := range []time.Duration{lease, 5 * lease, 25 * lease} {
			if outlives(t, s, o, d, life) {
				return
			}
		}
		t.Error("jobs lost their workers, however long the leases were")
	})
	t.Run("TokensOfOneHoldForTheOther", func(t *testing.T) {
		for _, pair := range [][2]*node{{ahead, right}, {right, ahead}} {
			signed, err := pair[0].app.Auth.Register(t.Context(), core.Registration{
				OrganizationName: "Acme", Name: "Ann", Email: "ann@example.org", Password: "a long passphrase",
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := pair[1].app.Auth.Authenticate(t.Context(), signed.AccessToken); err != nil {
				t.Errorf("the other node refuses the token: %v", err)
			}
			if _, err := pair[1].app.Auth.Refresh(t.Context(), signed.RefreshToken, core.Origin{}); err != nil {
				t.Errorf("the other node refuses to refresh: %v", err)
			}
		}
	})
}

// outlives has one node run jobs for longer than their leases last, while one whose
// clock is ahead and one whose clock is behind would rescue what they took for
// expired. It reports whether all kept their worker.
func outlives(t *testing.T, s site, o *coretest.Org, d *core.Document, life time.Duration) bool {
	t.Helper()
	const jobs = 4
	slow := here(t, s, parts{lease: life, model: pausing(life + life/2)})
	f := slow.follow(t, o)
	w, err := slow.work(t.Context(), jobs, false)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop(ended)
	asked := slow.request(t, o, d, jobs)
	f.await(t, jobs, core.EventJobStarted)
	for _, wrong := range []time.Duration{5 * time.Second, -5 * time.Second} {
		other, err := here(t, s, parts{clock: wrong, lease: life}).work(t.Context(), jobs, true)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Stop(ended)
	}
	for _, id := range asked {
		if _, err := slow.app.Jobs.Wait(t.Context(), o.Actor(), id); err != nil {
			t.Fatal(err)
		}
	}
	told := stories(t, o)
	if slices.ContainsFunc(asked, func(id core.JobID) bool { return count(told[id], core.EventJobStarted) != 1 }) {
		return false
	}
	judge(t, o, asked)
	return true
}

func TestTenServers_MigrateOnce(t *testing.T) {
	t.Parallel()
	const servers = 10
	s := site{Database: testenv.Database(t, "clustertest.empty", nil), Redis: testenv.Redis(t).URL()}
	started := make([]*server, servers)
	var all sync.WaitGroup
	for i := range started {
		all.Go(func() { started[i] = launch(t, s, "DOCSCTL_NO_WORKERS=true") })
	}
	all.Wait()
	for _, p := range started {
		p.listening(t)
		p.becomes(t, "once it listens", well)
	}
	conn, err := pgx.Connect(t.Context(), s.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var steps, times int
	err = conn.QueryRow(t.Context(), "select count(distinct version_id), count(*) from goose_db_version where version_id > 0").Scan(&steps, &times)
	if err != nil || steps == 0 || steps != times {
		t.Errorf("%d steps were taken %d times (%v), want each once", steps, times, err)
	}
}
