package coretest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/docsctl/docsctl/core"
)

func integrationCases() []storeCase {
	return []storeCase{
		{"IntegrationIsKept", integrationIsKept},
		{"IntegrationsAreListedInPages", integrationsAreListed},
		{"DeletedIntegrationLeavesItsDocuments", deletedIntegrationLeavesDocuments},
		{"DueIntegrationsAreFoundOldestFirst", dueIntegrationsAreFound},
		{"PlaceHasOnePublishedPage", placeHasOnePage},
		{"PublishedPageIsKept", publishedPageIsKept},
		{"PublishedPagesAreFoundByRemoteID", publishedPagesByRemoteID},
		{"PublishedPageGoesWithItsDocument", publishedPageGoesWithDocument},
	}
}

func (o *Org) wantIntegration(s *scene, what string, want *core.Integration) {
	s.Helper()
	got, err := o.Read().Integrations.Get(s.Context(), want.ID)
	wantSame(s, what, must(s, what, got, err), want)
}

func integrationIsKept(s *scene) {
	o, at := s.org(), Now().Add(time.Hour)
	o.wantIntegration(s, "as it was made", o.NewIntegration(s))
	full := func(i *core.Integration) {
		i.Name, i.Status, i.ErrorMessage, i.Sealed = "Wiki/ä \U0001F600", core.IntegrationRevoked, "its token was revoked", []byte{0, 255, 1}
		i.Config = core.IntegrationConfig{Email: "a@example.org", Account: "Ann"}
		i.TokenExpiresAt, i.LastSync, i.NextSyncAt, i.RefreshUntil, i.DueAt = &at, &at, &at, &at, &at
		i.LastResult, i.SyncInterval = &core.SyncCounts{Listed: 3, Imported: 2, Failed: 1}, 60
		i.Sync = core.SyncState{Scope: "x", Since: &at, LastJob: core.NewID[core.JobID](), Running: core.SyncCheckpoint{Cursor: "<c>&", Pages: 2, Newest: &at}}
		i.UpdatedAt = at
	}
	o.wantIntegration(s, "with everything", o.NewIntegration(s, full))
	i := o.NewIntegration(s)
	full(i)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Integrations.Update(ctx, i) })
	o.wantIntegration(s, "after an update", i)
	i.Sealed, i.TokenExpiresAt, i.LastResult, i.Config, i.Sync, i.DueAt = nil, nil, nil, core.IntegrationConfig{}, core.SyncState{}, nil
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Integrations.Update(ctx, i) })
	o.wantIntegration(s, "after it was emptied", i)
}

func integrationsAreListed(s *scene) {
	o := s.org()
	s.org().NewIntegration(s)
	key := func(i core.Integration) core.Key { return core.Key{At: i.CreatedAt, ID: string(i.ID)} }
	var want []core.Integration
	for k := range 9 {
		want = append(want, *o.NewIntegration(s, func(i *core.Integration) {
			i.ID, i.CreatedAt = core.IntegrationID(randomID()), keyTimes()[k%4]
		}))
	}
	slices.SortFunc(want, func(a, b core.Integration) int { return newestFirst(key(a), key(b)) })
	got := paged(s, 4, key, func(k core.Seek) ([]core.Integration, error) { return o.Read().Integrations.List(s.Context(), k) })
	wantSame(s, "integrations in pages", got, want)
}

func (o *Org) syncedDocument(s *scene, i *core.Integration, external string) *core.Document {
	s.Helper()
	return o.NewDocument(s, func(d *core.Document) {
		d.SourceType, d.IntegrationID, d.ExternalID, d.ExternalVersion = core.SourceConfluence, &i.ID, external, "7"
		d.ConversionWarnings = []string{"macro chart: not converted"}
	})
}

func deletedIntegrationLeavesDocuments(s *scene) {
	o := s.org()
	gone, stays := o.NewIntegration(s), o.NewIntegration(s)
	one, two, other := o.syncedDocument(s, gone, "1"), o.syncedDocument(s, gone, "2"), o.syncedDocument(s, stays, "1")
	upload := o.NewDocument(s, func(d *core.Document) { d.ExternalID = "1" })
	p := o.NewPublishedPage(s, gone, other)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Integrations.Delete(ctx, gone.ID) })
	for _, d := range []*core.Document{one, two, other, upload} {
		got, err := o.Read().Documents.Get(s.Context(), d.ID)
		if must(s, "document", got, err); d == one || d == two {
			d.IntegrationID, d.ExternalID, d.ExternalVersion, d.Revision = nil, "", "", 2
		}
		wantSame(s, "document", got, d)
	}
	_, err := o.Read().PublishedPages.Get(s.Context(), p.ID)
	wantCode(s, "a page that was published through it", err, core.CodeNotFound)
	o.wantIntegration(s, "another", stays)
}

