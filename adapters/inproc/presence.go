package inproc

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

var _ core.Presence = (*Presence)(nil)

// someEntries is how many connections each renewal looks at: more than one, so
// that the dead go faster than the living come.
const someEntries = 4

// Presence is a core.Presence within one process.
type Presence struct {
	now     func() time.Time
	mu      sync.Mutex // guards what follows
	tenants map[core.OrgID]map[string]present
}

type present struct {
	core.Connection
	expires time.Time
}

// NewPresence returns a Presence of nobody. The clock now is time.Now when it is nil.
func NewPresence(now func() time.Time) *Presence {
	if now == nil {
		now = time.Now
	}
	return &Presence{now: now, tenants: map[core.OrgID]map[string]present{}}
}

// Put implements core.Presence.
func (p *Presence) Put(ctx context.Context, t core.Tenant, c core.Connection, ttl time.Duration) error {
	if err := check(ctx, t); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	org := t.OrgID()
	if p.tenants[org] == nil {
		p.tenants[org] = map[string]present{}
	}
	c.Since = c.Since.UTC()
	p.tenants[org][c.ID] = present{Connection: c, expires: p.now().Add(ttl)}
	p.prune(org, someEntries)
	return nil
}

// Remove implements core.Presence.
func (p *Presence) Remove(ctx context.Context, t core.Tenant, id string) error {
	if err := check(ctx, t); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.tenants[t.OrgID()], id)
	p.prune(t.OrgID(), someEntries)
	return nil
}

// List implements core.Presence.
func (p *Presence) List(ctx context.Context, t core.Tenant) ([]core.Connection, error) {
	if err := check(ctx, t); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prune(t.OrgID(), len(p.tenants[t.OrgID()]))
	var list []core.Connection
	for _, c := range p.tenants[t.OrgID()] {
		list = append(list, c.Connection)
	}
	slices.SortFunc(list, func(a, b core.Connection) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// prune looks at some of the tenant's connections, chosen by chance, and forgets
// those that were not renewed in time.
func (p *Presence) prune(org core.OrgID, some int) {
	now := p.now()
	for id, c := range p.tenants[org] {
		if some--; some < 0 {
			break
		}
		if !now.Before(c.expires) {
			delete(p.tenants[org], id)
		}
	}
	if len(p.tenants[org]) == 0 {
		delete(p.tenants, org)
	}
}
