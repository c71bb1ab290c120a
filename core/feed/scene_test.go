package feed_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/sqlite"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/core/feed"
	"github.com/docsctl/docsctl/internal/testenv"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// scene is an organization of its own, and nodes that serve its feed.
type scene struct {
	t    testing.TB
	path string // of the SQLite file
	org  *coretest.Org
	bus  core.EventBus
}

// deaf is a bus that loses every notice.
type deaf struct{ core.EventBus }

func (deaf) Notify(context.Context, ...core.Notice) error { return nil }

// migrate makes a store of its own for each test a matter of copying a file.
func migrate(ctx context.Context, path string) error {
	_, err := sqlite.Up(ctx, path)
	return err
}

func newScene(t testing.TB) *scene {
	t.Helper()
	path := testenv.File(t, "sqlite.Store", migrate)
	store, err := sqlite.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	bus := inproc.NewBus()
	t.Cleanup(func() { bus.Close() })
	return &scene{t: t, path: path, org: coretest.NewOrg(t, store), bus: bus}
}

// hub is a node.
func (s *scene) hub(c feed.Config) *feed.Hub {
	s.t.Helper()
	c.Store, c.Logger = s.org.Store, slog.New(slog.DiscardHandler)
	if c.Bus == nil {
		c.Bus = s.bus
	}
	h := feed.New(c)
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		h.Close(ctx)
		if ctx.Err() != nil {
			s.t.Error("the hub did not close")
		}
	})
	return h
}

// open opens a stream that the test closes.
func (s *scene) open(h *feed.Hub, o feed.Options) *feed.Stream {
	s.t.Helper()
	stream, err := h.Open(s.t.Context(), s.org.Tenant, o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(stream.Close)
	return stream
}

// commit appends n events in one transaction, and tells the bus.
func (s *scene) commit(n int, typ core.EventType, data any) {
	s.t.Helper()
	if err := s.tryCommit(n, typ, data); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) tryCommit(n int, typ core.EventType, data any) error {
	err := s.org.Store.Tenant(s.org.Tenant).InTx(s.t.Context(), func(_ context.Context, tx core.Tx) error {
		for range n {
			tx.Append(typ, coretest.Now(), data)
		}
		return nil
	})
	if err != nil {
		return err
	}
	_ = s.bus.Notify(s.t.Context(), core.Notice{Topic: core.FeedTopic(s.org.Tenant)}) // may be away, by the test's will
	return nil
}

// log reads the whole log.
func (s *scene) log() []core.Position {
	s.t.Helper()
	events := s.org.Read().Events
	state, err := events.State(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	var ids []core.Position
	for at := state.First; ; at = ids[len(ids)-1] {
		page, err := events.After(s.t.Context(), at, 1000)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range page {
			ids = append(ids, e.ID)
		}
		if len(page) == 0 {
			return ids
		}
	}
}

func next(t testing.TB, s *feed.Stream) *feed.Item {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	it, err := s.Next(ctx)
	if err != nil {
		t.Fatalf("next: %v", err)
	}
	return it
}

// take returns the ids of the next n items.
func take(t testing.TB, s *feed.Stream, n int) []core.Position {
	t.Helper()
	var ids []core.Position
	for range n {
		ids = append(ids, next(t, s).Event.ID)
	}
	return ids
}

// nothing checks that the stream has no item for longer than a poll takes.
func nothing(t testing.TB, s *feed.Stream) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	if it, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %+v, %v, want nothing", it, err)
	}
}

func wantIDs(t testing.TB, got, want []core.Position) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("got %d events, want %d; they differ from number %d on: got %v, want %v", len(got), len(want), i, part(got, i), part(want, i))
		}
	}
}

func part(ids []core.Position, i int) string {
	return fmt.Sprint(ids[min(i, len(ids)):min(i+3, len(ids))])
}
