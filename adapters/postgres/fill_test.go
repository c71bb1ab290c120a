package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

// filled is an organization with a row in every table.
type filled struct {
	*coretest.Org
	document    *core.Document // with a search entry
	pending     *core.Document // without one
	summary     *core.Summary
	template    *core.Template
	session     *core.Session
	key         *core.APIKey
	job         *core.Job
	integration *core.Integration
	published   *core.PublishedPage
	webhook     *core.Webhook
	delivery    *core.Delivery  // of webhook
	mark        core.ImportMark // under which an import could go on
	imported    core.OrgID      // of an import that a test may begin
}

func fill(tb testing.TB, s *Store) filled {
	tb.Helper()
	o := coretest.NewOrg(tb, s)
	f := filled{Org: o, document: o.NewDocument(tb), pending: o.NewDocument(tb), template: o.NewTemplate(tb), session: o.NewSession(tb), key: o.NewAPIKey(tb), job: o.NewJob(tb)}
	f.imported = core.NewID[core.OrgID]()
	f.mark = core.ImportMark{ID: core.NewID[string](), TTL: time.Hour}
	f.summary = o.NewSummary(tb, f.document)
	f.integration = o.NewIntegration(tb, func(i *core.Integration) { i.Sealed, i.DueAt = nil, new(coretest.Now()) })
	f.published = o.NewPublishedPage(tb, f.integration, f.document)
	f.webhook = o.NewWebhook(tb, func(w *core.Webhook) { w.Sealed = nil })
	f.delivery = o.NewDelivery(tb, f.webhook)
	err := errors.Join(s.Nodes().Put(tb.Context(), o.Tenant, core.Node{Key: []byte("filled"), Kind: "map", CreatedAt: coretest.Now()}),
		s.Meter().Add(tb.Context(), o.Tenant, coretest.Now(), core.ModelUsage{Model: "m"}))
	if err != nil {
		tb.Fatal(err)
	}
	o.InTx(tb, func(ctx context.Context, tx core.Tx) error {
		if err := tx.Imports.Begin(ctx, f.mark); err != nil { // so that imports has a row
			return err
		}
		item := core.JobItem{ID: core.NewID[core.JobItemID](), JobID: f.job.ID, Item: "one", State: core.JobItemPending, CreatedAt: coretest.Now(), UpdatedAt: coretest.Now()}
		if err := tx.JobItems.Put(ctx, []core.JobItem{item}); err != nil {
			return err
		}
		request := core.IdempotentRequest{UserID: o.User.ID, Route: "r", KeyHash: []byte("k"), Fingerprint: []byte("f"), CreatedAt: coretest.Now()}
		if _, err := tx.Idempotency.Claim(ctx, request, coretest.Now().Add(-time.Hour)); err != nil {
			return err
		}
		r := core.Reservation{ID: core.NewID[string](), JobID: f.job.ID, CreatedAt: coretest.Now()}
		if _, err := tx.Usage.Warn(ctx, coretest.Now(), "usd"); err != nil {
			return err
		}
		if err := tx.Usage.Reserve(ctx, r); err != nil {
			return err
		}
		tx.Audit(core.AuditEntry{ID: core.NewID[string](), OrgID: o.Organization.ID, At: f.document.CreatedAt, Action: core.AuditSignedIn})
		tx.Append(core.EventDocumentCreated, f.document.CreatedAt, f.document)
		tx.Append(core.EventDocumentUpdated, f.document.CreatedAt, f.document)
		return tx.Documents.PutSearchEntry(ctx, core.SearchEntry{
			DocumentID: f.document.ID, Revision: f.document.Revision, Title: "budget", TitleWords: []string{"budget"}, Words: []string{"budget"},
		})
	})
	f.prune(tb, s)
	return f
}

// prune removes one of the two events, so that the log has a bound. An event goes once
// no open transaction of the whole server is older, those of the tests beside this one
// included, so it asks until then.
func (f filled) prune(tb testing.TB, s *Store) {
	tb.Helper()
	request := core.PruneRequest{Organizations: 100, Limit: 100, MinEvent: 1, Events: coretest.Now().Add(time.Hour)}
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		pruned, err := s.System().Prune(ctx, request)
		if err != nil {
			tb.Fatal(err)
		}
		if pruned.Events > 0 {
			return
		}
		<-tick.C
	}
}
