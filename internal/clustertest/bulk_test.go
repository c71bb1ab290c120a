//go:build unix

package clustertest

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/core/worker"
)

// bulkHere has a node run the jobs of bulks until the test's end.
func (n *node) bulkHere(t *testing.T) {
	t.Helper()
	w, err := worker.New(worker.Config{
		Work: n.app.Work, Maintain: true, Logger: slog.New(slog.DiscardHandler),
		Pools: []worker.Pool{{Queue: core.QueueLLMBulk, Size: 8}, {Queue: core.QueueMaintenance, Size: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Stop(ended) })
}

// TestBulk_OverTwoNodesAddsUp has instant children end on two nodes at once: each
// locks its parent's row, so none is counted twice or not at all, and the last ends
// the bulk, once.
func TestBulk_OverTwoNodesAddsUp(t *testing.T) {
	t.Parallel()
	const bulks, each = 3, 40
	s := newSite(t)
	a, b := here(t, s, parts{}), here(t, s, parts{})
	o := coretest.NewOrg(t, a.Store)
	for range each {
		o.NewDocument(t)
	}
	a.bulkHere(t)
	b.bulkHere(t)
	var jobs []core.JobID
	for range bulks {
		j, err := a.app.Summaries.Bulk(t.Context(), o.Actor(), core.BulkRequest{Documents: core.DocumentSelection{Query: &core.DocumentQuery{}}})
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, j.ID)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, id := range jobs {
		j, err := b.app.Jobs.Wait(ctx, o.Actor(), id)
		if err != nil {
			t.Fatal(err)
		}
		var result core.BulkResult
		if err := json.Unmarshal(j.Result, &result); err != nil {
			t.Fatal(err)
		}
		if j.Status != core.JobCompleted || result.Documents != each || result.Completed != each || j.Progress.Done != each {
			t.Errorf("got %s, %+v, %+v, want %d completed", j.Status, result, j.Progress, each)
		}
		counts, err := o.Read().JobItems.Count(t.Context(), id)
		if err != nil || counts[core.JobItemCompleted] != each || len(counts) != 1 {
			t.Errorf("items: got %v, %v, want %d completed", counts, err, each)
		}
	}
	for _, id := range jobs {
		if n := ends(t, o, id); n != 1 {
			t.Errorf("a bulk ended %d times, want once", n)
		}
	}
}

// ends counts the end events of a job in the log.
func ends(t *testing.T, o *coretest.Org, id core.JobID) int {
	t.Helper()
	log := o.Read().Events
	state, err := log.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for at := state.First; ; {
		events, err := log.After(t.Context(), at, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return n
		}
		for _, e := range events {
			var j core.Job
			if e.Type.Topic() == "jobs" && json.Unmarshal(e.Data, &j) == nil && j.ID == id && j.Status.Ended() {
				n++
			}
		}
		at = events[len(events)-1].ID
	}
}
