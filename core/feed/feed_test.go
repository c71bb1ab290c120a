package feed_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/core/feed"
)

func TestStream_ReplaysThenGoesOnLive(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{})
	s.commit(300, core.EventDocumentCreated, "before")
	from := s.log()[99]
	stream := s.open(hub, feed.Options{Since: from})
	if stream.Start() != from {
		t.Errorf("start: got %s, want %s", stream.Start(), from)
	}
	wrote := make(chan error, 1)
	go func() { // ended by the receive below
		for range 100 {
			if err := s.tryCommit(3, core.EventDocumentUpdated, "meanwhile"); err != nil {
				wrote <- err
				return
			}
		}
		wrote <- nil
	}()
	got := take(t, stream, 500)
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	wantIDs(t, got, s.log()[100:])
	nothing(t, stream)
}

func TestStream_WithoutSinceBeginsNow(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{Bus: deaf{s.bus}})
	s.bus = deaf{s.bus}
	s.open(hub, feed.Options{}) // its follower stays at the empty log's end until it polls
	s.commit(5, core.EventDocumentCreated, "old")
	stream := s.open(hub, feed.Options{})
	if last := s.log()[4]; stream.Start() != last {
		t.Errorf("start: got %s, want the last event, %s", stream.Start(), last)
	}
	s.commit(2, core.EventDocumentCreated, "new")
	wantIDs(t, take(t, stream, 2), s.log()[5:])
	nothing(t, stream)
}

func TestStream_AheadOfItsNodeGetsNothingTwice(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{Bus: deaf{s.bus}}) // learns of news by polling only
	first := s.open(hub, feed.Options{})
	s.bus = deaf{s.bus}
	s.commit(10, core.EventDocumentCreated, "seen on another node")
	stream := s.open(hub, feed.Options{Since: s.log()[4]})
	wantIDs(t, take(t, stream, 5), s.log()[5:])
	at := s.open(hub, feed.Options{Since: s.log()[9]})
	wantIDs(t, take(t, first, 10), s.log())
	s.commit(3, core.EventDocumentCreated, "new")
	wantIDs(t, take(t, stream, 3), s.log()[10:])
	wantIDs(t, take(t, at, 3), s.log()[10:])
	nothing(t, stream)
}

func TestStream_CarriesItsTopics(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	stream := s.open(s.hub(feed.Config{}), feed.Options{Topics: []string{"jobs", "integrations"}})
	s.commit(1, core.EventDocumentCreated, "document")
	s.commit(1, core.EventJobQueued, "job")
	s.commit(1, core.EventSummaryFailed, "summary")
	s.commit(1, core.EventIntegrationUpdate, "integration")
	wantTypes(t, stream, core.EventJobQueued, core.EventIntegrationUpdate)
	if err := stream.Subscribe([]string{"documents"}); err != nil {
		t.Fatal(err)
	}
	s.commit(1, core.EventJobQueued, "job")
	s.commit(1, core.EventDocumentDeleted, "document")
	wantTypes(t, stream, core.EventDocumentDeleted)
	if err := stream.Subscribe([]string{}); err != nil {
		t.Fatal(err)
	}
	s.commit(1, core.EventDocumentDeleted, "document")
	nothing(t, stream)
	if err := stream.Subscribe([]string{"jobs", "nonsense"}); core.CodeOf(err) != core.CodeValidation {
		t.Errorf("an unknown topic: got %v, want CodeValidation", err)
	}
}

func wantTypes(t *testing.T, s *feed.Stream, want ...core.EventType) {
	t.Helper()
	for _, w := range want {
		if got := next(t, s).Event.Type; got != w {
			t.Errorf("got %s, want %s", got, w)
		}
	}
}

func TestStream_SlowClientIsEndedAndCanResume(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{Queue: 16})
	slow, quick := s.open(hub, feed.Options{}), s.open(hub, feed.Options{})
	s.commit(3, core.EventDocumentCreated, "x")
	got := take(t, slow, 2)
	for range 10 {
		s.commit(5, core.EventDocumentCreated, "x")
		take(t, quick, 5)
	}
	<-slow.Done()
	s.commit(1, core.EventDocumentCreated, "after its end")
	for range 3 {
		if it, err := slow.Next(t.Context()); !errors.Is(err, feed.ErrSlow) {
			t.Fatalf("got %+v, %v, want ErrSlow and nothing after a gap", it, err)
		}
	}
	slow.Close()
	again := s.open(hub, feed.Options{Since: got[1]})
	wantIDs(t, append(got, take(t, again, 52)...), s.log())
}

func TestStream_EndsWithItsReason(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{})
	revoked, closed, ended, bystander := s.open(hub, feed.Options{}), s.open(hub, feed.Options{}), s.open(hub, feed.Options{}), s.open(hub, feed.Options{})
	s.commit(1, core.EventDocumentCreated, "not to be told to a revoked user")
	revoked.End(feed.ErrRevoked)
	revoked.End(feed.ErrSlow)
	closed.Close()
	closed.Close()
	if err := s.bus.Notify(t.Context(), core.Notice{Topic: core.ConnectionsTopic(s.org.Tenant), Body: []byte(ended.ID())}); err != nil {
		t.Fatal(err)
	}
	<-ended.Done()
	for want, stream := range map[error]*feed.Stream{feed.ErrRevoked: revoked, feed.ErrClosed: closed, feed.ErrEnded: ended} {
		if it, err := stream.Next(t.Context()); !errors.Is(err, want) {
			t.Errorf("got %+v, %v, want %v", it, err, want)
		}
	}
	take(t, bystander, 1)
}

