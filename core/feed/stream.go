package feed

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/docsctl/docsctl/core"
)

// Why a client must fetch its state anew before it goes on live.
const (
	resetTooOld = "too_old"
	resetEpoch  = "epoch"
	resetAhead  = "ahead"
)

// Item is one thing that a stream carries: an event, or a reset.
type Item struct {
	Event core.Event
	Reset string        // "", or why the client's state is to be fetched anew
	Last  core.Position // of a reset: where the log is now

	once    sync.Once
	encoded []byte
}

// Encoded returns the item in a transport's form. encode runs once for all streams
// that share the item.
func (it *Item) Encoded(encode func(*Item) []byte) []byte {
	it.once.Do(func() { it.encoded = encode(it) })
	return it.encoded
}

// Stream is one client's part of the feed.
type Stream struct {
	follower *follower
	queue    chan *Item    // live items
	done     chan struct{} // closed by end
	topics   map[string]bool
	topicsMu sync.RWMutex // guards topics
	ended    atomic.Pointer[error]
	endOnce  sync.Once

	live   core.Position // the follower's place when the stream joined
	last   core.Position // see Last
	replay core.Position // how far the replay has come; "" when it is over
	reset  *Item         // to be told first
	ready  []core.Event  // replayed, not yet returned
}

// begin decides where the stream starts.
func (s *Stream) begin(ctx context.Context, since core.Position) error {
	s.last = s.live
	if since == "" {
		return nil
	}
	state, err := s.follower.log.State(ctx)
	if err != nil {
		return err
	}
	switch {
	case since.Epoch() != state.Epoch:
		s.reset = &Item{Reset: resetEpoch, Last: s.live}
	case since > state.Last:
		s.reset = &Item{Reset: resetAhead, Last: s.live}
	case since < state.First:
		s.reset = &Item{Reset: resetTooOld, Last: s.live}
	case since < s.live:
		s.replay = since
	}
	return nil
}

// Last returns the position at which the stream became live: what hello tells.
func (s *Stream) Last() core.Position { return s.last }

// Next returns the next item, waiting for it. It returns ctx's error when ctx ends
// first, and the reason when the stream has ended. It is called by one goroutine
// at a time.
func (s *Stream) Next(ctx context.Context) (*Item, error) {
	if r := s.reset; r != nil {
		s.reset = nil
		return r, nil
	}
	for s.replay != "" {
		it, err := s.replayed(ctx)
		if it != nil || err != nil {
			return it, err
		}
	}
	select {
	case it := <-s.queue:
		return it, nil
	default:
	}
	select {
	case it := <-s.queue:
		return it, nil
	case <-s.done:
		return nil, *s.ended.Load()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// replayed returns the next stored event up to the place where the stream went
// live, or nil when there is none left.
func (s *Stream) replayed(ctx context.Context) (*Item, error) {
	for len(s.ready) == 0 {
		events, err := s.follower.log.After(ctx, s.replay, readBatch)
		if core.CodeOf(err) == core.CodeConflict { // pruned or restored meanwhile
			s.replay = ""
			return &Item{Reset: resetTooOld, Last: s.live}, nil
		}
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if e.ID <= s.live {
				s.ready = append(s.ready, e)
			}
		}
		if len(s.ready) == 0 {
			s.replay = ""
			return nil, nil
		}
	}
	e := s.ready[0]
	s.ready = s.ready[1:]
	if s.replay = e.ID; s.replay >= s.live {
		s.replay = ""
	}
	if it := (&Item{Event: e}); s.wants(it) {
		return it, nil
	}
	return nil, nil
}

// Subscribe replaces the topics from the next item on.
func (s *Stream) Subscribe(topics []string) error {
	set, err := topicSet(topics)
	if err != nil {
		return err
	}
	s.topicsMu.Lock()
	defer s.topicsMu.Unlock()
	s.topics = set
	return nil
}

func (s *Stream) wants(it *Item) bool {
	if it.Reset != "" {
		return true
	}
	s.topicsMu.RLock()
	defer s.topicsMu.RUnlock()
	return s.topics[it.Event.Type.Topic()]
}

// offer queues an item, or ends the stream when the client does not keep up.
func (s *Stream) offer(it *Item) {
	select {
	case s.queue <- it:
	default:
		s.end(ErrSlow)
	}
}

func (s *Stream) end(reason error) {
	s.endOnce.Do(func() {
		s.ended.Store(&reason)
		close(s.done)
	})
}

// Done is closed when the stream has ended, for writers that wait elsewhere.
func (s *Stream) Done() <-chan struct{} { return s.done }

// Close ends the stream with a reason for its Next; closing it again does nothing.
func (s *Stream) Close(reason error) {
	s.end(reason)
	s.follower.leave(s)
}
