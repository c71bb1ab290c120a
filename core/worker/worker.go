// Package worker runs jobs: it claims them, keeps their leases, ends those that
// were canceled, rescues those whose worker died, and keeps the search index up
// to date. What a job does, and what its end means, is core's.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

// Pool is a queue and how many of its jobs run at once.
type Pool struct {
	Queue core.Queue
	Size  int
}

// Config is what a Worker is built of.
type Config struct {
	Work     *core.WorkService
	Pools    []Pool
	OrgLimit int          // most jobs of a queue that one organization has leased; 0: no limit
	Maintain bool         // also rescue jobs, index documents and tidy up, for the whole installation
	Logger   *slog.Logger // nil: slog.Default()
}

// Worker runs jobs until it is stopped.
type Worker struct {
	cfg    Config
	pools  []*pool
	leases *leases
	index  chan struct{} // a hint that documents wait to be indexed
	beat   chan struct{} // a hint that a lease may be lost

	stopOnce sync.Once
	quit     context.CancelFunc      // ends the loops; no more is claimed
	abort    context.CancelCauseFunc // ends the handlers
	loops    sync.WaitGroup
	running  sync.WaitGroup
}

// New checks c and returns a Worker that does nothing yet.
func New(c Config) (*Worker, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Work == nil {
		return nil, errors.New("worker: Config.Work is nil")
	}
	w := &Worker{cfg: c, leases: newLeases(c.Work.Lease()), index: make(chan struct{}, 1), beat: make(chan struct{}, 1)}
	for _, p := range c.Pools {
		if p.Size < 1 {
			return nil, fmt.Errorf("worker: Config.Pools: queue %q has size %d; it needs at least 1", p.Queue, p.Size)
		}
		w.pools = append(w.pools, newPool(p))
	}
	return w, nil
}

// pollEvery is the net under the bus's hints.
const pollEvery = time.Second

// Start begins to claim and run jobs. Stop ends what it starts; ctx only bounds
// the start itself. It is called once.
func (w *Worker) Start(ctx context.Context) error {
	queues := make([]core.Queue, 0, len(w.pools))
	for _, p := range w.pools {
		queues = append(queues, p.queue)
	}
	hints, err := w.cfg.Work.Listen(ctx, queues...)
	if err != nil {
		return fmt.Errorf("worker: listen for work: %w", err)
	}
	loop, quit := context.WithCancel(context.WithoutCancel(ctx))
	base, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	w.quit, w.abort = quit, abort
	for _, p := range w.pools {
		w.loops.Go(func() { w.claimLoop(loop, base, p) })
	}
	w.loops.Go(func() { w.hintLoop(loop, hints) })
	w.running.Go(func() { w.heartbeatLoop(base) })
	if w.cfg.Maintain {
		w.loops.Go(func() { w.rescueLoop(loop) })
		w.loops.Go(func() { w.indexLoop(loop) })
		w.loops.Go(func() { w.tidyLoop(loop) })
		w.loops.Go(func() { w.keepLoop(loop) })
		w.loops.Go(func() { w.webhookLoop(loop) })
		w.loops.Go(func() { w.pruneLoop(loop) })
	}
	return nil
}

// Stop claims nothing more and waits for running jobs. When ctx ends first, they
// are told to stop and go back to their queues. Stopping again does nothing.
func (w *Worker) Stop(ctx context.Context) {
	w.stopOnce.Do(func() {
		if w.quit == nil { // never started
			return
		}
		w.quit()
		w.loops.Wait()
		idle := make(chan struct{})
		go func() { // ends with the jobs, which the abort below ends at the latest
			w.leases.waitNone()
			close(idle)
		}()
		select {
		case <-idle:
		case <-ctx.Done():
		}
		w.abort(core.ErrShutdown)
		<-idle
		w.running.Wait()
	})
}

// hintLoop turns the bus's notices into wake-ups.
func (w *Worker) hintLoop(ctx context.Context, l core.Listener) {
	defer l.Close()
	byTopic := map[core.Topic]*pool{}
	for _, p := range w.pools {
		byTopic[core.WorkTopic(p.queue)] = p
	}
	for {
		select {
		case <-ctx.Done():
			return
		case n, ok := <-l.C():
			switch {
			case !ok: // the bus is closed; polling goes on
				return
			case n.Topic == core.CanceledTopic(): // the store says whether this attempt is the canceled one
				if n.Lost || w.leases.holds(core.JobID(n.Body)) {
					wake(w.beat)
				}
			case n.Topic == core.IndexTopic():
				wake(w.index)
			case byTopic[n.Topic] != nil:
				wake(byTopic[n.Topic].wake)
			}
		}
	}
}

// wake leaves one hint; a second one would say nothing new.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
