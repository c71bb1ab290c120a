package httpapi

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/feed"
)

// feedPace is how often what is done for an open connection is done.
type feedPace struct {
	renew time.Duration // a revoked user's connection ends within 5 s
	beat  time.Duration // proxies cut connections that are silent for 30 s or more
	pong  time.Duration // how late a client may be with it
	write time.Duration // how late a client may be in taking a frame
}

func defaultPace() feedPace {
	return feedPace{renew: 3 * time.Second, beat: 15 * time.Second, pong: 10 * time.Second, write: 10 * time.Second}
}

// presenceBeats is how many beats a connection is listed without being renewed.
const presenceBeats = 4

func (s *api) registerFeed() {
	text := func(name, doc string) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	params := []*huma.Param{
		text("topics", "Of jobs, documents, summaries, integrations, usage, webhooks, separated by commas. Default: all."),
		text("since", "The id of the last event that was received; those after it are replayed first. Default: begin now."),
		text(ticketParam, "For browsers, which cannot send the Authorization header: see POST /v1/ws/tickets."),
	}
	s.registerRaw(operation{
		id: "connectFeed", method: http.MethodGet, path: "/v1/ws", tag: "feed", summary: "The live feed over WebSocket",
		description: "Every frame is one JSON text message; /asyncapi.json describes them.", params: params, ticket: true,
		errors: []int{http.StatusForbidden, http.StatusServiceUnavailable},
	}, answer{http.StatusSwitchingProtocols, "", "The connection goes on as WebSocket."}, s.serveWS)
	s.registerRaw(operation{
		id: "streamEvents", method: http.MethodGet, path: "/v1/events", tag: "feed", summary: "The live feed as Server-Sent Events",
		description: "The data of each is the frame that /v1/ws sends. The header Last-Event-ID wins over since.", params: params, ticket: true,
		errors: []int{http.StatusForbidden, http.StatusServiceUnavailable},
	}, answer{http.StatusOK, "text/event-stream", "Events, and a comment when there are none for a while."}, s.serveEvents)
}

// subscription is a stream and the place among the connections that it takes.
type subscription struct {
	*feed.Stream
	leave func() // gives the place up; once is enough
}

// Close shadows the stream's.
func (s *subscription) Close() {
	s.leave()
	s.Stream.Close()
}

// subscriber is one connection of the feed, over either transport.
type subscriber struct {
	*subscription
	api    *api
	actor  core.Actor
	listed core.Connection
	ping   func(ctx context.Context) error // nil: the transport has none

	mu     sync.Mutex // guards what follows
	timers []*time.Timer
	over   bool
}

// subscribe opens the stream that a request asks for, where there is a place for it.
func (s *api) subscribe(r *http.Request, a core.Actor, since string) (*subscription, error) {
	if !s.originAllowed(r) {
		return nil, &core.Error{Code: core.CodeAuthorization, Message: "pages of this origin may not connect; ask the operator to allow it (DOCSCTL_ALLOWED_ORIGINS)"}
	}
	query := r.URL.Query()
	o := feed.Options{Since: core.Position(cmp.Or(since, query.Get("since")))}
	if query.Has("topics") {
		o.Topics = strings.Split(query.Get("topics"), ",")
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if s.cfg.Feed == nil {
		return nil, core.Unavailable("this server has no live feed; its operator left it out", 0, nil)
	}
	leave, err := s.app.Connections.Admit(r.Context(), a)
	if err != nil {
		return nil, err
	}
	stream, err := s.cfg.Feed.Open(r.Context(), a.Tenant(), o)
	if err != nil {
		leave()
		return nil, err
	}
	return &subscription{stream, leave}, nil
}

// originAllowed holds for programs, which send no origin, for pages of this host
// and for those of the configured origins.
func (s *api) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || s.origins[strings.ToLower(origin)] {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// newSubscriber begins to tend a connection; end stops that, and ctx ends with the
// connection.
func (s *api) newSubscriber(ctx context.Context, r *http.Request, a core.Actor, stream *subscription, ping func(context.Context) error) *subscriber {
	agent := r.UserAgent()
	c := &subscriber{subscription: stream, api: s, actor: a, ping: ping, listed: core.Connection{
		ID: stream.ID(), Node: s.cfg.Node, RemoteAddr: s.client(r).String(),
		UserAgent: strings.ToValidUTF8(agent[:min(len(agent), 200)], "?"), Since: time.Now().UTC(),
	}}
	c.announce(ctx)
	c.every(s.pace.renew, func() { c.renew(ctx) })
	c.every(s.pace.beat, func() { c.beat(ctx) })
	return c
}

// hello is the first frame.
func (c *subscriber) hello() []byte {
	return encodeFrame(helloFrame{Type: frameHello, ConnectionID: c.ID(), OrgID: c.actor.Tenant().OrgID(), LastEventID: c.Last()})
}

// every calls do again and again until the connection ends. A timer costs a tenth
// of a goroutine that sleeps. The first time comes by chance, so that the clients
// of a restarted server do not all come at once.
func (c *subscriber) every(interval time.Duration, do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var timer *time.Timer
	timer = time.AfterFunc(rand.N(interval), func() {
		do()
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.over {
			timer.Reset(interval)
		}
	})
	c.timers = append(c.timers, timer)
}

// end gives up the connection's place, at once also where the list is slow to hear of it.
func (c *subscriber) end(ctx context.Context) {
	c.leave()
	c.mu.Lock()
	c.over = true
	for _, t := range c.timers {
		t.Stop()
	}
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := c.api.app.Connections.Forget(ctx, c.actor, c.ID()); err != nil {
		c.api.log.DebugContext(ctx, "a connection could not be taken off the list", slog.Any("error", err))
	}
	c.Close()
}

// renew ends the connection when its user may connect no more. While the store is
// away nobody can be asked, and the connection goes on.
func (c *subscriber) renew(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, c.api.pace.renew)
	defer cancel()
	if _, err := c.api.app.Auth.Renew(ctx, c.actor); core.CodeOf(err) == core.CodeAuthentication {
		c.End(feed.ErrRevoked)
	}
}

// beat asks whether the client is still there, and says that it is.
func (c *subscriber) beat(ctx context.Context) {
	if c.ping != nil {
		wait, cancel := context.WithTimeout(ctx, c.api.pace.pong)
		defer cancel()
		if c.ping(wait) != nil {
			return
		}
	}
	c.announce(ctx)
}

func (c *subscriber) announce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := c.api.app.Connections.Announce(ctx, c.actor, c.listed, presenceBeats*c.api.pace.beat); err != nil {
		c.api.log.DebugContext(ctx, "a connection could not be listed", slog.Any("error", err))
	}
}
