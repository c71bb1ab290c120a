package upstream

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/docsctl/docsctl/adapters/internal/egress"
	"github.com/docsctl/docsctl/core"
)

// Config says how vendors are asked. The zero value is ready to use.
type Config struct {
	// Limiter counts calls ahead of the vendors' limits, for all nodes. Default: none
	// does, and the vendors' 429 is what is heeded.
	Limiter core.Limiter
	// Trusted are base URLs that the operator named: their hosts are asked though
	// they are not public. Default: none.
	Trusted []string
	// AllowPrivate lifts the check of addresses. Default: false.
	AllowPrivate bool
	// Timeout bounds one attempt at a call with its body. Default: 60 s, after which
	// Notion itself gives up.
	Timeout time.Duration
	// OpenFor is how long a breaker lets no call through. Default: 30 s.
	OpenFor time.Duration
	// MaxBytes bounds an answer's body. Default: 64 MiB.
	MaxBytes int64
	// Now and Wait are the clock. Default: the system's.
	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error
}

func (c Config) withDefaults() Config {
	if c.Timeout <= 0 {
		c.Timeout = time.Minute
	}
	if c.OpenFor <= 0 {
		c.OpenFor = 30 * time.Second
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = 64 << 20
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Wait == nil {
		c.Wait = wait
	}
	return c
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Client asks vendors. All connectors of a process share one.
type Client struct {
	cfg      Config
	http     *http.Client
	breakers *breakers

	mu     sync.Mutex           // guards pauses
	pauses map[string]time.Time // until when a vendor asked a key to wait
}

// New returns a client.
func New(cfg Config) *Client {
	cfg = cfg.withDefaults()
	var trusted []string
	for _, base := range cfg.Trusted {
		if host := hostOf(base); host != "" {
			trusted = append(trusted, host)
		}
	}
	return &Client{
		cfg: cfg, breakers: newBreakers(cfg), pauses: map[string]time.Time{},
		http: egress.NewClient(egress.Config{AllowPrivate: cfg.AllowPrivate, Trusted: trusted, Timeout: cfg.Timeout}),
	}
}

// Or returns c or, when that is nil, a client made of cfg.
func (c *Client) Or(cfg Config) *Client {
	if c == nil {
		return New(cfg)
	}
	return c
}

// Base returns the base URL of a vendor's API: the one that was given, or its own,
// without the part that paths begin with.
func Base(given, own, path string) string {
	return strings.TrimSuffix(strings.TrimRight(cmp.Or(given, own), "/"), path)
}

// Now is the client's clock.
func (c *Client) Now() time.Time { return c.cfg.Now() }

// hostOf returns a URL's host with its port, as it is dialled; "" for what is none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "https" {
		return u.Host + ":443"
	}
	return u.Host + ":80"
}

// What a call is tried again for, and how long it is waited for within the call.
// What takes longer is the job's to wait for, which holds nothing meanwhile.
const (
	mostAttempts  = 3
	longestWait   = 5 * time.Second
	firstBackoff  = 200 * time.Millisecond
	limitedNoHint = time.Second // a 429 that does not say how long
)

// Do makes a call. An answer of 2xx is returned, all else is an error. A failed call
// is tried again while that can help within a few seconds and can do no harm.
func (c *Client) Do(ctx context.Context, v *Vendor, call Call) (*Answer, error) {
	for attempt := 1; ; attempt++ {
		answer, err := c.once(ctx, v, call)
		if err == nil || attempt == mostAttempts {
			return answer, err
		}
		pause, again := c.pause(err, call, attempt)
		if !again {
			return nil, err
		}
		if waited := c.cfg.Wait(ctx, pause); waited != nil {
			return nil, waited
		}
	}
}

// pause says whether a call that failed is worth another attempt, and after how long.
func (c *Client) pause(err error, call Call, attempt int) (time.Duration, bool) {
	e := core.AsError(err)
	details, _ := e.Details.(core.UpstreamDetails)
	backoff := time.Duration(rand.Int64N(int64(firstBackoff << attempt)))
	switch {
	case e.RetryAfter > longestWait, call.Final != 0 && details.UpstreamStatus == call.Final:
		return 0, false
	case details.Reason == core.ReasonLimited || details.UpstreamStatus == statusOverloaded || details.UpstreamStatus == http.StatusConflict && details.Reason == core.ReasonDown:
		return max(e.RetryAfter, backoff), true // nothing was done
	case details.Reason == core.ReasonDown || details.Reason == core.ReasonBroken:
		return max(e.RetryAfter, backoff), call.isSafe()
	}
	return 0, false
}

// once makes one attempt, when its host may be asked now.
func (c *Client) once(ctx context.Context, v *Vendor, call Call) (*Answer, error) {
	key := call.key()
	if err := c.pace(ctx, v, call, key); err != nil {
		return nil, err
	}
	answer, err := c.breakers.run(v, key, func() (*Answer, error) { return c.send(ctx, v, call) })
	if core.ReasonOf(err) == core.ReasonLimited {
		c.hold(key, core.AsError(err).RetryAfter)
	}
	return answer, err
}

// pace waits until the vendor's limit allows a call, and until a pause that the
// vendor asked for has passed.
func (c *Client) pace(ctx context.Context, v *Vendor, call Call, key string) error {
	if left := c.held(key); left > longestWait {
		return v.Fail(core.UpstreamDetails{Reason: core.ReasonLimited}, left, nil)
	} else if left > 0 {
		if err := c.cfg.Wait(ctx, left); err != nil {
			return err
		}
	}
	if c.cfg.Limiter == nil || v.Limit.Events == 0 || call.Access.Tenant == (core.Tenant{}) {
		return nil
	}
	limit := core.TenantLimit(call.Access.Tenant, "vendor:"+key)
	for {
		state, err := c.cfg.Limiter.Allow(ctx, limit, v.Limit, 1)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || state.Allowed { // without its counters the vendor's own 429 is heeded
			return nil //nolint:nilerr // see above
		}
		if err := c.cfg.Wait(ctx, max(state.RetryAfter, time.Millisecond)); err != nil {
			return err
		}
	}
}

// mostPauses bounds what is remembered; over it those that have passed go.
const mostPauses = 10_000

// hold remembers that a vendor asked to wait; a shorter wish takes no longer one back.
func (c *Client) hold(key string, d time.Duration) {
	if d <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.cfg.Now()
	if len(c.pauses) >= mostPauses {
		for k, until := range c.pauses {
			if until.Before(now) {
				delete(c.pauses, k)
			}
		}
	}
	if until := now.Add(d); until.After(c.pauses[key]) {
		c.pauses[key] = until
	}
}

// held returns how long a vendor is still to be waited for.
func (c *Client) held(key string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	until, found := c.pauses[key]
	left := until.Sub(c.cfg.Now())
	if found && left <= 0 {
		delete(c.pauses, key)
	}
	return max(0, left)
}
