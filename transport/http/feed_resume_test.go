package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/docsctl/docsctl/adapters/postgres"
	"github.com/docsctl/docsctl/adapters/redis"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/testenv"
)

const (
	resumeEvents = 2000
	resumeCuts   = 200
)

func TestResume_CutOffAtRandomOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	checkResume(t, w.admin("Owner"), w)
}

// Two servers over Postgres and Redis: a client comes back to either.
func TestResume_CutOffAtRandomOverTwoServers(t *testing.T) {
	t.Parallel()
	node := newServed(t)
	one, other := node(options{}), node(options{})
	p := one.admin("Owner")
	t.Run("Connections", func(t *testing.T) {
		there := *p
		there.w = other
		c := there.dial("")
		id := c.hello(t).ConnectionID
		if got := p.do("GET", "/v1/connections", "").want(200); got.str("items.0.id") != id {
			t.Errorf("the other server's connection is not listed: %s", got.body)
		}
		p.do("DELETE", "/v1/connections/"+id, "").want(204)
		c.closes(t, closeEnded)
	})
	checkResume(t, p, one, other)
}

// newServed returns a maker of servers over one Postgres and one Redis.
func newServed(t *testing.T) func(options) *world {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	url := testenv.Database(t, "httpapi", func(ctx context.Context, url string) error {
		_, err := postgres.Up(ctx, url, "")
		return err
	})
	server := testenv.Redis(t)
	return func(o options) *world {
		store, err := postgres.Open(t.Context(), url, &postgres.Config{Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		client, err := redis.Open(t.Context(), server.URL(), &redis.Config{Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		bus := redis.NewBus(client)
		t.Cleanup(func() { bus.Close(); client.Close() })
		return newNode(t, store, bus, redis.NewPresence(client), o)
	}
}

// checkResume writes events while a client of each transport is cut off at random
// and comes back to any of the nodes.
func checkResume(t *testing.T, p *person, nodes ...*world) {
	t.Helper()
	c := p.dial("")
	start := c.hello(t).LastEventID
	var all sync.WaitGroup
	got := map[string][]core.Position{}
	var mu sync.Mutex // guards got
	for name, connect := range map[string]joining{
		"ws": wsFrames, "sse": sseFrames,
	} {
		all.Go(func() {
			ids, err := follow(t.Context(), p, nodes, start, connect)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			got[name] = ids
		})
	}
	for range 4 {
		all.Go(func() {
			for range resumeEvents / 4 / 4 {
				if err := nodes[rand.IntN(len(nodes))].commit(t.Context(), p, 4, core.EventDocumentCreated, core.Document{Title: "x"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for name, ids := range got {
		if want := logAfter(t, p, start); len(want) != resumeEvents || !slices.Equal(ids, want) {
			t.Errorf("%s: got %d events, want exactly the %d of the log in its order", name, len(ids), len(want))
		}
	}
}

func logAfter(t *testing.T, p *person, start core.Position) []core.Position {
	t.Helper()
	log := p.w.store.Tenant(core.TrustTenant(core.OrgID(p.org))).Read().Events
	var ids []core.Position
	for at := start; ; at = ids[len(ids)-1] {
		page, err := log.After(t.Context(), at, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return ids
		}
		for _, e := range page {
			ids = append(ids, e.ID)
		}
	}
}

// joining is a way to connect to the feed until ctx ends.
type joining func(ctx context.Context, p *person, since core.Position) (next func() (frame, error), err error)

func wsFrames(ctx context.Context, p *person, since core.Position) (func() (frame, error), error) {
	c, _, err := p.tryDial(ctx, "?since="+string(since))
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = c.conn.CloseNow() })
	return func() (frame, error) { return c.next(ctx) }, nil
}

func sseFrames(ctx context.Context, p *person, since core.Position) (func() (frame, error), error) {
	c, err := p.stream(ctx, "", string(since))
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { c.resp.Body.Close() })
	return c.next, nil
}

// follow takes resumeEvents events over resumeCuts connections and one more.
func follow(ctx context.Context, p *person, nodes []*world, at core.Position, connect joining) ([]core.Position, error) {
	var got []core.Position
	for cuts := 0; len(got) < resumeEvents; cuts++ {
		until := len(got) + rand.IntN(2*resumeEvents/resumeCuts)
		if cuts >= resumeCuts {
			until = resumeEvents
		}
		node := *p
		node.w = nodes[rand.IntN(len(nodes))]
		err := func() error {
			ctx, cut := context.WithTimeout(ctx, 4*patience)
			defer cut()
			next, err := connect(ctx, &node, at)
			if err != nil {
				return err
			}
			for len(got) < min(until, resumeEvents) {
				f, err := next()
				switch {
				case err != nil:
					return err
				case f.Type == frameReset:
					return errors.New("a reset: " + f.Reason)
				case f.ID != "":
					got, at = append(got, f.ID), f.ID
				}
			}
			return nil
		}()
		if err != nil {
			return got, fmt.Errorf("connection %d, after %d events: %w", cuts, len(got), err)
		}
	}
	return got, nil
}
