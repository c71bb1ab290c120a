package coretest

import (
	"context"
	"slices"
	"strings"
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

// readOperation is one method of a reader, called about things. It returns how
// many of them it found.
type readOperation struct {
	answer answer
	call   func(ctx context.Context, r core.Readers, x things) (found int, err error)
}

// readOperations is every method of every reader, by its name.
func readOperations() map[string]readOperation {
	return map[string]readOperation{
		"Organizations.Get": {answersOwn, func(ctx context.Context, r core.Readers, x things) (int, error) {
			o, err := r.Organizations.Get(ctx)
			return one(o != nil && o.ID == x.org.ID), err
		}},
		"Users.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			u, err := r.Users.Get(ctx, x.user.ID)
			return one(u != nil), err
		}},
		"Users.List": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			rows, err := r.Users.List(ctx, everything)
			return count(rows, func(u core.User) bool { return u.ID == x.user.ID }), err
		}},
		"Users.CountAdmins": {answersOwn, func(ctx context.Context, r core.Readers, _ things) (int, error) {
			_, err := r.Users.CountAdmins(ctx)
			return 0, err
		}},
		"Sessions.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			s, err := r.Sessions.Get(ctx, x.session.ID)
			return one(s != nil), err
		}},
		"Sessions.Live": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			live, err := r.Sessions.Live(ctx, x.session.UserID, x.session.FamilyID)
			return one(live), err
		}},
		"APIKeys.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			k, err := r.APIKeys.Get(ctx, x.key.ID)
			return one(k != nil), err
		}},
		"APIKeys.List": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			all, err := r.APIKeys.List(ctx, core.APIKeyFilter{}, everything)
			if err != nil {
				return 0, err
			}
			of, err := r.APIKeys.List(ctx, core.APIKeyFilter{UserID: x.key.UserID}, everything)
			is := func(k core.APIKey) bool { return k.ID == x.key.ID }
			return count(all, is) + count(of, is), err
		}},
		"Audit.List": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			found := 0
			for _, f := range []core.AuditFilter{{}, {TargetID: x.audit.TargetID}, {UserID: *x.audit.UserID}} {
				rows, err := r.Audit.List(ctx, f, everything)
				if err != nil {
					return 0, err
				}
				found += count(rows, func(e core.AuditEntry) bool { return e.ID == x.audit.ID })
			}
			return found, nil
		}},
		"Integrations.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			i, err := r.Integrations.Get(ctx, x.integration.ID)
			return one(i != nil), err
		}},
		"Integrations.List": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			rows, err := r.Integrations.List(ctx, everything)
			return count(rows, func(i core.Integration) bool { return i.ID == x.integration.ID }), err
		}},
		"PublishedPages.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			p, err := r.PublishedPages.Get(ctx, x.published.ID)
			return one(p != nil), err
		}},
		"Webhooks.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			w, err := r.Webhooks.Get(ctx, x.webhook.ID)
			return one(w != nil), err
		}},
		"Webhooks.List": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			rows, err := r.Webhooks.List(ctx, everything)
			return count(rows, func(w core.Webhook) bool { return w.ID == x.webhook.ID }), err
		}},
		"Deliveries.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			d, err := r.Deliveries.Get(ctx, x.delivery.ID)
			return one(d != nil), err
		}},
		"Deliveries.List": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			rows, err := r.Deliveries.List(ctx, core.DeliveryFilter{WebhookID: x.delivery.WebhookID}, everything)
			return len(rows), err
		}},
		"Deliveries.Due": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			rows, err := r.Deliveries.Due(ctx, x.delivery.WebhookID, webhookTime(), 10)
			return len(rows), err
		}},
		"Deliveries.Pending": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return r.Deliveries.Pending(ctx, x.delivery.WebhookID, 10)
		}},
		"Documents.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			d, err := r.Documents.Get(ctx, x.document.ID)
			return one(d != nil), err
		}},
		"Documents.List": {answersEmpty, listDocuments},
		"Documents.ListByID": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			rows, err := r.Documents.ListByID(ctx, []core.DocumentID{x.document.ID, x.document.ID})
			return len(rows), err
		}},
		"Documents.Search": {answersEmpty, searchDocuments},
		"Summaries.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			s, err := r.Summaries.Get(ctx, x.summary.ID)
			return one(s != nil), err
		}},
		"Summaries.List": {answersEmpty, listSummaries},
		"Templates.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			t, err := r.Templates.Get(ctx, x.template.ID)
			return one(t != nil), err
		}},
		"Templates.List": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			rows, err := r.Templates.List(ctx, everything)
			return count(rows, func(t core.Template) bool { return t.ID == x.template.ID }), err
		}},
		"Jobs.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			j, err := r.Jobs.Get(ctx, x.job.ID)
			return one(j != nil), err
		}},
		"Jobs.List": {answersEmpty, listJobs},
		"Jobs.Dispatch": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			d, err := r.Jobs.Dispatch(ctx, x.job.ID)
			return one(d != nil), err
		}},
		"JobItems.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			i, err := r.JobItems.Get(ctx, x.item.JobID, x.item.Item)
			return one(i != nil), err
		}},
		"JobItems.List": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			rows, err := r.JobItems.List(ctx, x.item.JobID, "", everything)
			return len(rows), err
		}},
		"JobItems.Count": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			counts, err := r.JobItems.Count(ctx, x.item.JobID)
			return counts[x.item.State], err
		}},
		"Archive.Export": {answersOwn, func(ctx context.Context, r core.Readers, x things) (int, error) {
			l := rowLists{}
			err := r.Archive.Export(ctx, l.into())
			return count(l["document"], func(d any) bool { return d.(*core.Document).ID == x.document.ID }), err
		}},
		"Usage.Totals": {answersOwn, func(ctx context.Context, r core.Readers, _ things) (int, error) {
			u, err := r.Usage.Totals(ctx, Now())
			return one(err == nil && u.Documents == documentsOfThings), err
		}},
		"Usage.Month": {answersOwn, func(ctx context.Context, r core.Readers, _ things) (int, error) {
			rows, err := r.Usage.Month(ctx, Now()) // none but a meter writes them: see RunUsageMeter
			return len(rows), err
		}},
		"Events.State": {answersOwn, func(ctx context.Context, r core.Readers, _ things) (int, error) {
			_, err := r.Events.State(ctx)
			return 0, err
		}},
		"Events.After": {answersAny, func(ctx context.Context, r core.Readers, x things) (int, error) {
			rows, err := r.Events.After(ctx, x.position, 1000)
			return count(rows, func(e core.Event) bool { return e.OrgID == x.org.ID }), err
		}},
	}
}

