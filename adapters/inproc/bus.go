// Package inproc provides the ports that need no service, for an installation of
// one process.
package inproc

import (
	"context"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

var _ core.EventBus = (*Bus)(nil)

// backlog is how many notices wait for a listener before it loses some. Hints are
// coalesced by whoever reads them, so this covers a burst of progress events.
const backlog = 256

// Bus is a core.EventBus within one process.
type Bus struct {
	mu        sync.Mutex // guards what follows, and the listeners' fields
	listeners map[core.Topic]map[*listener]struct{}
	closed    bool
}

// NewBus returns a Bus without listeners.
func NewBus() *Bus {
	return &Bus{listeners: map[core.Topic]map[*listener]struct{}{}}
}

// Notify implements core.EventBus.
func (b *Bus) Notify(ctx context.Context, notices ...core.Notice) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errClosed()
	}
	for _, n := range notices {
		for l := range b.listeners[n.Topic] {
			l.offer(n)
		}
	}
	return nil
}

// Listen implements core.EventBus.
func (b *Bus) Listen(ctx context.Context, topics ...core.Topic) (core.Listener, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l := &listener{bus: b, topics: topics, c: make(chan core.Notice, backlog), lost: map[core.Topic]bool{}}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, errClosed()
	}
	for _, t := range topics {
		if b.listeners[t] == nil {
			b.listeners[t] = map[*listener]struct{}{}
		}
		b.listeners[t][l] = struct{}{}
	}
	return l, nil
}

// Close implements core.EventBus.
func (b *Bus) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for _, set := range b.listeners {
		for l := range set {
			l.end()
		}
	}
	clear(b.listeners)
	return nil
}

func errClosed() error {
	return core.Unavailable("the event bus is closed; the process is stopping", time.Second, nil)
}

// listener is one receiver; its bus's lock guards it.
type listener struct {
	bus    *Bus
	topics []core.Topic
	c      chan core.Notice
	lost   map[core.Topic]bool
	closed bool
}

// offer hands n over, or remembers that it was lost.
func (l *listener) offer(n core.Notice) {
	n.Lost = n.Lost || l.lost[n.Topic]
	select {
	case l.c <- n:
		delete(l.lost, n.Topic)
	default:
		l.lost[n.Topic] = true
	}
}

func (l *listener) end() {
	if !l.closed {
		l.closed = true
		close(l.c)
	}
}

// C implements core.Listener.
func (l *listener) C() <-chan core.Notice { return l.c }

// Close implements core.Listener.
func (l *listener) Close() error {
	l.bus.mu.Lock()
	defer l.bus.mu.Unlock()
	for _, t := range l.topics {
		delete(l.bus.listeners[t], l)
		if len(l.bus.listeners[t]) == 0 {
			delete(l.bus.listeners, t)
		}
	}
	l.end()
	return nil
}
