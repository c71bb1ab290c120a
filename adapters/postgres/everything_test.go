package postgres

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/archive"
	"github.com/docsctl/docsctl/core/coretest"
)

// useEverything calls every method of the store.
func useEverything(t *testing.T, s *Store, o filled) {
	t.Helper()
	changeEverything(t, o)
	readEverything(t, o)
	o.InTx(t, func(_ context.Context, tx core.Tx) error { tx.Append("an.event", coretest.Now(), 1); return nil })
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Webhooks.Delete(ctx, o.webhook.ID) })
	callEverything(t, s, o)
	moveEverything(t, s, o)
	useSystem(t, s, o)
}

// mustBut returns a function that ends the test on an error but one of the given codes.
func mustBut(t *testing.T) func(err error, wanted ...core.Code) {
	return func(err error, wanted ...core.Code) {
		t.Helper()
		if err != nil && !slices.Contains(wanted, core.CodeOf(err)) {
			t.Fatal(err)
		}
	}
}

func changeEverything(t *testing.T, o filled) {
	t.Helper()
	must, after := mustBut(t), seekAfter()
	o.InTx(t, func(ctx context.Context, tx core.Tx) error {
		must(second(tx.Organizations.GetForUpdate(ctx)))
		must(tx.Organizations.Update(ctx, &o.Organization))
		must(second(tx.Organizations.Founded(ctx)))
		must(second(tx.Users.GetForUpdate(ctx, o.User.ID)))
		must(tx.Users.Update(ctx, &o.User))
		must(second(tx.Sessions.Get(ctx, o.session.ID)))
		must(second(tx.Sessions.Live(ctx, o.User.ID, o.session.FamilyID)))
		must(tx.Sessions.RevokeOfUser(ctx, o.User.ID, o.session.FamilyID, coretest.Now()))
		must(second(tx.Users.List(ctx, after)))
		must(second(tx.Users.CountAdmins(ctx)))
		request := core.IdempotentRequest{UserID: o.User.ID, Route: "r", KeyHash: []byte("k"), Fingerprint: []byte("f"), CreatedAt: coretest.Now()}
		must(second(tx.Idempotency.Claim(ctx, request, coretest.Now().Add(-time.Hour))))
		must(tx.Idempotency.Answer(ctx, request))
		must(second(tx.APIKeys.Get(ctx, o.key.ID)))
		must(second(tx.APIKeys.List(ctx, core.APIKeyFilter{}, after)))
		must(second(tx.APIKeys.List(ctx, core.APIKeyFilter{UserID: o.User.ID}, after)))
		must(tx.APIKeys.MarkUsed(ctx, o.key.ID, coretest.Now()))
		must(tx.APIKeys.Delete(ctx, o.key.ID))
		must(tx.APIKeys.DeleteOfUser(ctx, o.User.ID))
		must(second(tx.Integrations.GetForUpdate(ctx, o.integration.ID)))
		must(second(tx.Integrations.Get(ctx, o.integration.ID)))
		must(second(tx.Integrations.List(ctx, after)))
		must(tx.Integrations.Update(ctx, o.integration))
		must(second(tx.PublishedPages.Get(ctx, o.published.ID)))
		must(second(tx.PublishedPages.ListByRemoteID(ctx, o.integration.ID, []string{"1"})))
		must(second(tx.PublishedPages.Claim(ctx, o.published)))
		must(tx.PublishedPages.Update(ctx, o.published))
		must(tx.Integrations.Delete(ctx, o.integration.ID))
		must(second(tx.Webhooks.GetForUpdate(ctx, o.webhook.ID)))
		must(tx.Webhooks.Update(ctx, o.webhook))
		must(tx.Webhooks.Advance(ctx, o.webhook.ID, "x-0"))
		if err := tx.Webhooks.Renew(ctx, core.WebhookClaim{Tenant: o.Tenant, WebhookID: o.webhook.ID}, time.Minute); !errors.Is(err, core.ErrLeaseLost) {
			t.Fatal(err)
		}
		_, _, err := tx.Webhooks.Hold(ctx, core.WebhookClaim{Tenant: o.Tenant, WebhookID: o.webhook.ID})
		if !errors.Is(err, core.ErrLeaseLost) {
			t.Fatal(err)
		}
		must(tx.Deliveries.Update(ctx, o.delivery))
		must(second(tx.Sessions.GetForUpdate(ctx, o.session.ID)))
		must(tx.Sessions.MarkUsed(ctx, o.session.ID, coretest.Now()))
		must(tx.Sessions.RevokeFamily(ctx, o.session.FamilyID, coretest.Now()))
		must(tx.Documents.LockName(ctx, "a name"))
		must(second(tx.Documents.GetForUpdate(ctx, o.document.ID)))
		must(tx.Documents.Update(ctx, o.document))
		must(second(tx.Templates.GetForUpdate(ctx, o.template.ID)))
		must(tx.Templates.Update(ctx, o.template))
		must(tx.Templates.Delete(ctx, o.template.ID))
		must(second(tx.Jobs.GetForUpdate(ctx, o.job.ID)))
		must(tx.Jobs.Update(ctx, o.job))
		must(tx.Summaries.Update(ctx, o.summary))
		item := core.JobItem{ID: core.NewID[core.JobItemID](), JobID: o.job.ID, Item: "another", State: core.JobItemPending, CreatedAt: coretest.Now(), UpdatedAt: coretest.Now()}
		must(second(tx.JobItems.Add(ctx, []core.JobItem{item})))
		must(second(tx.JobItems.Move(ctx, o.job.ID, core.JobItemPending, item)))
		must(tx.Summaries.DeleteOfDocument(ctx, o.pending.ID))
		return tx.Documents.Delete(ctx, o.pending.ID)
	})
}

