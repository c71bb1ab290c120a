package coretest

import (
	"context"
	"maps"
	"time"

	"github.com/docsctl/docsctl/core"
)

// writeOperation is one method of a repository that its reader does not have,
// called about things.
type writeOperation struct {
	answer answer
	call   func(ctx context.Context, tx core.Tx, x things) error
}

// writeOperations is every such method, by its name.
func writeOperations() map[string]writeOperation {
	all := map[string]writeOperation{}
	for _, part := range []map[string]writeOperation{
		accountWrites(), credentialWrites(), connectionWrites(), webhookWrites(),
		documentWrites(), summaryWrites(), templateAndJobWrites(), importWrites(),
	} {
		maps.Copy(all, part)
	}
	return all
}

func accountWrites() map[string]writeOperation {
	return map[string]writeOperation{
		"Organizations.GetForUpdate": {answersOwn, func(ctx context.Context, tx core.Tx, _ things) error {
			return second(tx.Organizations.GetForUpdate(ctx))
		}},
		"Organizations.Founded": {answersOwn, func(ctx context.Context, tx core.Tx, _ things) error {
			return second(tx.Organizations.Founded(ctx))
		}},
		"Organizations.Create": {answersAny, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Organizations.Create(ctx, &x.org)
		}},
		"Organizations.Update": {answersAny, func(ctx context.Context, tx core.Tx, x things) error {
			x.org.Name = "renamed by another"
			return tx.Organizations.Update(ctx, &x.org)
		}},
		"Users.GetForUpdate": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return second(tx.Users.GetForUpdate(ctx, x.user.ID))
		}},
		"Users.Create": {answersAny, func(ctx context.Context, tx core.Tx, x things) error { return tx.Users.Create(ctx, &x.user) }},
		"Users.Update": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.user.PasswordHash = "of another"
			return tx.Users.Update(ctx, &x.user)
		}},
	}
}

func credentialWrites() map[string]writeOperation {
	return map[string]writeOperation{
		"Sessions.GetForUpdate": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return second(tx.Sessions.GetForUpdate(ctx, x.session.ID))
		}},
		"Sessions.Create": {answersAny, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Sessions.Create(ctx, &x.session)
		}},
		"Sessions.MarkUsed": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Sessions.MarkUsed(ctx, x.session.ID, Now())
		}},
		"Sessions.RevokeFamily": {answersNothing, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Sessions.RevokeFamily(ctx, x.session.FamilyID, Now())
		}},
		"Sessions.RevokeOfUser": {answersNothing, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Sessions.RevokeOfUser(ctx, x.user.ID, "", Now())
		}},
		"Idempotency.Claim": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			_, err := tx.Idempotency.Claim(ctx, core.IdempotentRequest{
				UserID: x.user.ID, Route: "r", KeyHash: []byte("k"), Fingerprint: []byte("f"), CreatedAt: Now(),
			}, Now().Add(-time.Hour))
			return err
		}},
		"Idempotency.Answer": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Idempotency.Answer(ctx, core.IdempotentRequest{UserID: x.user.ID, Route: "mine", KeyHash: []byte("k"), Answer: []byte("by another")})
		}},
		"APIKeys.Create": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.key.ID, x.key.KeyHash, x.key.UserID = core.NewID[core.APIKeyID](), []byte("another hash"), x.user.ID
			return tx.APIKeys.Create(ctx, &x.key)
		}},
		"APIKeys.MarkUsed": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.APIKeys.MarkUsed(ctx, x.key.ID, Now())
		}},
		"APIKeys.Delete": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.APIKeys.Delete(ctx, x.key.ID)
		}},
		"APIKeys.DeleteOfUser": {answersNothing, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.APIKeys.DeleteOfUser(ctx, x.key.UserID)
		}},
	}
}

