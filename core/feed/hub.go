// Package feed serves a tenant's event log as a live stream: what came after a
// position first, then what comes, none lost and none twice. It knows neither
// WebSocket nor Server-Sent Events.
//
// One follower a tenant reads the log for all of its streams on this node. It is
// told by the bus that there is news, and looks every second in case it was not.
// So a lost notice costs latency, never an event.
package feed

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

// Config is what a Hub is built of.
type Config struct {
	Store  core.Store
	Bus    core.EventBus
	Logger *slog.Logger // nil: slog.Default()
	Queue  int          // events that wait for a slow client before it is closed; 0: 1024
}

// Hub holds the followers of one process. Its methods may be called concurrently.
type Hub struct {
	cfg Config

	mu        sync.Mutex // guards what follows
	followers map[core.Tenant]*follower
	closed    bool
	running   sync.WaitGroup
}

// New returns a Hub that follows nothing yet.
func New(c Config) *Hub {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Queue == 0 {
		c.Queue = 1024
	}
	return &Hub{cfg: c, followers: map[core.Tenant]*follower{}}
}

// Options say what a stream carries.
type Options struct {
	Since  core.Position // "": from now on
	Topics []string      // nil: all of core.Topics
}

// Open returns a stream whose subscription is live: every event that is committed
// from here on reaches it. It returns core.CodeValidation for a topic that is none
// or a Since that is no position, and core.CodeUnavailable when the log cannot be
// read or the hub is closed. The caller closes the stream.
func (h *Hub) Open(ctx context.Context, t core.Tenant, o Options) (*Stream, error) {
	topics, err := topicSet(o.Topics)
	if err != nil {
		return nil, err
	}
	if o.Since != "" && o.Since.Epoch() == "" {
		return nil, core.Invalid("since", "position", "since is not an event's id; leave it out to begin now")
	}
	f, err := h.follower(ctx, t)
	if err != nil {
		return nil, err
	}
	return f.join(ctx, topics, o.Since)
}

// follower returns the tenant's, started if it is the first stream's.
func (h *Hub) follower(ctx context.Context, t core.Tenant) (*follower, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errClosed()
	}
	if f := h.followers[t]; f != nil {
		f.expected++ // keeps it alive until join
		return f, nil
	}
	f := newFollower(h, t)
	f.expected = 1
	h.followers[t] = f
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	f.stop = stop
	h.running.Go(func() { f.run(run) }) // ended by leave of the last stream, or by Close
	return f, nil
}

// Close ends every stream with ErrShutdown and waits for the followers.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	for _, f := range h.followers {
		f.closeAll(ErrShutdown)
		f.stop()
	}
	h.mu.Unlock()
	h.running.Wait()
}

// Why a stream ended, as its Next returns it.
var (
	// ErrSlow: the client did not keep up; it may come back with its last id.
	ErrSlow = errors.New("feed: the client reads too slowly")
	// ErrShutdown: the node stops; the client may come back to another.
	ErrShutdown = errors.New("feed: the server is shutting down")
	// ErrRevoked: the client's credential is no longer valid.
	ErrRevoked = errors.New("feed: the credential was revoked")
	// ErrClosed: the stream was closed by its owner.
	ErrClosed = errors.New("feed: the stream is closed")
)

func errClosed() error {
	return core.Unavailable("the server is shutting down; connect again", time.Second, ErrShutdown)
}

func topicSet(names []string) (map[string]bool, error) {
	if names == nil {
		names = core.Topics()
	}
	known := map[string]bool{}
	for _, t := range core.Topics() {
		known[t] = true
	}
	set := map[string]bool{}
	for _, n := range names {
		if !known[n] {
			return nil, core.Invalid("topics", "enum", "topics must be of jobs, documents, summaries, integrations")
		}
		set[n] = true
	}
	return set, nil
}
