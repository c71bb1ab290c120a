package coretest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func accountCases() []storeCase {
	return []storeCase{
		{"OrganizationIsKept", organizationIsKept},
		{"OrganizationTwiceIsConflict", organizationTwiceIsConflict},
		{"UnknownOrganizationIsNotFound", unknownOrganizationIsNotFound},
		{"OrganizationUpdateChangesWhatItMay", organizationUpdate},
		{"UserIsKept", userIsKept},
		{"UserUpdateChangesWhatItMay", userUpdateChangesWhatItMay},
		{"AddressIsUniquePerOrganization", addressIsUniquePerOrganization},
		{"LoginsAreActiveAndOldestOrganizationFirst", loginsAreActive},
		{"LoginsAreAtMostSixteen", loginsAreAtMostSixteen},
		{"UnknownAddressHasNoLogins", unknownAddressHasNoLogins},
		{"SessionIsKept", sessionIsKept},
		{"TokenHashTwiceIsConflict", tokenHashTwiceIsConflict},
		{"RevokeFamilyRevokesEachOnce", revokeFamilyRevokesEachOnce},
		{"SessionIsFoundByItsTokenHash", sessionIsFoundByItsTokenHash},
	}
}

func (o *Org) wantOrganization(t testing.TB, what string, want *core.Organization) {
	t.Helper()
	got, err := o.Read().Organizations.Get(t.Context())
	wantSame(t, what, must(t, what, got, err), want)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error {
		got, err := tx.Organizations.GetForUpdate(ctx)
		wantSame(t, what+" for update", got, want)
		return err
	})
}

func organizationIsKept(s *scene) {
	for name, text := range strangeTexts() {
		o := s.org(func(o *core.Organization) {
			o.Name, o.PlanType, o.DefaultTemplateID = text, core.PlanEnterprise, new(core.DefaultTemplateID)
		})
		o.wantOrganization(s, name, &o.Organization)
	}
	o := s.org()
	o.wantOrganization(s, "without a default template", &o.Organization)
}

func organizationTwiceIsConflict(s *scene) {
	o := s.org()
	again := o.Organization
	again.Name = "Another"
	err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Organizations.Create(ctx, &again) })
	wantCode(s, "creating it again", err, core.CodeConflict)
	o.wantOrganization(s, "the first", &o.Organization)
}

func unknownOrganizationIsNotFound(s *scene) {
	s.org()
	o := &Org{Store: s.store, Tenant: core.TrustTenant(core.NewID[core.OrgID]())}
	_, err := o.Read().Organizations.Get(s.Context())
	wantCode(s, "Get", err, core.CodeNotFound)
	unknown := core.Organization{ID: o.Tenant.OrgID(), Name: "None", PlanType: core.PlanFree, CreatedAt: Now(), UpdatedAt: Now()}
	err = o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Organizations.Update(ctx, &unknown) })
	wantCode(s, "Update", err, core.CodeNotFound)
	err = o.TryTx(s, func(ctx context.Context, tx core.Tx) error { _, err := tx.Organizations.GetForUpdate(ctx); return err })
	wantCode(s, "GetForUpdate", err, core.CodeNotFound)
}

func organizationUpdate(s *scene) {
	o, other := s.org(), s.org()
	want := o.Organization
	want.Name, want.PlanType, want.UpdatedAt = "Neu & Co", core.PlanEnterprise, want.UpdatedAt.Add(time.Minute)
	for _, template := range []*core.TemplateID{nil, new(o.NewTemplate(s).ID), nil} {
		want.Resummarize, want.ResummarizeMaxUSD = core.ResummarizeFlag, new(0.125)
		want.DefaultTemplateID = template
		given := want
		given.CreatedAt = given.CreatedAt.Add(-time.Hour)
		o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Organizations.Update(ctx, &given) })
		o.wantOrganization(s, "after the update (id and CreatedAt as they were)", &want)
	}
	other.wantOrganization(s, "another organization", &other.Organization)
}

