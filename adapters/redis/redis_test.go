//go:build unix

package redis_test

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/redis"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/testenv"
)

// calls returns one call of each method that goes to Redis and answers at once.
func calls(t *testing.T, c *redis.Client) map[string]func(context.Context) error {
	bus := busOf(t, c)
	cache, limiter, presence, tenant := redis.NewCache(c), redis.NewLimiter(c), redis.NewPresence(c), tenant()
	return map[string]func(context.Context) error{
		"Health": c.Health,
		"Get": func(ctx context.Context) error {
			_, _, err := cache.Get(ctx, tenant, "key")
			return err
		},
		"Set":    func(ctx context.Context) error { return cache.Set(ctx, tenant, "key", []byte("value"), time.Hour) },
		"Delete": func(ctx context.Context) error { return cache.Delete(ctx, tenant, "key", "other") },
		"Clear":  func(ctx context.Context) error { return cache.Clear(ctx, tenant) },
		"Allow": func(ctx context.Context) error {
			_, err := limiter.Allow(ctx, core.TenantLimit(tenant, "requests"), core.Limit{Events: 1000, Period: time.Hour}, 1)
			return err
		},
		"Put": func(ctx context.Context) error {
			return presence.Put(ctx, tenant, core.Connection{ID: "id"}, time.Hour)
		},
		"Remove": func(ctx context.Context) error { return presence.Remove(ctx, tenant, "id") },
		"List": func(ctx context.Context) error {
			_, err := presence.List(ctx, tenant)
			return err
		},
		"Notify": func(ctx context.Context) error {
			return bus.Notify(ctx, core.Notice{Topic: core.CanceledTopic()}, core.Notice{Topic: core.IndexTopic()})
		},
	}
}

func TestCalls_AreUnavailableSoonAndHealByThemselves(t *testing.T) {
	t.Parallel()
	outages := map[string]struct {
		begin, end func(*testenv.RedisServer, testing.TB)
	}{
		"Stopped": {func(s *testenv.RedisServer, t testing.TB) { s.Stop(t) }, func(s *testenv.RedisServer, t testing.TB) { s.Start(t) }},
		"Killed":  {func(s *testenv.RedisServer, t testing.TB) { s.Kill(t) }, func(s *testenv.RedisServer, t testing.TB) { s.Start(t) }},
		"Frozen":  {func(s *testenv.RedisServer, t testing.TB) { s.Pause(t) }, func(s *testenv.RedisServer, t testing.TB) { s.Continue(t) }},
	}
	for name, outage := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testenv.StartRedis(t, testenv.RedisOptions{})
			all := calls(t, openHasty(t, server.URL()))
			for name, call := range all {
				eventually(t, name+" works", func() bool { return call(t.Context()) == nil })
			}
			outage.begin(server, t)
			for name, call := range all {
				wantUnavailableSoon(t, name, func() error { return call(t.Context()) })
			}
			outage.end(server, t)
			for name, call := range all {
				eventually(t, name+" heals", func() bool { return call(t.Context()) == nil })
			}
		})
	}
}