func connectionWrites() map[string]writeOperation {
	return map[string]writeOperation{
		"Integrations.GetForUpdate": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return second(tx.Integrations.GetForUpdate(ctx, x.integration.ID))
		}},
		"Integrations.Create": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.integration.ID, x.integration.UserID = core.NewID[core.IntegrationID](), x.user.ID
			return tx.Integrations.Create(ctx, &x.integration)
		}},
		"Integrations.Update": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.integration.Name = "by another"
			return tx.Integrations.Update(ctx, &x.integration)
		}},
		"Integrations.Delete": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Integrations.Delete(ctx, x.integration.ID)
		}},
		"PublishedPages.Claim": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.published.ID, x.published.Target = core.NewID[core.PublishedPageID](), "below:another"
			return second(tx.PublishedPages.Claim(ctx, &x.published))
		}},
		"PublishedPages.Update": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.published.Markdown = "by another"
			return tx.PublishedPages.Update(ctx, &x.published)
		}},
	}
}

func webhookWrites() map[string]writeOperation {
	return map[string]writeOperation{
		"Webhooks.GetForUpdate": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return second(tx.Webhooks.GetForUpdate(ctx, x.webhook.ID))
		}},
		"Webhooks.Create": {answersAny, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Webhooks.Create(ctx, &x.webhook, x.position)
		}},
		"Webhooks.Update": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.webhook.URL = "https://example.org/by-another"
			return tx.Webhooks.Update(ctx, &x.webhook)
		}},
		"Webhooks.Delete": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Webhooks.Delete(ctx, x.webhook.ID)
		}},
		"Webhooks.Hold": {answersAny, func(ctx context.Context, tx core.Tx, x things) error { // see claimOfAnotherTenantHoldsNothing
			_, _, err := tx.Webhooks.Hold(ctx, core.WebhookClaim{Tenant: core.TrustTenant(x.org.ID), WebhookID: x.webhook.ID})
			return err
		}},
		"Webhooks.Advance": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Webhooks.Advance(ctx, x.webhook.ID, "0ther-0")
		}},
		"Webhooks.Renew": {answersAny, func(ctx context.Context, tx core.Tx, x things) error { // likewise
			return tx.Webhooks.Renew(ctx, core.WebhookClaim{Tenant: core.TrustTenant(x.org.ID), WebhookID: x.webhook.ID}, time.Hour)
		}},
		"Deliveries.Add": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.delivery.ID, x.delivery.EventID = core.NewID[core.DeliveryID](), "by-another"
			return tx.Deliveries.Add(ctx, []core.Delivery{x.delivery})
		}},
		"Deliveries.Update": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.delivery.ErrorMessage = "by another"
			return tx.Deliveries.Update(ctx, &x.delivery)
		}},
	}
}

func documentWrites() map[string]writeOperation {
	return map[string]writeOperation{
		"Documents.GetForUpdate": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return second(tx.Documents.GetForUpdate(ctx, x.document.ID))
		}},
		"Documents.Create": {answersAny, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Documents.Create(ctx, &x.document)
		}},
		"Documents.Update": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.document.Title = "changed by another"
			return tx.Documents.Update(ctx, &x.document)
		}},
		"Documents.Delete": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Documents.Delete(ctx, x.document.ID)
		}},
		"Documents.LockName": {answersNothing, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Documents.LockName(ctx, string(x.document.ID))
		}},
		"Documents.PutSearchEntry": {answersNothing, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Documents.PutSearchEntry(ctx, core.SearchEntry{
				DocumentID: x.document.ID, Revision: x.document.Revision, Title: "budget", TitleWords: []string{"budget"}, Words: []string{"budget"},
			})
		}},
	}
}

func summaryWrites() map[string]writeOperation {
	return map[string]writeOperation{
		"Summaries.Create": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.summary.ID = core.NewID[core.SummaryID]()
			return tx.Summaries.Create(ctx, &x.summary)
		}},
		"Summaries.Update": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.summary.Text = "written by another"
			return tx.Summaries.Update(ctx, &x.summary)
		}},
		"Summaries.Delete": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Summaries.Delete(ctx, x.summary.ID)
		}},
		"Summaries.DeleteOfDocument": {answersNothing, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Summaries.DeleteOfDocument(ctx, x.document.ID)
		}},
	}
}

