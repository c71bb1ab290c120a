package postgres

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

var _ core.NodeCache = (*Nodes)(nil)

// Nodes is the core.NodeCache in a Store: what was paid for outlives the process
// and is known to all. What an organization did not use for 90 days goes, and what
// is over its room, the longest unused first.
type Nodes struct {
	store *Store
	puts  atomic.Int64
}

const (
	nodesKept = 90 * 24 * time.Hour
	// nodesUsed is how exactly the last use is kept: to the day, so that reading
	// seldom writes.
	nodesUsed = 24 * time.Hour
	// evictEvery is how many puts come between two looks at what is to go.
	evictEvery = 128
	// nodeBytes is about what a node takes beside its output.
	nodeBytes = 200
)

// Nodes returns the answers of models that the store keeps.
func (s *Store) Nodes() *Nodes { return &Nodes{store: s} }

func (c *Nodes) scope(t core.Tenant) scope {
	return scope{runner: &tenantStore{store: c.store, tenant: t}, sql: &c.store.sql, org: string(t.OrgID())}
}

// Get implements core.NodeCache.
func (c *Nodes) Get(ctx context.Context, t core.Tenant, keys [][]byte) ([]core.Node, error) {
	if len(keys) == 0 && t.Valid() {
		return nil, ctx.Err()
	}
	now := c.store.cfg.Now()
	var unused [][]byte
	found, err := many(ctx, c.scope(t), c.store.sql.getNodes, func(row pgx.CollectableRow) (n core.Node, err error) {
		var used time.Time
		err = row.Scan(&n.Key, &n.Kind, &n.Model, &n.Output, &n.InputTokens, &n.OutputTokens, &n.CreatedAt, &used)
		if now.Sub(used) > nodesUsed {
			unused = append(unused, n.Key)
		}
		return n, err
	}, keys)
	if err != nil || len(unused) == 0 {
		return found, err
	}
	_, err = c.scope(t).write(ctx, c.store.sql.useNodes, unused, now)
	return found, err
}

// Put implements core.NodeCache.
func (c *Nodes) Put(ctx context.Context, t core.Tenant, n core.Node) error {
	now := c.store.cfg.Now()
	_, err := c.scope(t).write(ctx, c.store.sql.putNode, n.Key, n.Kind, n.Model, n.Output, len(n.Output)+nodeBytes, n.InputTokens, n.OutputTokens, n.CreatedAt, now)
	if err != nil || c.puts.Add(1)%evictEvery != 1 {
		return err
	}
	_, err = c.scope(t).write(ctx, c.store.sql.evictNodes, now.Add(-nodesKept), c.store.cfg.CacheBytes)
	return err
}
