package inproc

import (
	"bytes"
	"container/list"
	"context"
	"sync"

	"github.com/docsctl/docsctl/core"
)

var _ core.NodeCache = (*Nodes)(nil)

// nodeCost is about what a node takes beside its key and texts.
const nodeCost = 320

// Nodes is a core.NodeCache within one process. When it is full, what was not used
// for longest goes.
type Nodes struct {
	max   int
	mu    sync.Mutex // guards what follows
	nodes map[nodeKey]*list.Element
	used  *list.List // of *nodeEntry, the latest used in front
	bytes int
}

type nodeKey struct {
	org core.OrgID
	key string
}

type nodeEntry struct {
	key  nodeKey
	node core.Node
}

func (e *nodeEntry) cost() int {
	return 2*len(e.node.Key) + len(e.node.Kind) + len(e.node.Model) + len(e.node.Output) + nodeCost
}

// NewNodes returns an empty Nodes with room for so many bytes; 0: 64 MiB.
func NewNodes(maxBytes int) *Nodes {
	if maxBytes <= 0 {
		maxBytes = 64 << 20
	}
	return &Nodes{max: maxBytes, nodes: map[nodeKey]*list.Element{}, used: list.New()}
}

// Get implements core.NodeCache.
func (c *Nodes) Get(ctx context.Context, t core.Tenant, keys [][]byte) ([]core.Node, error) {
	if err := check(ctx, t); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []core.Node
	seen := make(map[string]bool, len(keys))
	for _, key := range keys {
		el, ok := c.nodes[nodeKey{t.OrgID(), string(key)}]
		if !ok || seen[string(key)] {
			continue
		}
		seen[string(key)] = true
		c.used.MoveToFront(el)
		n := el.Value.(*nodeEntry).node
		n.Key = bytes.Clone(n.Key)
		found = append(found, n)
	}
	return found, nil
}

// Put implements core.NodeCache.
func (c *Nodes) Put(ctx context.Context, t core.Tenant, n core.Node) error {
	if err := check(ctx, t); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := nodeKey{t.OrgID(), string(n.Key)}
	if _, there := c.nodes[key]; there {
		return nil
	}
	n.Key = bytes.Clone(n.Key)
	e := &nodeEntry{key: key, node: n}
	c.nodes[key] = c.used.PushFront(e)
	c.bytes += e.cost()
	for c.bytes > c.max && c.used.Len() > 1 {
		last := c.used.Remove(c.used.Back()).(*nodeEntry)
		delete(c.nodes, last.key)
		c.bytes -= last.cost()
	}
	return nil
}
