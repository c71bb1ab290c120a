package redis

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/docsctl/docsctl/core"
)

var _ core.Presence = (*Presence)(nil)

// Presence is a core.Presence in Redis, by Redis's clock: a hash for each tenant,
// which has for each connection the time of its end in ms, a space, and its JSON.
type Presence struct{ client *Client }

// NewPresence returns the presence in a client's Redis.
func NewPresence(c *Client) *Presence { return &Presence{client: c} }

// putScript puts ARGV[2] under the id ARGV[1] for ARGV[3] ms. It looks at some
// entries by chance and drops the dead: more than one, so that they go faster
// than the living come, also where nobody lists.
var putScript = redis.NewScript(`
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local ttl = tonumber(ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', now + ttl) .. ARGV[2])
if redis.call('PTTL', KEYS[1]) < ttl then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
local some = redis.call('HRANDFIELD', KEYS[1], 4, 'WITHVALUES')
for i = 1, #some, 2 do
	if tonumber(string.match(some[i + 1], '^%d+')) <= now then redis.call('HDEL', KEYS[1], some[i]) end
end
return 1`)

// Put implements core.Presence.
func (p *Presence) Put(ctx context.Context, t core.Tenant, c core.Connection, ttl time.Duration) error {
	if ttl <= 0 {
		return p.Remove(ctx, t, c.ID)
	}
	if err := checkTenant(t); err != nil {
		return err
	}
	c.Since = c.Since.UTC()
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return p.client.do(ctx, "put presence", func(ctx context.Context) error {
		return putScript.Run(ctx, p.client.rdb, []string{p.client.key("presence", t)}, c.ID, text, milliseconds(ttl)).Err()
	})
}

// Remove implements core.Presence.
func (p *Presence) Remove(ctx context.Context, t core.Tenant, id string) error {
	if err := checkTenant(t); err != nil {
		return err
	}
	return p.client.do(ctx, "remove presence", func(ctx context.Context) error {
		return p.client.rdb.HDel(ctx, p.client.key("presence", t), id).Err()
	})
}

// listScript returns the living and drops the dead.
var listScript = redis.NewScript(`
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local all = redis.call('HGETALL', KEYS[1])
local living = {}
for i = 1, #all, 2 do
	local expires, text = string.match(all[i + 1], '^(%d+) (.*)$')
	if tonumber(expires) > now then
		living[#living + 1] = text
	else
		redis.call('HDEL', KEYS[1], all[i])
	end
end
return living`)

// List implements core.Presence.
func (p *Presence) List(ctx context.Context, t core.Tenant) ([]core.Connection, error) {
	if err := checkTenant(t); err != nil {
		return nil, err
	}
	var texts []string
	err := p.client.do(ctx, "list presence", func(ctx context.Context) (err error) {
		texts, err = listScript.Run(ctx, p.client.rdb, []string{p.client.key("presence", t)}).StringSlice()
		return err
	})
	if err != nil {
		return nil, err
	}
	list := make([]core.Connection, 0, len(texts))
	for _, text := range texts {
		var c core.Connection
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			return nil, err
		}
		c.Since = c.Since.UTC()
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b core.Connection) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}
