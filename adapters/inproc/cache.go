package inproc

import (
	"bytes"
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

var _ core.Cache = (*Cache)(nil)

const (
	// maxValue is the largest value that is kept; what is larger is found out again.
	maxValue = 1 << 20
	// entryCost is about what an entry takes beside its key and value.
	entryCost = 256
)

// CacheConfig says how a Cache is built.
type CacheConfig struct {
	MaxBytes int              // of keys and values; 0: 64 MiB
	Now      func() time.Time // nil: time.Now
}

func (c CacheConfig) withDefaults() CacheConfig {
	if c.MaxBytes <= 0 {
		c.MaxBytes = 64 << 20
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Cache is a core.Cache within one process. When it is full, what was not used
// for longest goes.
type Cache struct {
	cfg     CacheConfig
	mu      sync.Mutex // guards what follows
	tenants map[core.OrgID]map[string]*list.Element
	used    *list.List // of *cacheEntry, the latest used in front
	bytes   int
}

type cacheEntry struct {
	org     core.OrgID
	key     string
	value   []byte
	expires time.Time
}

func (e *cacheEntry) cost() int { return len(e.key) + len(e.value) + entryCost }

// NewCache returns an empty Cache.
func NewCache(cfg CacheConfig) *Cache {
	return &Cache{cfg: cfg.withDefaults(), tenants: map[core.OrgID]map[string]*list.Element{}, used: list.New()}
}

// Get implements core.Cache.
func (c *Cache) Get(ctx context.Context, t core.Tenant, key string) ([]byte, bool, error) {
	if err := check(ctx, t); err != nil {
		return nil, false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.tenants[t.OrgID()][key]
	if !ok {
		return nil, false, nil
	}
	e := el.Value.(*cacheEntry)
	if !c.cfg.Now().Before(e.expires) {
		c.drop(el)
		return nil, false, nil
	}
	c.used.MoveToFront(el)
	return bytes.Clone(e.value), true, nil
}

// Set implements core.Cache.
func (c *Cache) Set(ctx context.Context, t core.Tenant, key string, value []byte, ttl time.Duration) error {
	if err := check(ctx, t); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	org := t.OrgID()
	c.forget(org, key)
	if ttl <= 0 || len(value) > maxValue {
		return nil
	}
	e := &cacheEntry{org: org, key: key, value: append([]byte{}, value...), expires: c.cfg.Now().Add(ttl)}
	if c.tenants[org] == nil {
		c.tenants[org] = map[string]*list.Element{}
	}
	c.tenants[org][key] = c.used.PushFront(e)
	c.bytes += e.cost()
	for c.bytes > c.cfg.MaxBytes {
		c.drop(c.used.Back())
	}
	return nil
}

// Delete implements core.Cache.
func (c *Cache) Delete(ctx context.Context, t core.Tenant, keys ...string) error {
	if err := check(ctx, t); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		c.forget(t.OrgID(), key)
	}
	return nil
}

// Clear implements core.Cache.
func (c *Cache) Clear(ctx context.Context, t core.Tenant) error {
	if err := check(ctx, t); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, el := range c.tenants[t.OrgID()] {
		c.drop(el)
	}
	return nil
}

func (c *Cache) forget(org core.OrgID, key string) {
	if el, ok := c.tenants[org][key]; ok {
		c.drop(el)
	}
}

func (c *Cache) drop(el *list.Element) {
	e := c.used.Remove(el).(*cacheEntry)
	c.bytes -= e.cost()
	delete(c.tenants[e.org], e.key)
	if len(c.tenants[e.org]) == 0 {
		delete(c.tenants, e.org)
	}
}
