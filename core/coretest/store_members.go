package coretest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func memberCases() []storeCase {
	return []storeCase{
		{"UsersAreListedInPagesWithoutTombstones", usersAreListed},
		{"AddressOfATombstoneCanBeUsedAgain", tombstoneFreesItsAddress},
		{"CountAdminsCountsThoseWhoCanSignIn", countAdminsCounts},
		{"OneOfManyFoundersAtOnceIsFirst", oneFounder},
		{"InvitationIsFoundByItsHash", invitationIsFound},
		{"SessionIsLiveUntilItsFamilyIsRevoked", sessionIsLive},
		{"RevokeOfUserKeepsOneFamilyAndOthers", revokeOfUserKeeps},
		{"APIKeyIsKept", apiKeyIsKept},
		{"APIKeyHashTwiceIsConflict", apiKeyHashTwice},
		{"APIKeysAreListedInPagesByUser", apiKeysAreListed},
		{"APIKeyIsFoundByItsHash", apiKeyIsFound},
		{"DeletedAPIKeysAreGone", deletedAPIKeysAreGone},
	}
}

// oneFounder has many transactions found an organization each, if there is none.
func oneFounder(s *scene) {
	var first, later atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			at, id := Now(), core.NewID[core.OrgID]()
			founded := false
			err := s.store.Tenant(core.TrustTenant(id)).InTx(s.Context(), func(ctx context.Context, tx core.Tx) (err error) {
				if founded, err = tx.Organizations.Founded(ctx); err != nil || founded {
					return err
				}
				return tx.Organizations.Create(ctx, &core.Organization{ID: id, Name: "First", PlanType: core.PlanFree, CreatedAt: at, UpdatedAt: at})
			})
			switch {
			case err != nil:
				s.Errorf("found: %v", err)
			case founded:
				later.Add(1)
			default:
				first.Add(1)
			}
		})
	}
	wg.Wait()
	if first.Load() != 1 || later.Load() != 7 {
		s.Errorf("%d were first and %d came later, want 1 and 7", first.Load(), later.Load())
	}
}

func userKey(u core.User) core.Key { return core.Key{At: u.CreatedAt, ID: string(u.ID)} }

func usersAreListed(s *scene) {
	o, other := s.org(), s.org()
	other.NewUser(s)
	keys := []core.Key{userKey(o.User)}
	for i := range 20 {
		u := o.NewUser(s, func(u *core.User) {
			u.ID, u.CreatedAt = core.UserID(randomID()), keyTimes()[i%7]
			if i == 3 {
				u.DeletedAt = new(Now())
			}
		})
		if i != 3 {
			keys = append(keys, userKey(*u))
		}
	}
	slices.SortFunc(keys, newestFirst)
	for _, limit := range []int{1, 6, 1000} {
		var got []core.Key
		for _, u := range paged(s, limit, userKey, func(k core.Seek) ([]core.User, error) { return o.Read().Users.List(s.Context(), k) }) {
			got = append(got, userKey(u))
		}
		wantSame(s, "users in pages", got, keys)
	}
}

func tombstoneFreesItsAddress(s *scene) {
	o := s.org()
	u := o.NewUser(s, func(u *core.User) { u.EmailKey = "ann@example.org" })
	gone := *u
	gone.Email, gone.EmailKey, gone.IsActive, gone.DeletedAt = "", "deleted "+string(u.ID), false, new(Now())
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Users.Update(ctx, &gone) })
	o.wantUser(s, "the tombstone", &gone)
	again := o.NewUser(s, func(u *core.User) { u.EmailKey = "ann@example.org" })
	logins := s.logins("ann@example.org")
	if len(logins) != 1 || logins[0].UserID != again.ID {
		s.Errorf("logins: got %v, want the new user's only", logins)
	}
}

