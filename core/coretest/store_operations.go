package coretest

import (
	"context"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// things is one row of each noun of an organization.
type things struct {
	org         core.Organization
	user        core.User
	session     core.Session
	key         core.APIKey
	audit       core.AuditEntry
	integration core.Integration
	published   core.PublishedPage // of document
	webhook     core.Webhook
	delivery    core.Delivery // of webhook
	document    core.Document
	summary     core.Summary
	template    core.Template
	job         core.Job
	item        core.JobItem // of job
	position    core.Position
}

// documentsOfThings is how many documents newThings has counted.
const documentsOfThings = 7

// newThings stores one row of each noun; the document is indexed under wordOf it.
func newThings(t testing.TB, o *Org) things {
	t.Helper()
	d := o.NewDocument(t, func(d *core.Document) { d.ExternalID = "page " + string(d.ID) })
	sum := o.NewSummary(t, d)
	job, err := o.Read().Jobs.Get(t.Context(), sum.JobID)
	state, err2 := o.Read().Events.State(t.Context())
	x := things{
		org: o.Organization, user: o.User, session: *o.NewSession(t), key: *o.NewAPIKey(t), audit: o.auditEntry(), document: *d, summary: *sum,
		template: *o.NewTemplate(t), job: *must(t, "read job", job, err), position: must(t, "state of the log", state, err2).First,
	}
	x.integration = *o.NewIntegration(t)
	x.published = *o.NewPublishedPage(t, &x.integration, d)
	x.webhook = *o.NewWebhook(t)
	x.delivery = *o.NewDelivery(t, &x.webhook)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Documents.PutSearchEntry(ctx, entryOf(d)) })
	o.appendEvent(t, d)
	x.item = o.item(&x.job, "thing")
	o.PutItems(t, x.item)
	o.InTx(t, func(_ context.Context, tx core.Tx) error {
		tx.Audit(x.audit)
		tx.Meter(core.Metered{At: Now(), Documents: documentsOfThings, Bytes: 1})
		return nil
	})
	return x
}

// unknownThings makes what newThings would store, and stores none of it.
func unknownThings(o *Org) things {
	d := o.document(func(d *core.Document) { d.ExternalID = "page " + string(d.ID) })
	x := things{
		org: o.Organization, user: o.newUser(), session: o.session(), key: o.apiKey(), audit: o.auditEntry(), document: *d, summary: *o.summary(d),
		template: *o.template(), job: *o.job(), position: "other-0",
	}
	x.summary.JobID, x.key.UserID, x.item = x.job.ID, x.user.ID, o.item(&x.job, "thing")
	x.integration = *o.integration()
	x.published = *o.publishedPage(&x.integration, d)
	x.webhook = *o.webhook()
	x.delivery = *o.delivery(&x.webhook)
	return x
}

// malformedThings is unknownThings with id in the place of every id.
func malformedThings(o *Org, id string) things {
	x := unknownThings(o)
	x.user.ID, x.session.ID, x.session.FamilyID, x.key.ID = core.UserID(id), core.SessionID(id), core.SessionID(id), core.APIKeyID(id)
	x.key.UserID = core.UserID(id)
	x.integration.ID, x.published.ID = core.IntegrationID(id), core.PublishedPageID(id)
	x.webhook.ID, x.delivery.ID, x.delivery.WebhookID = core.WebhookID(id), core.DeliveryID(id), core.WebhookID(id)
	x.published.IntegrationID, x.published.DocID = core.IntegrationID(id), core.DocumentID(id)
	x.document.ID, x.summary.ID, x.summary.DocID = core.DocumentID(id), core.SummaryID(id), core.DocumentID(id)
	x.item.ID, x.item.JobID = core.JobItemID(id), core.JobID(id)
	x.template.ID, x.job.ID, x.position = core.TemplateID(id), core.JobID(id), core.Position(id)
	return x
}

func entryOf(d *core.Document) core.SearchEntry {
	return core.SearchEntry{
		DocumentID: d.ID, Revision: d.Revision, Title: "minutes of may",
		TitleWords: []string{"may", "minutes", "of"}, Words: []string{"budget", "may", "minutes", "of", wordOf(d.ID)},
	}
}

// wordOf is a word that only the document with that id has.
func wordOf(id core.DocumentID) string { return "w" + string(id[len(id)-12:]) }

// answer is what an operation does with things that are not the tenant's.
type answer int

const (
	answersNotFound answer = iota + 1 // CodeNotFound
	answersEmpty                      // a list without them
	answersNothing                    // no error and no effect
	answersOwn                        // takes no id: the tenant's own row, whatever it is given
	answersAny                        // creates: a row of the tenant's own, or a refusal
)