func dueIntegrationsAreFound(s *scene) {
	a, b := s.org(), s.org()
	at := Now()
	due := func(o *Org, d time.Duration) *core.Integration {
		return o.NewIntegration(s, func(i *core.Integration) { i.DueAt = new(at.Add(d)) })
	}
	first, second := due(a, -time.Hour), due(b, -time.Minute)
	third := due(a, 0)
	due(b, time.Microsecond)
	a.NewIntegration(s)
	got, err := s.store.System().DueIntegrations(s.Context(), at, 10)
	wantSame(s, "due", must(s, "due", got, err), []core.IntegrationRef{
		{Tenant: a.Tenant, IntegrationID: first.ID}, {Tenant: b.Tenant, IntegrationID: second.ID}, {Tenant: a.Tenant, IntegrationID: third.ID},
	})
	got, err = s.store.System().DueIntegrations(s.Context(), at, 1)
	if must(s, "due", got, err); len(got) != 1 {
		s.Errorf("got %d, want no more than were asked for", len(got))
	}
}

func (o *Org) claimPage(s *scene, p *core.PublishedPage) *core.PublishedPage {
	s.Helper()
	var got *core.PublishedPage
	o.InTx(s, func(ctx context.Context, tx core.Tx) (err error) {
		got, err = tx.PublishedPages.Claim(ctx, p)
		return err
	})
	return got
}

func placeHasOnePage(s *scene) {
	o := s.org()
	i, d := o.NewIntegration(s), o.NewDocument(s)
	first := o.NewPublishedPage(s, i, d)
	again := o.claimPage(s, o.publishedPage(i, d))
	wantSame(s, "the second claim of a place", again, first)
	for name, p := range map[string]*core.PublishedPage{
		"another target":   o.publishedPage(i, d, func(p *core.PublishedPage) { p.Target = strings.Repeat("long ", 500) }),
		"another case":     o.publishedPage(i, d, func(p *core.PublishedPage) { p.Target = "BELOW:229500" }),
		"another template": o.publishedPage(i, d, func(p *core.PublishedPage) { p.TemplateID = core.NewID[core.TemplateID]() }),
		"another document": o.publishedPage(i, o.NewDocument(s)),
		"another site":     o.publishedPage(o.NewIntegration(s), d),
	} {
		wantSame(s, name, o.claimPage(s, p), p)
	}
}

func publishedPageIsKept(s *scene) {
	o := s.org()
	p := o.NewPublishedPage(s, o.NewIntegration(s), o.NewDocument(s))
	p.RemoteID, p.URL, p.Markdown, p.SummaryID = "229500", "https://team.atlassian.net/wiki/x", "# In short\n", core.NewID[core.SummaryID]()
	p.JobID, p.UpdatedAt = new(core.NewID[core.JobID]()), Now()
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.PublishedPages.Update(ctx, p) })
	got, err := o.Read().PublishedPages.Get(s.Context(), p.ID)
	wantSame(s, "after an update", must(s, "get", got, err), p)
}

func publishedPagesByRemoteID(s *scene) {
	o := s.org()
	i, elsewhere := o.NewIntegration(s), o.NewIntegration(s)
	is := func(id string) func(*core.PublishedPage) {
		return func(p *core.PublishedPage) { p.RemoteID = id }
	}
	first := o.NewPublishedPage(s, i, o.NewDocument(s), is("Page-1"))
	o.NewPublishedPage(s, i, o.NewDocument(s), is("page-1")) // ids differ by case
	o.NewPublishedPage(s, i, o.NewDocument(s), is("Page-2"))
	o.NewPublishedPage(s, elsewhere, o.NewDocument(s), is("Page-1"))
	got, err := o.Read().PublishedPages.ListByRemoteID(s.Context(), i.ID, []string{"Page-1", "Page-1", "Page-3", "", "a\x00b", "\xff"})
	wantSame(s, "by id", must(s, "list", got, err), []core.PublishedPage{*first})
	got, err = o.Read().PublishedPages.ListByRemoteID(s.Context(), i.ID, nil)
	if must(s, "list none", got, err); len(got) != 0 {
		s.Errorf("got %d of no id", len(got))
	}
}

func publishedPageGoesWithDocument(s *scene) {
	o := s.org()
	d := o.NewDocument(s)
	p := o.NewPublishedPage(s, o.NewIntegration(s), d)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Delete(ctx, d.ID) })
	_, err := o.Read().PublishedPages.Get(s.Context(), p.ID)
	wantCode(s, "the page of a deleted document", err, core.CodeNotFound)
}
