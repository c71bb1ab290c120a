//go:build unix

package clustertest

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/chaos"
	"github.com/docsctl/docsctl/internal/testenv"
)

// chaosJobs is set by make chaos. The default keeps the test under a minute: it
// lasts as long as it takes to take everything away once.
var chaosJobs = flag.Int("chaos.jobs", 500, "how many jobs TestChaos runs at least")

// TestChaos runs jobs over two worker processes of which one is killed each second,
// and has what happened judged. One worker is stopped past its leases; Postgres and
// Redis are restarted twice, once in order and once by kill -9.
func TestChaos(t *testing.T) {
	t.Parallel()
	s := newStorm(t)
	s.begin(t)
	begun := time.Now()
	s.rage(t)
	s.calm(t)
	verdict := s.judge(t)
	t.Logf("%s; %d requests for jobs, %d of them while Postgres was away\n%d workers killed, 1 stopped past its leases, "+
		"Postgres restarted twice, Redis twice; %d writes of lost attempts were refused\n%s",
		time.Since(begun).Round(time.Second), s.asked.Load(), s.refused.Load(), s.killed, s.fenced.Load(), verdict)
	if len(verdict.Breaches) > 0 {
		t.Error("the event log breaks the rules above")
	}
	if n := verdict.Jobs[core.JobCompleted]; n < *chaosJobs*9/10 {
		t.Errorf("%d jobs were completed, want nearly all of %d", n, *chaosJobs)
	}
	if s.killed < 3 || s.refused.Load() == 0 {
		t.Error("too little was taken away; nothing was proven")
	}
}

const (
	stormOrgs   = 10
	stormPlaces = 8   // of each worker
	stormQueue  = 400 // jobs that wait or run, at most
)

// storm is an installation and what takes its parts away.
type storm struct {
	site
	postgres *testenv.PostgresServer
	redis    *testenv.RedisServer
	workers  [2]*victim
	killed   int
	history  chaos.History

	node     *node // where jobs are asked for
	requests sync.WaitGroup
	unended  atomic.Int64
	ended    atomic.Int64
	asked    atomic.Int64
	refused  atomic.Int64 // requests that met no database
	fenced   atomic.Int64
	stop     chan struct{} // closed when enough has happened

	mu       sync.Mutex // guards what follows
	accepted []core.JobID
	stills   []chaos.Span // in which the machine itself stood still
}

// victim is a worker process.
type victim struct {
	*child
	name string
	from time.Time
}

func newStorm(t *testing.T) *storm {
	s := &storm{
		postgres: testenv.StartPostgres(t, testenv.PostgresOptions{}), redis: testenv.StartRedis(t, testenv.RedisOptions{}),
		stop: make(chan struct{}),
	}
	s.site = site{Database: s.postgres.Database(t, "clustertest", migrate), Redis: s.redis.URL()}
	s.observe(t, chaos.Watch)
	s.node = here(t, s.named("api"), parts{})
	for i := range s.workers {
		s.workers[i] = s.startWorker(t, fmt.Sprintf("worker-%d", i))
	}
	return s
}

// named is the site as a process of that name reaches it, so that the witness knows
// who made a change.
func (s *storm) named(name string) site {
	return site{Database: s.Database + "&application_name=" + name, Redis: s.Redis}
}

func (s *storm) startWorker(t *testing.T, name string) *victim {
	t.Helper()
	v := &victim{name: name}
	v.child = startChild(t, childConfig{site: s.named(name), Workers: stormPlaces, Maintain: true, Lease: lease, Model: modelHasty})
	v.from = time.Now()
	go func() { // ends with the process
		for line := range v.lines {
			if strings.HasPrefix(line, saysFenced) {
				s.fenced.Add(1)
			}
		}
	}()
	return v
}

// observe reads or writes the database as its superuser.
func (s *storm) observe(t *testing.T, do func(ctx context.Context, conn *pgx.Conn) error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := do(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
}

// count brings unended and ended up to date.
func (s *storm) count(t *testing.T) {
	t.Helper()
	s.observe(t, func(ctx context.Context, conn *pgx.Conn) error {
		unended, ended, err := chaos.Unended(ctx, conn)
		s.unended.Store(int64(unended))
		s.ended.Store(int64(ended))
		return err
	})
}

// begin has every organization ask for jobs, on and on. Every 50th is canceled.
func (s *storm) begin(t *testing.T) {
	for range stormOrgs {
		o := coretest.NewOrg(t, s.node.Store)
		d := o.NewDocument(t)
		s.requests.Go(func() { s.ask(t, o, d) })
	}
	go s.pulse(t.Context()) // ends with the test
}

// pulse notes when the machine stands still: a free worker takes no job then either.
func (s *storm) pulse(ctx context.Context) {
	const every, late = 50 * time.Millisecond, 500 * time.Millisecond
	beat := time.NewTicker(every)
	defer beat.Stop()
	for last := time.Now(); ; last = time.Now() {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		if now := time.Now(); now.Sub(last) > late {
			s.mu.Lock()
			s.stills = append(s.stills, chaos.Span{From: last, To: now})
			s.mu.Unlock()
		}
	}
}

func (s *storm) ask(t *testing.T, o *coretest.Org, d *core.Document) {
	pause := time.NewTicker(20 * time.Millisecond) // while enough of them wait
	defer pause.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-pause.C:
		}
		for s.unended.Load() < stormQueue && s.request(t, o, d) {
		}
	}
}

// request asks for one job and reports whether the next may be asked for at once.
func (s *storm) request(t *testing.T, o *coretest.Org, d *core.Document) bool {
	select {
	case <-s.stop:
		return false
	default:
	}
	n := s.asked.Add(1)
	_, job, err := s.node.app.Summaries.Request(t.Context(), o.Actor(), core.SummaryRequest{DocumentID: d.ID})
	switch core.CodeOf(err) {
	case "":
	case core.CodeUnavailable:
		s.refused.Add(1)
		return false
	default:
		t.Errorf("a request for a job: %v", err)
		return false
	}
	s.unended.Add(1)
	s.mu.Lock()
	s.accepted = append(s.accepted, job.ID)
	s.mu.Unlock()
	if n%50 != 0 {
		return true
	}
	_, err = s.node.app.Jobs.Cancel(t.Context(), o.Actor(), job.ID)
	if code := core.CodeOf(err); err != nil && code != core.CodeConflict && code != core.CodeUnavailable {
		t.Errorf("cancel: %v", err)
	}
	return true
}
