//go:build unix

package redis_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/redis"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/testenv"
)

func TestBus_OutageLosesNoNotice(t *testing.T) {
	t.Parallel()

	t.Run("FlushedServer", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t, testenv.RedisOptions{})
		b, topic, began := openBus(t, server.URL()), feed(), time.Now()
		l := listen(t, b, topic)
		server.FlushAll(t)
		wantStanding(t, b, l, topic, began)
	})

	t.Run("NotifyIsUnavailableAndHeals", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t, testenv.RedisOptions{})
		b, topic := busOf(t, openHasty(t, server.URL())), feed()
		l := listen(t, b, topic)
		settle(t, b, l, topic)
		server.Stop(t)
		for range 30 { // more than the pool has connections
			wantUnavailableSoon(t, "Notify", func() error { return b.Notify(t.Context(), core.Notice{Topic: topic}) })
		}
		server.Start(t)
		wantLost(t, l, topic)
		settle(t, b, l, topic)
	})

	t.Run("ServerThatSaysNothingIsLeft", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t, testenv.RedisOptions{})
		lost := make(alarm, 1)
		c, err := redis.Open(t.Context(), server.URL(), &redis.Config{Logger: slog.New(lost)})
		if err != nil {
			t.Fatal(err)
		}
		b := redis.NewBus(c)
		t.Cleanup(func() { _, _ = b.Close(), c.Close() })
		topic := feed()
		l := listen(t, b, topic)
		server.Pause(t)
		<-lost
		server.Continue(t)
		wantLost(t, l, topic)
		settle(t, b, l, topic)
	})
}

func TestBus_ListensDuringAnOutage(t *testing.T) {
	t.Parallel()

	t.Run("ListenSucceedsAndTellsOfLoss", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t, testenv.RedisOptions{})
		server.Stop(t)
		b, topic := busOf(t, openHasty(t, server.URL())), feed()
		l := listenSoon(t, b, topic)
		server.Start(t)
		wantLost(t, l, topic)
		settle(t, b, l, topic)
	})

	t.Run("EveryChangeOfMindIsConfirmed", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t, testenv.RedisOptions{})
		b, wavering, topic := busOf(t, openHasty(t, server.URL())), feed(), feed()
		stands := listen(t, b, topic)
		settle(t, b, stands, topic)
		began := time.Now()
		server.Pause(t)
		for range 3 { // subscribed, and by the time of the other topic unsubscribed again
			for _, topic := range []core.Topic{wavering, feed()} {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				if l, err := b.Listen(ctx, topic); err == nil {
					t.Errorf("got %v, want no listener of a frozen server", l)
				}
				cancel()
			}
		}
		l := listen(t, b, wavering)
		server.Continue(t)
		wantLost(t, l, wavering)
		wantStanding(t, b, l, wavering, began)
		wantStanding(t, b, stands, topic, began)
	})

	t.Run("EndedContextEndsListen", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t, testenv.RedisOptions{})
		b := openBus(t, server.URL())
		server.Pause(t)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if l, err := b.Listen(ctx, feed()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, %v, want the context's error", l, err)
		}
		server.Continue(t)
	})
}

func TestBus_FrozenServerHoldsNobody(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t, testenv.RedisOptions{})
	b, topic, later := busOf(t, openHasty(t, server.URL())), feed(), feed()
	before := listen(t, b, topic)
	settle(t, b, before, topic)
	var ending []core.EventBus
	for range 5 { // as often as a promise is put to the test
		ending = append(ending, busOf(t, openHasty(t, server.URL())))
		listen(t, ending[len(ending)-1], topic)
	}
	began := time.Now()
	server.Pause(t)
	wantUnavailableSoon(t, "Notify", func() error { return b.Notify(t.Context(), core.Notice{Topic: topic}) })
	during := listenSoon(t, b, later)
	second := listen(t, b, later) // its channel was asked for, and that is not enough
	testenv.Promise(t, "Close", soon, func() time.Duration {
		asked := time.Now()
		_ = ending[0].Close()
		ending = ending[1:]
		return time.Since(asked)
	})
	server.Continue(t)
	wantLost(t, during, later)
	wantLost(t, second, later)
	wantStanding(t, b, before, topic, began) // behind the notice of above, which was taken late
	wantStanding(t, b, during, later, began)
}

// listenSoon listens while Redis is away.
func listenSoon(t *testing.T, b core.EventBus, topic core.Topic) (l core.Listener) {
	t.Helper()
	testenv.Promise(t, "Listen", soon, func() time.Duration {
		asked := time.Now()
		l = listen(t, b, topic)
		return time.Since(asked)
	})
	return l
}

// alarm is a log that tells of the first warning.
type alarm chan struct{}

func (a alarm) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (a alarm) WithAttrs([]slog.Attr) slog.Handler           { return a }
func (a alarm) WithGroup(string) slog.Handler                { return a }
func (a alarm) Handle(context.Context, slog.Record) error {
	select {
	case a <- struct{}{}:
	default:
	}
	return nil
}
