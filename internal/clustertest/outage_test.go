//go:build unix

package clustertest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
)

func TestTwoServers_AreOneInstallation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n := here(t, s, parts{})
	api, works := serve(t, s, "DOCSCTL_NO_WORKERS=true"), serve(t, s)
	o := register(t, n, api, works)
	var jobs []core.JobID
	// A poll would be most of a second late.
	testenv.Promise(t, "the answer to a waiting request, from the job's end on the other server on,", 500*time.Millisecond, func() time.Duration {
		var late []time.Duration
		for range 7 {
			id := api.summarize(t)
			j := api.wait(t, id)
			if j.Status != core.JobCompleted {
				t.Fatalf("the job is %s, want the other server to complete it", j.Status)
			}
			jobs, late = append(jobs, id), append(late, time.Since(j.FinishedAt))
		}
		slices.Sort(late)
		return late[len(late)/2]
	})
	judge(t, o, jobs)
}

func TestPostgresRestart_UnderLoad(t *testing.T) {
	t.Parallel()
	postgres := testenv.StartPostgres(t, testenv.PostgresOptions{})
	s := site{Database: postgres.Database(t, "clustertest", migrate), Redis: testenv.Redis(t).URL()}
	n := here(t, s, parts{})
	short := "DOCSCTL_JOB_LEASE=" + (2 * lease).String() // an outage costs running jobs their workers
	servers := []*server{serve(t, s, short), serve(t, s, short)}
	o := register(t, n, servers...)
	l := &load{news: make(chan struct{}, 1)}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var clients sync.WaitGroup
	for i := range 4 {
		clients.Go(func() { l.run(t, ctx, servers[i%2]) })
	}
	l.await(t, 20)
	postgres.Stop(t)
	for _, p := range servers {
		p.becomes(t, "without Postgres", func(r readiness) bool { return r.status == http.StatusServiceUnavailable })
		p.must(t, http.StatusOK, http.MethodGet, "/healthz", nil, nil)
	}
	postgres.Start(t)
	l.await(t, 20)
	postgres.Kill(t)
	postgres.Start(t)
	l.await(t, 20)
	stop()
	clients.Wait()
	all := everyJob(t, n, o)
	judge(t, o, all)
	for _, id := range l.accepted {
		if !slices.Contains(all, id) {
			t.Errorf("a job that was accepted is lost: %s", id)
		}
	}
	t.Logf("%d jobs were accepted and %d ended; %d requests were unavailable", len(l.accepted), len(all), l.unavailable.Load())
	if l.unavailable.Load() == 0 {
		t.Error("no request met the restart; nothing was proven")
	}
}

// load is requests that go on whatever happens.
type load struct {
	unavailable atomic.Int64
	news        chan struct{} // a hint that a job was accepted

	mu       sync.Mutex // guards accepted
	accepted []core.JobID
}

func (l *load) run(t *testing.T, ctx context.Context, p *server) {
	for ctx.Err() == nil {
		l.send(t, ctx, p, http.MethodGet, "/v1/documents?limit=5", nil, http.StatusOK, nil)
		var d named
		if !l.send(t, ctx, p, http.MethodPost, "/v1/documents", newDocument, http.StatusCreated, &d) {
			continue
		}
		var r requested
		if !l.send(t, ctx, p, http.MethodPost, "/v1/documents/"+d.ID+"/summaries", map[string]string{}, http.StatusAccepted, &r) {
			continue
		}
		l.mu.Lock()
		l.accepted = append(l.accepted, r.Job.ID)
		l.mu.Unlock()
		select {
		case l.news <- struct{}{}:
		default:
		}
	}
}

// send makes a request that has to succeed or be told that it cannot now.
func (l *load) send(t *testing.T, ctx context.Context, p *server, method, path string, body any, want int, out any) bool {
	got, err := p.call(ctx, method, path, body)
	switch {
	case ctx.Err() != nil:
		return false // the test's end
	case err != nil:
		t.Errorf("%s %s: %v", method, path, err)
	case got.status == http.StatusServiceUnavailable:
		l.unavailable.Add(1)
	case got.status != want:
		t.Errorf("%s %s: got %d %s, want %d or 503", method, path, got.status, got.body, want)
	case out != nil:
		if err := json.Unmarshal(got.body, out); err != nil {
			t.Errorf("%s %s: %s: %v", method, path, got.body, err)
		}
		return true
	}
	return false
}

