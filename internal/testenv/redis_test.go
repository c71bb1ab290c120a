//go:build unix

package testenv

import (
	"context"
	"net"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestRedis(t *testing.T) {
	t.Parallel()

	t.Run("EachTestHasItsOwnServer", func(t *testing.T) {
		t.Parallel()
		began := time.Now()
		one := StartRedis(t, RedisOptions{})
		t.Logf("server in %s", time.Since(began).Round(time.Millisecond))
		other := StartRedis(t, RedisOptions{})
		set(t, one.URL(), "key")
		if got := size(t, one.URL()); got != 1 {
			t.Errorf("the first server holds %d keys, want 1", got)
		}
		if got := size(t, other.URL()); got != 0 {
			t.Errorf("the second server holds %d keys, want 0", got)
		}
	})

	t.Run("GoroutineOfAServerIsTheNamedOne", func(t *testing.T) {
		t.Parallel()
		StartRedis(t, RedisOptions{})
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		if !strings.Contains(string(stacks), Goroutine+"(") {
			t.Errorf("no goroutine runs %s", Goroutine)
		}
	})

	t.Run("KilledServerComesBackEmpty", func(t *testing.T) {
		t.Parallel()
		s := StartRedis(t, RedisOptions{})
		set(t, s.URL(), "key")
		s.Kill(t)
		if conn, err := net.Dial("tcp", client(t, s.URL()).Options().Addr); err == nil {
			_ = conn.Close()
			t.Error("the killed server answers")
		}
		s.Start(t)
		if got := size(t, s.URL()); got != 0 {
			t.Errorf("the server holds %d keys, want 0", got)
		}
	})

	t.Run("SettingsHold", func(t *testing.T) {
		t.Parallel()
		s := StartRedis(t, RedisOptions{Settings: map[string]string{"appendonly": "yes"}})
		set(t, s.URL(), "key")
		s.Restart(t)
		if got := size(t, s.URL()); got != 1 {
			t.Errorf("the server that writes a log holds %d keys after a restart, want 1", got)
		}
		s.FlushAll(t)
		if got := size(t, s.URL()); got != 0 {
			t.Errorf("the emptied server holds %d keys, want 0", got)
		}
	})

	t.Run("BorrowsOnlyEmptyDatabasesOfAForeignServer", func(t *testing.T) {
		t.Parallel()
		s := StartRedis(t, RedisOptions{})
		foreign := "redis://" + client(t, s.URL()).Options().Addr
		set(t, foreign+"/15", "somebody's")
		set(t, foreign+"/0", "somebody's")
		longAgo := time.Now().Add(-2 * claimTime).Unix()
		if err := client(t, foreign+"/14").Set(t.Context(), claimKey, longAgo, 0).Err(); err != nil {
			t.Fatal(err)
		}
		set(t, foreign+"/14", "of a killed test")

		t.Run("Test", func(t *testing.T) {
			for _, want := range []string{foreign + "/14", foreign + "/13"} {
				got := borrowRedis(t, foreign)
				if got.URL() != want {
					t.Errorf("borrowed %s, want %s", got.URL(), want)
				}
				if n := size(t, got.URL()); n != 1 {
					t.Errorf("%s holds %d keys, want the claim only", want, n)
				}
				set(t, got.URL(), "key")
			}
		})
		for n, want := range map[int]int64{15: 1, 14: 0, 13: 0, 0: 1} {
			if got := size(t, foreign+"/"+strconv.Itoa(n)); got != want {
				t.Errorf("database %d holds %d keys afterwards, want %d", n, got, want)
			}
		}
	})
}

func client(tb testing.TB, url string) *redis.Client {
	tb.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		tb.Fatal(err)
	}
	c := redis.NewClient(options)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

func set(tb testing.TB, url, key string) {
	tb.Helper()
	if err := client(tb, url).Set(tb.Context(), key, "value", 0).Err(); err != nil {
		tb.Fatal(err)
	}
}

func size(tb testing.TB, url string) int64 {
	tb.Helper()
	n, err := client(tb, url).DBSize(context.WithoutCancel(tb.Context())).Result()
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
