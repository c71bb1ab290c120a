package coretest

import (
	"sync/atomic"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// StoreFactory opens the stores of RunStore.
type StoreFactory struct {
	// Open returns a store over a migrated database that nobody else uses, empty
	// but for what the migrations put there. It is called in parallel, and closes
	// the store with t.Cleanup; a case may have closed it before.
	Open func(t *testing.T) core.Store
	// Again returns a second store over the database of a store that Open returned,
	// as another process would open it, and closes it with t.Cleanup.
	Again func(t *testing.T, s core.Store) core.Store
	// Nodes returns the answers of models that a store of Open keeps, which are pruned
	// with it. nil: it keeps none.
	Nodes func(s core.Store) core.NodeCache
}

// RunStore checks a core.Store. Beside the ports' comments it holds a store to
// what two stores could else answer differently:
//
//   - Text is kept byte for byte: no case, space or Unicode form is changed. Text
//     with a NUL or that is not UTF-8 is refused with an error by every write, and
//     matches nothing in a look-up or filter.
//   - Raw JSON (Job.Result, JSONSchema, NewEvent.Data) is kept byte for byte.
//   - Times come back in UTC with their microseconds; nil pointers stay nil, and
//     empty raw JSON comes back nil.
//   - A summary's Citations, Warnings and Coverage.PagesWithoutText come back as
//     empty slices, never nil.
//   - An id of another tenant can be used again: keys begin with the organization.
//   - A row cannot point to another tenant's user, document or job.
//   - "Oldest dispatch" in Claim is the one with the earliest RunAt.
//   - The migrations have put five global templates there: "Executive summary"
//     (core.DefaultTemplateID), "Key points", "Action items", "TL;DR" and
//     "Technical abstract".
//   - An ended context gives an error that is context.Canceled or DeadlineExceeded.
func RunStore(t *testing.T, f StoreFactory) {
	var ran atomic.Int64
	t.Run("Store", func(t *testing.T) {
		for _, g := range storeGroups() {
			t.Run(g.name, func(t *testing.T) {
				t.Parallel()
				g.run(t, f, &ran)
			})
		}
	})
	t.Logf("RunStore: %d cases", ran.Load())
}

// storeGroup is the cases of one part of the port.
type storeGroup struct {
	name  string
	cases []storeCase
}

type storeCase struct {
	name string
	run  func(s *scene)
}

func storeGroups() []storeGroup {
	return []storeGroup{
		{"Transactions", txCases()},
		{"Tenants", tenantCases()},
		{"Integrations", integrationCases()},
		{"Webhooks", webhookCases()},
		{"Documents", documentCases()},
		{"Search", searchCases()},
		{"Summaries", summaryCases()},
		{"Templates", templateCases()},
		{"Accounts", accountCases()},
		{"Members", memberCases()},
		{"Audit", auditCases()},
		{"Quotas", quotaCases()},
		{"Idempotency", idempotencyCases()},
		{"Jobs", jobCases()},
		{"JobItems", jobItemCases()},
		{"Events", eventCases()},
		{"Prune", pruneCases()},
		{"Lifecycle", lifecycleCases()},
		{"Queue", claimCases()},
		{"Leases", leaseCases()},
		{"Archive", archiveCases()},
	}
}

func (g storeGroup) run(t *testing.T, f StoreFactory, ran *atomic.Int64) {
	for _, c := range g.cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ran.Add(1)
			c.run(&scene{T: t, factory: f, store: f.Open(t)})
		})
	}
}

// scene is what a case of RunStore begins with: an empty store of its own.
type scene struct {
	*testing.T
	factory StoreFactory
	store   core.Store
}

func (s *scene) org(opts ...func(*core.Organization)) *Org {
	s.Helper()
	return NewOrg(s.T, s.store, opts...)
}
