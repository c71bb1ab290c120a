// Package feed serves a tenant's event log as a live stream: what came after a
// position first, then what comes, none lost and none twice. It knows neither
// WebSocket nor Server-Sent Events.
//
// One follower a tenant reads the log for all of its streams on this node. It is
// told by the bus that there is news, and looks every second in case it was not.
// So a lost notice costs latency, never an event. A stream that is behind reads
// the log by itself until it has come to the follower's place.
package feed

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

// Config is what a Hub is built of.
type Config struct {
	Store  core.Store
	Bus    core.EventBus
	Logger *slog.Logger // nil: slog.Default()
	Queue  int          // how many items a client may be behind before it is too slow; 0: 2048
}

// Hub holds the followers of one process. Its methods may be called concurrently.
type Hub struct {
	cfg Config

	mu        sync.Mutex // guards what follows; taken before a follower's
	followers map[core.Tenant]*follower
	closed    chan struct{}  // by Close
	running   sync.WaitGroup // followers
	streams   sync.WaitGroup // not yet closed by their owners; none is added once closed
}

// New returns a Hub that follows nothing yet.
func New(c Config) *Hub {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Queue == 0 {
		c.Queue = 2048
	}
	return &Hub{cfg: c, followers: map[core.Tenant]*follower{}, closed: make(chan struct{})}
}

// Options say what a stream carries.
type Options struct {
	Since  core.Position // "": from now on
	Topics []string      // nil: all of core.Topics
}

// Validate returns CodeValidation for a topic that is none or a Since that has not
// the form of a position.
func (o Options) Validate() error {
	if o.Since != "" && !o.Since.Valid() {
		return core.Invalid("since", "position", "since is not an event's id; leave it out to begin now")
	}
	_, err := newTopicSet(o.Topics)
	return err
}

// Open returns a stream whose subscription is live: every event that is committed
// from here on reaches it. It returns CodeValidation as Options.Validate, and
// CodeUnavailable when the log cannot be read or the hub is closed. ctx bounds the
// call, not the stream. The caller closes the stream.
func (h *Hub) Open(ctx context.Context, t core.Tenant, o Options) (*Stream, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	f, err := h.acquire(ctx, t)
	if err != nil {
		return nil, err
	}
	s, err := f.open(ctx, o)
	if err != nil {
		h.release(f)
		return nil, err
	}
	return s, nil
}

// acquire returns the tenant's follower, started if it is the first stream's.
func (h *Hub) acquire(ctx context.Context, t core.Tenant) (*follower, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isClosed() {
		return nil, errClosed()
	}
	h.streams.Add(1)
	f := h.followers[t]
	if f == nil {
		run, stop := context.WithCancel(context.WithoutCancel(ctx))
		f = newFollower(h, t, stop)
		h.followers[t] = f
		h.running.Go(func() { f.run(run) }) // ended by release of the last stream, or by Close
	}
	f.users++
	return f, nil
}

// release gives up what acquire returned; the last one ends the follower.
func (h *Hub) release(f *follower) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.streams.Done()
	if f.users--; f.users == 0 {
		h.forget(f)
	}
}

// forget ends a follower, so that the tenant's next stream starts another; h.mu is held.
func (h *Hub) forget(f *follower) {
	f.stop()
	if h.followers[f.tenant] == f {
		delete(h.followers, f.tenant)
	}
}

func (h *Hub) isClosed() bool {
	select {
	case <-h.closed:
		return true
	default:
		return false
	}
}

// Close ends every stream with ErrShutdown, and waits until their owners have
// closed them or ctx has ended. Closing again only waits.
func (h *Hub) Close(ctx context.Context) {
	h.mu.Lock()
	if !h.isClosed() {
		close(h.closed)
	}
	for _, f := range h.followers {
		f.stop()
	}
	h.mu.Unlock()
	h.running.Wait()
	gone := make(chan struct{})
	go func() { // ends when the last owner has closed its stream
		h.streams.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-ctx.Done():
	}
}

// Why a stream ended, as its Next returns it.
var (
	// ErrSlow: the client did not keep up; it may come back with its last id.
	ErrSlow = errors.New("feed: the client reads too slowly")
	// ErrShutdown: the node stops; the client may come back to another.
	ErrShutdown = errors.New("feed: the server is shutting down")
	// ErrRevoked: the client's credential is no longer valid.
	ErrRevoked = errors.New("feed: the credential was revoked")
	// ErrEnded: an admin ended the connection.
	ErrEnded = errors.New("feed: an admin ended the connection")
	// ErrClosed: the stream was closed by its owner.
	ErrClosed = errors.New("feed: the stream is closed")
)

func errClosed() error {
	return core.Unavailable("the server is shutting down; connect again", time.Second, ErrShutdown)
}

// topicSet has a bit for each of core.Topics.
type topicSet uint32

func newTopicSet(names []string) (topicSet, error) {
	if names == nil {
		names = core.Topics()
	}
	var set topicSet
	for _, n := range names {
		bit := topicBit(n)
		if bit == 0 {
			return 0, core.Invalid("topics", "enum", "topics must be of "+strings.Join(core.Topics(), ", "))
		}
		set |= bit
	}
	return set, nil
}

// topicBit is 0 for a name that is no topic's.
func topicBit(name string) topicSet {
	for i, t := range core.Topics() {
		if t == name {
			return 1 << i
		}
	}
	return 0
}