// outsideTx reports whether a method's reader is not to be had in a transaction.
func outsideTx(name string) bool {
	noun, _, _ := strings.Cut(name, ".")
	return slices.Contains([]string{"Events", "Audit", "Archive"}, noun)
}

// everything is the seek of a whole list.
var everything = core.Seek{Limit: 1000}

func one(found bool) int {
	if found {
		return 1
	}
	return 0
}

func count[T any](rows []T, is func(T) bool) int {
	n := 0
	for _, r := range rows {
		n += one(is(r))
	}
	return n
}

// The lists are asked for everything and, by each filter, for the things.

func listDocuments(ctx context.Context, r core.Readers, x things) (int, error) {
	found := 0
	for _, f := range []core.DocumentFilter{{}, {ExternalID: x.document.ExternalID}, {IntegrationID: core.IntegrationID(x.document.ID)}} {
		rows, err := r.Documents.List(ctx, f, everything)
		if err != nil {
			return 0, err
		}
		found += count(rows, func(d core.Document) bool { return d.ID == x.document.ID })
	}
	return found, nil
}

func searchDocuments(ctx context.Context, r core.Readers, x things) (int, error) {
	found := 0
	for _, words := range [][]string{{"budget"}, {"minutes"}} {
		rows, err := r.Documents.Search(ctx, core.SearchQuery{Title: words[0], Words: words}, core.DocumentFilter{}, everything)
		if err != nil {
			return 0, err
		}
		found += count(rows, func(d core.RankedDocument) bool { return d.ID == x.document.ID })
	}
	return found, nil
}

func listSummaries(ctx context.Context, r core.Readers, x things) (int, error) {
	all, err := r.Summaries.List(ctx, core.SummaryFilter{}, everything)
	if err != nil {
		return 0, err
	}
	of, err := r.Summaries.List(ctx, core.SummaryFilter{DocID: x.summary.DocID}, everything)
	is := func(s core.Summary) bool { return s.ID == x.summary.ID }
	return count(all, is) + count(of, is), err
}

func listJobs(ctx context.Context, r core.Readers, x things) (int, error) {
	found := 0
	for _, f := range []core.JobFilter{{}, {RelatedID: x.job.RelatedID}, {ParentID: x.job.ID}} {
		rows, err := r.Jobs.List(ctx, f, everything)
		if err != nil {
			return 0, err
		}
		found += count(rows, func(j core.Job) bool { return j.ID == x.job.ID })
	}
	return found, nil
}