func templateAndJobWrites() map[string]writeOperation {
	return map[string]writeOperation{
		"Templates.GetForUpdate": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return second(tx.Templates.GetForUpdate(ctx, x.template.ID))
		}},
		"Templates.Create": {answersAny, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Templates.Create(ctx, &x.template)
		}},
		"Templates.Update": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.template.PromptTemplate = "by another"
			return tx.Templates.Update(ctx, &x.template)
		}},
		"Templates.Delete": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Templates.Delete(ctx, x.template.ID)
		}},
		"Jobs.GetForUpdate": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return second(tx.Jobs.GetForUpdate(ctx, x.job.ID))
		}},
		"Jobs.Update": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.job.Status, x.job.FinishedAt, x.job.NextAttemptAt = core.JobCanceled, new(Now()), nil
			return tx.Jobs.Update(ctx, &x.job)
		}},
		"JobItems.Add": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.item.ID, x.item.Item = core.NewID[core.JobItemID](), "by another"
			return second(tx.JobItems.Add(ctx, []core.JobItem{x.item}))
		}},
		"JobItems.Put": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			x.item.ID, x.item.Title = core.NewID[core.JobItemID](), "by another"
			return tx.JobItems.Put(ctx, []core.JobItem{x.item})
		}},
		"JobItems.Move": {answersNothing, func(ctx context.Context, tx core.Tx, x things) error {
			return second(tx.JobItems.Move(ctx, x.item.JobID, x.item.State, core.JobItem{State: core.JobItemCanceled, UpdatedAt: Now()}))
		}},
	}
}

// importWrites begins with a mark of the things' own; nobody has one.
func importWrites() map[string]writeOperation {
	mark := func(x things) core.ImportMark { return core.ImportMark{ID: string(x.job.ID), TTL: time.Minute} }
	return map[string]writeOperation{
		"Imports.Begin":  {answersAny, func(ctx context.Context, tx core.Tx, x things) error { return tx.Imports.Begin(ctx, mark(x)) }},
		"Imports.Retire": {answersAny, func(ctx context.Context, tx core.Tx, x things) error { return tx.Imports.Retire(ctx, mark(x)) }},
		"Imports.Renew":  {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error { return tx.Imports.Renew(ctx, mark(x)) }},
		"Imports.Take":   {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error { return tx.Imports.Take(ctx, mark(x)) }},
		"Imports.End":    {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error { return tx.Imports.End(ctx, mark(x), nil) }},
		"Imports.Discard": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return second(tx.Imports.Discard(ctx, mark(x), 10))
		}},
		"Usage.Lock": {answersOwn, func(ctx context.Context, tx core.Tx, _ things) error { return tx.Usage.Lock(ctx) }},
		"Usage.Reserve": {answersNotFound, func(ctx context.Context, tx core.Tx, x things) error {
			return tx.Usage.Reserve(ctx, core.Reservation{ID: core.NewID[string](), JobID: x.job.ID, Tokens: 1, CreatedAt: Now()})
		}},
		"Usage.Release": {answersNothing, func(ctx context.Context, tx core.Tx, x things) error { return tx.Usage.Release(ctx, string(x.job.ID)) }},
		"Usage.Warn": {answersAny, func(ctx context.Context, tx core.Tx, _ things) error {
			return second(tx.Usage.Warn(ctx, Now(), "tokens"))
		}},
		"Usage.Restore": {answersAny, func(ctx context.Context, tx core.Tx, _ things) error {
			return tx.Usage.Restore(ctx, core.UsageOfMonth{Month: core.UsageMonth(Now()), Documents: 1})
		}},
		"Jobs.Restore": {answersAny, func(ctx context.Context, tx core.Tx, x things) error { return tx.Jobs.Restore(ctx, &x.job) }},
	}
}

// readersOf returns the readers within a transaction; it has none of events and audit.
func readersOf(tx core.Tx) core.Readers {
	return core.Readers{
		Organizations: tx.Organizations, Users: tx.Users, Sessions: tx.Sessions, APIKeys: tx.APIKeys, Documents: tx.Documents,
		Summaries: tx.Summaries, Templates: tx.Templates, Jobs: tx.Jobs, Usage: tx.Usage, JobItems: tx.JobItems,
		Integrations: tx.Integrations, PublishedPages: tx.PublishedPages, Webhooks: tx.Webhooks, Deliveries: tx.Deliveries,
	}
}
