//go:build unix

package clustertest

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/core/feed"
)

// reader follows an organization's feed.
type reader struct {
	stream *feed.Stream
	seen   []core.Event
}

// follow begins to read the feed, on this node, from now on.
func (n *node) follow(t *testing.T, o *coretest.Org) *reader {
	t.Helper()
	hub := feed.New(feed.Config{Store: n.Store, Bus: n.Bus})
	t.Cleanup(func() { hub.Close(context.WithoutCancel(t.Context())) })
	stream, err := hub.Open(t.Context(), o.Tenant, feed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stream.Close) // first: the hub waits for its streams' owners
	return &reader{stream: stream}
}

// await reads on until n events of the type have been seen since follow.
func (r *reader) await(t *testing.T, n int, typ core.EventType) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for count := r.count(typ); count < n; count = r.count(typ) {
		it, err := r.stream.Next(ctx)
		if err != nil {
			t.Fatalf("saw %d times %s, want %d: %v", count, typ, n, err)
		}
		if it.Reset != "" {
			t.Fatalf("the feed begins anew: %s", it.Reset)
		}
		if it.Event.ID != "" { // ephemeral ones are no part of the log
			r.seen = append(r.seen, it.Event)
		}
	}
}

// nothingStored checks that the feed has told of no event of the log since.
func (r *reader) nothingStored(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for {
		it, err := r.stream.Next(ctx)
		if err != nil {
			return
		}
		if it.Event.ID != "" {
			t.Errorf("the feed told of %s, which something older may still come before", it.Event.Type)
		}
	}
}

func (r *reader) count(typ core.EventType) int {
	n := 0
	for _, e := range r.seen {
		if e.Type == typ {
			n++
		}
	}
	return n
}

// readLog returns the whole log of an organization.
func readLog(t *testing.T, o *coretest.Org) []core.Event {
	t.Helper()
	log := o.Read().Events
	state, err := log.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []core.Event
	for at := state.First; ; at = all[len(all)-1].ID {
		batch, err := log.After(t.Context(), at, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(batch) == 0 {
			return all
		}
		all = append(all, batch...)
	}
}

var endEvents = []core.EventType{core.EventJobCompleted, core.EventJobFailed, core.EventJobCanceled}

// stories returns what the log says of each job, its summary's events included.
func stories(t *testing.T, o *coretest.Org) map[core.JobID][]core.EventType {
	t.Helper()
	told := map[core.JobID][]core.EventType{}
	for _, e := range readLog(t, o) {
		var about struct {
			ID    core.JobID `json:"id"`
			JobID core.JobID `json:"job_id"`
		}
		if err := json.Unmarshal(e.Data, &about); err != nil {
			t.Fatal(err)
		}
		switch e.Type.Topic() {
		case core.EventJobQueued.Topic():
			told[about.ID] = append(told[about.ID], e.Type)
		case core.EventSummaryCompleted.Topic():
			told[about.JobID] = append(told[about.JobID], e.Type)
		}
	}
	return told
}

// judge checks that each job was completed once, that its end event is the last of
// its story, and that each attempt that was counted was told of.
func judge(t *testing.T, o *coretest.Org, jobs []core.JobID) {
	t.Helper()
	told := stories(t, o)
	for _, id := range jobs {
		story := told[id]
		want := []core.EventType{core.EventSummaryCompleted, core.EventJobCompleted}
		if len(story) < 4 || !slices.Equal(story[len(story)-2:], want) {
			t.Errorf("a job's story is %v, want %v at its end", story, want)
			continue
		}
		if ends := count(story, endEvents...); ends != 1 {
			t.Errorf("a job's story is %v: it ends %d times", story, ends)
		}
		if n := count(story, core.EventSummaryCompleted, core.EventSummaryFailed); n != 1 {
			t.Errorf("a job's story is %v: its summary ends %d times", story, n)
		}
		j, err := o.Read().Jobs.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if starts := count(story, core.EventJobStarted); j.Status != core.JobCompleted || j.Attempt != starts {
			t.Errorf("a job is %s in its attempt %d, want it completed in attempt %d", j.Status, j.Attempt, starts)
		}
	}
}

func count(story []core.EventType, types ...core.EventType) int {
	n := 0
	for _, e := range story {
		if slices.Contains(types, e) {
			n++
		}
	}
	return n
}
