//go:build unix

package testenv

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/docsctl/docsctl/internal/testenv/servers"
)

// RedisOptions say how a private Redis runs.
type RedisOptions struct {
	// Settings are settings of redis.conf; they win over ours. Without any the
	// server keeps nothing on disk, so a restart empties it.
	Settings map[string]string
}

// RedisServer is a Redis that only one test uses. Its Process is nil when
// DOCSCTL_TEST_REDIS_URL named it.
type RedisServer struct {
	*Process
	url string
}

// Redis returns a Redis of this test's own: a server started for it, which takes
// about 10 ms, or an empty database of the one that DOCSCTL_TEST_REDIS_URL names.
// On the latter channels are shared by all databases, as Redis has it.
func Redis(tb testing.TB) *RedisServer {
	tb.Helper()
	if text := os.Getenv("DOCSCTL_TEST_REDIS_URL"); text != "" {
		return borrowRedis(tb, text)
	}
	return StartRedis(tb, RedisOptions{})
}

// StartRedis starts a server that only this test uses, gone at its end.
func StartRedis(tb testing.TB, o RedisOptions) *RedisServer {
	tb.Helper()
	s, err := startRedis(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.discard(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func startRedis(ctx context.Context, o RedisOptions) (*RedisServer, error) {
	bin, err := servers.Find(ctx, os.Stderr, servers.Redis())
	if err != nil {
		return nil, err
	}
	h, err := processHome()
	if err != nil {
		return nil, err
	}
	dir, err := h.folder("redis", false)
	if err != nil {
		return nil, err
	}
	p := &Process{
		name: "Redis", dir: dir, home: h,
		ready: "Ready to accept connections",
		stop:  syscall.SIGTERM,
		drop:  syscall.SIGKILL,
	}
	port, err := p.launch(ctx, func(port int) ([]string, error) {
		return append([]string{filepath.Join(bin, "redis-server")}, o.arguments(port, dir)...), nil
	})
	if err != nil {
		return nil, err
	}
	return &RedisServer{Process: p, url: fmt.Sprintf("redis://%s/0", loopback(port))}, nil
}

// arguments turns the options into settings on the command line.
func (o RedisOptions) arguments(port int, dir string) []string {
	settings := map[string]string{
		"bind":       "127.0.0.1",
		"port":       strconv.Itoa(port),
		"dir":        dir,
		"save":       "",
		"appendonly": "no",
	}
	maps.Copy(settings, o.Settings)
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "--"+name, settings[name])
	}
	return args
}

// URL returns the URL of the test's database.
func (s *RedisServer) URL() string { return s.url }

// FlushAll empties the server, as an eviction or a restart without persistence would.
func (s *RedisServer) FlushAll(tb testing.TB) {
	tb.Helper()
	if s.Process == nil {
		tb.Fatal("this Redis is not the tests' own and is not emptied; take one with StartRedis")
	}
	options, err := redis.ParseURL(s.url)
	if err != nil {
		tb.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.FlushAll(tb.Context()).Err(); err != nil {
		tb.Fatalf("empty Redis: %v", err)
	}
}
