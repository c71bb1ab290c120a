package sqlite

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/docsctl/docsctl/core"
)

var _ core.NodeCache = (*Nodes)(nil)

// Nodes is the core.NodeCache in a Store: what was paid for outlives the process.
// What an organization did not use for 90 days goes, and what is over its room,
// the longest unused first.
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
)

// Nodes returns the answers of models that the store keeps.
func (s *Store) Nodes() *Nodes { return &Nodes{store: s} }

const sqlGetNodes = `SELECT key, kind, model, output, input_tokens, output_tokens, created_at, last_used_at FROM llm_cache
	WHERE org_id = ? AND key IN (SELECT unhex(value) FROM json_each(?))`

const sqlUseNodes = `UPDATE llm_cache SET last_used_at = ? WHERE org_id = ? AND key IN (SELECT unhex(value) FROM json_each(?))`

// Get implements core.NodeCache.
func (c *Nodes) Get(ctx context.Context, t core.Tenant, keys [][]byte) ([]core.Node, error) {
	if !t.Valid() {
		return nil, errTenant()
	}
	if len(keys) == 0 {
		return nil, ctx.Err()
	}
	wanted, err := hexList(keys)
	if err != nil {
		return nil, err
	}
	now := c.store.now()
	var found []core.Node
	var unused [][]byte
	err = c.store.reader.each(ctx, func(rows *sql.Rows) error {
		var n core.Node
		var used int64
		if err := rows.Scan(&n.Key, &n.Kind, &n.Model, &n.Output, &n.InputTokens, &n.OutputTokens, (*instant)(&n.CreatedAt), &used); err != nil {
			return err
		}
		if now-used > nodesUsed.Microseconds() {
			unused = append(unused, n.Key)
		}
		found = append(found, n)
		return nil
	}, sqlGetNodes, t.OrgID(), wanted)
	if err != nil || len(unused) == 0 {
		return found, err
	}
	wanted, err = hexList(unused)
	if err != nil {
		return nil, err
	}
	return found, c.write(ctx, func(s *session) error {
		_, err := s.exec(ctx, sqlUseNodes, now, t.OrgID(), wanted)
		return err
	})
}

const sqlPutNode = `INSERT INTO llm_cache (org_id, key, kind, model, output, bytes, input_tokens, output_tokens, created_at, last_used_at)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`

// Put implements core.NodeCache.
func (c *Nodes) Put(ctx context.Context, t core.Tenant, n core.Node) error {
	if !t.Valid() {
		return errTenant()
	}
	if !sound(n.Output) || !sound(n.Model) {
		return errText()
	}
	err := c.write(ctx, func(s *session) error {
		_, err := s.exec(ctx, sqlPutNode, t.OrgID(), n.Key, n.Kind, n.Model, n.Output, len(n.Output)+nodeBytes, n.InputTokens, n.OutputTokens,
			micros(n.CreatedAt), c.store.now())
		return refused{missing: "organization"}.explain(err)
	})
	if err != nil || c.puts.Add(1)%evictEvery != 1 {
		return err
	}
	return c.evict(ctx, t)
}

// nodeBytes is about what a node takes beside its output.
const nodeBytes = 200

const sqlForgetUnused = `DELETE FROM llm_cache WHERE org_id = ? AND last_used_at < ?`

const sqlForgetOldest = `DELETE FROM llm_cache WHERE org_id = ? AND key IN (
	SELECT key FROM (SELECT key, sum(bytes) OVER (ORDER BY last_used_at DESC, key DESC) AS held FROM llm_cache WHERE org_id = ?)
	WHERE held > ?)`

func (c *Nodes) evict(ctx context.Context, t core.Tenant) error {
	return c.write(ctx, func(s *session) error {
		if _, err := s.exec(ctx, sqlForgetUnused, t.OrgID(), c.store.now()-nodesKept.Microseconds()); err != nil {
			return err
		}
		_, err := s.exec(ctx, sqlForgetOldest, t.OrgID(), t.OrgID(), c.store.cfg.CacheBytes)
		return err
	})
}

// write runs work in a transaction of its own.
func (c *Nodes) write(ctx context.Context, work func(*session) error) error {
	if c.store.inTx(ctx) {
		return core.ErrOuterRead
	}
	return c.store.writer.do(ctx, work)
}

// hexList returns keys as a JSON list, which stands for any number of them in one statement.
func hexList(keys [][]byte) (string, error) {
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = hex.EncodeToString(k)
	}
	b, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("encode keys: %w", err)
	}
	return string(b), nil
}
