package coretest

import (
	"context"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// badIDs are no ids in canonical form. Some databases read the first two as one.
func badIDs() []string {
	id := core.NewID[string]()
	return []string{
		strings.ToUpper(id), "{" + id + "}", "urn:uuid:" + id, strings.ReplaceAll(id, "-", ""), id + " ",
		"", "x", "\x00", id[:35] + "\x00", "\xff\xfe", "' OR 1=1 --", "%", strings.Repeat("a", 10_000),
	}
}

func unknownAndMalformedIDsAreNotFound(s *scene) {
	o := s.org()
	mine := newThings(s, o)
	before := stateOf(s, o, mine)
	for _, x := range append([]things{unknownThings(o)}, s.malformed(o)...) {
		for name, op := range readOperations() {
			if name == "Events.After" || op.answer == answersOwn {
				continue
			}
			found, err := op.call(s.Context(), o.Read(), x)
			s.wantNotTheirs(name, op.answer, found, err)
		}
		for name, op := range writeOperations() {
			if op.answer == answersAny || op.answer == answersOwn {
				continue
			}
			err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return op.call(ctx, tx, x) })
			s.wantNotTheirs(name, op.answer, 0, err)
		}
	}
	wantSame(s, "the tenant's things afterwards", stateOf(s, o, mine), before)
	for _, bad := range s.malformed(o) {
		_, err := o.Read().Events.After(s.Context(), bad.position, 10)
		wantCode(s, "Events.After a position that is none", err, core.CodeConflict)
		lease := core.Lease{Tenant: o.Tenant, JobID: bad.job.ID, Fence: 1}
		s.wantLeaseLost("InLease of a job with a malformed id", s.store.Tenant(o.Tenant).InLease(s.Context(), lease, nothing))
	}
}

func (s *scene) malformed(o *Org) []things {
	var all []things
	for _, id := range badIDs() {
		all = append(all, malformedThings(o, id))
	}
	return all
}

func invalidTenantIsRefused(s *scene) {
	s.org()
	for _, tenant := range []core.Tenant{{}, core.TrustTenant("x"), core.TrustTenant("' OR 1=1 --")} {
		o := &Org{Store: s.store, Tenant: tenant}
		ts := s.store.Tenant(tenant)
		never := func(context.Context, core.Tx) error { s.Error("ran for an invalid tenant"); return nil }
		wantCode(s, "InTx", ts.InTx(s.Context(), never), core.CodeInternal)
		lease := core.Lease{Tenant: tenant, JobID: core.NewID[core.JobID](), Fence: 1}
		wantCode(s, "InLease", ts.InLease(s.Context(), lease, never), core.CodeInternal)
		wantCode(s, "InLeases", ts.InLeases(s.Context(), []core.Lease{lease}, nothingHeld), core.CodeInternal)
		for name, op := range readOperations() {
			_, err := op.call(s.Context(), ts.Read(), unknownThings(o))
			wantCode(s, name, err, core.CodeInternal)
		}
	}
}

// idsOfOthersCanBeUsed proves that a key cannot tell one tenant what another has.
func idsOfOthersCanBeUsed(s *scene) {
	a, b := s.org(), s.org()
	theirs := newThings(s, b)
	before := stateOf(s, b, theirs)
	u := a.NewUser(s, func(u *core.User) { u.ID, u.EmailKey = theirs.user.ID, theirs.user.EmailKey })
	d := a.NewDocument(s, func(d *core.Document) { d.ID, d.ExternalID = theirs.document.ID, theirs.document.ExternalID })
	x := a.NewSummary(s, d, func(x *core.Summary) { x.ID, x.JobID = theirs.summary.ID, theirs.job.ID })
	t := a.NewTemplate(s, func(t *core.Template) { t.ID, t.Name = theirs.template.ID, theirs.template.Name })
	a.NewSession(s, func(x *core.Session) { x.ID, x.FamilyID = theirs.session.ID, theirs.session.FamilyID })
	wantSame(s, "the other tenant's things", stateOf(s, b, theirs), before)

	r, ctx := a.Read(), s.Context()
	gotUser, err := r.Users.Get(ctx, u.ID)
	wantSame(s, "user", must(s, "read user", gotUser, err), u)
	gotDoc, err := r.Documents.Get(ctx, d.ID)
	wantSame(s, "document", must(s, "read document", gotDoc, err), d)
	gotSum, err := r.Summaries.Get(ctx, x.ID)
	wantSame(s, "summary", must(s, "read summary", gotSum, err), x)
	gotTemplate, err := r.Templates.Get(ctx, t.ID)
	wantSame(s, "template", must(s, "read template", gotTemplate, err), t)
	a.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.PutSearchEntry(ctx, entryOf(d)) })
	a.InTx(s, func(ctx context.Context, tx core.Tx) error {
		if err := tx.Summaries.DeleteOfDocument(ctx, d.ID); err != nil {
			return err
		}
		if err := tx.Sessions.RevokeFamily(ctx, theirs.session.FamilyID, Now()); err != nil {
			return err
		}
		return tx.Documents.Delete(ctx, d.ID)
	})
	wantSame(s, "the other tenant's things after deletions", stateOf(s, b, theirs), before)
}

func positionsOfOthersShowNothing(s *scene) {
	a, b := s.org(), s.org()
	a.appendEvent(s, "of a")
	b.appendEvent(s, "of b")
	for _, e := range a.awaitEvents(s, 1) {
		rows, err := b.Read().Events.After(s.Context(), e.ID, 100)
		if err != nil {
			wantCode(s, "After another tenant's position", err, core.CodeConflict)
		}
		if n := count(rows, func(e core.Event) bool { return e.OrgID != b.Organization.ID }); n != 0 {
			s.Errorf("After another tenant's position: got %d events of others", n)
		}
	}
	for _, o := range []*Org{a, b} {
		events := o.awaitEvents(s, 1)
		if len(events) != 1 || events[0].OrgID != o.Organization.ID {
			s.Errorf("log: got %v, want only the tenant's own event", events)
		}
	}
}
