package coretest

import (
	"context"
	"time"

	"github.com/docsctl/docsctl/core"
)

// halfImported writes what an import has written when it is cut off.
func halfImported(s *scene, ttl time.Duration) (*Org, core.ImportMark) {
	s.Helper()
	at := Now()
	id := core.NewID[core.OrgID]()
	o := &Org{Store: s.store, Tenant: core.TrustTenant(id), Organization: core.Organization{ID: id, Name: "Half", PlanType: core.PlanFree, CreatedAt: at, UpdatedAt: at}}
	o.User = o.newUser()
	o.User.IsActive = false
	m := core.ImportMark{ID: core.NewID[string](), TTL: ttl}
	d, session, parent := o.document(), o.session(), o.job()
	apiKey, request := o.apiKey(), o.onceRequest()
	child := o.job(func(j *core.Job) { j.ParentID = &parent.ID })
	sum := o.summary(d, func(x *core.Summary) { x.JobID = parent.ID })
	integration := o.integration()
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		tx.Append(core.EventDocumentCreated, at, d)
		tx.Audit(o.auditEntry())
		for _, err := range []error{
			tx.Imports.Begin(ctx, m), tx.Organizations.Create(ctx, &o.Organization), tx.Users.Create(ctx, &o.User), tx.Sessions.Create(ctx, &session),
			tx.APIKeys.Create(ctx, &apiKey), second(tx.Idempotency.Claim(ctx, request, at)),
			tx.Templates.Create(ctx, o.template()), tx.Integrations.Create(ctx, integration), tx.Documents.Create(ctx, d),
			second(tx.PublishedPages.Claim(ctx, o.publishedPage(integration, d))), tx.Jobs.Restore(ctx, parent), tx.Jobs.Restore(ctx, child),
			tx.Summaries.Create(ctx, sum), tx.Documents.PutSearchEntry(ctx, entryOf(d)),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	return o, m
}

func (o *Org) discard(s *scene, m core.ImportMark) {
	s.Helper()
	if err := core.DiscardImport(s.Context(), s.store.Tenant(o.Tenant), m); err != nil {
		s.Errorf("discard: %v", err)
	}
}

func unfinishedImportIsNotThere(s *scene) {
	o, m := halfImported(s, time.Minute)
	err := o.Read().Archive.Export(s.Context(), rowLists{}.into())
	wantCode(s, "export of a half-imported organization", err, core.CodeNotFound)
	if leases := s.claim(core.ClaimRequest{Queue: core.QueueLLM, Limit: 10, TTL: time.Minute}); len(leases) != 0 {
		s.Errorf("claim: got %v, want none", leases)
	}
	logins, err := s.store.System().Logins(s.Context(), o.User.EmailKey)
	if err != nil || len(logins) != 0 {
		s.Errorf("sign-in data: got %v, %v, want none", logins, err)
	}
	refused := map[string]func(ctx context.Context, tx core.Tx, m core.ImportMark) error{
		"Renew": func(ctx context.Context, tx core.Tx, m core.ImportMark) error { return tx.Imports.Renew(ctx, m) },
		"Take":  func(ctx context.Context, tx core.Tx, m core.ImportMark) error { return tx.Imports.Take(ctx, m) },
		"End":   func(ctx context.Context, tx core.Tx, m core.ImportMark) error { return tx.Imports.End(ctx, m, nil) },
		"Discard": func(ctx context.Context, tx core.Tx, m core.ImportMark) error {
			return second(tx.Imports.Discard(ctx, m, 10))
		},
	}
	other := core.ImportMark{ID: core.NewID[string](), TTL: time.Minute}
	for name, call := range refused {
		err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return call(ctx, tx, other) })
		wantCode(s, name+" with a mark that is another's", err, core.CodeNotFound)
	}
	err = o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Imports.Begin(ctx, other) })
	wantCode(s, "a second begin", err, core.CodeConflict)
	o.discard(s, m)
	s.wantNothingImported("after the discard", s.store, o)
}

func second[T any](_ T, err error) error { return err }

func abandonedImportIsTakenOver(s *scene) {
	kept, m := halfImported(s, time.Minute)
	given, old := halfImported(s, -time.Minute)
	tenants, err := s.store.System().AbandonedImports(s.Context(), 10)
	if err != nil || len(tenants) != 1 || tenants[0] != given.Tenant {
		s.Fatalf("abandoned: got %v, %v, want the one that is silent for too long", tenants, err)
	}
	taken := core.ImportMark{ID: core.NewID[string](), TTL: time.Minute}
	given.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Imports.Take(ctx, taken) })
	err = given.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Imports.Renew(ctx, old) })
	wantCode(s, "renewal by the one that was silent", err, core.CodeNotFound)
	given.discard(s, old) // which does nothing
	if _, err := given.Read().Organizations.Get(s.Context()); err != nil {
		s.Errorf("after a discard with a lost mark: got %v, want the organization", err)
	}
	given.discard(s, taken)
	s.wantNothingImported("after the discard", s.store, given)
	if _, err := kept.Read().Organizations.Get(s.Context()); err != nil {
		s.Errorf("the other import: got %v, want it untouched", err)
	}
	kept.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Imports.End(ctx, m, nil) })
	logins, err := s.store.System().Logins(s.Context(), kept.User.EmailKey)
	if err != nil || len(logins) != 1 {
		s.Errorf("sign-in data after the end: got %v, %v, want the user's", logins, err)
	}
}

