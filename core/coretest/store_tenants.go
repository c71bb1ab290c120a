package coretest

import (
	"context"
	"reflect"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/docsctl/docsctl/core"
)

// The cases of this group get along with others over the same database, so that an
// adapter can run them often.
func tenantCases() []storeCase {
	return []storeCase{
		{"EveryMethodHasACase", everyMethodHasACase},
		{"OwnThingsAreFound", ownThingsAreFound},
		{"ReadsFindNothingOfOthers", readsFindNothingOfOthers},
		{"WritesTouchNothingOfOthers", writesTouchNothingOfOthers},
		{"ReferencesToOthersAreRefused", referencesToOthersAreRefused},
		{"OutboxReachesNothingOfOthers", outboxReachesNothingOfOthers},
		{"IDsOfOthersCanBeUsed", idsOfOthersCanBeUsed},
		{"PositionsOfOthersShowNothing", positionsOfOthersShowNothing},
		{"LeaseOfAnotherTenantIsLost", leaseOfAnotherTenantIsLost},
		{"UnknownAndMalformedIDsAreNotFound", unknownAndMalformedIDsAreNotFound},
		{"InvalidTenantIsRefused", invalidTenantIsRefused},
		{"ImportIsTheTenantsOnly", importIsTheTenantsOnly},
	}
}

// everyMethodHasACase fails when a method was added to a port without a line in
// the tables that the cases of this group go through.
func everyMethodHasACase(s *scene) {
	reads, writes := readOperations(), writeOperations()
	seen := 0
	for _, ports := range []reflect.Type{reflect.TypeFor[core.Readers](), reflect.TypeFor[core.Tx]()} {
		for i := range ports.NumField() {
			f := ports.Field(i)
			if f.Type.Kind() != reflect.Interface {
				continue
			}
			for m := range f.Type.NumMethod() {
				name := f.Name + "." + f.Type.Method(m).Name
				_, read := reads[name]
				_, write := writes[name]
				if seen++; !read && !write {
					s.Errorf("%s has no case: add it to readOperations or writeOperations", name)
				}
			}
		}
	}
	if seen < 40 {
		s.Errorf("saw %d methods of ports, want at least 40", seen)
	}
}

// ownThingsAreFound proves that the operations find what is there, so that
// finding nothing means something in the other cases.
func ownThingsAreFound(s *scene) {
	o := s.org()
	x := newThings(s, o)
	o.awaitEvents(s, 1)
	for name, op := range readOperations() {
		found, err := op.call(s.Context(), o.Read(), x)
		if err != nil || found == 0 && name != "Events.State" && name != "Usage.Month" && name != "Users.CountAdmins" {
			s.Errorf("%s: found %d (%v), want the tenant's own", name, found, err)
		}
	}
	before := stateOf(s, o, x)
	for _, name := range strings.Fields("Users.Update Sessions.MarkUsed Sessions.RevokeFamily APIKeys.MarkUsed APIKeys.Delete " +
		"PublishedPages.Update Integrations.Update Integrations.Delete Deliveries.Update Webhooks.Update Webhooks.Delete Documents.Update Summaries.Update " +
		"Templates.Update Jobs.Update JobItems.Put JobItems.Move Summaries.Delete Summaries.DeleteOfDocument Documents.Delete Templates.Delete") {
		op := writeOperations()[name]
		o.InTx(s, func(ctx context.Context, tx core.Tx) error { return op.call(ctx, tx, x) })
		after := stateOf(s, o, x)
		if name != "Summaries.DeleteOfDocument" && cmp.Equal(before, after) {
			s.Errorf("%s of the tenant's own changed nothing", name)
		}
		before = after
	}
}

