package worker

import (
	"context"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

// leases are the leases that this worker holds, each with the means to end its
// handler.
type leases struct {
	ttl time.Duration

	mu   sync.Mutex // guards what follows
	held map[core.Lease]held
	none *sync.Cond // told when held becomes empty
}

type held struct {
	end    context.CancelCauseFunc
	expiry *time.Timer // ends the handler when no heartbeat has succeeded in time
}

func newLeases(ttl time.Duration) *leases {
	l := &leases{ttl: ttl, held: map[core.Lease]held{}}
	l.none = sync.NewCond(&l.mu)
	return l
}

// margin is how long before its lease runs out a handler is ended, by this
// process's own monotonic clock: it must have stopped when another takes over.
func (l *leases) margin() time.Duration { return min(5*time.Second, l.ttl/6) }

// add returns the context of the lease's handler.
func (l *leases) add(base context.Context, lease core.Lease) context.Context {
	ctx, end := context.WithCancelCause(base)
	expiry := time.AfterFunc(l.ttl-l.margin(), func() { end(core.ErrLeaseLost) })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[lease] = held{end: end, expiry: expiry}
	return ctx
}

func (l *leases) remove(lease core.Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h, ok := l.held[lease]; ok {
		h.expiry.Stop()
		h.end(nil)
		delete(l.held, lease)
	}
	if len(l.held) == 0 {
		l.none.Broadcast()
	}
}

// holds reports whether an attempt at the job runs here.
func (l *leases) holds(id core.JobID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for lease := range l.held {
		if lease.JobID == id {
			return true
		}
	}
	return false
}

func (l *leases) all() []core.Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]core.Lease, 0, len(l.held))
	for lease := range l.held {
		all = append(all, lease)
	}
	return all
}

// renewed notes a heartbeat that was sent at sent and succeeded for asked, but for
// the lost ones, whose handlers end. The store leaves a renewed lease at least two
// thirds of its time.
func (l *leases) renewed(asked, lost []core.Lease, sent time.Time) {
	rest := max(l.ttl*2/3-l.margin()-time.Since(sent), 0)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range asked {
		if h, ok := l.held[x]; ok {
			h.expiry.Reset(rest)
		}
	}
	for _, x := range lost {
		if h, ok := l.held[x]; ok {
			h.end(core.ErrLeaseLost)
		}
	}
}

// waitNone returns when no lease is held.
func (l *leases) waitNone() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.held) > 0 {
		l.none.Wait()
	}
}
