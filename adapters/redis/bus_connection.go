package redis

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/redis/go-redis/v9"
)

const (
	// pingEvery is how often the server is asked for a sign of life.
	pingEvery = 2 * time.Second
	// silence is how long the server may give none: a connection that went dead
	// without a word is noticed within it.
	silence = 3 * pingEvery
	// longestPause is the most between two attempts to connect.
	longestPause = time.Second
)

// errOutOfStep is a confirmation of what was not asked for: the driver has
// connected anew by itself, and messages may be missing.
var errOutOfStep = errors.New("redis: a subscription was confirmed that was not asked for")

// run keeps a connection for as long as somebody listens.
func (b *Bus) run(ctx context.Context) {
	defer close(b.stopped)
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 20*time.Millisecond, longestPause
	away := false
	for b.awaitListener(ctx) {
		heard, err := b.converse(ctx, away)
		b.disconnected()
		if ctx.Err() != nil {
			return
		}
		if heard || !away {
			b.client.cfg.Logger.WarnContext(ctx, "the event bus has lost Redis; what it tells of is found by polling until it is back", "error", err)
			pause.Reset()
		}
		away = true
		timer := time.NewTimer(pause.NextBackOff())
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// awaitListener returns true when there is a listener and false when ctx ends.
func (b *Bus) awaitListener(ctx context.Context) bool {
	for {
		b.mu.Lock()
		some := len(b.topics) > 0
		b.mu.Unlock()
		if some {
			return ctx.Err() == nil
		}
		select {
		case <-b.changed:
		case <-ctx.Done():
			return false
		}
	}
}

// converse holds one connection until it fails or ctx ends, and reports whether
// the server had anything to say. The driver would connect anew by itself and tell
// nobody of what was missed meanwhile, so the first error is the connection's end.
// Its beginning is news when Redis was away.
func (b *Bus) converse(ctx context.Context, away bool) (heard bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	sub := b.client.rdb.Subscribe(ctx)
	var told error
	var wg sync.WaitGroup
	wg.Go(func() {
		told = b.tell(ctx, sub)
		_ = sub.Close() // ends the reading below
	})
	defer func() {
		cancel() // ends tell
		wg.Wait()
		if told != nil {
			err = told
		}
	}()
	for {
		msg, err := sub.ReceiveTimeout(ctx, silence)
		if err != nil {
			return heard, err
		}
		if away && !heard {
			b.client.cfg.Logger.InfoContext(ctx, "the event bus has Redis again")
		}
		heard = true
		switch msg := msg.(type) {
		case *redis.Message:
			b.deliver(msg.Channel, msg.Payload)
		case *redis.Subscription:
			if !b.confirmed(msg.Channel) {
				return heard, errOutOfStep
			}
		default: // an answer to a ping
		}
	}
}

// tell is the only writer of a connection: it subscribes and unsubscribes what has
// changed, and pings. It returns nil when ctx ends.
func (b *Bus) tell(ctx context.Context, sub *redis.PubSub) error {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		on, off := b.outdated()
		if len(on) > 0 {
			if err := sub.Subscribe(ctx, on...); err != nil {
				return err
			}
		}
		if len(off) > 0 {
			if err := sub.Unsubscribe(ctx, off...); err != nil {
				return err
			}
		}
		select {
		case <-b.changed:
		case <-tick.C:
			if err := sub.Ping(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// outdated returns the channels that are to be subscribed and unsubscribed, and
// notes that Redis owes a confirmation of each.
func (b *Bus) outdated() (on, off []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for channel := range b.dirty {
		t := b.topics[channel]
		if t == nil {
			continue
		}
		switch wanted := len(t.listeners) > 0; {
		case wanted && !t.subscribed:
			on = append(on, channel)
		case !wanted && t.subscribed:
			off = append(off, channel)
		case !wanted && t.unanswered == 0:
			delete(b.topics, channel)
			continue
		default:
			continue
		}
		t.subscribed = !t.subscribed
		t.unanswered++
	}
	clear(b.dirty)
	return on, off
}

// confirmed notes that Redis has done what it was told of a channel, and reports
// whether it was told anything.
func (b *Bus) confirmed(channel string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.topics[channel]
	if t == nil || t.unanswered == 0 {
		return b.closed
	}
	t.unanswered--
	switch {
	case t.live():
		for l := range t.listeners {
			l.subscribed(t.Topic)
		}
	case t.unanswered == 0 && len(t.listeners) == 0:
		delete(b.topics, channel)
	}
	return true
}

// disconnected notes that nothing is subscribed any more, and that those who
// listen will have missed something once it is again.
func (b *Bus) disconnected() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for channel, t := range b.topics {
		if len(t.listeners) == 0 {
			delete(b.topics, channel)
			continue
		}
		t.subscribed, t.unanswered = false, 0
		for l := range t.listeners {
			if _, fresh := l.awaited[t.Topic]; !fresh {
				l.lost[t.Topic] = true
			}
		}
		b.dirty[channel] = struct{}{}
	}
}
