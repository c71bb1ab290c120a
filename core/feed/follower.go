package feed

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

const (
	pollEvery = time.Second          // the net under the bus
	coalesce  = 3 * time.Millisecond // a burst of commits is read once
	readBatch = 500
)

// follower reads one tenant's log and hands each event to the tenant's streams.
type follower struct {
	hub      *Hub
	tenant   core.Tenant
	log      core.EventReader
	stop     context.CancelFunc
	expected int           // streams about to join; guarded by hub.mu
	started  chan struct{} // closed when the bus is listened to and at is set

	mu      sync.Mutex // guards what follows
	streams map[*Stream]struct{}
	at      core.Position // the last event handed on
	failed  error         // the start failed with it
}

func newFollower(h *Hub, t core.Tenant) *follower {
	return &follower{
		hub: h, tenant: t, log: h.cfg.Store.Tenant(t).Read().Events,
		started: make(chan struct{}), streams: map[*Stream]struct{}{},
	}
}

// join adds a stream at the follower's place and has it read what lies between
// since and there.
func (f *follower) join(ctx context.Context, topics map[string]bool, since core.Position) (*Stream, error) {
	defer f.joined()
	select {
	case <-f.started:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	f.mu.Lock()
	if f.failed != nil {
		f.mu.Unlock()
		return nil, f.failed
	}
	s := &Stream{follower: f, queue: make(chan *Item, f.hub.cfg.Queue), done: make(chan struct{}), topics: topics, live: f.at}
	f.streams[s] = struct{}{}
	f.mu.Unlock()
	if err := s.begin(ctx, since); err != nil {
		s.Close(ErrClosed)
		return nil, err
	}
	return s, nil
}

// joined gives up the place that Hub.follower kept.
func (f *follower) joined() {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	f.expected--
	f.retireIfIdle()
}

// leave removes a stream; the last one ends the follower.
func (f *follower) leave(s *Stream) {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	f.mu.Lock()
	delete(f.streams, s)
	f.mu.Unlock()
	f.retireIfIdle()
}

// retireIfIdle is called with hub.mu held.
func (f *follower) retireIfIdle() {
	f.mu.Lock()
	idle := len(f.streams) == 0 && f.expected == 0
	f.mu.Unlock()
	if idle && f.hub.followers[f.tenant] == f {
		delete(f.hub.followers, f.tenant)
		f.stop()
	}
}

func (f *follower) closeAll(reason error) {
	f.mu.Lock()
	all := make([]*Stream, 0, len(f.streams))
	for s := range f.streams {
		all = append(all, s)
	}
	f.mu.Unlock()
	for _, s := range all {
		s.end(reason)
	}
}

// run listens, reads and hands on until ctx ends. It subscribes first and reads
// then, so that nothing falls between.
func (f *follower) run(ctx context.Context) {
	news := f.listen(ctx)
	if news != nil {
		defer news.Close()
	}
	if !f.start(ctx) {
		return
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for f.await(ctx, news, tick.C) {
		if err := f.readOn(ctx); err != nil && ctx.Err() == nil {
			f.hub.cfg.Logger.WarnContext(ctx, "the event log could not be read; trying again",
				slog.String("org_id", string(f.tenant.OrgID())), slog.Any("error", err))
		}
	}
}

func (f *follower) listen(ctx context.Context) core.Listener {
	news, err := f.hub.cfg.Bus.Listen(ctx, core.FeedTopic(f.tenant))
	if err != nil { // polling alone goes on
		f.hub.cfg.Logger.WarnContext(ctx, "the bus cannot be listened to; the feed polls", slog.Any("error", err))
		return nil
	}
	return news
}

// start finds the log's end. When it cannot be read, those who wait to join are
// told, and a later stream starts another follower.
func (f *follower) start(ctx context.Context) bool {
	state, err := f.log.State(ctx)
	f.mu.Lock()
	f.at, f.failed = state.Last, err
	f.mu.Unlock()
	close(f.started)
	if err != nil {
		f.hub.mu.Lock()
		if f.hub.followers[f.tenant] == f {
			delete(f.hub.followers, f.tenant)
		}
		f.hub.mu.Unlock()
	}
	return err == nil
}

// await returns true when the log is to be read, false when ctx ended. Ephemeral
// events are handed on as they come.
func (f *follower) await(ctx context.Context, news core.Listener, tick <-chan time.Time) bool {
	var c <-chan core.Notice
	if news != nil {
		c = news.C()
	}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick:
			return true
		case n, ok := <-c:
			if !ok {
				c = nil
				continue
			}
			if n.Body == nil || n.Lost {
				return f.settle(ctx)
			}
			f.ephemeral(n.Body)
		}
	}
}

// settle waits a moment, so that a burst of hints causes one read.
func (f *follower) settle(ctx context.Context) bool {
	pause := time.NewTimer(coalesce)
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-pause.C:
		return true
	}
}

func (f *follower) ephemeral(body []byte) {
	var e core.Event
	if json.Unmarshal(body, &e) != nil || e.OrgID != f.tenant.OrgID() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hand(&Item{Event: e})
}

// readOn hands on everything after the follower's place. A log of another epoch
// (a restored store) is told to the streams as a reset.
func (f *follower) readOn(ctx context.Context) error {
	for {
		f.mu.Lock()
		at := f.at
		f.mu.Unlock()
		events, err := f.log.After(ctx, at, readBatch)
		if core.CodeOf(err) == core.CodeConflict {
			return f.restart(ctx)
		}
		if err != nil {
			return err
		}
		f.mu.Lock()
		for i := range events {
			f.hand(&Item{Event: events[i]})
			f.at = events[i].ID
		}
		f.mu.Unlock()
		if len(events) < readBatch {
			return nil
		}
	}
}

func (f *follower) restart(ctx context.Context) error {
	state, err := f.log.State(ctx)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	reason := resetEpoch
	if state.Epoch == f.at.Epoch() {
		reason = resetTooOld
	}
	f.at = state.Last
	f.hand(&Item{Reset: reason, Last: state.Last})
	return nil
}

// hand gives an item to every stream that wants it; f.mu is held.
func (f *follower) hand(it *Item) {
	for s := range f.streams {
		if s.wants(it) {
			s.offer(it)
		}
	}
}
