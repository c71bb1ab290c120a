package httpapi

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/docsctl/docsctl/core"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// frame is any message of the feed.
type frame struct {
	ID           core.Position  `json:"id"`
	Type         string         `json:"type"`
	OrgID        string         `json:"org_id"`
	Data         jsontext.Value `json:"data"`
	ConnectionID string         `json:"connection_id"`
	LastEventID  core.Position  `json:"last_event_id"`
	Reason       string         `json:"reason"`
	Topics       []string       `json:"topics"`
	Failure      frameReason    `json:"error"`
	raw          []byte
}

// wsClient is a connection over WebSocket.
type wsClient struct{ conn *websocket.Conn }

// dial connects; query is "" or begins with a question mark. Headers come in pairs.
func (p *person) dial(query string, header ...string) *wsClient {
	p.w.t.Helper()
	c, _, err := p.tryDial(p.w.t.Context(), query, header...)
	if err != nil {
		p.w.t.Fatal(err)
	}
	p.w.t.Cleanup(func() { _ = c.conn.CloseNow() })
	return c
}

func (p *person) tryDial(ctx context.Context, query string, header ...string) (*wsClient, *http.Response, error) {
	h := http.Header{}
	if p.token != "" {
		h.Set("Authorization", "Bearer "+p.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	conn, resp, err := websocket.Dial(ctx, p.w.url+"/v1/ws"+query, &websocket.DialOptions{HTTPHeader: h})
	if err != nil {
		return nil, resp, err
	}
	conn.SetReadLimit(1 << 20)
	return &wsClient{conn}, resp, nil
}

// next reads a frame.
func (c *wsClient) next(ctx context.Context) (frame, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	kind, text, err := c.conn.Read(ctx)
	if err != nil {
		return frame{}, err
	}
	f := frame{raw: text}
	err = json.Unmarshal(text, &f)
	if kind != websocket.MessageText {
		f.Type = "binary"
	}
	return f, err
}

// want reads a frame of a type.
func (c *wsClient) want(t testing.TB, typ string) frame {
	t.Helper()
	f, err := c.next(t.Context())
	if err != nil {
		t.Fatalf("want a frame %s: %v", typ, err)
	}
	if f.Type != typ {
		t.Fatalf("got %s, want a frame %s", f.raw, typ)
	}
	return f
}

func (c *wsClient) hello(t testing.TB) frame {
	t.Helper()
	return c.want(t, frameHello)
}

func (c *wsClient) say(t testing.TB, kind websocket.MessageType, text string) {
	t.Helper()
	if err := c.conn.Write(t.Context(), kind, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// closes reads on until the connection ends, and returns how many frames came.
func (c *wsClient) closes(t testing.TB, want websocket.StatusCode) int {
	t.Helper()
	for n := 0; ; n++ {
		if _, err := c.next(t.Context()); err != nil {
			if got := websocket.CloseStatus(err); got != want {
				t.Errorf("the connection ended with %d (%v), want %d", got, err, want)
			}
			return n
		}
	}
}

// sseClient is a connection over Server-Sent Events.
type sseClient struct {
	resp  *http.Response
	lines *bufio.Scanner
	id    core.Position // as a browser would keep it
}

func (p *person) stream(ctx context.Context, query, lastEventID string) (*sseClient, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.w.url+"/v1/events"+query, nil)
	if err != nil {
		return nil, err
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	if lastEventID != "" {
		req.Header.Set("Last-Event-ID", lastEventID)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	c := &sseClient{resp: resp, lines: bufio.NewScanner(resp.Body)}
	c.lines.Buffer(nil, 1<<20)
	return c, nil
}

// next reads an event, or a comment as one of type ":".
func (c *sseClient) next() (frame, error) {
	var f frame
	var name string
	for c.lines.Scan() {
		field, value, _ := strings.Cut(c.lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case field == "id":
			c.id = core.Position(value)
		case field == "event":
			name = value
		case field == "data":
			f.raw = []byte(value)
			if err := json.Unmarshal(f.raw, &f); err != nil {
				return f, err
			}
		case c.lines.Text() == ":":
			f.Type = ":"
		case c.lines.Text() == "" && f.Type != "":
			if f.Type != ":" && f.Type != name {
				f.Type += " under the name " + name
			}
			return f, nil
		}
	}
	if err := c.lines.Err(); err != nil {
		return f, err
	}
	return f, http.ErrBodyReadAfterClose
}

// commit appends n events of an organization and tells the bus, as a use case would.
func (w *world) commit(ctx context.Context, p *person, n int, typ core.EventType, data any) error {
	tenant := core.TrustTenant(core.OrgID(p.org))
	err := w.store.Tenant(tenant).InTx(ctx, func(_ context.Context, tx core.Tx) error {
		for range n {
			tx.Append(typ, time.Now().UTC().Truncate(time.Microsecond), data)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.bus.Notify(ctx, core.Notice{Topic: core.FeedTopic(tenant)})
}
