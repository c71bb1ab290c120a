package feed_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/docsctl/docsctl/adapters/postgres"
	"github.com/docsctl/docsctl/adapters/redis"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/core/feed"
	"github.com/docsctl/docsctl/internal/testenv"
)

// newServed is a scene over Postgres and a Redis of its own.
func newServed(t *testing.T) (*scene, *testenv.RedisServer) {
	t.Helper()
	return newServedBy(t, testenv.Postgres(t))
}

func newServedBy(t *testing.T, database *testenv.PostgresServer) (*scene, *testenv.RedisServer) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	url := database.Database(t, "feed", func(ctx context.Context, url string) error {
		_, err := postgres.Up(ctx, url, "")
		return err
	})
	store, err := postgres.Open(t.Context(), url, &postgres.Config{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	server := testenv.StartRedis(t, testenv.RedisOptions{})
	client, err := redis.Open(t.Context(), server.URL(), &redis.Config{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	bus := redis.NewBus(client)
	t.Cleanup(func() { bus.Close(); client.Close() })
	return &scene{t: t, org: coretest.NewOrg(t, store), bus: bus}, server
}

func TestServers_CutOffAtRandomNothingIsLostOrTwice(t *testing.T) {
	t.Parallel()
	s, _ := newServed(t)
	checkResume(s, []*feed.Hub{s.hub(feed.Config{}), s.hub(feed.Config{})}, 3)
}

func TestServers_NothingIsLostWhileRedisComesAndGoes(t *testing.T) {
	t.Parallel()
	s, server := newServed(t)
	hubs := []*feed.Hub{s.hub(feed.Config{}), s.hub(feed.Config{})}
	over := make(chan struct{})
	var harm sync.WaitGroup
	harm.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-over:
				return
			default:
			}
			if i%2 == 0 {
				server.Restart(t)
			} else {
				server.FlushAll(t)
			}
		}
	})
	checkResume(s, hubs, 2)
	close(over)
	harm.Wait()
}

func TestServers_LongTransactionDelaysAndLosesNothing(t *testing.T) {
	t.Parallel()
	s, _ := newServed(t)
	stream := s.open(s.hub(feed.Config{}), feed.Options{})
	began, release := make(chan struct{}), make(chan struct{})
	long := make(chan error, 1)
	go func() { // ended by release
		long <- s.org.Store.Tenant(s.org.Tenant).InTx(t.Context(), func(ctx context.Context, tx core.Tx) error {
			if _, err := tx.Users.GetForUpdate(ctx, s.org.User.ID); err != nil {
				return err
			}
			if err := tx.Users.Update(ctx, &s.org.User); err != nil { // takes a transaction's number
				return err
			}
			close(began)
			<-release
			tx.Append(core.EventDocumentCreated, coretest.Now(), "first to begin")
			return nil
		})
	}()
	<-began
	s.commit(5, core.EventDocumentCreated, "later")
	close(release)
	if err := <-long; err != nil {
		t.Fatal(err)
	}
	got := take(t, stream, 6)
	wantIDs(t, got, s.log())
}

func TestServers_LiveStreamOutlivesARestartOfPostgres(t *testing.T) {
	t.Parallel()
	database := testenv.StartPostgres(t, testenv.PostgresOptions{})
	s, _ := newServedBy(t, database)
	stream := s.open(s.hub(feed.Config{}), feed.Options{})
	s.commit(10, core.EventDocumentCreated, "before")
	got := take(t, stream, 10)
	database.Kill(t)
	database.Start(t)
	for s.tryCommit(10, core.EventDocumentCreated, "after") != nil { // connections of before are dead
		if t.Context().Err() != nil {
			t.Fatal("the store does not come back")
		}
	}
	want := s.log()
	wantIDs(t, append(got, take(t, stream, len(want)-10)...), want)
	nothing(t, stream)
}
