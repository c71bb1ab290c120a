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
	readBatch = 256
)

// follower reads one tenant's log and hands each event to the tenant's streams.
type follower struct {
	hub     *Hub
	tenant  core.Tenant
	read    core.Readers
	stop    context.CancelFunc
	users   int           // streams, and those about to be; guarded by hub.mu
	started chan struct{} // closed when the bus is listened to and at is set, or failed is

	mu      sync.Mutex // guards what follows
	streams map[*Stream]struct{}
	tail    *link         // the last item handed on
	at      core.Position // the last stored event handed on
	failed  error         // why no stream can join any more
	ended   endedJobs
}

// link is one item of the chain that a follower's streams go along, each at its
// own pace. What every stream has passed is garbage.
type link struct {
	number int
	item   *Item // nil in the chain's first
	next   *link
	ready  chan struct{} // closed when next is set
}

func newFollower(h *Hub, t core.Tenant, stop context.CancelFunc) *follower {
	return &follower{
		hub: h, tenant: t, stop: stop, read: h.cfg.Store.Tenant(t).Read(),
		started: make(chan struct{}), streams: map[*Stream]struct{}{}, tail: &link{ready: make(chan struct{})},
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
	defer f.endAll()
	var notices <-chan core.Notice
	if news != nil {
		notices = news.C()
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for f.await(ctx, &notices, tick.C) {
		if err := f.readOn(ctx); err != nil && ctx.Err() == nil {
			f.hub.cfg.Logger.WarnContext(ctx, "the event log could not be read; trying again",
				slog.String("org_id", string(f.tenant.OrgID())), slog.Any("error", err))
		}
	}
}

func (f *follower) listen(ctx context.Context) core.Listener {
	news, err := f.hub.cfg.Bus.Listen(ctx, core.FeedTopic(f.tenant), core.ConnectionsTopic(f.tenant))
	if err != nil { // polling alone goes on
		f.hub.cfg.Logger.WarnContext(ctx, "the bus cannot be listened to; the feed polls", slog.Any("error", err))
		return nil
	}
	return news
}

// start finds the log's end. When it cannot be read, those who wait to join are
// told, and a later stream starts another follower.
func (f *follower) start(ctx context.Context) bool {
	state, err := f.read.Events.State(ctx)
	if err != nil && ctx.Err() != nil {
		err = errClosed()
	}
	f.mu.Lock()
	f.at, f.failed = state.Last, err
	f.mu.Unlock()
	close(f.started)
	if err != nil {
		f.hub.mu.Lock()
		defer f.hub.mu.Unlock()
		f.hub.forget(f)
	}
	return err == nil
}

// endAll ends the streams that are left: the hub was closed.
func (f *follower) endAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = errClosed()
	for s := range f.streams {
		s.end(ErrShutdown)
	}
}

// await returns true when the log is to be read, false when ctx ended. What needs
// no reading is done as it comes. A bus that has ended is listened to no more.
func (f *follower) await(ctx context.Context, notices *<-chan core.Notice, tick <-chan time.Time) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick:
			return true
		case n, ok := <-*notices:
			switch {
			case !ok:
				*notices = nil
			case n.Topic == core.ConnectionsTopic(f.tenant):
				f.endStream(string(n.Body))
			case n.Body != nil:
				f.ephemeral(n.Body)
				if n.Lost {
					return pause(ctx)
				}
			default:
				return pause(ctx)
			}
		}
	}
}

// pause waits a moment, so that a burst of hints causes one read.
func pause(ctx context.Context) bool {
	timer := time.NewTimer(coalesce)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func (f *follower) endStream(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.streams {
		if s.id == id {
			s.end(ErrEnded)
		}
	}
}

func (f *follower) ephemeral(body []byte) {
	var e core.Event
	if json.Unmarshal(body, &e) != nil || e.OrgID != f.tenant.OrgID() || e.ID != "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended.outlived(e) {
		return
	}
	f.hand(&Item{Event: e})
	f.dropSlow()
}

// readOn hands on everything after the follower's place. A log of another epoch
// (a restored store) is told to the streams as a reset.
func (f *follower) readOn(ctx context.Context) error {
	for {
		events, err := f.read.Events.After(ctx, f.at, readBatch)
		if core.CodeOf(err) == core.CodeConflict {
			return f.restart(ctx)
		}
		if err != nil {
			return err
		}
		f.mu.Lock()
		for i := range events {
			f.ended.note(events[i])
			f.hand(&Item{Event: events[i]})
			f.at = events[i].ID
		}
		f.dropSlow()
		f.mu.Unlock()
		// The pause lets clients that keep up take a batch before the next one.
		if len(events) < readBatch || !pause(ctx) {
			return nil
		}
	}
}

func (f *follower) restart(ctx context.Context) error {
	it, err := newReset(ctx, f.read.Events, f.at)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = it.Last
	f.hand(it)
	f.dropSlow()
	return nil
}

// hand puts an item at the end of the chain; f.mu is held.
func (f *follower) hand(it *Item) {
	next := &link{number: f.tail.number + 1, item: it, ready: make(chan struct{})}
	f.tail.next = next
	close(f.tail.ready)
	f.tail = next
}

// dropSlow ends the streams that are too far behind, and lets go of what they
// have not read; f.mu is held.
func (f *follower) dropSlow() {
	for s := range f.streams {
		if l := s.place.Load(); l != nil && f.tail.number-l.number > f.hub.cfg.Queue {
			s.end(ErrSlow)
		}
	}
}
