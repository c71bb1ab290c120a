package httpapi

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestFeed_RefusesBeforeTheUpgrade(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, options{origins: []string{"https://docs.example.org"}})
	p := w.admin("Owner")
	for _, c := range []struct {
		name, query string
		header      []string
		anonymous   bool
		status      int
	}{
		{name: "NoCredential", anonymous: true, status: 401},
		{name: "UnknownTicket", query: "?ticket=dt_x", anonymous: true, status: 401},
		{name: "NoPosition", query: "?since=yesterday", status: 422},
		{name: "EmptyPosition", query: "?since=", status: 422},
		{name: "UnknownTopic", query: "?topics=jobs,weather", status: 422},
		{name: "UnknownParameter", query: "?from=a-1", status: 422},
		{name: "ForeignOrigin", header: []string{"Origin", "https://evil.example"}, status: 403},
		{name: "NullOrigin", header: []string{"Origin", "null"}, status: 403},
		{name: "AllowedHostOtherScheme", header: []string{"Origin", "http://docs.example.org"}, status: 403},
		{name: "AllowedOrigin", header: []string{"Origin", "https://docs.example.org"}, status: 101},
		{name: "OwnHost", header: []string{"Origin", w.url}, status: 101},
		{name: "NoOrigin", status: 101},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := p
			if c.anonymous {
				who = &person{w: w}
			}
			client, resp, err := who.tryDial(t.Context(), c.query, c.header...)
			if err == nil {
				defer client.conn.CloseNow()
			}
			if resp == nil || resp.StatusCode != c.status {
				t.Fatalf("got %v, %v, want %d", resp, err, c.status)
			}
			if c.status != 101 && resp.Header.Get("Content-Type") != "application/json" {
				t.Errorf("the answer is no envelope: %v", resp.Header)
			}
		})
	}
	p.do("GET", "/v1/ws", "").fails(422, core.CodeValidation, "Upgrade", "upgrade")
	p.do("HEAD", "/v1/ws", "").want(422)
	p.do("GET", "/v1/ws", "", "Connection", "upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "8").fails(422, core.CodeValidation, "Upgrade", "upgrade")
}

// A raw client checks what a library hides.
func TestFeed_UpgradeGoesThroughTheWholeHandler(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	conn := w.dial(t)
	defer conn.Close()
	fmt.Fprintf(conn, "GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer %s\r\nX-Request-Id: seen\r\n\r\n", p.token)
	buf := make([]byte, 4096)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"HTTP/1.1 101 ", http.CanonicalHeaderKey("x-request-id") + ": seen", "Sec-Websocket-Accept: "} {
		if !strings.Contains(string(buf[:n]), want) {
			t.Errorf("got %q, want %q in it", buf[:n], want)
		}
	}
}

// A client may send behind its handshake, without waiting for the answer.
func TestFeed_MessagesBehindTheHandshakeAreAnsweredAfterHello(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	conn := w.dial(t)
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	pings := strings.Repeat("\x81\x8f\x00\x00\x00\x00"+`{"type":"ping"}`, 100) // more than the connection's buffer holds
	_, err := fmt.Fprintf(conn, "GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer %s\r\n\r\n%s", p.token, pings)
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for part := make([]byte, 4096); bytes.Count(got, []byte(`{"type":"pong"}`)) < 100; {
		n, err := conn.Read(part)
		if err != nil {
			t.Fatalf("%v after %s", err, got)
		}
		got = append(got, part[:n]...)
	}
	if hello := bytes.Index(got, []byte(`"type":"hello"`)); hello < 0 || hello > bytes.Index(got, []byte(`"pong"`)) {
		t.Errorf("want hello first: %s", got)
	}
}
