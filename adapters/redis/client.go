package redis

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/docsctl/docsctl/core"
)

// Config says how a Client is built.
type Config struct {
	Prefix  string        // of every key and channel; "": "docsctl:"
	Timeout time.Duration // of every call; 0: 500 ms
	Logger  *slog.Logger  // nil: slog.Default()
}

func (c *Config) withDefaults() Config {
	var cfg Config
	if c != nil {
		cfg = *c
	}
	if cfg.Prefix == "" {
		cfg.Prefix = "docsctl:"
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 500 * time.Millisecond
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return cfg
}

// Client is a pool of connections to one Redis, shared by the ports.
type Client struct {
	cfg      Config
	rdb      *redis.Client
	database string // its number
}

// Open returns a client of the Redis at url (redis://, rediss:// or unix://). A
// server that is away is no error, since it may come back; one that answers and
// refuses the user, the password or the database is.
func Open(ctx context.Context, url string, c *Config) (*Client, error) {
	cfg := c.withDefaults()
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, errURL() // err may hold the password
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = cfg.Timeout, cfg.Timeout, cfg.Timeout
	o.ContextTimeoutEnabled = true
	// A write whose answer was lost may have been done: repeated, a limit would
	// count twice. All callers go on without Redis, so nothing is repeated.
	o.MaxRetries, o.DialerRetries = -1, 1
	o.PipelinePoolSize = -1 // pipelines are small and take connections of the one pool
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	logging.Disable() // what it would print is in the errors that it returns

	client := &Client{cfg: cfg, rdb: redis.NewClient(o), database: strconv.Itoa(o.DB)}
	if err := client.Health(ctx); refused(err) {
		_ = client.Close()
		return nil, errRefused(err)
	} else if err != nil {
		cfg.Logger.WarnContext(ctx, "Redis cannot be reached; going on without it until it can", "error", err)
	}
	return client, nil
}

// Health returns CodeUnavailable while Redis does not answer.
func (c *Client) Health(ctx context.Context) error {
	return c.do(ctx, "ping Redis", func(ctx context.Context) error { return c.rdb.Ping(ctx).Err() })
}

// Close closes the connections; what was built on the client is closed before.
func (c *Client) Close() error { return c.rdb.Close() }

// do runs one round trip within the time of a call and translates its error.
func (c *Client) do(ctx context.Context, what string, trip func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	return translate(ctx, what, trip(bounded))
}

// key returns the key of a tenant's thing. The braces keep a tenant's keys in one
// slot of a cluster.
func (c *Client) key(kind string, t core.Tenant) string {
	return c.cfg.Prefix + kind + ":{" + string(t.OrgID()) + "}"
}

// milliseconds rounds up to what Redis takes as a time to live.
func milliseconds(d time.Duration) int64 {
	return int64((d-1)/time.Millisecond) + 1
}
