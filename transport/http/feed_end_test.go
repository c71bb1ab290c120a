package httpapi

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/testenv"
)

func TestFeed_SlowClientIsClosedAndResumes(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]joining{"WebSocket": wsFrames, "Events": sseFrames} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slowClientIsClosed(t, connect)
		})
	}
}

// slowClientIsClosed has a client that reads nothing while the events are written,
// however long that takes.
func slowClientIsClosed(t *testing.T, connect joining) {
	w := newWorldWith(t, options{feedQueue: 100, pace: feedPace{write: 5 * time.Minute, pong: 5 * time.Minute}})
	p := w.admin("Owner")
	last := p.lastEvent(t)
	next, err := connect(t.Context(), p, last)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := next(); err != nil || f.Type != frameHello {
		t.Fatalf("got %s, %v, want hello", f.raw, err)
	}
	const events = 6000
	title := strings.Repeat("long ", 400)
	for range events / 20 {
		if err := w.commit(t.Context(), p, 20, core.EventDocumentCreated, core.Document{Title: title}); err != nil {
			t.Fatal(err)
		}
	}
	got := 0
	for ; ; got++ {
		f, err := next()
		if err != nil {
			if code := websocket.CloseStatus(err); code != websocket.StatusTryAgainLater && code != -1 {
				t.Errorf("the connection ended with %v, want 1013", err)
			}
			break
		}
		if f.ID <= last {
			t.Fatalf("got %s after %s", f.ID, last)
		}
		last = f.ID
	}
	if got >= events {
		t.Fatal("the client was not slow; nothing was checked")
	}
	again, err := connect(t.Context(), p, last)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := again(); err != nil || f.Type != frameHello {
		t.Fatalf("got %s, %v, want hello", f.raw, err)
	}
	for ; got < events; got++ {
		f, err := again()
		if err != nil || f.Type != "document.created" || f.ID <= last {
			t.Fatalf("got %.200s, %v, want what came after %s", f.raw, err, last)
		}
		last = f.ID
	}
}

func TestFeed_ShutdownClosesWithGoingAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	c := p.dial("")
	c.hello(t)
	s, err := p.stream(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.resp.Body.Close()
	ended := make(chan struct{})
	go func() { // ends with the hub
		w.hub.Close(context.Background())
		close(ended)
	}()
	c.closes(t, websocket.StatusGoingAway)
	for {
		if _, err := s.next(); err != nil {
			break
		}
	}
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the hub waits although every client has gone")
	}
	_, resp, err := p.tryDial(t.Context(), "")
	if err == nil || resp.StatusCode != 503 {
		t.Errorf("after the shutdown: got %v, want 503", err)
	}
}

func TestFeed_RevokedUserIsClosedWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	stays := p.dial("")
	stays.hello(t)
	testenv.Promise(t, "the end of a revoked user's connections", 5*time.Second, func() time.Duration {
		return p.member().revoked(t)
	})
	p.document("One", article)
	stays.want(t, "document.created")
}

// revoked deactivates a member and returns how long the connections lived on.
func (p *person) revoked(t *testing.T) time.Duration {
	t.Helper()
	c := p.dial("")
	c.hello(t)
	s, err := p.stream(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.resp.Body.Close()
	err = p.w.store.Tenant(core.TrustTenant(core.OrgID(p.org))).InTx(t.Context(), func(ctx context.Context, tx core.Tx) error {
		u, err := tx.Users.GetForUpdate(ctx, core.UserID(p.user))
		if err != nil {
			return err
		}
		u.IsActive = false
		return tx.Users.Update(ctx, u)
	})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	c.closes(t, closeRevoked)
	for {
		if _, err := s.next(); err != nil {
			break
		}
	}
	return time.Since(began)
}

func TestFeed_DeadClientIsNoticed(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, options{pace: feedPace{beat: 100 * time.Millisecond, pong: 2 * time.Second}})
	p := w.admin("Owner")
	living, dead := p.dial(""), p.dial("") // dead does not read, so it answers no ping
	living.hello(t)
	ctx, leave := context.WithCancel(context.WithoutCancel(t.Context()))
	defer leave()
	go func() { // ends with ctx
		for ctx.Err() == nil { // a machine that stands still has this one look dead too; then it comes back
			if _, err := living.next(ctx); err == nil {
				continue
			}
			if again, _, err := p.tryDial(ctx, ""); err == nil {
				living = again
			}
		}
	}()
	_ = dead
	p.awaits("the dead connection is noticed", func() bool {
		return len(p.do("GET", "/v1/connections", "").want(200).at("items").([]any)) == 1 &&
			strings.Contains(string(p.do("GET", "/metrics", "").body), `docsctl_feed_connections{transport="ws"} 1`)
	})
}

// awaits asks over HTTP until it is so.
func (p *person) awaits(what string, so func() bool) {
	p.w.t.Helper()
	for deadline := time.Now().Add(patience); !so(); {
		if time.Now().After(deadline) {
			p.w.t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

func TestConnections_AdminSeesAndEndsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	m := p.member()
	c := m.dial("", "User-Agent", strings.Repeat("agent/ä", 100))
	id := c.hello(t).ConnectionID
	got := p.do("GET", "/v1/connections", "").want(200)
	if got.str("items.0.id") != id || got.str("items.0.user_id") != m.user || got.str("items.0.node") != "node-of-the-test" || got.str("items.0.remote_addr") != "127.0.0.1" {
		t.Errorf("got %s", got.body)
	}
	m.do("GET", "/v1/connections", "").fails(403, core.CodeAuthorization, "", "")
	m.do("DELETE", "/v1/connections/"+id, "").fails(403, core.CodeAuthorization, "", "")
	p.do("DELETE", "/v1/connections/"+core.NewID[string](), "").fails(404, core.CodeNotFound, "", "")
	p.do("DELETE", "/v1/connections/"+id, "").want(204)
	c.closes(t, closeEnded)
	p.awaits("the connection is listed no more", func() bool {
		return len(p.do("GET", "/v1/connections", "").want(200).at("items").([]any)) == 0
	})
}

func TestFeed_WithoutOneAnswersUnavailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	h, err := New(Config{App: w.app, Logger: w.api.log})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	(&person{w: &world{t: t, url: srv.URL}, token: p.token}).do("GET", "/v1/events", "").fails(503, core.CodeUnavailable, "", "")
}
