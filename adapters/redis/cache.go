package redis

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/docsctl/docsctl/core"
)

var _ core.Cache = (*Cache)(nil)

// maxValue is the largest value that is kept; what is larger is found out again.
const maxValue = 1 << 20

// Cache is a core.Cache in Redis. Each value begins with its tenant's generation,
// a random word; a value of another generation is not found. So clearing is to
// forget the generation, and one that Redis evicts takes its values along.
type Cache struct{ client *Client }

// NewCache returns the cache in a client's Redis.
func NewCache(c *Client) *Cache { return &Cache{client: c} }

func (c *Cache) generation(t core.Tenant) string { return c.client.key("generation", t) }

func (c *Cache) value(t core.Tenant, key string) string { return c.client.key("cache", t) + ":" + key }

// Get implements core.Cache.
func (c *Cache) Get(ctx context.Context, t core.Tenant, key string) ([]byte, bool, error) {
	if err := checkTenant(t); err != nil {
		return nil, false, err
	}
	var found []any
	err := c.client.do(ctx, "get from cache", func(ctx context.Context) (err error) {
		found, err = c.client.rdb.MGet(ctx, c.generation(t), c.value(t, key)).Result()
		return err
	})
	if err != nil || len(found) != 2 {
		return nil, false, err
	}
	generation, known := found[0].(string)
	text, there := found[1].(string)
	value, current := strings.CutPrefix(text, generation)
	if !known || !there || !current {
		return nil, false, nil
	}
	return []byte(value), true, nil
}

// setScript keeps ARGV[2] for ARGV[3] ms, in the generation that is there or else
// in ARGV[1], which then lasts at least as long.
var setScript = redis.NewScript(`
local generation = redis.call('GET', KEYS[1])
if not generation then
	generation = ARGV[1]
	redis.call('SET', KEYS[1], generation, 'PX', ARGV[3])
elseif redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
	redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
redis.call('SET', KEYS[2], generation .. ARGV[2], 'PX', ARGV[3])
return 1`)

// Set implements core.Cache.
func (c *Cache) Set(ctx context.Context, t core.Tenant, key string, value []byte, ttl time.Duration) error {
	if ttl <= 0 || len(value) > maxValue {
		return c.Delete(ctx, t, key)
	}
	if err := checkTenant(t); err != nil {
		return err
	}
	return c.client.do(ctx, "set in cache", func(ctx context.Context) error {
		keys := []string{c.generation(t), c.value(t, key)}
		return setScript.Run(ctx, c.client.rdb, keys, rand.Text(), value, milliseconds(ttl)).Err()
	})
}

// Delete implements core.Cache.
func (c *Cache) Delete(ctx context.Context, t core.Tenant, keys ...string) error {
	if err := checkTenant(t); err != nil || len(keys) == 0 {
		return err
	}
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = c.value(t, key)
	}
	return c.client.do(ctx, "delete from cache", func(ctx context.Context) error {
		return c.client.rdb.Unlink(ctx, names...).Err()
	})
}

// Clear implements core.Cache.
func (c *Cache) Clear(ctx context.Context, t core.Tenant) error {
	if err := checkTenant(t); err != nil {
		return err
	}
	return c.client.do(ctx, "clear cache", func(ctx context.Context) error {
		return c.client.rdb.Unlink(ctx, c.generation(t)).Err()
	})
}
