package connectors_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// counted is a connector that knows what each page of a listing costs: from one List
// to the next there are its own calls and those that fetch its items.
type counted struct {
	core.Connector
	fake vendorFake

	mu   sync.Mutex // guards what follows
	from int        // calls when the present page began
	most int        // that a page cost
}

func (c *counted) List(ctx context.Context, a core.Access, r core.ListRequest) (*core.ListPage, error) {
	c.turn()
	return c.Connector.List(ctx, a, r)
}

// turn closes the account of a page and returns the highest so far.
func (c *counted) turn() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := answered(c.fake)
	c.most, c.from = max(c.most, n-c.from), n
	return c.most
}

// answered counts the calls that went well.
func answered(fake vendorFake) int {
	n := 0
	for _, call := range fake.Calls() {
		if call.Fault == "" {
			n++
		}
	}
	return n
}

// yardstick is what a sync costs without a fault.
type yardstick struct {
	calls  int // of all of it
	page   int // of its dearest page
	verify int // to see whether the token works
}

// measure runs a full sync without a fault: the first one when anew is set, which
// fetches everything, else one that finds everything unchanged.
func measure(t *testing.T, fill func(t *testing.T, limit time.Duration) corner, vendor core.IntegrationType, anew bool) yardstick {
	t.Helper()
	c := fill(t, patient)
	pages := &counted{Connector: c.Connector, fake: c.fake}
	c.Connector = pages
	h := settle(t, c, vendor)
	if !anew {
		h.sync(t)
	}
	c.fake.Forget()
	pages.from, pages.most = 0, 0
	if j := h.sync(t); j.Status != core.JobCompleted || h.documents(t) != c.items {
		t.Fatalf("without a fault: %s %s, %d documents", j.Status, j.ErrorMessage, h.documents(t))
	}
	is := yardstick{page: pages.turn(), calls: answered(c.fake)}
	if _, err := c.Verify(t.Context(), c.access); err != nil {
		t.Fatal(err)
	}
	is.verify = answered(c.fake) - is.calls
	return is
}

// TestSync_ResumesWhereItsWorkerDied kills the worker after each call of a full sync in
// turn, so at every page of the listing, between its items and between pages. Another
// worker takes over: all documents are there, none was deleted, the sums are right, and
// it asks the vendor for what was left and at most one page once more.
func TestSync_ResumesWhereItsWorkerDied(t *testing.T) {
	t.Parallel()
	for name, vendor := range synced() {
		for what, anew := range map[string]bool{"Import": true, "Unchanged": false} {
			t.Run(name+what, func(t *testing.T) {
				t.Parallel()
				fill := corners()[name]
				is := measure(t, fill, vendor, anew)
				step := 1
				if testing.Short() || !anew && is.calls > 10 {
					step = max(1, is.calls/5)
				}
				dearest := 0
				for at := 1; at <= is.calls; at += step {
					c := fill(t, patient)
					h := settle(t, c, vendor)
					if !anew {
						h.sync(t)
					}
					c.fake.Forget()
					j := h.killed(t, c.door, at)
					again := answered(c.fake)
					j = h.ended(t, j.ID)
					again = answered(c.fake) - again
					h.wantWhole(t, c, j, "killed after call %d", at)
					if most := is.calls - at + is.page; again > most {
						t.Errorf("killed after call %d of %d: the next worker made %d, want at most those left and one page, %d", at, is.calls, again, most)
					}
					dearest = max(dearest, again-(is.calls-at))
				}
				t.Logf("%d calls, a page at most %d; a resumed sync made at most %d more than were left", is.calls, is.page, dearest)
			})
		}
	}
}

// killed has a full sync's worker die after a number of calls: it writes nothing from
// then on, and its lease runs out.
func (h *household) killed(t *testing.T, calls *door, after int) *core.Job {
	t.Helper()
	job, err := h.Integrations.Sync(t.Context(), h.actor, h.integration, core.SyncRequest{Full: true})
	if err != nil {
		t.Fatal(err)
	}
	leases, err := h.Work.Claim(t.Context(), core.QueueIntegration, 1, 0)
	if err != nil || len(leases) != 1 {
		t.Fatalf("claimed %d, %v", len(leases), err)
	}
	ctx, die := context.WithCancelCause(t.Context())
	defer die(nil)
	calls.after(after, func() { die(core.ErrLeaseLost) })
	r, err := h.Work.Start(ctx, leases[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Execute(ctx); err != nil {
		t.Fatal(err)
	}
	h.clock.Pass(time.Minute)
	if _, err := h.Work.Rescue(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	return job
}

// wantWhole checks a full sync that has ended: all items stay, so all documents do.
func (h *household) wantWhole(t *testing.T, c corner, j *core.Job, format string, args ...any) {
	t.Helper()
	complain := func(what string, is ...any) { t.Helper(); t.Errorf(format+": "+what, append(args, is...)...) }
	if got := h.documents(t); got != c.items {
		complain("%d documents, want %d", got, c.items)
	}
	if counts := h.account(t, j.ID); counts[core.JobItemDeleted]+counts[core.JobItemPending] > 0 {
		complain("%v, want nothing deleted", counts)
	}
	var r core.SyncResult
	if err := json.Unmarshal(j.Result, &r); err != nil || j.Status != core.JobCompleted {
		complain("%s %s, %v", j.Status, j.ErrorMessage, err)
	}
	sum := r.Imported + r.Updated + r.Unchanged + r.Deleted + r.Skipped + r.Failed
	if r.Listed != sum || r.Listed != c.items || r.Imported+r.Unchanged != c.items {
		complain("%+v, want %d items imported or unchanged", r.SyncCounts, c.items)
	}
}

// synced are the corners that whole syncs are run over.
func synced() map[string]core.IntegrationType {
	return map[string]core.IntegrationType{
		"Notion": core.IntegrationNotion, "Guru": core.IntegrationGuru, "Site": core.IntegrationConfluence, "DataCenter": core.IntegrationConfluence,
	}
}
