//go:build unix

package clustertest

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestKilledWorker_EachJobEndsOnce(t *testing.T) {
	t.Parallel()
	const jobs = 200
	s := newSite(t)
	n := here(t, s, parts{})
	o := coretest.NewOrg(t, n.Store)
	feed := n.follow(t, o)
	doomed := startChild(t, childConfig{site: s, Workers: jobs, Maintain: true, Lease: 3 * lease, Model: modelHangs})
	asked := n.request(t, o, o.NewDocument(t), jobs)
	feed.await(t, jobs, core.EventJobStarted)
	if !reached(t, patience, func() bool { // one that lost its lease to a stall may have begun twice, and another not yet
		told := stories(t, o)
		return !slices.ContainsFunc(asked, func(id core.JobID) bool { return count(told[id], core.EventJobStarted) == 0 })
	}) {
		t.Fatal("a job does not begin")
	}
	doomed.signal(t, syscall.SIGKILL)
	doomed.ended(t)
	n.workHere(t, 20)
	feed.await(t, jobs, core.EventJobCompleted)
	judge(t, o, asked)
	for id, story := range stories(t, o) {
		if starts := count(story, core.EventJobStarted); starts < 2 {
			t.Errorf("job %s has %d attempts, want the one that was killed and another", id, starts)
		}
	}
}

func TestStoppedWorker_WritesNothingOnceItsLeaseIsOver(t *testing.T) {
	t.Parallel()
	const jobs = 20
	s := newSite(t)
	n := here(t, s, parts{})
	o := coretest.NewOrg(t, n.Store)
	feed := n.follow(t, o)
	stopped := startChild(t, childConfig{site: s, Workers: jobs, Lease: 3 * lease, Model: modelStubborn})
	asked := n.request(t, o, o.NewDocument(t), jobs)
	for range jobs {
		if got := stopped.next(t); got != saysWorks {
			t.Fatalf("the child said %q, want %q", got, saysWorks)
		}
	}
	stopped.signal(t, syscall.SIGSTOP)
	n.workHere(t, jobs)
	feed.await(t, jobs, core.EventJobCompleted)

	before := rows(t, s.Database)
	stopped.tell(t) // now that all its threads stand still: its model answers as soon as it goes on
	stopped.signal(t, syscall.SIGCONT)
	var fenced []core.JobID
	for len(fenced) < jobs {
		said := stopped.next(t)
		id, ok := strings.CutPrefix(said, saysFenced)
		if !ok {
			t.Fatalf("the child said %q after %d refused writes, want %q", said, len(fenced), saysFenced)
		}
		fenced = append(fenced, core.JobID(id))
	}
	slices.Sort(fenced)
	slices.Sort(asked)
	if !slices.Equal(fenced, asked) {
		t.Errorf("the fence stopped %v, want one write of each of %v", fenced, asked)
	}
	if after := rows(t, s.Database); before != after {
		t.Error("a row was touched by a worker whose leases were over")
	}
	judge(t, o, asked)
}

// rows is a digest of every row of what jobs write, with the transaction that wrote it.
func rows(t *testing.T, database string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var digest string
	var n int
	err = conn.QueryRow(t.Context(), `select count(*), md5(string_agg(r, ' ' order by r)) from (
		select xmin || jobs::text from jobs union all select xmin || summaries::text from summaries
		union all select xmin || events::text from events union all select xmin || documents::text from documents
		union all select xmin || gue_jobs::text from gue_jobs) all_rows(r)`).Scan(&n, &digest)
	if err != nil || n < 20 {
		t.Fatalf("read %d rows: %v", n, err)
	}
	return digest
}

func TestNodeKilledBetweenCommitAndNotice_IsHeardAllTheSame(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n := here(t, s, parts{})
	o := coretest.NewOrg(t, n.Store)
	d := o.NewDocument(t)
	feed := n.follow(t, o)
	askAndDie(t, s, o, d)
	feed.await(t, 1, core.EventJobQueued) // nobody but the feed's own poll can have seen it
	n.workHere(t, 2)
	feed.await(t, 1, core.EventJobCompleted)
	askAndDie(t, s, o, d)
	feed.await(t, 2, core.EventJobCompleted) // here the worker's
	var asked []core.JobID
	for id := range stories(t, o) {
		asked = append(asked, id)
	}
	if len(asked) != 2 {
		t.Fatalf("the log tells of %d jobs, want the two", len(asked))
	}
	judge(t, o, asked)
}

// askAndDie has a node ask for a summary and die before it tells anybody.
func askAndDie(t *testing.T, s site, o *coretest.Org, d *core.Document) {
	t.Helper()
	doomed := startChild(t, childConfig{site: s, Asks: &question{o.Organization.ID, o.User.ID, d.ID}})
	doomed.tell(t)
	doomed.ended(t)
	if status, ok := doomed.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the node ended with %v, want it killed before it told anybody", doomed.cmd.ProcessState)
	}
}