func countAdminsCounts(s *scene) {
	o := s.org()
	s.org().NewUser(s)
	o.NewUser(s)
	o.NewUser(s, func(u *core.User) { u.PasswordHash = "" })
	for _, not := range []func(*core.User){
		func(u *core.User) { u.Role = core.RoleMember },
		func(u *core.User) { u.IsActive = false },
		func(u *core.User) { u.DeletedAt = new(Now()) },
		func(u *core.User) { u.InvitationHash = []byte(u.ID) },
	} {
		o.NewUser(s, not)
	}
	n, err := o.Read().Users.CountAdmins(s.Context())
	if must(s, "count", n, err); n != 3 {
		s.Errorf("got %d admins, want 3", n)
	}
}

// wantCredential looks a hash up under a kind; "" is to be found nowhere.
func (s *scene) wantCredential(what string, kind core.CredentialKind, hash []byte, of *Org, id string) {
	s.Helper()
	got, err := s.store.System().Credential(s.Context(), kind, hash)
	if id == "" {
		wantCode(s, what, err, core.CodeNotFound)
		return
	}
	wantSame(s, what, must(s, what, got, err), core.CredentialRef{Tenant: of.Tenant, ID: id})
}

func invitationIsFound(s *scene) {
	a, b := s.org(), s.org()
	invited := func(hash string) func(*core.User) {
		return func(u *core.User) {
			u.InvitationHash, u.InvitationExpiresAt = []byte(hash), new(Now().Add(-time.Hour))
		}
	}
	u := a.NewUser(s, invited("\x00\xff of a"))
	b.NewUser(s, invited("of b"))
	s.wantCredential("the invitation", core.CredentialInvitation, []byte("\x00\xff of a"), a, string(u.ID))
	s.wantCredential("as an API key", core.CredentialAPIKey, []byte("\x00\xff of a"), nil, "")
	accepted := *u
	accepted.InvitationHash, accepted.InvitationExpiresAt = nil, nil
	a.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Users.Update(ctx, &accepted) })
	a.wantUser(s, "the user that accepted", &accepted)
	for _, hash := range [][]byte{[]byte("\x00\xff of a"), nil, {}, make([]byte, 32)} {
		s.wantCredential("no invitation's hash", core.CredentialInvitation, hash, nil, "")
	}
}

func (o *Org) wantLive(s *scene, what string, family core.SessionID, want bool) {
	s.Helper()
	got, err := o.Read().Sessions.Live(s.Context(), o.User.ID, family)
	if must(s, what, got, err); got != want {
		s.Errorf("%s: got live %v, want %v", what, got, want)
	}
}

func sessionIsLive(s *scene) {
	o := s.org()
	first := o.NewSession(s, func(x *core.Session) { x.UsedAt = new(Now()) })
	o.NewSession(s, func(x *core.Session) { x.FamilyID = first.ID })
	got, err := o.Read().Sessions.Get(s.Context(), first.ID)
	wantSame(s, "the session", must(s, "session", got, err), first)
	o.wantLive(s, "a family", first.ID, true)
	o.wantLive(s, "one that nobody knows", core.NewID[core.SessionID](), false)
	stranger := o.NewUser(s)
	live, err := o.Read().Sessions.Live(s.Context(), stranger.ID, first.ID)
	if must(s, "another user's", live, err) {
		s.Error("the family of one user is live for another")
	}
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Sessions.RevokeFamily(ctx, first.ID, Now()) })
	o.wantLive(s, "a revoked family", first.ID, false)
}

func revokeOfUserKeeps(s *scene) {
	o := s.org()
	other := o.NewUser(s)
	early, at := Now().Add(-time.Hour), Now()
	keep := o.NewSession(s)
	kept := o.NewSession(s, func(x *core.Session) { x.FamilyID = keep.ID })
	ended := o.NewSession(s)
	before := o.NewSession(s, func(x *core.Session) { x.RevokedAt = &early })
	strangers := o.NewSession(s, func(x *core.Session) { x.UserID = other.ID })
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		return tx.Sessions.RevokeOfUser(ctx, o.User.ID, keep.ID, at)
	})
	ended.RevokedAt = &at
	for what, want := range map[string]*core.Session{
		"the kept one": keep, "another of the kept family": kept, "the ended one": ended, "one ended before": before, "another user's": strangers,
	} {
		o.wantSession(s, what, want)
	}
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Sessions.RevokeOfUser(ctx, o.User.ID, "", at) })
	keep.RevokedAt = &at
	o.wantSession(s, "the kept one, when none is kept", keep)
	o.wantSession(s, "another user's", strangers)
}