func (o *Org) wantUser(t testing.TB, what string, want *core.User) {
	t.Helper()
	got, err := o.Read().Users.Get(t.Context(), want.ID)
	wantSame(t, what, must(t, what, got, err), want)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error {
		got, err := tx.Users.GetForUpdate(ctx, want.ID)
		wantSame(t, what+" for update", got, want)
		return err
	})
}

func userIsKept(s *scene) {
	o := s.org()
	o.wantUser(s, "the first user", &o.User)
	o.wantUser(s, "a user with everything set", o.NewUser(s, func(u *core.User) {
		u.Email, u.EmailKey, u.Name, u.Role = "Jörg.Ø@Example.ORG", "jörg.ø@example.org", "Jörg  Ø \U0001f9c0", core.RoleMember
		u.LastLoginAt, u.UpdatedAt = new(Now()), u.CreatedAt.Add(time.Microsecond)
		u.ExternalIssuer, u.ExternalSubject = "https://id.example.org", "248289761001"
	}))
	o.wantUser(s, "an inactive user without password", o.NewUser(s, func(u *core.User) { u.PasswordHash, u.IsActive = "", false }))
}

func userUpdateChangesWhatItMay(s *scene) {
	o := s.org()
	u, neighbour := o.NewUser(s), o.NewUser(s)
	want := *u
	want.Email, want.EmailKey, want.Name, want.Role = "New@example.org", "new@example.org", "New", core.RoleMember
	want.PasswordHash, want.IsActive, want.LastLoginAt, want.UpdatedAt = "other", false, new(Now()), Now()
	want.InvitationHash, want.InvitationExpiresAt, want.DeletedAt = []byte("\x00\xff of an invitation"), new(Now().Add(time.Hour)), new(Now())
	want.ExternalIssuer, want.ExternalSubject = "https://id.example.org", "subject \u2028"
	given := want
	given.OrgID, given.CreatedAt = core.NewID[core.OrgID](), u.CreatedAt.Add(-time.Hour)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Users.Update(ctx, &given) })
	o.wantUser(s, "after the update (id, organization and CreatedAt as they were)", &want)
	o.wantUser(s, "another user", neighbour)
}

func addressIsUniquePerOrganization(s *scene) {
	o, other := s.org(), s.org()
	first := o.NewUser(s, func(u *core.User) { u.EmailKey = "ann@example.org" })
	err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
		u := o.newUser()
		u.EmailKey = first.EmailKey
		return tx.Users.Create(ctx, &u)
	})
	wantCode(s, "a second user with that address", err, core.CodeConflict)
	other.NewUser(s, func(u *core.User) { u.EmailKey = first.EmailKey })
	second := o.NewUser(s, func(u *core.User) { u.Email = first.Email }) // what counts is the folded form
	changed := *second
	changed.EmailKey = first.EmailKey
	err = o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Users.Update(ctx, &changed) })
	wantCode(s, "update to a taken address", err, core.CodeConflict)
	o.wantUser(s, "the user that was not updated", second)
}

func (s *scene) logins(email string) []core.Login {
	s.Helper()
	logins, err := s.store.System().Logins(s.Context(), email)
	return must(s, "logins", logins, err)
}

func loginsAreActive(s *scene) {
	at := Now()
	var want []core.Login
	for i, age := range []time.Duration{time.Hour, 3 * time.Hour, 2 * time.Hour} {
		o := s.org(func(o *core.Organization) { o.Name, o.CreatedAt = fmt.Sprint("Org ", i), at.Add(-age) })
		u := o.NewUser(s, func(u *core.User) { u.EmailKey = "ann@example.org" })
		if i == 2 {
			u.PasswordHash = ""
			o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Users.Update(ctx, u) })
		}
		want = append(want, core.Login{Tenant: o.Tenant, UserID: u.ID, OrganizationName: o.Organization.Name, PasswordHash: u.PasswordHash})
	}
	s.org().NewUser(s, func(u *core.User) { u.EmailKey, u.IsActive = "ann@example.org", false })
	s.org().NewUser(s, func(u *core.User) { u.EmailKey, u.Email = "other@example.org", "ann@example.org" })
	wantSame(s, "logins", s.logins("ann@example.org"), []core.Login{want[1], want[2], want[0]})
}

