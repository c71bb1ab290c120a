package httpapi

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestFeed_ThousandConnectionsOfOneUserAreLimited(t *testing.T) {
	t.Parallel()
	const allowed, attempts, atOnce = 50, 1000, 50
	w := newWorld(t, standing, func(c *core.Config) { c.RateLimit = allowed })
	p, other := w.admin("Owner"), w.admin("Other")
	var let, limited atomic.Int64
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for range attempts / atOnce {
				c, resp, err := p.tryDial(t.Context(), "")
				switch {
				case err == nil:
					let.Add(1)
					defer c.conn.CloseNow()
				case resp != nil && resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") != "":
					limited.Add(1)
				default:
					t.Errorf("got %v, %v, want 101 or 429 with Retry-After", resp, err)
				}
			}
		})
	}
	all.Wait()
	if let.Load() != allowed || limited.Load() != attempts-allowed {
		t.Errorf("%d were let in and %d refused, want %d and %d", let.Load(), limited.Load(), allowed, attempts-allowed)
	}
	c := other.dial("") // another organization does not notice
	c.hello(t)
	other.document("One", article)
	c.want(t, "document.created")
}

// What no client library would send ends the connection and nothing else: at once, or
// with the next ping when it could be the beginning of something.
func TestFeed_GarbageOnTheWireEndsItsConnectionOnly(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, options{pace: feedPace{beat: 500 * time.Millisecond, pong: time.Second}})
	p := w.admin("Owner")
	bystander, err := sseFrames(t.Context(), p, p.lastEvent(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, garbage := range map[string]string{
		"NotMasked":          "\x81\x0f{\"type\":\"ping\"}",
		"ReservedOpcode":     "\x83\x80\x00\x00\x00\x00",
		"ReservedBits":       "\xf1\x80\x00\x00\x00\x00",
		"LongControlFrame":   "\x89\xfe\x01\x00\x00\x00\x00\x00" + strings.Repeat("x", 256),
		"ControlInFragments": "\x09\x80\x00\x00\x00\x00",
		"LoneContinuation":   "\x80\x80\x00\x00\x00\x00",
		"HugeLength":         "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00" + strings.Repeat("x", 1<<16),
		"NegativeLength":     "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
		"HTTP":               "GET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n",
		"BrokenClose":        "\x88\x81\x00\x00\x00\x00x",
	} {
		t.Run(name, func(t *testing.T) {
			c := p.rawDial(t)
			defer c.Close()
			go func() { _, _ = c.Write([]byte(garbage)) }() // ends with the connection
			ended := make(chan struct{})
			go func() { // ends with the connection
				c.frames(func([]byte) bool { return true })
				close(ended)
			}()
			select {
			case <-ended:
			case <-time.After(patience):
				t.Error("the connection goes on")
			}
		})
	}
	p.awaits("they are counted no more", func() bool {
		return strings.Contains(string(p.do("GET", "/metrics", "").body), `docsctl_feed_connections{transport="ws"} 0`)
	})
	p.document("One", article)
	for f := (frame{}); f.Type != "document.created"; {
		if f, err = bystander(); err != nil {
			t.Fatal(err)
		}
	}
}

// Frames of a few hundred bytes, encoded once for all, are not worth a compressor for
// each connection: see docs/decisions/0023-feed-without-compression.md.
func TestFeed_IsNotCompressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	c, resp, err := p.tryDial(t.Context(), "", "Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.CloseNow()
	if got := resp.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		t.Errorf("the server agreed to %s", got)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Accept-Encoding", "gzip, br, zstd")
	stream, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	if got := stream.Header.Get("Content-Encoding"); got != "" || stream.StatusCode != http.StatusOK {
		t.Errorf("got %d, Content-Encoding %q, want none", stream.StatusCode, got)
	}
}

// Whatever ends a credential ends what was opened with it, and nothing else.
func TestFeed_RevokedCredentialEndsItsConnections(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, options{pace: feedPace{renew: 50 * time.Millisecond}})
	p := w.admin("Owner")
	key := p.do("POST", "/v1/api-keys", `{"name":"script"}`).want(201)
	script := &person{w: w, token: key.str("key"), org: p.org}
	signedIn := p.do("POST", "/v1/auth/login", `{"email":"owner@example.org","password":"`+goodPassword+`"}`).want(200)
	session := &person{w: w, token: signedIn.str("access_token"), org: p.org}
	ticket := session.do("POST", "/v1/ws/tickets", "").want(201).str("ticket")
	stays, byKey, byToken, byTicket := p.dial(""), script.dial(""), session.dial(""), (&person{w: w}).dial("?ticket="+ticket)
	for _, c := range []*wsClient{stays, byKey, byToken, byTicket} {
		c.hello(t)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	overEvents, err := sseFrames(ctx, script, p.lastEvent(t))
	if err != nil {
		t.Fatal(err)
	}
	p.do("DELETE", "/v1/api-keys/"+key.str("id"), "").want(204)
	byKey.closes(t, closeRevoked)
	for err == nil {
		_, err = overEvents()
	}
	if ctx.Err() != nil {
		t.Error("the key's stream of events goes on")
	}
	session.do("POST", "/v1/auth/logout", `{"refresh_token":"`+signedIn.str("refresh_token")+`"}`).want(204)
	byToken.closes(t, closeRevoked)
	byTicket.closes(t, closeRevoked)
	p.document("One", article)
	stays.want(t, "document.created")
}
