package feed

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"

	"github.com/docsctl/docsctl/core"
)

// replayBatch bounds what a stream that is behind keeps in memory: after an
// interruption all clients are behind at once.
const replayBatch = 64

// Stream is one client's part of the feed.
type Stream struct {
	follower *follower
	id       string
	start    core.Position
	last     core.Position
	topics   atomic.Uint32        // a topicSet
	place    atomic.Pointer[link] // the last item taken; nil while behind, and when ended
	done     chan struct{}        // closed by end
	endOnce  sync.Once
	reason   error // why it ended; set before done is closed
	closed   sync.Once

	// What Next's caller alone uses.
	at      core.Position // the last stored event returned or passed over
	behind  bool          // what comes next is in the log and not in the chain
	ahead   bool          // the chain has not come to at
	resumed bool          // the jobs that run are to be told once it is no longer behind
	ready   []*Item       // to be returned first
}

// open makes a stream that begins at the log's end, or after o.Since.
func (f *follower) open(ctx context.Context, o Options) (*Stream, error) {
	topics, err := newTopicSet(o.Topics)
	if err != nil {
		return nil, err
	}
	select {
	case <-f.started:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	state, err := f.read.Events.State(ctx)
	if err != nil {
		return nil, err
	}
	s := &Stream{follower: f, id: core.NewID[string](), at: state.Last, last: state.Last, behind: true, done: make(chan struct{})}
	s.topics.Store(uint32(topics))
	if o.Since != "" {
		s.resumed = true
		if reason := resetReason(o.Since, state); reason != "" {
			s.ready = append(s.ready, &Item{Reset: reason, Last: state.Last})
		} else {
			s.at = o.Since
		}
	}
	s.start = s.at
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed != nil {
		return nil, f.failed
	}
	f.streams[s] = struct{}{}
	s.joinLocked()
	return s, nil
}

// ID is the connection's id.
func (s *Stream) ID() string { return s.id }

// Start returns the position after which the stream's events come: Last, or
// Options.Since.
func (s *Stream) Start() core.Position { return s.start }

// Last returns the log's end at the time of Open.
func (s *Stream) Last() core.Position { return s.last }

// Next returns the next item, waiting for it. It returns ctx's error when ctx ends
// first, and the reason as soon as the stream has ended. Another error means that
// the log could not be read; Next may be called again. It is called by one
// goroutine at a time.
func (s *Stream) Next(ctx context.Context) (*Item, error) {
	for {
		select {
		case <-s.done:
			return nil, s.reason
		default:
		}
		it, err := s.step(ctx)
		if err != nil {
			return nil, err
		}
		if it != nil && s.Wants(it) {
			return it, nil
		}
	}
}

// step returns the next item of the stream whatever its topic, or nil when there
// is to be looked again.
func (s *Stream) step(ctx context.Context) (*Item, error) {
	if len(s.ready) > 0 {
		it := s.ready[0]
		s.ready[0], s.ready = nil, s.ready[1:]
		return s.pass(it), nil
	}
	if s.behind {
		return nil, s.replay(ctx)
	}
	if s.resumed {
		s.resumed = false
		return nil, s.tellRunning(ctx)
	}
	place := s.place.Load()
	if place == nil { // ended
		return nil, nil
	}
	select {
	case <-place.ready:
	case <-s.done:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.place.CompareAndSwap(place, place.next)
	return s.pass(place.next.item), nil
}

// pass notes how far the stream has come. A stream may have begun after the
// follower's place: it drops what it had before, and progress of that time.
func (s *Stream) pass(it *Item) *Item {
	id := it.Event.ID
	switch {
	case it.Reset != "":
		s.at, s.ahead = it.Last, false
	case id == "":
		if s.ahead {
			return nil
		}
	case id <= s.at:
		s.ahead = s.ahead && id != s.at
		return nil
	default:
		s.at, s.ahead = id, false
	}
	return it
}

// replay reads the next events from the log; at its end the stream goes over to
// the follower's chain.
func (s *Stream) replay(ctx context.Context) error {
	log := s.follower.read.Events
	events, err := log.After(ctx, s.at, replayBatch)
	if core.CodeOf(err) == core.CodeConflict { // pruned or restored meanwhile
		it, err := newReset(ctx, log, s.at)
		if err == nil {
			s.ready = append(s.ready, it)
		}
		return err
	}
	if err != nil {
		return err
	}
	for _, e := range events {
		s.ready = append(s.ready, &Item{Event: e})
	}
	if len(events) == 0 {
		s.follower.mu.Lock()
		defer s.follower.mu.Unlock()
		s.joinLocked()
	}
	return nil
}

// joinLocked goes over to the chain unless the follower is further on than the
// stream; follower.mu is held. A follower in another epoch is about to tell a reset.
func (s *Stream) joinLocked() {
	f := s.follower
	if s.at < f.at && s.at.Epoch() == f.at.Epoch() {
		return
	}
	s.behind, s.ahead = false, s.at > f.at
	if len(s.ready) == 0 {
		s.ready = nil // gives up a replay's batch
	}
	s.place.Store(f.tail)
}

// maxRunning bounds how many running jobs are told to a client that resumes.
const maxRunning = 100

// tellRunning has the jobs that run told as they are now: their progress while the
// client was away is not in the log.
func (s *Stream) tellRunning(ctx context.Context) error {
	jobs, err := s.follower.read.Jobs.List(ctx, core.JobFilter{Status: core.JobInProgress}, core.Seek{Limit: maxRunning})
	if err != nil {
		return err
	}
	for i := range jobs {
		raw, err := json.Marshal(&jobs[i])
		if err != nil {
			return err
		}
		at := jobs[i].QueuedAt
		if jobs[i].StartedAt != nil {
			at = *jobs[i].StartedAt
		}
		s.ready = append(s.ready, &Item{Event: core.Event{Type: core.EventJobProgress, OrgID: jobs[i].OrgID, At: at, Data: raw}})
	}
	return nil
}

// Subscribe replaces the topics from the next item on. It returns CodeValidation
// for a topic that is none.
func (s *Stream) Subscribe(topics []string) error {
	set, err := newTopicSet(topics)
	if err == nil {
		s.topics.Store(uint32(set))
	}
	return err
}

// Wants reports whether the item is of the stream's topics. A transport asks it
// again when it has waited since Next.
func (s *Stream) Wants(it *Item) bool {
	return it.Reset != "" || topicSet(s.topics.Load())&topicBit(it.Event.Type.Topic()) != 0
}

// end is called once or more, from any goroutine.
func (s *Stream) end(reason error) {
	s.endOnce.Do(func() {
		s.reason = reason
		close(s.done)
	})
	s.place.Store(nil)
}

// Done is closed when the stream has ended.
func (s *Stream) Done() <-chan struct{} { return s.done }

// End ends the stream with a reason for its Next. The owner still closes it.
func (s *Stream) End(reason error) { s.end(reason) }

// Close ends the stream and gives up its place; closing it again does nothing.
func (s *Stream) Close() {
	s.closed.Do(func() {
		s.end(ErrClosed)
		f := s.follower
		f.mu.Lock()
		delete(f.streams, s)
		f.mu.Unlock()
		f.hub.release(f)
	})
}
