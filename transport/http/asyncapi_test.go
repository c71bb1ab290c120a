package httpapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/go-json-experiment/json"
)

// asyncDoc is the AsyncAPI document as a client reads it.
type asyncDoc struct {
	t    *testing.T
	root map[string]any
}

func readAsyncAPI(t *testing.T, w *world) asyncDoc {
	t.Helper()
	got := (&person{w: w}).do("GET", "/asyncapi.json", "").want(200)
	d := asyncDoc{t: t}
	if err := json.Unmarshal(got.body, &d.root); err != nil {
		t.Fatal(err)
	}
	return d
}

// at follows a reference within the document.
func (d asyncDoc) at(ref string) map[string]any {
	d.t.Helper()
	v := any(d.root)
	for name := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	m, ok := v.(map[string]any)
	if !ok {
		d.t.Fatalf("%s leads nowhere", ref)
	}
	return m
}

// check returns what of a value does not fit a schema. It knows what the document uses.
func (d asyncDoc) check(schema map[string]any, v any, where string) []string {
	if ref, ok := schema["$ref"].(string); ok {
		return d.check(d.at(ref), v, where)
	}
	var wrong []string
	for _, s := range orEmpty(schema["allOf"]) {
		wrong = append(wrong, d.check(s.(map[string]any), v, where)...)
	}
	types := orEmpty(schema["type"])
	whole := typeOf(v) == "integer" && slices.Contains(types, any("number"))
	if len(types) > 0 && !whole && !slices.Contains(types, any(typeOf(v))) {
		return append(wrong, fmt.Sprintf("%s is %s, not %v", where, typeOf(v), types))
	}
	if enum := orEmpty(schema["enum"]); len(enum) > 0 && v != nil && !slices.Contains(enum, v) {
		wrong = append(wrong, fmt.Sprintf("%s is %v, not of %v", where, v, enum))
	}
	switch x := v.(type) {
	case string:
		if _, err := time.Parse(time.RFC3339Nano, x); schema["format"] == "date-time" && err != nil || schema["format"] == "uuid" && !core.ValidID(x) {
			wrong = append(wrong, fmt.Sprintf("%s is %q, which is no %v", where, x, schema["format"]))
		}
	case []any:
		items, _ := schema["items"].(map[string]any)
		for i, item := range x {
			wrong = append(wrong, d.check(items, item, fmt.Sprintf("%s[%d]", where, i))...)
		}
	case map[string]any:
		for _, name := range orEmpty(schema["required"]) {
			if _, ok := x[name.(string)]; !ok {
				wrong = append(wrong, fmt.Sprintf("%s has no %v", where, name))
			}
		}
		properties, _ := schema["properties"].(map[string]any)
		for name, s := range properties {
			if value, ok := x[name]; ok {
				wrong = append(wrong, d.check(s.(map[string]any), value, where+"."+name)...)
			}
		}
	}
	return wrong
}

func orEmpty(v any) []any {
	switch x := v.(type) {
	case nil:
		return nil
	case []any:
		return x
	default:
		return []any{x}
	}
}

func typeOf(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if x == float64(int64(x)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	default:
		return "object"
	}
}

// fits checks a frame against its message of a channel.
func (d asyncDoc) fits(channel string, raw []byte) (name string) {
	d.t.Helper()
	var v map[string]any
	if err := json.Unmarshal(raw, &v); err != nil {
		d.t.Fatal(err)
	}
	name, _ = v["type"].(string)
	listed := d.at("#/channels/" + channel + "/messages")[name]
	ref, ok := listed.(map[string]any)
	if !ok {
		d.t.Errorf("%s: channel %s does not know it: %s", name, channel, raw)
		return name
	}
	message := d.at(ref["$ref"].(string))
	for _, wrong := range d.check(message["payload"].(map[string]any), v, name) {
		d.t.Errorf("%s\n%s", wrong, raw)
	}
	return name
}

