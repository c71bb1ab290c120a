package coretest_test

import (
	"context"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

// cheerful reports no lease as lost.
type cheerful struct{ core.SystemStore }

func (c cheerful) Heartbeat(ctx context.Context, leases []core.Lease, ttl time.Duration) ([]core.Lease, error) {
	_, err := c.SystemStore.Heartbeat(ctx, leases, ttl)
	return nil, err
}

// repeating gives a lease to two claims.
type repeating struct {
	core.SystemStore
	last *lastLease
}

type lastLease struct {
	sync.Mutex // guards lease
	lease      []core.Lease
}

func newRepeating() func(core.SystemStore) core.SystemStore {
	return func(s core.SystemStore) core.SystemStore { return repeating{s, &lastLease{}} }
}

func (r repeating) Claim(ctx context.Context, q core.ClaimRequest) ([]core.Lease, error) {
	leases, err := r.SystemStore.Claim(ctx, q)
	r.last.Lock()
	defer r.last.Unlock()
	if len(leases) > 0 {
		leases, r.last.lease = append(leases, r.last.lease...), leases[:1:1]
	}
	return leases, err
}

// unlimited lets one organization take all.
type unlimited struct{ core.SystemStore }

func (u unlimited) Claim(ctx context.Context, q core.ClaimRequest) ([]core.Lease, error) {
	q.OrgLimit = 0
	return u.SystemStore.Claim(ctx, q)
}

// sharing makes a store whose documents are read without regard to the tenant.
func sharing(opt func(*sharedDocuments)) func(core.Store) core.Store {
	return func(s core.Store) core.Store {
		known := &tenantSet{}
		return broken{Store: s, system: s.System(), ofTenant: func(ts tenantStore) core.TenantStore {
			known.add(ts.tenant)
			return sharingTenant{ts, s, known, opt}
		}}
	}
}

// tenantSet is every tenant that a store was asked for.
type tenantSet struct {
	mu  sync.Mutex // guards all
	all []core.Tenant
}

func (k *tenantSet) add(t core.Tenant) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all = append(k.all, t)
}

// others returns the readers of every tenant but one.
func (k *tenantSet) others(s core.Store, but core.Tenant) []core.DocumentReader {
	k.mu.Lock()
	defer k.mu.Unlock()
	seen := map[core.Tenant]bool{but: true}
	var readers []core.DocumentReader
	for _, t := range k.all {
		if !seen[t] {
			seen[t] = true
			readers = append(readers, s.Tenant(t).Read().Documents)
		}
	}
	return readers
}

type sharingTenant struct {
	tenantStore
	store core.Store
	known *tenantSet
	opt   func(*sharedDocuments)
}

func (s sharingTenant) Read() core.Readers {
	r := s.tenantStore.Read()
	d := &sharedDocuments{DocumentReader: r.Documents, others: s.known.others(s.store, s.tenant)}
	s.opt(d)
	r.Documents = d
	return r
}

// sharedDocuments answers, in the methods that are set, with the rows of all.
type sharedDocuments struct {
	core.DocumentReader
	others            []core.DocumentReader
	get, list, search bool
}

func (d *sharedDocuments) Get(ctx context.Context, id core.DocumentID) (*core.Document, error) {
	got, err := d.DocumentReader.Get(ctx, id)
	for _, other := range d.others {
		if d.get && core.CodeOf(err) == core.CodeNotFound {
			got, err = other.Get(ctx, id)
		}
	}
	return got, err
}

func (d *sharedDocuments) List(ctx context.Context, f core.DocumentFilter, s core.Seek) ([]core.Document, error) {
	rows, err := d.DocumentReader.List(ctx, f, s)
	for _, other := range d.others {
		if more, otherErr := other.List(ctx, f, s); d.list && err == nil && otherErr == nil {
			rows = append(rows, more...)
		}
	}
	return rows, err
}

func (d *sharedDocuments) Search(ctx context.Context, q core.SearchQuery, f core.DocumentFilter, s core.Seek) ([]core.RankedDocument, error) {
	rows, err := d.DocumentReader.Search(ctx, q, f, s)
	for _, other := range d.others {
		if more, otherErr := other.Search(ctx, q, f, s); d.search && err == nil && otherErr == nil {
			rows = append(rows, more...)
		}
	}
	return rows, err
}

// newOvertaking hides, once, an event that a later one of the log has passed.
func newOvertaking() func(tenantStore) core.TenantStore {
	var hidden sync.Map // by organization: what was held back
	return func(ts tenantStore) core.TenantStore { return overtaking{ts, &hidden} }
}

type overtaking struct {
	tenantStore
	hidden *sync.Map
}

func (o overtaking) Read() core.Readers {
	r := o.tenantStore.Read()
	r.Events = overtakenEvents{r.Events, o.tenant, o.hidden}
	return r
}

type overtakenEvents struct {
	core.EventReader
	tenant core.Tenant
	hidden *sync.Map
}

func (e overtakenEvents) After(ctx context.Context, p core.Position, limit int) ([]core.Event, error) {
	events, err := e.EventReader.After(ctx, p, limit)
	if len(events) < 2 {
		return events, err
	}
	if _, before := e.hidden.LoadOrStore(e.tenant, events[0].ID); !before {
		return events[1:], err
	}
	return events, err
}

// eager removes events whatever their age.
type eager struct{ core.SystemStore }

func (e eager) Prune(ctx context.Context, r core.PruneRequest) (core.Pruned, error) {
	r.Events = r.Events.Add(24 * time.Hour)
	return e.SystemStore.Prune(ctx, r)
}

// silent has a reader whose position was pruned go on where the log begins.
type silent struct{ tenantStore }

func (s silent) Read() core.Readers {
	r := s.tenantStore.Read()
	r.Events = silentEvents{r.Events}
	return r
}

type silentEvents struct{ core.EventReader }

func (e silentEvents) After(ctx context.Context, p core.Position, limit int) ([]core.Event, error) {
	state, err := e.State(ctx)
	if err != nil {
		return nil, err
	}
	return e.EventReader.After(ctx, max(p, state.First), limit)
}