func seekAfter() core.Seek {
	return core.Seek{Limit: 50, After: &core.Key{At: coretest.Now(), ID: core.NewID[string]()}}
}

func readEverything(t *testing.T, o filled) {
	t.Helper()
	ctx, must, after := t.Context(), mustBut(t), seekAfter()
	r := o.Read()
	must(second(r.Organizations.Get(ctx)))
	must(second(r.Audit.List(ctx, core.AuditFilter{}, after)))
	must(second(r.Audit.List(ctx, core.AuditFilter{
		Action: core.AuditSignedIn, UserID: o.User.ID, TargetID: "x", Since: o.User.CreatedAt, Until: coretest.Now(),
	}, after)))
	must(second(r.Users.Get(ctx, o.User.ID)))
	must(second(r.Documents.Get(ctx, o.document.ID)))
	must(second(r.Documents.ListByID(ctx, []core.DocumentID{o.document.ID})))
	for _, f := range []core.DocumentFilter{
		{}, {SourceType: core.SourceUpload, Status: core.DocumentActive}, {ContentHash: "x"}, {ExternalID: "x"}, {IntegrationID: core.NewID[core.IntegrationID]()},
	} {
		must(second(r.Documents.List(ctx, f, after)))
		must(second(r.Documents.Search(ctx, core.SearchQuery{Title: "a", Words: []string{"a", "w7"}}, f, after)))
	}
	must(second(r.Summaries.Get(ctx, o.summary.ID)))
	_, _, err := r.Summaries.Source(ctx, o.summary.ID)
	must(err)
	must(second(r.Summaries.List(ctx, core.SummaryFilter{}, after)))
	must(second(r.Summaries.List(ctx, core.SummaryFilter{DocID: o.document.ID, Status: core.SummaryPending}, after)))
	must(second(r.Templates.Get(ctx, o.template.ID)), core.CodeNotFound)
	must(second(r.Templates.Default(ctx, o.template.ID)), core.CodeNotFound)
	must(second(r.Templates.List(ctx, after)))
	must(second(r.Jobs.Get(ctx, o.job.ID)))
	for _, f := range []core.JobFilter{{}, {Status: core.JobPending, Type: core.JobSummarize}, {RelatedID: "x"}, {ParentID: o.job.ID}} {
		must(second(r.Jobs.List(ctx, f, after)))
	}
	must(second(r.Jobs.Dispatch(ctx, o.job.ID)))
	must(second(r.JobItems.Get(ctx, o.job.ID, "one")))
	must(second(r.JobItems.Count(ctx, o.job.ID)))
	must(second(r.JobItems.List(ctx, o.job.ID, "", after)))
	must(second(r.JobItems.List(ctx, o.job.ID, core.JobItemFailed, after)))
	state, err := r.Events.State(ctx)
	must(err)
	must(second(r.Events.After(ctx, state.First, 100)))
	must(second(r.Webhooks.Get(ctx, o.webhook.ID)))
	must(second(r.Webhooks.List(ctx, after)))
	must(second(r.Deliveries.Get(ctx, o.delivery.ID)))
	must(second(r.Deliveries.Due(ctx, o.webhook.ID, coretest.Now(), 64)))
	must(second(r.Deliveries.Pending(ctx, o.webhook.ID, 1000)))
	for _, f := range []core.DeliveryFilter{{}, {Status: core.DeliveryPending}, {EventType: "x"}} {
		f.WebhookID = o.webhook.ID
		must(second(r.Deliveries.List(ctx, f, after)))
	}
}