func TestAsyncAPI_DescribesRealFrames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := readAsyncAPI(t, w)
	p := w.admin("Owner")
	c := p.dial("")
	seen := map[string]bool{}
	take := func(c *wsClient) string {
		f, err := c.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		name := d.fits("ws", f.raw)
		seen[name] = true
		return name
	}
	until := func(name string) {
		for take(c) != name {
		}
	}
	until(frameHello)
	for _, text := range []string{`{"type":"ping"}`, `{"type":"subscribe","topics":["jobs","documents","summaries","integrations","usage","webhooks"]}`, `{"type":"nonsense"}`} {
		c.say(t, websocket.MessageText, text)
		take(c)
	}
	for _, text := range []string{`{"type":"ping"}`, `{"type":"subscribe","topics":["jobs"]}`} {
		d.fits("ws", []byte(text))
	}
	waits := p.document("One", article)
	canceled := p.do("POST", "/v1/documents/"+waits+"/summaries", `{}`).want(202)
	p.do("POST", "/v1/jobs/"+canceled.str("job.id")+"/cancel", "").want(200)
	until("job.canceled")
	w.work()
	p.do("PATCH", "/v1/documents/"+waits, `{"title":"Two"}`).want(200)
	p.do("POST", "/v1/documents/"+waits+"/summaries", `{}`).want(202)
	until("job.completed")
	p.do("PATCH", "/v1/organization", `{"resummarize":"flag"}`).want(200)
	p.do("PATCH", "/v1/documents/"+waits, `{"content":"It was closed in May, and opened again in June."}`).want(200)
	until("summary.stale")
	p.do("DELETE", "/v1/documents/"+waits, "").want(204)
	until("document.deleted")
	failed := core.Job{ID: core.NewID[core.JobID](), OrgID: core.OrgID(p.org), Type: core.JobSummarize, Status: core.JobFailed, ErrorCode: core.CodeLLM}
	if err := w.commit(t.Context(), p, 1, core.EventJobFailed, failed); err != nil {
		t.Fatal(err)
	}
	if err := w.commit(t.Context(), p, 1, core.EventIntegrationUpdate, *coretest.NewOrg(t, w.store).NewIntegration(t)); err != nil {
		t.Fatal(err)
	}
	until("integration.updated")
	warning := core.QuotaDetails{Quota: "tokens", Limit: 10, Used: 8, ResetsAt: time.Now().UTC()}
	if err := w.commit(t.Context(), p, 1, core.EventUsageWarning, warning); err != nil {
		t.Fatal(err)
	}
	until("usage.warning")
	for _, typ := range []core.EventType{core.EventWebhookDisabled, core.EventWebhookMissed} {
		notice := core.WebhookNotice{ID: core.NewID[core.WebhookID](), DisabledReason: "the receiver answered 410 Gone", DisabledAt: &warning.ResetsAt}
		if err := w.commit(t.Context(), p, 1, typ, notice); err != nil {
			t.Fatal(err)
		}
		until(string(typ))
	}
	running := failed
	running.ID, running.Status = core.NewID[core.JobID](), core.JobInProgress
	w.tell(p, core.EventJobProgress, running)
	until("job.progress")
	w.tell(p, core.EventSummaryDelta, core.SummaryDelta{SummaryID: core.NewID[core.SummaryID](), JobID: running.ID, Run: 1, Text: "It"})
	until("summary.delta")
	again := p.dial("?since=0ther-1")
	take(again)
	take(again)
	for _, m := range messages() {
		if !m.byClient && !seen[m.name] && m.name != "summary.failed" { // as summary.completed
			t.Errorf("no frame %s was seen", m.name)
		}
	}
}

func TestAsyncAPI_RefusesWhatIsNoFrame(t *testing.T) {
	t.Parallel()
	d := readAsyncAPI(t, newWorld(t))
	hello := d.at("#/components/messages/hello")["payload"].(map[string]any)
	for _, broken := range []map[string]any{
		{}, {"type": "pong", "connection_id": core.NewID[string](), "org_id": core.NewID[string](), "last_event_id": "a-1"},
		{"type": "hello", "connection_id": 1.0, "org_id": core.NewID[string](), "last_event_id": "a-1"},
		{"type": "hello", "org_id": core.NewID[string](), "last_event_id": "a-1"},
		{"type": "hello", "connection_id": core.NewID[string](), "org_id": "x", "last_event_id": "a-1"},
	} {
		if len(d.check(hello, broken, "hello")) == 0 {
			t.Errorf("%v fits hello", broken)
		}
	}
	queued := d.at("#/components/messages/job.queued")["payload"].(map[string]any)
	if got := d.check(queued, map[string]any{"type": "job.queued", "data": map[string]any{}}, "job"); len(got) < 5 {
		t.Errorf("an empty job lacks only %v", got)
	}
}