func (o *Org) wantAPIKey(t testing.TB, what string, want *core.APIKey) {
	t.Helper()
	got, err := o.Read().APIKeys.Get(t.Context(), want.ID)
	wantSame(t, what, must(t, what, got, err), want)
}

func apiKeyIsKept(s *scene) {
	o := s.org()
	o.wantAPIKey(s, "a key", o.NewAPIKey(s))
	for name, text := range strangeTexts() {
		k := o.NewAPIKey(s, func(k *core.APIKey) {
			k.Name, k.Role, k.ExpiresAt, k.LastUsedAt = text, core.RoleAdmin, new(Now().Add(time.Hour)), new(Now())
		})
		o.wantAPIKey(s, name, k)
		k.LastUsedAt = new(Now().Add(time.Minute))
		o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.APIKeys.MarkUsed(ctx, k.ID, *k.LastUsedAt) })
		o.wantAPIKey(s, name+" after use", k)
	}
}

func apiKeyHashTwice(s *scene) {
	o := s.org()
	first, again := o.NewAPIKey(s), o.apiKey()
	again.KeyHash = first.KeyHash
	err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.APIKeys.Create(ctx, &again) })
	wantCode(s, "a second key with that hash", err, core.CodeConflict)
}

func apiKeysAreListed(s *scene) {
	o := s.org()
	other := o.NewUser(s)
	key := func(k core.APIKey) core.Key { return core.Key{At: k.CreatedAt, ID: string(k.ID)} }
	all := map[core.UserID][]core.Key{}
	for i := range 21 {
		k := o.NewAPIKey(s, func(k *core.APIKey) {
			k.ID, k.CreatedAt = core.APIKeyID(randomID()), keyTimes()[i%7]
			if i%3 == 0 {
				k.UserID = other.ID
			}
		})
		all[""], all[k.UserID] = append(all[""], key(*k)), append(all[k.UserID], key(*k))
	}
	for user, want := range all {
		slices.SortFunc(want, newestFirst)
		var got []core.Key
		for _, k := range paged(s, 4, key, func(k core.Seek) ([]core.APIKey, error) {
			return o.Read().APIKeys.List(s.Context(), core.APIKeyFilter{UserID: user}, k)
		}) {
			got = append(got, key(k))
		}
		wantSame(s, "keys in pages", got, want)
	}
}

func apiKeyIsFound(s *scene) {
	a, b := s.org(), s.org()
	b.NewAPIKey(s)
	k := a.NewAPIKey(s, func(k *core.APIKey) { k.ExpiresAt = new(Now().Add(-time.Hour)) })
	s.wantCredential("the key", core.CredentialAPIKey, k.KeyHash, a, string(k.ID))
	s.wantCredential("as an invitation", core.CredentialInvitation, k.KeyHash, nil, "")
	for _, hash := range [][]byte{nil, {}, {0}, make([]byte, 32), make([]byte, 10_000)} {
		s.wantCredential("no key's hash", core.CredentialAPIKey, hash, nil, "")
	}
}

func deletedAPIKeysAreGone(s *scene) {
	o := s.org()
	other := o.NewUser(s)
	one, two, three := o.NewAPIKey(s), o.NewAPIKey(s), o.NewAPIKey(s)
	strangers := o.NewAPIKey(s, func(k *core.APIKey) { k.UserID = other.ID })
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.APIKeys.Delete(ctx, one.ID) })
	s.wantCredential("a deleted key", core.CredentialAPIKey, one.KeyHash, nil, "")
	o.wantAPIKey(s, "another key", two)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.APIKeys.DeleteOfUser(ctx, o.User.ID) })
	for _, k := range []*core.APIKey{two, three} {
		s.wantCredential("a key of the user", core.CredentialAPIKey, k.KeyHash, nil, "")
	}
	o.wantAPIKey(s, "another user's", strangers)
}