// retiredOrganizationIsGone deletes an organization whose every noun has rows, with
// a job that waits and one that runs.
func retiredOrganizationIsGone(s *scene) {
	stays, o := s.fullOrg(), s.fullOrg()
	queue := core.LocalQueue("of this case") // apart from what fullOrg has waiting
	o.NewJob(s, func(j *core.Job) { j.LocalQueue = queue })
	leases := s.claim(core.ClaimRequest{Queue: queue, Limit: 1, TTL: time.Minute})
	if len(leases) != 1 {
		s.Fatalf("claim: got %v, want the job", leases)
	}
	o.NewJob(s)
	before := exportRows(s, s.store, stays.Tenant)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		return tx.Imports.Retire(ctx, core.ImportMark{ID: core.NewID[string]()})
	})
	err := s.store.Tenant(o.Tenant).InLease(s.Context(), leases[0], nothing)
	s.wantLeaseLost("the running job", err)
	err = o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
		return tx.Imports.Retire(ctx, core.ImportMark{ID: core.NewID[string]()})
	})
	wantCode(s, "a second time", err, core.CodeConflict)
	err = o.Read().Archive.Export(s.Context(), rowLists{}.into())
	wantCode(s, "export", err, core.CodeNotFound)
	logins, err := s.store.System().Logins(s.Context(), o.User.EmailKey)
	if must(s, "sign-in data", logins, err); len(logins) != 0 {
		s.Errorf("sign-in data: got %v, want none", logins)
	}
	late := o.NewJob(s) // of a request that was under way
	tenants, err := s.store.System().AbandonedImports(s.Context(), 10)
	if err != nil || len(tenants) != 1 || tenants[0] != o.Tenant {
		s.Fatalf("abandoned: got %v, %v, want the deleted organization", tenants, err)
	}
	if err := core.DiscardAbandoned(s.Context(), s.store.Tenant(o.Tenant)); err != nil {
		s.Fatalf("discard: %v", err)
	}
	_, err = o.Read().Jobs.Get(s.Context(), late.ID)
	wantCode(s, "the late job", err, core.CodeNotFound)
	if got := o.audited(s, core.AuditFilter{}); len(got) != 0 {
		s.Errorf("the audit log: got %v, want none", got)
	}
	_, err = o.Read().Organizations.Get(s.Context())
	wantCode(s, "organization", err, core.CodeNotFound)
	after := exportRows(s, s.store, stays.Tenant)
	for noun := range before {
		wantSame(s, "another organization's rows of kind "+noun, after[noun], before[noun])
	}
}

// importIsTheTenantsOnly tries everything with another tenant's mark.
func importIsTheTenantsOnly(s *scene) {
	a := s.org()
	b, theirs := halfImported(s, -time.Minute)
	x := unknownThings(b)
	x.user = b.User
	before := stateOf(s, b, x)
	for name, call := range map[string]func(ctx context.Context, tx core.Tx) error{
		"Renew":   func(ctx context.Context, tx core.Tx) error { return tx.Imports.Renew(ctx, theirs) },
		"Take":    func(ctx context.Context, tx core.Tx) error { return tx.Imports.Take(ctx, theirs) },
		"End":     func(ctx context.Context, tx core.Tx) error { return tx.Imports.End(ctx, theirs, nil) },
		"Discard": func(ctx context.Context, tx core.Tx) error { return second(tx.Imports.Discard(ctx, theirs, 1000)) },
	} {
		wantCode(s, name+" with another tenant's mark", a.TryTx(s, call), core.CodeNotFound)
	}
	wantSame(s, "the other tenant's rows", stateOf(s, b, x), before)
	mine, m := halfImported(s, time.Minute)
	mine.InTx(s, func(ctx context.Context, tx core.Tx) error {
		return tx.Imports.End(ctx, m, []core.UserID{mine.User.ID})
	})
	wantSame(s, "the other tenant's rows after an end", stateOf(s, b, x), before)
	gone, m := halfImported(s, time.Minute)
	gone.discard(s, m)
	wantSame(s, "the other tenant's rows after a discard", stateOf(s, b, x), before)
	for noun, rows := range exportRows(s, s.store, a.Tenant) {
		if want := map[string]int{"organization": 1, "user": 1}[noun]; len(rows) != want {
			s.Errorf("export: got %d of kind %s, want %d", len(rows), noun, want)
		}
	}
}
