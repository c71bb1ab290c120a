//go:build unix

package clustertest

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/internal/chaos"
)

// rage takes parts away until enough jobs have ended and each part has been away.
func (s *storm) rage(t *testing.T) {
	t.Helper()
	steps := []func(t *testing.T){
		s.stopAWorker,
		func(t *testing.T) { s.redis.Restart(t) },
		func(t *testing.T) { s.outage(t, s.postgres.Stop) },
		func(t *testing.T) { s.redis.Kill(t); s.redis.Start(t) },
		func(t *testing.T) { s.outage(t, s.postgres.Kill) },
	}
	const killsBetween = 2
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for done := 0; ; {
		<-second.C
		s.count(t)
		share := int64(*chaosJobs * done / len(steps))
		switch {
		case done < len(steps) && s.ended.Load() >= share && s.killed >= killsBetween*(done+1):
			steps[done](t)
			done++
		case done == len(steps) && s.ended.Load() >= int64(*chaosJobs):
			return
		default:
			s.killAWorker(t)
		}
	}
}

// killAWorker kills one worker after the other, and starts another in its place.
func (s *storm) killAWorker(t *testing.T) {
	t.Helper()
	i := s.killed % len(s.workers)
	s.workers[i].signal(t, syscall.SIGKILL)
	s.lived(s.workers[i])
	s.killed++
	s.workers[i] = s.startWorker(t, fmt.Sprintf("worker-%d.%d", i, s.killed))
}

// lived notes the life of a worker, which is over.
func (s *storm) lived(v *victim) {
	s.history.Processes = append(s.history.Processes, chaos.Process{
		Name: v.name, Places: stormPlaces, Span: chaos.Span{From: v.from, To: time.Now()},
	})
}

// stopAWorker stops a worker until others have taken over everything that it
// held, and has it go on then.
func (s *storm) stopAWorker(t *testing.T) {
	t.Helper()
	v := s.workers[0]
	v.signal(t, syscall.SIGSTOP)
	s.lived(v)
	stopped := time.Now()
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.After(patience); ; {
		var over bool
		s.observe(t, func(ctx context.Context, conn *pgx.Conn) error {
			return conn.QueryRow(ctx, `select clock_timestamp() > $1 and not exists (select from job_leases where lease_until <= $1)`,
				stopped.Add(lease)).Scan(&over)
		})
		if over {
			break
		}
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatal("nobody takes over what a stopped worker holds")
		}
	}
	v.from = time.Now()
	v.signal(t, syscall.SIGCONT)
}

// outage takes Postgres away and starts it again.
func (s *storm) outage(t *testing.T, end func(testing.TB)) {
	t.Helper()
	s.unended.Store(0) // requests go on, however many jobs wait
	from, refused := time.Now(), s.refused.Load()
	end(t)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.After(patience); s.refused.Load() == refused; { // somebody has noticed
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatal("no request is refused while Postgres is away")
		}
	}
	s.postgres.Start(t)
	s.history.Outages = append(s.history.Outages, chaos.Span{From: from, To: time.Now()})
}

// calm ends the requests and waits for the end of every job.
func (s *storm) calm(t *testing.T) {
	t.Helper()
	close(s.stop)
	s.requests.Wait()
	poll := time.NewTicker(200 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.After(2 * patience); ; {
		s.count(t)
		if s.unended.Load() == 0 {
			return
		}
		select {
		case <-poll.C:
		case <-deadline:
			return // the judge says what is wrong
		}
	}
}

func (s *storm) judge(t *testing.T) chaos.Verdict {
	t.Helper()
	for _, v := range s.workers {
		s.lived(v)
	}
	s.history.Accepted = s.accepted
	s.mu.Lock()
	s.history.Outages = append(s.history.Outages, s.stills...)
	s.mu.Unlock()
	s.observe(t, s.history.Read)
	if len(s.history.Events) < 4*len(s.accepted)*9/10 {
		t.Errorf("the log has %d events of %d jobs, want at least four of nearly each", len(s.history.Events), len(s.accepted))
	}
	for _, c := range s.history.Changes {
		if c.By == "" {
			t.Fatalf("the witness does not know who changed job %s", c.Job)
		}
	}
	return chaos.Judge(s.history)
}