// await returns when n more jobs have been accepted.
func (l *load) await(t *testing.T, n int) {
	t.Helper()
	deadline := time.After(patience)
	for goal := l.count() + n; l.count() < goal; {
		select {
		case <-l.news:
		case <-deadline:
			t.Fatal("the servers do not accept jobs any more")
		}
	}
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.accepted)
}

// everyJob waits for the end of every job of the organization.
func everyJob(t *testing.T, n *node, o *coretest.Org) (ids []core.JobID) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for page := (core.PageRequest{Limit: 200}); ; {
		jobs, err := n.app.Jobs.List(ctx, o.Actor(), core.JobFilter{}, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range jobs.Items {
			if _, err := n.app.Jobs.Wait(ctx, o.Actor(), j.ID); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, j.ID)
		}
		if page.Cursor = jobs.Next; page.Cursor == "" {
			return ids
		}
	}
}

// A transaction that somebody leaves open holds back the feed of everybody, and
// nothing else.
func TestOpenTransaction_DelaysTheFeedAndIsTold(t *testing.T) {
	t.Parallel()
	postgres := testenv.StartPostgres(t, testenv.PostgresOptions{})
	s := site{Database: postgres.Database(t, "clustertest", migrate), Redis: testenv.Redis(t).URL()}
	n := here(t, s, parts{})
	p := serve(t, s)
	o := register(t, n, p)
	feed := n.follow(t, o)
	conn, err := pgx.Connect(t.Context(), s.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "select pg_current_xact_id()"); err != nil {
		t.Fatal(err)
	}
	id := p.summarize(t)
	if j := p.wait(t, id); j.Status != core.JobCompleted {
		t.Errorf("the job is %s, want it completed all the same", j.Status)
	}
	p.becomes(t, "with a feed that stands still", func(r readiness) bool { return r.degradedBy("feed") })
	feed.nothingStored(t)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	feed.await(t, 1, core.EventJobCompleted)
	p.becomes(t, "afterwards", well)
	judge(t, o, []core.JobID{id})
}

func TestRedisOutage_WorkGoesOn(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t, testenv.RedisOptions{})
	s := site{Database: testenv.Database(t, "clustertest", migrate), Redis: redis.URL()}
	n := here(t, s, parts{})
	api, works := serve(t, s, "DOCSCTL_NO_WORKERS=true"), serve(t, s)
	o := register(t, n, api, works)
	feed := n.follow(t, o)
	var jobs []core.JobID
	run := func(during string) {
		t.Helper()
		id := api.summarize(t)
		if j := api.wait(t, id); j.Status != core.JobCompleted {
			t.Errorf("%s the job is %s, want %s", during, j.Status, core.JobCompleted)
		}
		jobs = append(jobs, id)
		feed.await(t, len(jobs), core.EventJobCompleted)
	}
	run("before the outage")
	redis.Stop(t)
	for _, p := range []*server{api, works} {
		p.becomes(t, "without Redis", func(r readiness) bool { return r.degradedBy("redis") })
	}
	run("without Redis")
	run("without Redis")
	redis.Start(t)
	run("after the restart")
	redis.FlushAll(t)
	run("after the flush")
	for _, p := range []*server{api, works} {
		p.becomes(t, "after the outage", well)
	}
	awaitNews(t, api)
	judge(t, o, jobs)
}

// awaitNews waits until news travels through Redis again: until a waiting request
// is answered sooner after its job's end than a poll would see it.
func awaitNews(t *testing.T, api *server) {
	t.Helper()
	if !reached(t, patience, func() bool {
		j := api.wait(t, api.summarize(t))
		return time.Since(j.FinishedAt) < 500*time.Millisecond
	}) {
		t.Error("news goes by polling only, though Redis is back")
	}
}
