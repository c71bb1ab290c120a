package coretest

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// readOperation is one method of a reader, called about things. It returns how
// many of them it found.
type readOperation struct {
	answer answer
	call   func(ctx context.Context, r core.Readers, x things) (found int, err error)
}

// readOperations is every method of every reader, by its name.
func readOperations() map[string]readOperation {
	all := map[string]readOperation{}
	for _, part := range []map[string]readOperation{accountReads(), connectionReads(), documentReads(), jobReads(), logReads()} {
		maps.Copy(all, part)
	}
	return all
}

func accountReads() map[string]readOperation {
	return map[string]readOperation{
		"Organizations.Get": {answersOwn, func(ctx context.Context, r core.Readers, x things) (int, error) {
			o, err := r.Organizations.Get(ctx)
			return one(o != nil && o.ID == x.org.ID), err
		}},
		"Users.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return found(r.Users.Get(ctx, x.user.ID))
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
			return found(r.Sessions.Get(ctx, x.session.ID))
		}},
		"Sessions.Live": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			live, err := r.Sessions.Live(ctx, x.session.UserID, x.session.FamilyID)
			return one(live), err
		}},
		"APIKeys.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return found(r.APIKeys.Get(ctx, x.key.ID))
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
	}
}

func connectionReads() map[string]readOperation {
	return map[string]readOperation{
		"Integrations.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return found(r.Integrations.Get(ctx, x.integration.ID))
		}},
		"Integrations.List": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			rows, err := r.Integrations.List(ctx, everything)
			return count(rows, func(i core.Integration) bool { return i.ID == x.integration.ID }), err
		}},
		"PublishedPages.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return found(r.PublishedPages.Get(ctx, x.published.ID))
		}},
		"PublishedPages.ListByRemoteID": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return size(r.PublishedPages.ListByRemoteID(ctx, x.integration.ID, []string{x.published.RemoteID}))
		}},
		"Webhooks.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return found(r.Webhooks.Get(ctx, x.webhook.ID))
		}},
		"Webhooks.List": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			rows, err := r.Webhooks.List(ctx, everything)
			return count(rows, func(w core.Webhook) bool { return w.ID == x.webhook.ID }), err
		}},
		"Deliveries.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return found(r.Deliveries.Get(ctx, x.delivery.ID))
		}},
		"Deliveries.List": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return size(r.Deliveries.List(ctx, core.DeliveryFilter{WebhookID: x.delivery.WebhookID}, everything))
		}},
		"Deliveries.Due": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return size(r.Deliveries.Due(ctx, x.delivery.WebhookID, webhookTime(), 10))
		}},
		"Deliveries.Pending": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return r.Deliveries.Pending(ctx, x.delivery.WebhookID, 10)
		}},
	}
}

func documentReads() map[string]readOperation {
	return map[string]readOperation{
		"Documents.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return found(r.Documents.Get(ctx, x.document.ID))
		}},
		"Documents.List": {answersEmpty, listDocuments},
		"Documents.ListByID": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return size(r.Documents.ListByID(ctx, []core.DocumentID{x.document.ID, x.document.ID}))
		}},
		"Documents.Search": {answersEmpty, searchDocuments},
		"Summaries.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return found(r.Summaries.Get(ctx, x.summary.ID))
		}},
		"Summaries.List": {answersEmpty, listSummaries},
		"Summaries.Source": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			s, d, err := r.Summaries.Source(ctx, x.summary.ID)
			return one(s != nil || d != nil), err
		}},
		"Summaries.Material": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			d, t, err := r.Summaries.Material(ctx, x.document.ID, x.template.ID, core.DefaultTemplateID)
			return one(d != nil || t != nil), err
		}},
		"Templates.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return found(r.Templates.Get(ctx, x.template.ID))
		}},
		"Templates.Default": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return found(r.Templates.Default(ctx, x.template.ID))
		}},
		"Templates.List": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			rows, err := r.Templates.List(ctx, everything)
			return count(rows, func(t core.Template) bool { return t.ID == x.template.ID }), err
		}},
	}
}

func jobReads() map[string]readOperation {
	return map[string]readOperation{
		"Jobs.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return found(r.Jobs.Get(ctx, x.job.ID))
		}},
		"Jobs.List": {answersEmpty, listJobs},
		"Jobs.Dispatch": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return found(r.Jobs.Dispatch(ctx, x.job.ID))
		}},
		"JobItems.Get": {answersNotFound, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return found(r.JobItems.Get(ctx, x.item.JobID, x.item.Item))
		}},
		"JobItems.List": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			return size(r.JobItems.List(ctx, x.item.JobID, "", everything))
		}},
		"JobItems.Count": {answersEmpty, func(ctx context.Context, r core.Readers, x things) (int, error) {
			counts, err := r.JobItems.Count(ctx, x.item.JobID)
			return counts[x.item.State], err
		}},
	}
}

func logReads() map[string]readOperation {
	return map[string]readOperation{
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

// found counts a row that was looked up.
func found[T any](row *T, err error) (int, error) { return one(row != nil), err }

// size counts the rows of a list that has only those of the things.
func size[T any](rows []T, err error) (int, error) { return len(rows), err }

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
