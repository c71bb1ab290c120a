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

func TestBus_Outage(t *testing.T) {
	t.Parallel()

	t.Run("FlushedServerLosesNoNotice", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t, testenv.RedisOptions{})
		b, topic := openBus(t, server.URL()), feed()
		l := listen(t, b, topic)
		server.FlushAll(t)
		wantDelivery(t, b, l, topic)
	})

	t.Run("NotifyIsUnavailableAndHeals", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t, testenv.RedisOptions{})
		b, topic := openBus(t, server.URL()), feed()
		l := listen(t, b, topic)
		server.Stop(t)
		for range 30 { // more than the pool has connections
			wantUnavailableSoon(t, "Notify", func() error { return b.Notify(t.Context(), core.Notice{Topic: topic}) })
		}
		server.Start(t)
		wantLost(t, l, topic)
		wantDelivery(t, b, l, topic)
	})

	t.Run("ListenSucceedsAndTellsOfLoss", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t, testenv.RedisOptions{})
		server.Stop(t)
		b, topic := openBus(t, server.URL()), feed()
		began := time.Now()
		l := listen(t, b, topic)
		if took := time.Since(began); took > soon {
			t.Errorf("Listen took %v, want at most %v", took, soon)
		}
		server.Start(t)
		wantLost(t, l, topic)
		wantDelivery(t, b, l, topic)
	})

	t.Run("FrozenServerHoldsNobody", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t, testenv.RedisOptions{})
		b, ending, topic, later := openBus(t, server.URL()), openBus(t, server.URL()), feed(), feed()
		before := listen(t, b, topic)
		listen(t, ending, topic)
		server.Pause(t)
		wantUnavailableSoon(t, "Notify", func() error { return b.Notify(t.Context(), core.Notice{Topic: topic}) })
		began := time.Now()
		during := listen(t, b, later)
		if took := time.Since(began); took > soon {
			t.Errorf("Listen took %v, want at most %v", took, soon)
		}
		second := listen(t, b, later) // its channel was asked for, and that is not enough
		began = time.Now()
		_ = ending.Close()
		if took := time.Since(began); took > soon {
			t.Errorf("Close took %v, want at most %v", took, soon)
		}
		server.Continue(t)
		wantLost(t, during, later)
		wantLost(t, second, later)
		if n := next(t, before); n.Lost { // the notice of above was taken late
			t.Errorf("got %+v, want it without a loss: the connection stood", n)
		}
		wantDelivery(t, b, before, topic)
		wantDelivery(t, b, during, later)
	})

	t.Run("EveryChangeOfMindIsConfirmed", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t, testenv.RedisOptions{})
		b, wavering, topic := openBus(t, server.URL()), feed(), feed()
		stands := listen(t, b, topic)
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
		wantDelivery(t, b, l, wavering)
		wantDelivery(t, b, stands, topic) // over the same connection: nothing was lost
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
		wantDelivery(t, b, l, topic)
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
