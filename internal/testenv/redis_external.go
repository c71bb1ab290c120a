//go:build unix

package testenv

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// claimKey marks a database of a foreign Redis as taken by a test; its value
	// is the time of the claim in Unix seconds.
	claimKey = "docsctl:test:claimed"
	// claimTime is longer than any test: go test ends a package after 10 minutes.
	claimTime = 15 * time.Minute
	// lastDatabase is the highest of the 16 that Redis has by default.
	lastDatabase = 15
)

// claim takes a database that is empty, or whose claim is by a test long ended.
// One that holds anything else is somebody's data and is left alone.
var claim = redis.NewScript(`
local at = redis.call('GET', KEYS[1])
if at then
	if tonumber(ARGV[1]) - tonumber(at) < tonumber(ARGV[2]) then return 0 end
elseif redis.call('DBSIZE') > 0 then
	return 0
end
redis.call('FLUSHDB')
redis.call('SET', KEYS[1], ARGV[1])
return 1`)

// borrowRedis claims a database of a server that somebody else runs, and empties
// it at the test's end.
func borrowRedis(tb testing.TB, text string) *RedisServer {
	tb.Helper()
	base, err := url.Parse(text)
	if err != nil {
		tb.Fatal("DOCSCTL_TEST_REDIS_URL is not a URL such as redis://127.0.0.1:6379; correct it")
	}
	for n := lastDatabase; n > 0; n-- {
		base.Path = "/" + strconv.Itoa(n)
		claimed, err := claimDatabase(tb.Context(), base.String())
		if err != nil {
			tb.Fatal(err)
		}
		if claimed {
			s := &RedisServer{url: base.String()}
			tb.Cleanup(func() { s.giveBack(tb) })
			return s
		}
	}
	tb.Fatal("the Redis of DOCSCTL_TEST_REDIS_URL has no empty database between 1 and 15; empty one or unset the variable")
	return nil
}

func claimDatabase(ctx context.Context, url string) (bool, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return false, errors.New("DOCSCTL_TEST_REDIS_URL is not understood; correct it")
	}
	client := redis.NewClient(options)
	defer client.Close()
	claimed, err := claim.Run(ctx, client, []string{claimKey}, time.Now().Unix(), int(claimTime.Seconds())).Bool()
	if err != nil {
		return false, fmt.Errorf("claim a database on the Redis of DOCSCTL_TEST_REDIS_URL: %w", err)
	}
	return claimed, nil
}

func (s *RedisServer) giveBack(tb testing.TB) {
	options, err := redis.ParseURL(s.url)
	if err != nil {
		tb.Error(err)
		return
	}
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.FlushDB(context.Background()).Err(); err != nil {
		tb.Errorf("empty the borrowed database of Redis: %v", err)
	}
}
