package core_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/core"
)

func (in *installation) ticket(t *testing.T, a core.Actor) string {
	t.Helper()
	ticket, err := in.Auth.Ticket(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func TestTicket_StandsForItsActorOnce(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	ticket := in.ticket(t, a)
	var redeemed, refused atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, err := in.Auth.Redeem(t.Context(), ticket)
			switch {
			case err == nil && got == a:
				redeemed.Add(1)
			case core.CodeOf(err) == core.CodeAuthentication:
				refused.Add(1)
			default:
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	all.Wait()
	if redeemed.Load() != 1 || refused.Load() != 7 {
		t.Errorf("redeemed %d times and refused %d times, want once and 7 times", redeemed.Load(), refused.Load())
	}
}

func TestTicket_IsNothingElse(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, pair := in.admin(t, "ann@example.org")
	ticket := in.ticket(t, a)
	_, err := in.Auth.Refresh(t.Context(), ticket, core.Origin{})
	wantCode(t, "a ticket as refresh token", err, core.CodeAuthentication)
	_, err = in.Auth.Authenticate(t.Context(), ticket)
	wantCode(t, "a ticket as access token", err, core.CodeAuthentication)
	for _, other := range []string{pair.RefreshToken, pair.AccessToken, "", "dt_", "dt_unknown", "\xff"} {
		_, err = in.Auth.Redeem(t.Context(), other)
		wantCode(t, "redeem "+other, err, core.CodeAuthentication)
	}
	if _, err := in.Auth.Redeem(t.Context(), ticket); err != nil {
		t.Errorf("the ticket itself, after all that: %v", err)
	}
	if _, err := in.Auth.Refresh(t.Context(), pair.RefreshToken, core.Origin{}); err != nil {
		t.Errorf("the refresh token, after all that: %v", err)
	}
}

func TestTicket_EndsWithItsTimeAndItsSession(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, pair := in.admin(t, "ann@example.org")
	late, revoked := in.ticket(t, a), in.ticket(t, a)
	later, err := core.New(core.Config{
		Ports: core.Ports{Store: in.store, Bus: inproc.NewBus(), Summarizer: in.model}, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Now().Add(core.TicketLife) },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = later.Auth.Redeem(t.Context(), late)
	wantCode(t, "too late", err, core.CodeAuthentication)
	if err := in.Auth.Logout(t.Context(), pair.RefreshToken, core.Origin{}); err != nil {
		t.Fatal(err)
	}
	_, err = in.Auth.Redeem(t.Context(), revoked)
	wantCode(t, "after logout", err, core.CodeAuthentication)
	_, err = in.Auth.Ticket(t.Context(), core.Actor{})
	wantCode(t, "a ticket for nobody", err, core.CodeAuthentication)
}

func TestRenew_FollowsTheUser(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	ticket := in.ticket(t, a)
	set := func(change func(*core.User)) {
		t.Helper()
		err := in.store.Tenant(a.Tenant()).InTx(t.Context(), func(ctx context.Context, tx core.Tx) error {
			u, err := tx.Users.GetForUpdate(ctx, a.User())
			if err != nil {
				return err
			}
			change(u)
			return tx.Users.Update(ctx, u)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	set(func(u *core.User) { u.Role = core.RoleMember })
	got, err := in.Auth.Renew(t.Context(), a)
	if err != nil || got.Role() != core.RoleMember || got.User() != a.User() || got.Tenant() != a.Tenant() {
		t.Errorf("got %v, %v, want the user as a member", got, err)
	}
	set(func(u *core.User) { u.IsActive = false })
	_, err = in.Auth.Renew(t.Context(), a)
	wantCode(t, "an inactive user", err, core.CodeAuthentication)
	_, err = in.Auth.Redeem(t.Context(), ticket)
	wantCode(t, "an inactive user's ticket", err, core.CodeAuthentication)
	_, err = in.Auth.Renew(t.Context(), core.Actor{})
	wantCode(t, "nobody", err, core.CodeAuthentication)
}

func TestConnections_AreTheAdminsToSeeAndEnd(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	other, _ := in.admin(t, "bob@example.org")
	member := core.NewActor(a.Tenant(), a.User(), core.RoleMember)
	if err := in.Connections.Announce(t.Context(), member, core.Connection{ID: "c1", UserID: "somebody else"}, time.Hour); err != nil {
		t.Fatal(err)
	}
	_, err := in.Connections.List(t.Context(), member)
	wantCode(t, "a member lists", err, core.CodeAuthorization)
	wantCode(t, "a member ends", in.Connections.End(t.Context(), member, "c1"), core.CodeAuthorization)
	list, err := in.Connections.List(t.Context(), a)
	if err != nil || len(list) != 1 || list[0].UserID != a.User() {
		t.Errorf("got %+v, %v, want the member's connection as theirs", list, err)
	}
	wantCode(t, "another organization's", in.Connections.End(t.Context(), other, "c1"), core.CodeNotFound)
	news, err := in.bus.Listen(t.Context(), core.ConnectionsTopic(a.Tenant()))
	if err != nil {
		t.Fatal(err)
	}
	defer news.Close()
	if err := in.Connections.End(t.Context(), a, "c1"); err != nil {
		t.Fatal(err)
	}
	if n := <-news.C(); string(n.Body) != "c1" {
		t.Errorf("the nodes are told of %q, want c1", n.Body)
	}
	if err := in.Connections.Forget(t.Context(), member, "c1"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "forgotten", in.Connections.End(t.Context(), a, "c1"), core.CodeNotFound)
}

func TestTicket_OfAnAPIKeyIsTheKey(t *testing.T) {
	t.Parallel()
	in := install(t)
	admin, _ := in.admin(t, "ann@example.org")
	k, secret, err := in.Keys.Create(t.Context(), admin, core.NewAPIKey{Name: "screen", Role: core.RoleMember})
	if err != nil {
		t.Fatal(err)
	}
	key, err := in.Auth.Authenticate(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	before, after := in.ticket(t, key), in.ticket(t, key)
	got, err := in.Auth.Redeem(t.Context(), before)
	if err != nil || got != key || got.Role() != core.RoleMember {
		t.Errorf("redeemed: got %+v, %v, want the key's actor %+v", got, err, key)
	}
	if _, err := in.Auth.Renew(t.Context(), got); err != nil {
		t.Errorf("renewed while the key is there: %v", err)
	}
	if err := in.Keys.Delete(t.Context(), admin, k.ID); err != nil {
		t.Fatal(err)
	}
	_, err = in.Auth.Renew(t.Context(), got)
	wantCode(t, "renewed after the key was revoked", err, core.CodeAuthentication)
	_, err = in.Auth.Redeem(t.Context(), after)
	wantCode(t, "redeemed after the key was revoked", err, core.CodeAuthentication)
}
