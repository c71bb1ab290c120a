package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
)

// runEnds commits the ends of runs. While one transaction of an organization is under
// way, the ends that come meanwhile wait for it and share the next: under load a
// commit serves many jobs, and at rest nobody waits.
type runEnds struct {
	mu      sync.Mutex // guards waiting
	waiting map[Tenant][]runEnd
}

// runEnd is what one run writes last, behind the fence of its lease.
type runEnd struct {
	lease Lease
	write func(ctx context.Context, tx Tx) error // may be run again
	done  chan error                             // takes one
}

// endsAtMost is how many runs end in one transaction.
const endsAtMost = 64

// errEndAlone tells a run to end in a transaction of its own.
var errEndAlone = errors.New("the ends of several runs were not committed together")

// end commits the last write of a run. It returns ErrLeaseLost when the run is no
// longer the job's. What another run's write does to their transaction, an error or a
// panic, is not told here: each of them then has one of its own.
func (c Config) end(ctx context.Context, l Lease, write func(ctx context.Context, tx Tx) error) error {
	own := runEnd{lease: l, write: write, done: make(chan error, 1)}
	if !c.ends.wait(own) {
		defer func() {
			if next := c.ends.next(l.Tenant); len(next) > 0 {
				go c.endAll(context.WithoutCancel(ctx), next) // they outlive this one, and it ends with them
			}
		}()
	} else if err := <-own.done; !errors.Is(err, errEndAlone) { // soon, see endTogether
		return err
	}
	return c.changeLeased(ctx, l, write)
}

// wait queues an end behind its tenant's transaction that is under way. It reports
// false when there is none: the caller has one then.
func (e *runEnds) wait(own runEnd) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	waiting, busy := e.waiting[own.lease.Tenant]
	if busy {
		waiting = append(waiting, own)
	}
	e.waiting[own.lease.Tenant] = waiting
	return busy
}

// next returns those that end in the tenant's next transaction, if any.
func (e *runEnds) next(t Tenant) []runEnd {
	e.mu.Lock()
	defer e.mu.Unlock()
	waiting := e.waiting[t]
	n := min(len(waiting), endsAtMost)
	if n == 0 {
		delete(e.waiting, t)
		return nil
	}
	e.waiting[t] = waiting[n:]
	return slices.Clone(waiting[:n])
}

// endAll commits ends of one tenant, and then those that came meanwhile.
func (c Config) endAll(ctx context.Context, ends []runEnd) {
	for ; len(ends) > 0; ends = c.ends.next(ends[0].lease.Tenant) {
		c.endTogether(ctx, ends)
	}
}

// endTogether commits ends in one transaction and tells each what became of it. It
// takes no longer than a lease lasts.
func (c Config) endTogether(ctx context.Context, ends []runEnd) {
	ctx, cancel := context.WithTimeout(ctx, c.JobLease)
	defer cancel()
	held, err := c.commitEnds(ctx, ends)
	if errors.Is(err, ErrLeaseLost) && len(held) == 0 {
		err = nil // all are lost; with leases that are held, it is one write's own error
	}
	if err != nil {
		c.Logger.WarnContext(ctx, "jobs were not ended together; each is ended alone", slog.Int("jobs", len(ends)), slog.Any("error", err))
	}
	for _, e := range ends {
		switch {
		case err != nil:
			e.done <- errEndAlone
		case !slices.Contains(held, e.lease):
			e.done <- ErrLeaseLost
		default:
			e.done <- nil
		}
	}
}

// commitEnds returns the leases that were held.
func (c Config) commitEnds(ctx context.Context, ends []runEnd) (held []Lease, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a run's last write panicked: %v\n%s", p, debug.Stack())
		}
	}()
	leases := make([]Lease, len(ends))
	for i, e := range ends {
		leases[i] = e.lease
	}
	err = c.changeAllLeased(ctx, leases, func(ctx context.Context, tx Tx, got []Lease) error {
		held = got
		for _, e := range ends {
			if !slices.Contains(got, e.lease) {
				continue
			}
			if err := e.write(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	return held, err
}
