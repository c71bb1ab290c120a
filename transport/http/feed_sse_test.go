package httpapi

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestEvents_AreTheSameFeed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	p.document("Old", article)
	s, err := p.stream(t.Context(), "?topics=documents", "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.resp.Body.Close()
	if got := s.resp.Header.Get("Content-Type"); s.resp.StatusCode != 200 || got != "text/event-stream" {
		t.Fatalf("got %d, %s", s.resp.StatusCode, got)
	}
	hello, err := s.next()
	if err != nil || hello.Type != frameHello || s.id != hello.LastEventID || hello.OrgID != p.org {
		t.Fatalf("got %s, %v, id %s, want hello", hello.raw, err, s.id)
	}
	ws := p.dial("?topics=documents")
	ws.hello(t)
	p.document("New", article)
	got, err := s.next()
	if err != nil || got.Type != "document.created" || s.id != got.ID {
		t.Fatalf("got %s, %v, id %s", got.raw, err, s.id)
	}
	if want := ws.want(t, "document.created"); string(want.raw) != string(got.raw) {
		t.Errorf("over SSE:\n%s\nover WebSocket:\n%s", got.raw, want.raw)
	}
}

func TestEvents_ResumeByHeaderBeforeParameter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	c := p.dial("")
	start := c.hello(t).LastEventID
	p.document("One", article)
	one := c.want(t, "document.created")
	p.document("Two", article)
	two := c.want(t, "document.created")
	for name, ask := range map[string]struct {
		query, header string
		want          frame
	}{
		"Parameter":     {"?since=" + string(start), "", one},
		"HeaderWins":    {"?since=" + string(start), string(one.ID), two},
		"HeaderAlone":   {"", string(one.ID), two},
		"ResetIsATurn":  {"?since=0ther-1", "", frame{Type: frameReset}},
		"HeaderOfReset": {"", "0ther-1", frame{Type: frameReset}},
	} {
		s, err := p.stream(t.Context(), ask.query, ask.header)
		if err != nil {
			t.Fatal(err)
		}
		if hello, err := s.next(); err != nil || hello.LastEventID != two.ID {
			t.Errorf("%s: %s, %v", name, hello.raw, err)
		}
		if cut := s.id; ask.want.Type != frameReset && cut >= ask.want.ID {
			t.Errorf("%s: a client that is cut off after hello begins at %s and misses %s", name, cut, ask.want.ID)
		}
		if got, err := s.next(); err != nil || got.Type != ask.want.Type || got.ID != ask.want.ID {
			t.Errorf("%s: got %s, %v, want %s %s", name, got.raw, err, ask.want.Type, ask.want.ID)
		}
		s.resp.Body.Close()
	}
	p.do("GET", "/v1/events?since=nonsense", "").fails(422, core.CodeValidation, "since", "position")
	p.do("GET", "/v1/events", "", "Last-Event-ID", "nonsense").fails(422, core.CodeValidation, "since", "position")
	p.do("GET", "/v1/events?topics=", "").fails(422, core.CodeValidation, "topics", "empty")
	p.do("GET", "/v1/events", "", "Origin", "https://evil.example").fails(403, core.CodeAuthorization, "", "")
	if got := p.do("HEAD", "/v1/events", "").want(200); got.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("HEAD: %v", got.header)
	}
}

func TestEvents_AreNotSilentForLong(t *testing.T) {
	t.Parallel()
	if beat := defaultPace().beat; beat > 25*time.Second {
		t.Errorf("a heartbeat every %v, want at most 25 s", beat)
	}
	w := newWorldWith(t, options{pace: feedPace{beat: 20 * time.Millisecond}})
	p := w.admin("Owner")
	ctx, leave := context.WithCancel(t.Context())
	s, err := p.stream(ctx, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{frameHello, ":", ":", ":"} {
		if got, err := s.next(); err != nil || got.Type != want {
			t.Fatalf("got %s %s, %v, want %s", got.Type, got.raw, err, want)
		}
	}
	p.document("One", article)
	for {
		got, err := s.next()
		if err != nil {
			t.Fatal(err)
		}
		if got.Type == "document.created" {
			break
		}
	}
	leave()
	p.awaits("who has left is counted no more", func() bool {
		return strings.Contains(string(p.do("GET", "/metrics", "").body), `docsctl_feed_connections{transport="sse"} 0`)
	})
}