func loginsAreAtMostSixteen(s *scene) {
	at := Now()
	for i := range 20 {
		o := s.org(func(o *core.Organization) { o.CreatedAt, o.Name = at.Add(time.Duration(-i)*time.Hour), fmt.Sprint(i) })
		o.NewUser(s, func(u *core.User) { u.EmailKey = "ann@example.org" })
	}
	got := s.logins("ann@example.org")
	if len(got) != 16 || got[0].OrganizationName != "19" || got[15].OrganizationName != "4" {
		s.Errorf("logins in 20 organizations: got %d, want the 16 of the oldest", len(got))
	}
}

func unknownAddressHasNoLogins(s *scene) {
	s.org().NewUser(s, func(u *core.User) { u.EmailKey = "ann@example.org" })
	for _, email := range []string{"", "x@example.org", "Ann@example.org", "ann@example.org ", "ann@example.org\x00", "\xff", "%", "ann_example.org", "' OR 1=1 --"} {
		if got := s.logins(email); len(got) != 0 {
			s.Errorf("logins of %q: got %d, want none", email, len(got))
		}
	}
}

func (o *Org) wantSession(s *scene, what string, want *core.Session) {
	s.Helper()
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		got, err := tx.Sessions.GetForUpdate(ctx, want.ID)
		wantSame(s, what, got, want)
		return err
	})
}

func sessionIsKept(s *scene) {
	o := s.org()
	first := o.NewSession(s)
	next := o.NewSession(s, func(x *core.Session) {
		x.FamilyID, x.TokenHash, x.UsedAt, x.RevokedAt = first.ID, []byte("\x00\x01\xff 32 bytes of any kind ........"), new(Now()), new(Now())
	})
	o.wantSession(s, "a session", first)
	o.wantSession(s, "a session with everything set", next)
	first.UsedAt = new(Now().Add(time.Second))
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Sessions.MarkUsed(ctx, first.ID, *first.UsedAt) })
	o.wantSession(s, "a session that was used", first)
}

func tokenHashTwiceIsConflict(s *scene) {
	o := s.org()
	first, again := o.NewSession(s), o.session()
	again.TokenHash = first.TokenHash
	err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Sessions.Create(ctx, &again) })
	wantCode(s, "a second session with that token hash", err, core.CodeConflict)
}

func revokeFamilyRevokesEachOnce(s *scene) {
	o := s.org()
	early, at := Now().Add(-time.Hour), Now()
	first := o.NewSession(s)
	member := func(x *core.Session) { x.FamilyID = first.ID }
	second := o.NewSession(s, member)
	revoked := o.NewSession(s, member, func(x *core.Session) { x.RevokedAt = &early })
	stranger := o.NewSession(s)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Sessions.RevokeFamily(ctx, first.ID, at) })
	first.RevokedAt, second.RevokedAt = &at, &at
	o.wantSession(s, "the first of the family", first)
	o.wantSession(s, "the second of the family", second)
	o.wantSession(s, "one that was revoked before", revoked)
	o.wantSession(s, "one of another family", stranger)
}

func sessionIsFoundByItsTokenHash(s *scene) {
	a, b := s.org(), s.org()
	b.NewSession(s)
	for _, x := range []*core.Session{
		a.NewSession(s), a.NewSession(s, func(x *core.Session) { x.ExpiresAt = Now().Add(-time.Hour) }),
		a.NewSession(s, func(x *core.Session) { x.RevokedAt = new(Now()) }), a.NewSession(s, func(x *core.Session) { x.UsedAt = new(Now()) }),
	} {
		got, err := s.store.System().Session(s.Context(), x.TokenHash)
		wantSame(s, "whose session it is", must(s, "session", got, err), core.SessionRef{Tenant: a.Tenant, SessionID: x.ID})
	}
	for _, hash := range [][]byte{nil, {}, {0}, make([]byte, 32), a.session().TokenHash, make([]byte, 10_000)} {
		_, err := s.store.System().Session(s.Context(), hash)
		wantCode(s, "a hash that no session has", err, core.CodeNotFound)
	}
}
