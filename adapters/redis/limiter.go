package redis

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/docsctl/docsctl/core"
)

var _ core.Limiter = (*Limiter)(nil)

// Limiter is a core.Limiter in Redis, by Redis's clock.
//
// It has a script of its own instead of redis_rate's, which calculates with
// fractions of seconds (one of 7 a minute taken, it says that 5 remain) and
// answers that nothing remains whenever it refuses.
type Limiter struct{ client *Client }

// NewLimiter returns the limiter in a client's Redis.
func NewLimiter(c *Client) *Limiter { return &Limiter{client: c} }

// allowScript takes ARGV[3] events of the limit of ARGV[1] events in ARGV[2] µs.
//
// An event costs the period, and each microsecond gives back as much as the limit
// has events: so all amounts are whole numbers, which Lua's doubles keep exactly.
// The state is a time, what was owed then, and the limit's events, in whose
// measure that is; when they have changed, the time stays in which everything
// will be back. Times are returned in µs, rounded up.
var allowScript = redis.NewScript(`
local events, period, n = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local owed = 0
local state = redis.call('GET', KEYS[1])
if state then
	local since, was, of = string.match(state, '^(%d+) (%d+) (%d+)$')
	owed = tonumber(was)
	if tonumber(of) ~= events then owed = math.ceil(owed * events / of) end
	owed = math.max(0, owed - math.max(0, now - since) * events)
end

local want = owed + n * period
local over = want - events * period
local most = 9007199254740992
if over <= 0 then
	owed = want
	if n > 0 then
		redis.call('SET', KEYS[1], string.format('%.0f %.0f %.0f', now, owed, events),
			'PX', string.format('%.0f', math.ceil(owed / events / 1000)))
	end
end
return {
	over <= 0 and 1 or 0,
	math.min(most, math.max(0, events - math.ceil(owed / period))),
	math.min(most, math.max(0, math.ceil(over / events))),
	math.min(most, math.ceil(owed / events)),
}`)

// Allow implements core.Limiter.
func (l *Limiter) Allow(ctx context.Context, key core.LimitKey, limit core.Limit, n int) (core.LimitState, error) {
	if limit.Events < 1 || limit.Period < time.Microsecond {
		return core.LimitState{}, core.Invalid("limit", "minimum", "a limit has at least one event and a period; correct the limit")
	}
	if n < 0 {
		return core.LimitState{}, core.Invalid("n", "minimum", "events cannot be given back; ask for 0 or more")
	}
	var answer []int64
	err := l.client.do(ctx, "ask the limit", func(ctx context.Context) (err error) {
		keys := []string{l.client.cfg.Prefix + "limit:" + key.String()}
		answer, err = allowScript.Run(ctx, l.client.rdb, keys, limit.Events, limit.Period.Microseconds(), n).Int64Slice()
		return err
	})
	if err != nil {
		return core.LimitState{}, err
	}
	return core.LimitState{
		Allowed:    answer[0] == 1,
		Remaining:  int(answer[1]),
		RetryAfter: time.Duration(answer[2]) * time.Microsecond,
		ResetAfter: time.Duration(answer[3]) * time.Microsecond,
	}, nil
}
