package coretest_test

import (
	"context"
	"slices"

	"github.com/docsctl/docsctl/core"
)

// tenantStore is what a mutant of a TenantStore is made of.
type tenantStore struct {
	core.TenantStore
	tenant core.Tenant
}

// broken is a store some part of which is replaced.
type broken struct {
	core.Store
	ofTenant func(tenantStore) core.TenantStore
	system   core.SystemStore
}

func (b broken) Tenant(t core.Tenant) core.TenantStore {
	return b.ofTenant(tenantStore{b.Store.Tenant(t), t})
}

func (b broken) System() core.SystemStore { return b.system }

func tenantMutant(breaks func(tenantStore) core.TenantStore) func(core.Store) core.Store {
	return func(s core.Store) core.Store { return broken{Store: s, ofTenant: breaks, system: s.System()} }
}

func systemMutant(breaks func(core.SystemStore) core.SystemStore) func(core.Store) core.Store {
	whole := func(ts tenantStore) core.TenantStore { return ts }
	return func(s core.Store) core.Store { return broken{Store: s, ofTenant: whole, system: breaks(s.System())} }
}

// unfenced runs what is behind a lease without looking at it.
type unfenced struct{ tenantStore }

func (u unfenced) InLease(ctx context.Context, _ core.Lease, fn func(ctx context.Context, tx core.Tx) error) error {
	return u.InTx(ctx, fn)
}

// heldByAll hands fn leases that nobody holds.
type heldByAll struct{ tenantStore }

func (h heldByAll) InLeases(ctx context.Context, leases []core.Lease, fn func(ctx context.Context, tx core.Tx, held []core.Lease) error) error {
	return h.InTx(ctx, func(ctx context.Context, tx core.Tx) error { return fn(ctx, tx, leases) })
}

// leaseKeeper stores a canceled job as one in progress, whose lease goes on.
type leaseKeeper struct{ tenantStore }

func (l leaseKeeper) InTx(ctx context.Context, fn func(ctx context.Context, tx core.Tx) error) error {
	return l.tenantStore.InTx(ctx, func(ctx context.Context, tx core.Tx) error {
		tx.Jobs = keptJobs{tx.Jobs}
		return fn(ctx, tx)
	})
}

type keptJobs struct{ core.JobRepo }

func (k keptJobs) Update(ctx context.Context, j *core.Job) error {
	kept := *j
	kept.Status = core.JobInProgress
	return k.JobRepo.Update(ctx, &kept)
}

// committing keeps what a failing fn has written.
type committing struct{ tenantStore }

func (c committing) InTx(ctx context.Context, fn func(ctx context.Context, tx core.Tx) error) error {
	var failed error
	err := c.tenantStore.InTx(ctx, func(ctx context.Context, tx core.Tx) error {
		failed = fn(ctx, tx)
		return nil
	})
	if failed != nil {
		return failed
	}
	return err
}

// parted writes the outbox in a transaction of its own, whatever became of fn's.
type parted struct{ tenantStore }

func (p parted) InTx(ctx context.Context, fn func(ctx context.Context, tx core.Tx) error) error {
	var out core.Outbox
	err := p.tenantStore.InTx(ctx, func(ctx context.Context, tx core.Tx) error {
		inner := tx.Outbox
		tx.Outbox = &core.Outbox{}
		err := fn(ctx, tx)
		out = *tx.Outbox
		*inner = core.Outbox{}
		return err
	})
	apart := p.tenantStore.InTx(ctx, func(_ context.Context, tx core.Tx) error { *tx.Outbox = out; return nil })
	if err != nil {
		return err
	}
	return apart
}

// calm turns a panic into an error.
type calm struct{ tenantStore }

func (c calm) InTx(ctx context.Context, fn func(ctx context.Context, tx core.Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &core.Error{Code: core.CodeInternal, Message: "an internal error occurred"}
		}
	}()
	return c.tenantStore.InTx(ctx, fn)
}

// unmarked reads with a context that does not tell of an open transaction.
type unmarked struct{ tenantStore }

func (u unmarked) Read() core.Readers {
	r := u.tenantStore.Read()
	r.Documents = unmarkedDocuments{r.Documents}
	return r
}

type unmarkedDocuments struct{ core.DocumentReader }

func (u unmarkedDocuments) Get(_ context.Context, id core.DocumentID) (*core.Document, error) {
	return u.DocumentReader.Get(context.Background(), id)
}

// reversed appends the events of a transaction from the last to the first.
type reversed struct{ tenantStore }

func (r reversed) InTx(ctx context.Context, fn func(ctx context.Context, tx core.Tx) error) error {
	return r.tenantStore.InTx(ctx, func(ctx context.Context, tx core.Tx) error {
		err := fn(ctx, tx)
		slices.Reverse(tx.Appended)
		return err
	})
}