func TestCalls_TakeOneRoundTrip(t *testing.T) {
	t.Parallel()
	url := testenv.StartRedis(t, testenv.RedisOptions{}).URL()
	behind := raw(t, url)
	reads := func() int {
		info, err := behind.InfoMap(t.Context(), "stats").Result()
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(info["Stats"]["total_reads_processed"])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for name, call := range calls(t, open(t, url)) {
		if err := call(t.Context()); err != nil { // sends the script
			t.Fatalf("%s: %v", name, err)
		}
		before := reads()
		if err := call(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := reads() - before - 1; got != 1 {
			t.Errorf("%s: the server read %d times, want once", name, got)
		}
	}
}

func TestCalls_LeaveNothingForEver(t *testing.T) {
	t.Parallel()
	url := testenv.StartRedis(t, testenv.RedisOptions{}).URL()
	for name, call := range calls(t, open(t, url)) {
		if name == "Clear" || name == "Delete" || name == "Remove" {
			continue
		}
		if err := call(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	behind := raw(t, url)
	keys, err := behind.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 4 {
		t.Fatalf("keys: got %q, %v, want those of cache, generation, limit and presence", keys, err)
	}
	for _, key := range keys {
		if ttl := behind.PTTL(t.Context(), key).Val(); ttl <= 0 || ttl > time.Hour {
			t.Errorf("%s lives for %v, want at most an hour", key, ttl)
		}
		if !strings.HasPrefix(key, "docsctl:") {
			t.Errorf("%s has no prefix", key)
		}
	}
}

func TestCalls_SurviveForgottenScripts(t *testing.T) {
	t.Parallel()
	url := testenv.Redis(t).URL()
	all := calls(t, open(t, url))
	for range 2 {
		for name, call := range all {
			if err := call(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := raw(t, url).ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	quiet := &redis.Config{Logger: slog.New(slog.DiscardHandler)}

	t.Run("ServerThatIsAwayIsNoError", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t, testenv.RedisOptions{})
		server.Stop(t)
		c := openHasty(t, server.URL())
		wantUnavailableSoon(t, "Health", func() error { return c.Health(t.Context()) })
		server.Start(t)
		eventually(t, "it heals", func() bool { return c.Health(t.Context()) == nil })
	})

	t.Run("RefusalIsAnError", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t, testenv.RedisOptions{Settings: map[string]string{"requirepass": "s3cret-word"}})
		host := strings.TrimSuffix(strings.TrimPrefix(server.URL(), "redis://"), "/0")
		for _, url := range []string{
			"redis://" + host, "redis://:wr0ng-word@" + host, "redis://nobody:s3cret-word@" + host, "redis://:s3cret-word@" + host + "/9999",
		} {
			c, err := redis.Open(t.Context(), url, quiet)
			if c != nil || core.CodeOf(err) != core.CodeUnavailable {
				t.Errorf("got %v, %v, want an error", c, err)
			}
			wantNoSecret(t, err)
		}
		c, err := redis.Open(t.Context(), "redis://:s3cret-word@"+host, quiet)
		if err != nil {
			t.Fatalf("the right password: %v", err)
		}
		_ = c.Close()
	})

	t.Run("BrokenURLIsInvalidAndNotRepeated", func(t *testing.T) {
		t.Parallel()
		for _, url := range []string{
			"", "localhost:6379", "http://:s3cret-word@host", "redis://:s3cret-word@host:port", "redis://:s3cret-word@host/db",
			"redis://:s3cret-word@host/0?unknown=1", "redis://:s3cret-%zzword@host", "://s3cret-word",
		} {
			c, err := redis.Open(t.Context(), url, quiet)
			if c != nil || core.CodeOf(err) != core.CodeValidation {
				t.Errorf("got %v, %v, want code %q", c, err, core.CodeValidation)
			}
			wantNoSecret(t, err)
		}
	})
}

func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "wr0ng")) {
		t.Errorf("the error repeats the password: %v", err)
	}
}

func TestCache_Generations(t *testing.T) {
	t.Parallel()
	url := testenv.Redis(t).URL()
	one, other, tenant := redis.NewCache(open(t, url)), redis.NewCache(open(t, url)), tenant()
	set := func(c *redis.Cache, key string, ttl time.Duration) {
		t.Helper()
		if err := c.Set(t.Context(), tenant, key, []byte("value"), ttl); err != nil {
			t.Fatal(err)
		}
	}
	wantFound := func(c *redis.Cache, key string, want bool) {
		t.Helper()
		if _, found, err := c.Get(t.Context(), tenant, key); found != want || err != nil {
			t.Errorf("get %s: got found %v, %v, want %v", key, found, err, want)
		}
	}

	set(one, "a", time.Hour)
	wantFound(other, "a", true)
	if err := other.Clear(t.Context(), tenant); err != nil {
		t.Fatal(err)
	}
	wantFound(one, "a", false)

	set(one, "b", time.Hour)
	if err := raw(t, url).Del(t.Context(), "docsctl:generation:{"+string(tenant.OrgID())+"}").Err(); err != nil {
		t.Fatal(err)
	}
	wantFound(one, "b", false) // evicted with its generation
	set(other, "c", 50*time.Millisecond)
	wantFound(one, "b", false) // and not back with the next

	set(one, "d", time.Hour) // the generation lives on beyond the short value
	eventually(t, "the short value expires", func() bool {
		_, found, err := one.Get(t.Context(), tenant, "c")
		return err == nil && !found
	})
	wantFound(one, "d", true)
}

func TestPresence_DeadEntriesGoWithoutAnyList(t *testing.T) {
	t.Parallel()
	url := testenv.Redis(t).URL()
	p, tenant := redis.NewPresence(open(t, url)), tenant()
	for i := range 50 {
		if err := p.Put(t.Context(), tenant, core.Connection{ID: "dead " + strconv.Itoa(i)}, time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "renewals drop the dead", func() bool {
		if err := p.Put(t.Context(), tenant, core.Connection{ID: "living"}, time.Hour); err != nil {
			t.Fatal(err)
		}
		return raw(t, url).HLen(t.Context(), "docsctl:presence:{"+string(tenant.OrgID())+"}").Val() == 1
	})
}
