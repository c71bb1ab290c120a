package httpapi

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// Over either store and either transport a position is gone on from, or refused in a
// way that the client can act on.
func TestFeed_SinceIsGoneOnFromOrResetOnBothStores(t *testing.T) {
	t.Parallel()
	short := options{config: []func(*core.Config){func(c *core.Config) {
		c.Retention = core.Retention{Events: time.Nanosecond, MinEvent: sinceKept}
	}}}
	for name, open := range map[string]func(t *testing.T) *world{
		"SQLite":   func(t *testing.T) *world { return newWorldWith(t, short) },
		"Postgres": func(t *testing.T) *world { return newServed(t)(short) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newSinceLog(t, open(t)).check(t)
		})
	}
}

const (
	sinceEvents = 20
	sinceKept   = 5
)

// sinceLog is the log of an organization most of which was pruned.
type sinceLog struct {
	p, stranger *person
	start       core.Position // before the first event
	ids         []core.Position
}

func newSinceLog(t *testing.T, w *world) *sinceLog {
	t.Helper()
	l := &sinceLog{p: w.admin("Owner"), stranger: w.admin("Stranger")}
	follower := l.p.dial("")
	l.start = follower.hello(t).LastEventID
	if err := w.commit(t.Context(), l.p, sinceEvents, core.EventDocumentCreated, core.Document{Title: "secret"}); err != nil {
		t.Fatal(err)
	}
	if err := w.commit(t.Context(), l.stranger, 1, core.EventDocumentCreated, core.Document{Title: "of the stranger"}); err != nil {
		t.Fatal(err)
	}
	if l.ids = logAfter(t, l.p, l.start); len(l.ids) != sinceEvents {
		t.Fatalf("the log has %d events, want %d", len(l.ids), sinceEvents)
	}
	for range sinceEvents { // a node that has not read what goes would tell its streams so
		follower.want(t, "document.created")
	}
	log := w.store.Tenant(core.TrustTenant(core.OrgID(l.p.org))).Read().Events
	l.p.awaits("the old events are pruned", func() bool { // once no transaction of other tests is older
		if err := w.app.Work.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		state, err := log.State(t.Context())
		return err == nil && state.First == l.ids[sinceEvents-sinceKept-1]
	})
	return l
}

func (l *sinceLog) check(t *testing.T) {
	last, epoch := l.ids[sinceEvents-1], l.start.Epoch()
	edge := l.ids[sinceEvents-sinceKept-1]
	for transport, connect := range map[string]joining{
		"WebSocket": wsFrames, "Events": sseFrames,
	} {
		for name, c := range map[string]struct {
			since  core.Position
			reason string // "": what was kept is replayed
		}{
			"BeforeTheFirst":    {l.start, "too_old"},
			"TheBeginning":      {core.Position(epoch + "-0"), "too_old"},
			"OneThatWasPruned":  {l.ids[0], "too_old"},
			"OneBeforeTheEdge":  {l.ids[sinceEvents-sinceKept-2], "too_old"},
			"TheLastThatWent":   {edge, ""},
			"OneThatWasKept":    {l.ids[sinceEvents-2], ""},
			"TheNewest":         {last, ""},
			"OfAnotherLog":      {"an0therEpoch-00000000000000000001", "epoch"},
			"OfTheFuture":       {core.Position(epoch + "-" + strings.Repeat("9", 40)), "ahead"},
			"OfNoPlaceInTheLog": {core.Position(epoch + "-7"), "ahead"},
		} {
			t.Run(transport+"/"+name, func(t *testing.T) {
				l.wantFrom(t, connect, c.since, c.reason)
			})
		}
		t.Run(transport+"/OfAnotherOrganization", func(t *testing.T) { l.foreign(t, connect) })
	}
	for _, since := range []string{"-", "yesterday", "-1", "a-", "a-b", "a-1-2", "%00-1", "a%20b-1", "%C3%A4-1", strings.Repeat("a", 5000) + "-1"} {
		l.p.do("GET", "/v1/events?since="+since, "").fails(422, core.CodeValidation, "since", "position")
		if c, resp, err := l.p.tryDial(t.Context(), "?since="+since); err == nil || resp.StatusCode != 422 {
			t.Errorf("since %.40q: got %v, %v, want 422", since, c, resp)
		}
	}
}

// wantFrom checks what comes after hello: a reset and then what is new, or the rest
// of the log.
func (l *sinceLog) wantFrom(t *testing.T, connect joining, since core.Position, reason string) {
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	next, err := connect(ctx, l.p, since)
	if err != nil {
		t.Fatal(err)
	}
	want := func(typ string) frame {
		t.Helper()
		f, err := next()
		if err != nil || f.Type != typ {
			t.Fatalf("got %s, %v, want a frame %s", f.raw, err, typ)
		}
		return f
	}
	last := want(frameHello).LastEventID
	if reason != "" {
		if f := want(frameReset); f.Reason != reason || f.LastEventID != last {
			t.Errorf("got %s, want a reset, %s, to %s", f.raw, reason, last)
		}
	}
	replayed := 0
	for at := since; reason == "" && at < last; {
		f, err := next()
		if err != nil || f.ID <= at || f.OrgID != l.p.org {
			t.Fatalf("got %s, %v, want the next after %s", f.raw, err, at)
		}
		replayed, at = replayed+1, f.ID
	}
	if reason == "" && replayed != len(logAfter(t, l.p, since)) {
		t.Errorf("%d events were replayed, want the %d after %s", replayed, len(logAfter(t, l.p, since)), since)
	}
	if err := l.p.w.commit(t.Context(), l.p, 1, core.EventDocumentDeleted, core.Document{}); err != nil {
		t.Fatal(err)
	}
	if f := want("document.deleted"); f.ID <= last {
		t.Errorf("got %s, want what came after %s", f.raw, last)
	}
}

// foreign goes on from positions of another organization: there are none of its
// events, whatever the position.
func (l *sinceLog) foreign(t *testing.T, connect joining) {
	for _, since := range []core.Position{l.start, l.ids[0], l.ids[sinceEvents-1]} {
		ctx, leave := context.WithCancel(t.Context())
		next, err := connect(ctx, l.stranger, since)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.p.w.commit(t.Context(), l.stranger, 1, core.EventDocumentUpdated, core.Document{}); err != nil {
			t.Fatal(err)
		}
		for ended := false; !ended; {
			f, err := next()
			if err != nil || f.OrgID == l.p.org || strings.Contains(string(f.raw), "secret") {
				t.Fatalf("a stranger with %s got %s, %v", since, f.raw, err)
			}
			ended = f.Type == "document.updated"
		}
		leave()
	}
}
