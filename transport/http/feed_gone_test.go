package httpapi

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// A client that is there and reads nothing any more has a full window: what it is
// sent is not late but stuck.
func TestFeed_ClientThatReadsNoMoreIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*person, testing.TB) *rawClient{"WebSocket": (*person).rawDial, "Events": (*person).rawStream} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldWith(t, options{
				pace: feedPace{write: time.Second, pong: 5 * time.Minute}, unconfirmed: 5 * time.Minute, config: []func(*core.Config){oneConnection},
			})
			p := w.admin("Owner")
			stuck := open(p, t)
			defer stuck.Close()
			long := core.Document{Title: strings.Repeat("long ", 20_000)}
			p.awaits("the client's place is free", func() bool {
				if err := w.commit(t.Context(), p, 20, core.EventDocumentCreated, long); err != nil {
					t.Fatal(err)
				}
				return p.hasPlace(t)
			})
		})
	}
}

func oneConnection(c *core.Config) { c.UserConnections = 1 }

// rawStream is rawDial for Server-Sent Events.
func (p *person) rawStream(tb testing.TB) *rawClient {
	tb.Helper()
	return p.rawOpen(tb, "/v1/events", "")
}

// hasPlace tells whether a connection was let in. One that was, and broke off before
// its answer was read, is not known to have been.
func (p *person) hasPlace(t *testing.T) bool {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	c, err := p.stream(ctx, "", "")
	if err != nil {
		return false
	}
	defer c.resp.Body.Close()
	return c.resp.StatusCode == 200
}

func TestFeed_GoneClientIsGivenUpWithinAMinute(t *testing.T) {
	t.Parallel()
	// Gone just after a beat was confirmed, it is noticed by what the next one lacks.
	if pace := defaultPace(); pace.beat+unconfirmed > time.Minute || pace.beat+pace.pong > time.Minute {
		t.Errorf("a beat every %v, a confirmation within %v, a pong within %v; want a minute at most", pace.beat, unconfirmed, pace.pong)
	}
}
