package httpapi

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/docsctl/docsctl/core"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

func TestFeed_DataIsWhatGETAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	p := w.admin("Owner")
	c := p.dial("")
	hello := c.hello(t)
	if hello.OrgID != p.org || hello.LastEventID.Epoch() == "" || !core.ValidID(hello.ConnectionID) {
		t.Errorf("hello: %s", hello.raw)
	}
	doc := p.document("A report", article)
	asked := p.do("POST", "/v1/documents/"+doc+"/summaries", `{"length":"short"}`).want(202)
	seen := map[string]frame{}
	var order []string
	last := hello.LastEventID
	for seen["job.completed"].Type == "" || seen["summary.completed"].Type == "" {
		f, err := c.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		seen[f.Type] = f
		order = append(order, f.Type)
		if f.ID != "" && f.ID <= last {
			t.Errorf("%s: its id %s does not sort after %s", f.Type, f.ID, last)
		}
		if last = max(last, f.ID); f.OrgID != p.org || f.ID == "" && f.Type != "job.progress" {
			t.Errorf("frame %s", f.raw)
		}
	}
	if order[len(order)-1] != "job.completed" || !slices.IsSorted([]int{slices.Index(order, "document.created"), slices.Index(order, "job.queued"), slices.Index(order, "job.started"), slices.Index(order, "job.completed")}) {
		t.Errorf("order: %v", order)
	}
	for typ, path := range map[string]string{
		"document.created": "/v1/documents/" + doc, "summary.completed": "/v1/summaries/" + asked.str("summary.id"), "job.completed": "/v1/jobs/" + asked.str("job.id"),
	} {
		want := string(withoutContent(t, p.do("GET", path, "").want(200).body))
		if got := string(withoutContent(t, seen[typ].Data)); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", typ, got, want)
		}
	}
	if strings.Contains(string(seen["document.created"].raw), "content\"") {
		t.Errorf("an event carries the document's content: %s", seen["document.created"].raw)
	}
}

// withoutContent drops the fields of a document that its events leave out, as lists do.
func withoutContent(t *testing.T, text []byte) []byte {
	t.Helper()
	var v map[string]jsontext.Value
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"content", "pages_total", "pages_without_text"} {
		delete(v, name)
	}
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

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

func TestFeed_ClientMayTalk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	c := p.dial("?topics=jobs")
	c.hello(t)
	c.say(t, websocket.MessageText, `{"type":"ping"}`)
	c.want(t, framePong)
	for _, bad := range []string{
		"", "garbage", "null", "[]", `"ping"`, `{}`, `{"type":"pong"}`, `{"type":"ping","topics":[]}`, `{"type":"ping","x":1}`, `{"type":"ping","type":"ping"}`,
		`{"type":"subscribe"}`, `{"type":"subscribe","topics":null}`, `{"type":"subscribe","topics":["weather"]}`, `{"type":"subscribe","topics":"jobs"}`,
		"\xff\xfe", "{\"type\":\"\x00\"}", strings.Repeat("[", 4000), strings.Repeat("x", 1<<20), `{"type":"` + strings.Repeat("p", 1<<20) + `"}`,
	} {
		c.say(t, websocket.MessageText, bad)
		if f := c.want(t, frameError); f.Failure.Code != core.CodeValidation || f.Failure.Message == "" {
			t.Errorf("%.40q: %s", bad, f.raw)
		}
	}
	c.say(t, websocket.MessageBinary, `{"type":"ping"}`)
	c.want(t, frameError)
	c.say(t, websocket.MessageText, `{"type":"subscribe","topics":["documents","summaries"]}`)
	if f := c.want(t, frameSubscribed); !slices.Equal(f.Topics, []string{"documents", "summaries"}) {
		t.Errorf("got %s", f.raw)
	}
	if err := w.commit(t.Context(), p, 1, core.EventJobQueued, core.Job{}); err != nil {
		t.Fatal(err)
	}
	doc := p.document("One", article)
	if f := c.want(t, "document.created"); !strings.Contains(string(f.Data), doc) {
		t.Errorf("got %s, want document %s", f.raw, doc)
	}
	c.say(t, websocket.MessageText, `{"type":"subscribe","topics":[]}`)
	c.want(t, frameSubscribed)
	p.document("Two", article)
	c.say(t, websocket.MessageText, `{"type":"ping"}`)
	c.want(t, framePong)
	c.say(t, websocket.MessageText, strings.Repeat("x", maxFrame+10))
	c.closes(t, websocket.StatusMessageTooBig)
}

func TestFeed_ResumesOrTellsWhyNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	for range 5 {
		p.document("Old", article)
	}
	c := p.dial("")
	start := c.hello(t).LastEventID
	p.document("New", article)
	missed := c.want(t, "document.created").ID
	p.document("Newer", article)

	again := p.dial("?since=" + string(missed))
	again.hello(t)
	if f := again.want(t, "document.created"); f.ID <= missed || !strings.Contains(string(f.Data), "Newer") {
		t.Errorf("got %s, want what came after %s", f.raw, missed)
	}
	for since, reason := range map[string]string{
		"an0therEpoch-00000000000000000001":     "epoch",
		start.Epoch() + "-99999999999999999999": "ahead",
	} {
		c := p.dial("?since=" + since)
		hello := c.hello(t)
		if f := c.want(t, frameReset); f.Reason != reason || f.LastEventID != hello.LastEventID {
			t.Errorf("since %s: got %s, want a reset: %s", since, f.raw, reason)
		}
	}
}

func TestFeed_StrangersSeeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, stranger := w.admin("Owner"), w.admin("Stranger")
	p.document("Old secret", article)
	all := p.dial("")
	since := all.hello(t).LastEventID
	c := stranger.dial("")
	c.hello(t)
	replayed := stranger.dial("?since=" + string(since.Epoch()) + "-0")
	replayed.hello(t)
	foreign := stranger.dial("?since=" + string(since))
	foreign.hello(t)
	p.document("Secret", article)
	all.want(t, "document.created")
	w.tell(p, core.EventSummaryDelta, core.SummaryDelta{Text: "secret"})
	all.want(t, "summary.delta")
	own := stranger.document("Mine", article)
	for _, client := range []*wsClient{c, replayed} {
		if f := client.want(t, "document.created"); !strings.Contains(string(f.Data), own) || f.OrgID != stranger.org {
			t.Errorf("a stranger got %s", f.raw)
		}
	}
	f, err := foreign.next(t.Context())
	if err != nil || f.OrgID == p.org || f.Type == "reset" && f.Reason != "ahead" {
		t.Errorf("a position of another organization: %s, %v", f.raw, err)
	}
}

// tell has the bus carry an ephemeral event.
func (w *world) tell(p *person, typ core.EventType, data any) {
	w.t.Helper()
	raw, err := stdjson.Marshal(data)
	if err != nil {
		w.t.Fatal(err)
	}
	body, err := stdjson.Marshal(core.Event{Type: typ, OrgID: core.OrgID(p.org), At: time.Now().UTC(), Data: raw})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.bus.Notify(w.t.Context(), core.Notice{Topic: core.FeedTopic(core.TrustTenant(core.OrgID(p.org))), Body: body}); err != nil {
		w.t.Fatal(err)
	}
}

func TestFeed_EphemeralEventsHaveNoID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	c := p.dial("?topics=summaries")
	c.hello(t)
	w.tell(p, core.EventJobProgress, core.Job{})
	w.tell(p, core.EventSummaryDelta, core.SummaryDelta{SummaryID: "s", JobID: "j", Run: 1, Attempt: 2, Offset: 3, Text: "It <is>"})
	f := c.want(t, "summary.delta")
	if want := `{"summary_id":"s","job_id":"j","run":1,"attempt":2,"offset":3,"text":"It <is>"}`; string(f.Data) != want || strings.Contains(string(f.raw), `"id"`) {
		t.Errorf("got %s, want data %s and no id", f.raw, want)
	}
}

func TestTickets_AreForBrowsersOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	browser := &person{w: w, org: p.org}
	for _, connect := range []func(query string) (int, error){
		func(query string) (int, error) {
			c, resp, err := browser.tryDial(t.Context(), query)
			if err == nil {
				defer c.conn.CloseNow()
			}
			return resp.StatusCode, nil
		},
		func(query string) (int, error) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			c, err := browser.stream(ctx, query, "")
			if err != nil {
				return 0, err
			}
			defer c.resp.Body.Close()
			return c.resp.StatusCode, nil
		},
	} {
		got := p.do("POST", "/v1/ws/tickets", "").want(201)
		if got.at("expires_in") != 30.0 {
			t.Errorf("got %s, want 30 s", got.body)
		}
		query := "?ticket=" + got.str("ticket")
		for i, want := range []int{0, 401} {
			status, err := connect(query)
			if good := status == 200 || status == 101; err != nil || good != (i == 0) || i == 1 && status != want {
				t.Errorf("use %d: got %d, %v", i+1, status, err)
			}
		}
		browser.do("GET", "/v1/me"+query, "").fails(401, core.CodeAuthentication, "", "")
	}
}

// A raw client checks what a library hides.
func TestFeed_UpgradeGoesThroughTheWholeHandler(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
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
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	pings := strings.Repeat("\x81\x8f\x00\x00\x00\x00"+`{"type":"ping"}`, 100) // more than the connection's buffer holds
	_, err = fmt.Fprintf(conn, "GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
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