func TestHub_CloseEndsStreamsAndWaitsForTheirOwners(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{})
	stream := s.open(hub, feed.Options{})
	waits := make(chan error, 1)
	go func() { // ended by Close
		_, err := stream.Next(context.Background())
		waits <- err
	}()
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	hub.Close(short)
	if short.Err() == nil {
		t.Error("Close did not wait for the stream's owner")
	}
	if err := <-waits; !errors.Is(err, feed.ErrShutdown) {
		t.Errorf("got %v, want ErrShutdown", err)
	}
	stream.Close()
	hub.Close(t.Context())
	if _, err := hub.Open(t.Context(), s.org.Tenant, feed.Options{}); core.CodeOf(err) != core.CodeUnavailable {
		t.Errorf("a closed hub: got %v, want CodeUnavailable", err)
	}
}

func TestHub_OpenAndCloseMayRace(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{})
	ended := make(chan error, 40)
	for range cap(ended) {
		go func() { // ended by the receives below
			stream, err := hub.Open(context.Background(), s.org.Tenant, feed.Options{})
			if err == nil {
				_, err = stream.Next(context.Background())
				stream.Close()
			}
			ended <- err
		}()
	}
	hub.Close(t.Context())
	for range cap(ended) {
		if err := <-ended; !errors.Is(err, feed.ErrShutdown) {
			t.Errorf("got %v, want ErrShutdown", err)
		}
	}
}

func TestHub_StoreThatIsAwayIsToldAndTriedAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := hub.Open(ctx, s.org.Tenant, feed.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: got %v, want context.Canceled", err)
	}
	if _, err := hub.Open(t.Context(), core.Tenant{}, feed.Options{}); core.CodeOf(err) != core.CodeInternal {
		t.Errorf("the zero tenant: got %v, want CodeInternal", err)
	}
	s.open(hub, feed.Options{})
}

func TestStream_EphemeralEventsAreToldOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{})
	stream := s.open(hub, feed.Options{})
	other := coretest.NewOrg(t, s.org.Store)
	job := s.org.NewJob(t)
	s.tell(core.EventJobProgress, other.Organization.ID, job)
	s.tell(core.EventJobProgress, s.org.Organization.ID, job)
	got := next(t, stream)
	var told core.Job
	if err := json.Unmarshal(got.Event.Data, &told); err != nil || told.ID != job.ID || got.Event.ID != "" || got.Event.OrgID != s.org.Organization.ID {
		t.Errorf("got %+v, %v, want the job's progress without an id", got.Event, err)
	}
	s.tell(core.EventSummaryDelta, s.org.Organization.ID, core.SummaryDelta{JobID: job.ID, Run: 1, Text: "It"})
	wantTypes(t, stream, core.EventSummaryDelta)
	s.commit(1, core.EventJobCompleted, job)
	wantTypes(t, stream, core.EventJobCompleted)

	s.tell(core.EventJobProgress, s.org.Organization.ID, job) // the bus brings it late
	s.tell(core.EventSummaryDelta, s.org.Organization.ID, core.SummaryDelta{JobID: job.ID, Run: 1, Text: "is"})
	job.Run = 2
	s.tell(core.EventJobProgress, s.org.Organization.ID, job)
	if err := json.Unmarshal(next(t, stream).Event.Data, &told); err != nil || told.Run != 2 {
		t.Errorf("got progress of run %d, %v, want only the next run's", told.Run, err)
	}
}

func (s *scene) tell(typ core.EventType, org core.OrgID, data any) {
	s.t.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := json.Marshal(core.Event{Type: typ, OrgID: org, At: coretest.Now(), Data: raw})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.bus.Notify(s.t.Context(), core.Notice{Topic: core.FeedTopic(s.org.Tenant), Body: body}); err != nil {
		s.t.Fatal(err)
	}
}

func TestStream_TellsRunningJobsToWhoResumes(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{})
	s.commit(100, core.EventDocumentCreated, "x")
	running := s.org.NewJob(t)
	s.org.NewJob(t) // waits
	s.org.InTx(t, func(ctx context.Context, tx core.Tx) error {
		running.Status, running.NextAttemptAt, running.Progress.Done = core.JobInProgress, nil, 7
		return tx.Jobs.Update(ctx, running)
	})
	stream := s.open(hub, feed.Options{Since: s.log()[0]})
	wantIDs(t, take(t, stream, 99), s.log()[1:])
	got := next(t, stream)
	var job core.Job
	if err := json.Unmarshal(got.Event.Data, &job); err != nil || got.Event.Type != core.EventJobProgress || got.Event.ID != "" || job.ID != running.ID || job.Progress.Done != 7 {
		t.Errorf("got %+v, %v, want the running job's progress", got.Event, err)
	}
	s.commit(1, core.EventDocumentCreated, "x")
	wantIDs(t, take(t, stream, 1), s.log()[100:])
}

func TestItem_IsEncodedOnceForAllStreams(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hub := s.hub(feed.Config{})
	one, other := s.open(hub, feed.Options{}), s.open(hub, feed.Options{})
	s.commit(1, core.EventDocumentCreated, "x")
	times := 0
	encode := func(it *feed.Item) []byte { times++; return []byte(it.Event.ID) }
	a, b := next(t, one).Encoded(encode), next(t, other).Encoded(encode)
	if times != 1 || &a[0] != &b[0] {
		t.Errorf("encoded %d times, want once", times)
	}
}
