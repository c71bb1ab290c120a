package httpapi

import (
	"context"
	stdjson "encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
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

// Above the goroutines of a connection stands no handler.
func TestFeed_PanicEndsItsConnectionOnly(t *testing.T) {
	t.Parallel()
	log := &lines{}
	told := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		c := &socket{subscriber: &subscriber{api: &api{log: slog.New(slog.NewTextHandler(log, nil))}}, conn: conn}
		go func() {
			defer close(told)
			defer c.survive(context.WithoutCancel(r.Context()))
			panic("a frame of no type")
		}()
	}))
	defer srv.Close()
	client, _, err := websocket.Dial(t.Context(), srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseNow()
	if _, text, err := client.Read(t.Context()); err == nil {
		t.Errorf("got %q, want the end", text)
	}
	<-told
	if got := log.String(); !strings.Contains(got, `"a connection of the feed panicked" panic="a frame of no type"`) || !strings.Contains(got, "feed_ws_test.go") {
		t.Errorf("the log does not say what panicked and where: %s", got)
	}
}
