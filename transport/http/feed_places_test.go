package httpapi

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/docsctl/docsctl/core"
)

// connects opens a connection of the feed, or returns the answer that refused it.
type connects func(t *testing.T, p *person) (leave func(), refused *http.Response)

// openWS returns a WebSocket that has said hello, or the answer that refused it.
func openWS(t *testing.T, p *person) (*websocket.Conn, *http.Response) {
	t.Helper()
	c, resp, err := p.tryDial(t.Context(), "")
	if err != nil {
		if resp == nil {
			t.Fatal(err)
		}
		return nil, resp
	}
	c.hello(t)
	return c.conn, nil
}

// overWS leaves with a closing handshake.
func overWS(t *testing.T, p *person) (func(), *http.Response) {
	t.Helper()
	conn, refused := openWS(t, p)
	return func() { _ = conn.Close(websocket.StatusNormalClosure, "") }, refused
}

// cutWS goes without a word, as a client that is killed.
func cutWS(t *testing.T, p *person) (func(), *http.Response) {
	t.Helper()
	conn, refused := openWS(t, p)
	return func() { _ = conn.CloseNow() }, refused
}

func overSSE(t *testing.T, p *person) (func(), *http.Response) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c, err := p.stream(ctx, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if c.resp.StatusCode != http.StatusOK {
		t.Cleanup(cancel)
		return nil, c.resp
	}
	if f, err := c.next(); err != nil || f.Type != frameHello {
		t.Fatalf("got %+v and %v, want hello", f, err)
	}
	return func() { cancel(); c.resp.Body.Close() }, nil
}

// open connects, and waits for a place that was left to be free: the server hears of
// the end a moment later.
func open(t *testing.T, p *person, connect connects) (leave func()) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		leave, refused := connect(t, p)
		if refused == nil {
			return leave
		}
		refused.Body.Close()
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("a place that was left is still taken: %s", refused.Status)
		}
	}
}

// refuses wants a connect to be answered as every failure is, and not upgraded.
func refuses(t *testing.T, p *person, connect connects, says string) {
	t.Helper()
	_, refused := connect(t, p)
	if refused == nil {
		t.Fatal("the connection was opened, want it refused")
	}
	defer refused.Body.Close()
	body, err := io.ReadAll(refused.Body)
	if err != nil {
		t.Fatal(err)
	}
	if refused.StatusCode != http.StatusTooManyRequests || refused.Header.Get("Retry-After") != "10" ||
		!strings.Contains(string(body), `"RATE_LIMITED"`) || !strings.Contains(string(body), says) {
		t.Errorf("got %s, %v: %s, want 429 about %q", refused.Status, refused.Header, body, says)
	}
}

func TestFeed_ConnectionsOfAUserAndAnOrganizationAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *core.Config) { c.UserConnections, c.OrgConnections = 3, 4 })
	ann := w.admin("Acme")
	bob, other := ann.member(), w.admin("Other")
	leaveWS := open(t, ann, overWS)
	leaveSSE := open(t, ann, overSSE)
	leaveCut := open(t, ann, cutWS)
	const mine = `you have 3 open connections to this server's feed, as many as are allowed; close one and connect again","details":{"limit":3,"of":"user"}`
	refuses(t, ann, overWS, mine)
	refuses(t, ann, overSSE, mine)
	open(t, bob, overSSE)
	refuses(t, bob, overWS, `your organization has 4 open connections to this server's feed, as many as are allowed; close one and connect again","details":{"limit":4,"of":"organization"}`)
	open(t, other, overWS)
	ann.do("HEAD", "/v1/events", "").want(http.StatusTooManyRequests)

	for _, leave := range []func(){leaveWS, leaveSSE, leaveCut} {
		leave()
		open(t, ann, overWS)
		refuses(t, ann, overSSE, mine)
	}
}

func TestFeed_WhatIsRefusedOtherwiseTakesNoPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *core.Config) { c.UserConnections = 1 })
	p := w.admin("Acme")
	for range 3 {
		p.do("GET", "/v1/events?since=nonsense", "").want(http.StatusUnprocessableEntity)
		p.do("GET", "/v1/events?topics=nonsense", "").want(http.StatusUnprocessableEntity)
		p.do("HEAD", "/v1/events", "").want(http.StatusOK)
		if _, resp, err := p.tryDial(t.Context(), "", "Origin", "https://elsewhere.example"); err == nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("another origin: got %v and %v, want 403", resp, err)
		}
	}
	if _, refused := overWS(t, p); refused != nil {
		t.Errorf("got %s, want the one place to be free", refused.Status)
	}
}

func TestFeed_ManyAtOnceGetNoMoreThanThePlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *core.Config) { c.UserConnections = 10 })
	p := w.admin("Acme")
	var all sync.WaitGroup
	var opened, refused atomic.Int32
	for range 60 {
		all.Go(func() {
			c, resp, err := p.tryDial(t.Context(), "")
			switch {
			case err == nil:
				opened.Add(1)
				t.Cleanup(func() { _ = c.conn.CloseNow() })
			case resp != nil && resp.StatusCode == http.StatusTooManyRequests:
				refused.Add(1)
			default:
				t.Errorf("connect: %v", err)
			}
		})
	}
	all.Wait()
	if opened.Load() != 10 || refused.Load() != 50 {
		t.Errorf("%d were opened and %d refused, want 10 and 50", opened.Load(), refused.Load())
	}
}