// callEverything keeps answers of models until the unused ones go.
func callEverything(t *testing.T, s *Store, o filled) {
	t.Helper()
	ctx, key := t.Context(), []byte("key")
	s.cfg.Now = func() time.Time { return coretest.Now().Add(-2 * nodesUsed) }
	err := s.Nodes().Put(ctx, o.Tenant, core.Node{Key: key, Kind: "map", CreatedAt: coretest.Now()})
	s.cfg.Now = time.Now
	err = errors.Join(err, second(s.Nodes().Get(ctx, o.Tenant, [][]byte{key})),
		s.Meter().Add(ctx, o.Tenant, coretest.Now(), core.ModelUsage{Model: "m"}), second(o.Read().Usage.Month(ctx, coretest.Now())),
		o.TryTx(t, func(ctx context.Context, tx core.Tx) error {
			tx.Meter(core.Metered{At: coretest.Now(), Documents: 1})
			r := core.Reservation{ID: core.NewID[string](), JobID: o.job.ID, CreatedAt: coretest.Now()}
			return errors.Join(tx.Usage.Lock(ctx), tx.Usage.Reserve(ctx, r), second(tx.Usage.Totals(ctx, coretest.Now())), tx.Usage.Release(ctx, r.ID),
				second(tx.Usage.Warn(ctx, coretest.Now(), "usd")))
		}))
	if err != nil {
		t.Fatal(err)
	}
}

// moveEverything exports the organization, and begins and gives up an import.
func moveEverything(t *testing.T, s *Store, o filled) {
	t.Helper()
	ctx := t.Context()
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Imports.End(ctx, o.mark, nil) })
	if _, err := archive.Export(ctx, s.Tenant(o.Tenant), o.Tenant, nil, io.Discard, nil); err != nil {
		t.Fatal(err)
	}
	m := core.ImportMark{ID: core.NewID[string](), TTL: -time.Minute}
	empty := s.Tenant(core.TrustTenant(o.imported))
	err := empty.InTx(ctx, func(ctx context.Context, tx core.Tx) error {
		if err := tx.Imports.Begin(ctx, m); err != nil {
			return err
		}
		return tx.Imports.Renew(ctx, m)
	})
	if err != nil {
		t.Fatal(err)
	}
	if tenants, err := s.System().AbandonedImports(ctx, 10); err != nil || len(tenants) == 0 {
		t.Fatalf("abandoned: got %v, %v", tenants, err)
	}
	if err := core.DiscardAbandoned(ctx, empty); err != nil {
		t.Fatal(err)
	}
	if err := empty.InTx(ctx, func(ctx context.Context, tx core.Tx) error { return tx.Imports.Retire(ctx, m) }); err != nil {
		t.Fatal(err)
	}
}

func useSystem(t *testing.T, s *Store, o filled) {
	t.Helper()
	ctx := t.Context()
	if err := s.Health(ctx); err != nil {
		t.Error(err)
	}
	if _, err := s.Horizon().Look(ctx); err != nil {
		t.Error(err)
	}
	if _, err := s.System().Logins(ctx, o.User.EmailKey); err != nil {
		t.Error(err)
	}
	if _, err := s.System().Session(ctx, o.session.TokenHash); err != nil {
		t.Error(err)
	}
	if _, err := s.System().DueIntegrations(ctx, coretest.Now(), 5); err != nil {
		t.Error(err)
	}
	if _, err := s.System().ExpiredInvitations(ctx, coretest.Now(), 5); err != nil {
		t.Error(err)
	}
	for _, all := range []bool{true, false} { // the last use is the one that is explained
		r := core.WebhookWorkRequest{At: coretest.Now(), Limit: 5, TTL: time.Minute, MaxPending: 1000, All: all}
		if _, err := s.System().WebhookWork(ctx, r); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.System().Prune(ctx, core.PruneRequest{Organizations: 5, Limit: 5}); err != nil {
		t.Error(err)
	}
	for _, kind := range []core.CredentialKind{core.CredentialInvitation, core.CredentialAPIKey} {
		if _, err := s.System().Credential(ctx, kind, o.session.TokenHash); core.CodeOf(err) != core.CodeNotFound {
			t.Error(err)
		}
	}
	if _, err := s.System().Unindexed(ctx, 10); err != nil {
		t.Error(err)
	}
	leases, err := s.System().Claim(ctx, core.ClaimRequest{Queue: core.QueueLLM, Limit: 60, OrgLimit: 100, TTL: time.Hour, PlanLimits: map[core.PlanType]int{core.PlanFree: 1000}})
	if err != nil || len(leases) != 60 {
		t.Fatalf("claim: got %d leases (%v), want 60", len(leases), err)
	}
	if _, err := s.System().Heartbeat(ctx, leases, 2*time.Hour); err != nil {
		t.Error(err)
	}
	if _, err := s.System().Rescue(ctx, 10, time.Hour); err != nil {
		t.Error(err)
	}
	err = s.Tenant(leases[0].Tenant).InLease(ctx, leases[0], func(ctx context.Context, tx core.Tx) error { return nil })
	if err != nil {
		t.Error(err)
	}
	together := []core.Lease{leases[0], leases[0]}
	err = s.Tenant(leases[0].Tenant).InLeases(ctx, together, func(context.Context, core.Tx, []core.Lease) error { return nil })
	if err != nil {
		t.Error(err)
	}
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Summaries.Delete(ctx, o.summary.ID) })
}

func second[T any](_ T, err error) error { return err }
