package feed_test

import (
	"database/sql"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/feed"
)

func TestOpen_RefusesWhatIsNoPositionOrTopic(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{})
	for _, o := range []feed.Options{
		{Since: "nonsense"}, {Since: "-"}, {Since: "a-"}, {Since: "-1"}, {Since: "a-b"}, {Since: "a-1-2"}, {Since: "a b-1"}, {Since: "ä-1"},
		{Topics: []string{""}}, {Topics: []string{"jobs", "job"}},
	} {
		if _, err := hub.Open(t.Context(), s.org.Tenant, o); core.CodeOf(err) != core.CodeValidation {
			t.Errorf("%+v: got %v, want CodeValidation", o, err)
		}
	}
}

func TestStream_TellsWhyItCannotReplay(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{})
	s.commit(10, core.EventDocumentCreated, "x")
	ids := s.log()
	s.exec(`DELETE FROM events WHERE seq <= (SELECT min(seq) + 4 FROM events)`)
	s.exec(`INSERT INTO event_bounds (org_id, pruned_to) SELECT org_id, min(seq) - 1 FROM events GROUP BY org_id`)
	epoch := ids[9].Epoch()
	for _, c := range []struct {
		name  string
		since core.Position
		want  feed.ResetReason
	}{
		{"Pruned", ids[2], feed.ResetTooOld},
		{"FromTheBeginning", core.Position(epoch + "-0"), feed.ResetTooOld},
		{"AnotherEpoch", "0therEpoch-00000000000000000001", feed.ResetEpoch},
		{"TheFuture", core.Position(epoch + "-99999999999999999999"), feed.ResetAhead},
		{"OfNoForm", core.Position(epoch + "-5"), feed.ResetAhead},
	} {
		t.Run(c.name, func(t *testing.T) {
			stream, err := hub.Open(t.Context(), s.org.Tenant, feed.Options{Since: c.since, Topics: []string{"jobs"}})
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Close()
			it := next(t, stream)
			if it.Reset != c.want || it.Last != ids[9] {
				t.Errorf("got %q, %s, want %q, %s", it.Reset, it.Last, c.want, ids[9])
			}
			s.commit(1, core.EventJobQueued, c.name)
			if got := next(t, stream); got.Event.Type != core.EventJobQueued {
				t.Errorf("after the reset: got %+v, want the next event", got.Event)
			}
			ids[9] = s.log()[len(s.log())-1]
		})
	}
	t.Run("TheEdgeIsReplayed", func(t *testing.T) {
		stream := s.open(hub, feed.Options{Since: ids[4]})
		wantIDs(t, take(t, stream, 5), s.log()[:5])
	})
}

// exec changes the store behind docsctl's back.
func (s *scene) exec(statement string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", s.path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(s.t.Context(), statement); err != nil {
		s.t.Fatal(err)
	}
}

func TestStream_TellsThatTheStoreWasRestored(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{})
	s.commit(3, core.EventDocumentCreated, "x")
	old := s.log()
	live := s.open(hub, feed.Options{})
	s.exec(`UPDATE meta SET value = 'restored' WHERE key = 'epoch'`)
	s.commit(1, core.EventDocumentCreated, "after the restore")
	behind := s.open(hub, feed.Options{Since: old[0]})
	for name, stream := range map[string]*feed.Stream{"live": live, "behind": behind} {
		if it := next(t, stream); it.Reset != feed.ResetEpoch || it.Last.Epoch() != "restored" {
			t.Errorf("%s: got %+v, want a reset", name, it)
		}
	}
	s.commit(2, core.EventDocumentCreated, "new")
	wantIDs(t, take(t, live, 2), s.log()[4:])
}
