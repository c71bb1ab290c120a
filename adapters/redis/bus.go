package redis

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/docsctl/docsctl/core"
)

var _ core.EventBus = (*Bus)(nil)

// backlog is how many notices wait for a listener before it loses some. Hints are
// coalesced by whoever reads them, so this covers a burst of progress events.
const backlog = 256

// Bus is a core.EventBus over publish and subscribe. All listeners of a process
// share one connection, on which each topic is subscribed once.
//
// While Redis is away Listen succeeds after the time of a call. Whenever a topic
// is subscribed anew, those who listened before get a notice with Lost set.
type Bus struct {
	client  *Client
	changed chan struct{} // holds one when there is something in dirty
	stop    context.CancelFunc
	stopped chan struct{} // closed when the connection's goroutines have ended

	mu     sync.Mutex // guards what follows, the topics' and the listeners' fields
	topics map[string]*topic
	dirty  map[string]struct{} // channels whose subscription may not be as it should
	closed bool
}

// topic is a channel that has listeners, or a subscription, or an answer to come.
type topic struct {
	core.Topic
	listeners  map[*listener]struct{}
	subscribed bool // what Redis was told last on this connection
	unanswered int  // how many times it was told something and has not confirmed it
}

func (t *topic) live() bool { return t.subscribed && t.unanswered == 0 }

// NewBus returns a bus over a client's Redis. It connects when somebody listens;
// Close ends it.
func NewBus(c *Client) *Bus {
	ctx, stop := context.WithCancel(context.Background())
	b := &Bus{
		client: c, changed: make(chan struct{}, 1), stop: stop, stopped: make(chan struct{}),
		topics: map[string]*topic{}, dirty: map[string]struct{}{},
	}
	go b.run(ctx) // until stop, by Close
	return b
}

// channel returns the name under which Redis routes a topic. Channels are not
// apart by database, so its number is part of the name.
func (b *Bus) channel(t core.Topic) string {
	return b.client.cfg.Prefix + "bus:" + b.client.database + ":" + t.String()
}

// Notify implements core.EventBus.
func (b *Bus) Notify(ctx context.Context, notices ...core.Notice) error {
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if closed {
		return errClosed()
	}
	if len(notices) == 0 {
		return ctx.Err()
	}
	return b.client.do(ctx, "notify", func(ctx context.Context) error {
		_, err := b.client.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, n := range notices {
				p.Publish(ctx, b.channel(n.Topic), encodeNotice(n))
			}
			return nil
		})
		return err
	})
}

// Listen implements core.EventBus.
func (b *Bus) Listen(ctx context.Context, topics ...core.Topic) (core.Listener, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l := &listener{
		bus: b, topics: topics, c: make(chan core.Notice, backlog),
		awaited: map[core.Topic]struct{}{}, ready: make(chan struct{}), lost: map[core.Topic]bool{},
	}
	if !b.add(l) {
		return nil, errClosed()
	}
	timer := time.NewTimer(b.client.cfg.Timeout)
	defer timer.Stop()
	select {
	case <-l.ready:
	case <-timer.C:
		b.goOnWithout(l)
	case <-ctx.Done():
		_ = l.Close()
		return nil, ctx.Err()
	}
	return l, nil
}

// add registers l under its topics and reports whether the bus is open.
func (b *Bus) add(l *listener) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	for _, name := range l.topics {
		channel := b.channel(name)
		t := b.topics[channel]
		if t == nil {
			t = &topic{Topic: name, listeners: map[*listener]struct{}{}}
			b.topics[channel] = t
		}
		t.listeners[l] = struct{}{}
		if !t.live() {
			l.awaited[name] = struct{}{}
			b.touch(channel)
		}
	}
	l.arm()
	return true
}

// goOnWithout lets l listen although some of its topics are not subscribed yet;
// it will learn that it has missed notices of these.
func (b *Bus) goOnWithout(l *listener) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name := range l.awaited {
		l.lost[name] = true
	}
	clear(l.awaited)
}

// remove takes l from its topics.
func (b *Bus) remove(l *listener) {
	for _, name := range l.topics {
		channel := b.channel(name)
		if t := b.topics[channel]; t != nil {
			delete(t.listeners, l)
			b.touch(channel)
		}
	}
}

// touch has the connection look at a channel's subscription.
func (b *Bus) touch(channel string) {
	b.dirty[channel] = struct{}{}
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// deliver hands a message's notice to the listeners of its channel.
func (b *Bus) deliver(channel, payload string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.topics[channel]
	if t == nil {
		return
	}
	n := decodeNotice(t.Topic, payload)
	for l := range t.listeners {
		l.offer(n)
	}
}

// Close implements core.EventBus.
func (b *Bus) Close() error {
	b.mu.Lock()
	b.closed = true
	for _, t := range b.topics {
		for l := range t.listeners {
			l.end()
		}
	}
	clear(b.topics)
	b.mu.Unlock()
	b.stop()
	<-b.stopped
	return nil
}

// listener is one receiver; its bus's lock guards it.
type listener struct {
	bus     *Bus
	topics  []core.Topic
	c       chan core.Notice
	awaited map[core.Topic]struct{} // topics for whose subscription Listen waits
	ready   chan struct{}           // closed when there are none
	lost    map[core.Topic]bool
	closed  bool
}

// arm closes ready when nothing is awaited.
func (l *listener) arm() {
	if len(l.awaited) == 0 {
		select {
		case <-l.ready:
		default:
			close(l.ready)
		}
	}
}

// subscribed tells l that Redis has confirmed a topic.
func (l *listener) subscribed(t core.Topic) {
	delete(l.awaited, t)
	l.arm()
	if l.lost[t] {
		l.offer(core.Notice{Topic: t, Lost: true})
	}
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
	l.bus.remove(l)
	l.end()
	return nil
}