// stateOf returns what o can see of x.
func stateOf(s *scene, o *Org, x things) map[string]any {
	s.Helper()
	state := map[string]any{}
	note := func(name string, v any, err error) {
		if err != nil && core.CodeOf(err) != core.CodeNotFound {
			s.Errorf("%s: %v", name, err)
		}
		state[name] = v
	}
	ctx, r := s.Context(), o.Read()
	org, err := r.Organizations.Get(ctx)
	note("organization", org, err)
	user, err := r.Users.Get(ctx, x.user.ID)
	note("user", user, err)
	doc, err := r.Documents.Get(ctx, x.document.ID)
	note("document", doc, err)
	sum, err := r.Summaries.Get(ctx, x.summary.ID)
	note("summary", sum, err)
	tpl, err := r.Templates.Get(ctx, x.template.ID)
	note("template", tpl, err)
	job, err := r.Jobs.Get(ctx, x.job.ID)
	note("job", job, err)
	item, err := r.JobItems.Get(ctx, x.item.JobID, x.item.Item)
	note("item", item, err)
	found, err := r.Documents.Search(ctx, core.SearchQuery{Title: "budget", Words: []string{wordOf(x.document.ID)}}, core.DocumentFilter{}, everything)
	note("found", len(found), err)
	var session *core.Session
	err = o.TryTx(s, func(ctx context.Context, tx core.Tx) (err error) {
		session, err = tx.Sessions.GetForUpdate(ctx, x.session.ID)
		return err
	})
	note("session", session, err)
	apiKey, err := r.APIKeys.Get(ctx, x.key.ID)
	note("API key", apiKey, err)
	integration, err := r.Integrations.Get(ctx, x.integration.ID)
	note("integration", integration, err)
	published, err := r.PublishedPages.Get(ctx, x.published.ID)
	note("published page", published, err)
	webhook, err := r.Webhooks.Get(ctx, x.webhook.ID)
	note("webhook", webhook, err)
	delivery, err := r.Deliveries.Get(ctx, x.delivery.ID)
	note("delivery", delivery, err)
	deliveries, err := r.Deliveries.List(ctx, core.DeliveryFilter{WebhookID: x.webhook.ID}, everything)
	note("deliveries", len(deliveries), err)
	audit, err := r.Audit.List(ctx, core.AuditFilter{}, everything)
	note("audit", len(audit), err)
	users, err := r.Users.List(ctx, everything)
	note("users", len(users), err)
	docs, err := r.Documents.List(ctx, core.DocumentFilter{}, everything)
	note("documents", len(docs), err)
	sums, err := r.Summaries.List(ctx, core.SummaryFilter{}, everything)
	note("summaries", len(sums), err)
	jobs, err := r.Jobs.List(ctx, core.JobFilter{}, everything)
	note("jobs", len(jobs), err)
	return state
}

func readsFindNothingOfOthers(s *scene) {
	a, b := s.org(), s.org()
	theirs, unknown := newThings(s, b), unknownThings(b)
	b.awaitEvents(s, 1)
	for name, op := range readOperations() {
		found, err := op.call(s.Context(), a.Read(), theirs)
		s.wantNotTheirs(name, op.answer, found, err)
		_, want := op.call(s.Context(), a.Read(), unknown)
		s.wantSameError(name, op.answer, err, want)
		if outsideTx(name) {
			continue
		}
		err = a.TryTx(s, func(ctx context.Context, tx core.Tx) error {
			found, err = op.call(ctx, readersOf(tx), theirs)
			return err
		})
		s.wantNotTheirs(name+" in a transaction", op.answer, found, err)
		s.wantSameError(name+" in a transaction", op.answer, err, want)
	}
}

func (s *scene) wantNotTheirs(name string, a answer, found int, err error) {
	s.Helper()
	if found != 0 {
		s.Errorf("%s: found %d of another tenant's", name, found)
	}
	switch a {
	case answersNotFound:
		wantCode(s, name, err, core.CodeNotFound)
	case answersEmpty, answersNothing, answersOwn:
		wantCode(s, name, err, "")
	case answersAny:
	}
}

// wantSameError reports an answer about another tenant's thing that differs from
// the one about a thing that does not exist.
func (s *scene) wantSameError(name string, a answer, got, want error) {
	s.Helper()
	if a != answersNotFound || got == nil || want == nil {
		return
	}
	g, w := *core.AsError(got), *core.AsError(want)
	g.Err, w.Err = nil, nil
	if diff := cmp.Diff(g, w); diff != "" {
		s.Errorf("%s: another tenant's thing is answered unlike an unknown one (-got +want):\n%s", name, diff)
	}
}
