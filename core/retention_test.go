package core_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// ageing is an installation whose clock a test moves.
type ageing struct {
	*installation
	at time.Time
}

func installAgeing(t *testing.T, keep core.Retention) *ageing {
	t.Helper()
	in := &ageing{at: time.Now().UTC()}
	in.installation = install(t, func(c *core.Config) {
		c.Retention, c.Now, c.AccessToken = keep, func() time.Time { return in.at }, 100*24*time.Hour
	})
	return in
}

func (in *ageing) pass(t *testing.T, d time.Duration) {
	t.Helper()
	in.at = in.at.Add(d)
	if err := in.Work.Prune(t.Context()); err != nil {
		t.Fatalf("prune: %v", err)
	}
}

func (in *ageing) has(t *testing.T, secret string) bool {
	t.Helper()
	hash := sha256.Sum256([]byte(secret))
	_, err := in.store.System().Session(t.Context(), hash[:])
	if err != nil && core.CodeOf(err) != core.CodeNotFound {
		t.Fatal(err)
	}
	return err == nil
}

func TestPrune_KeepsAsLongAsItIsToldAndTakesEveryBatch(t *testing.T) {
	t.Parallel()
	const tickets = 1200 // more than two batches
	for name, c := range map[string]struct {
		told core.Retention
		kept time.Duration
	}{"Default": {kept: 7 * 24 * time.Hour}, "Told": {core.Retention{Sessions: time.Hour}, time.Hour}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := installAgeing(t, c.told)
			a, pair := in.admin(t, "ann@example.org")
			var secrets []string
			for range tickets {
				secret, err := in.Auth.Ticket(t.Context(), a)
				if err != nil {
					t.Fatal(err)
				}
				secrets = append(secrets, secret)
			}
			in.pass(t, core.TicketLife+c.kept)
			for _, secret := range secrets {
				if !in.has(t, secret) {
					t.Fatal("a ticket went before its time")
				}
			}
			in.pass(t, time.Second)
			for i, secret := range secrets {
				if in.has(t, secret) {
					t.Fatalf("ticket %d of %d is still there", i+1, tickets)
				}
			}
			if _, err := in.Auth.Refresh(t.Context(), pair.RefreshToken, core.Origin{}); err != nil {
				t.Errorf("a session that has not expired: %v", err)
			}
		})
	}
}

func TestPrune_RemovesEventsButTheNewest(t *testing.T) {
	t.Parallel()
	in := installAgeing(t, core.Retention{Events: 2 * time.Hour, MinEvent: 3})
	a, _ := in.admin(t, "ann@example.org")
	log := in.store.Tenant(a.Tenant()).Read().Events
	for range 10 {
		in.document(t, a)
	}
	begin, err := log.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in.pass(t, time.Hour)
	if state, err := log.State(t.Context()); err != nil || state != begin {
		t.Errorf("after an hour: got %+v, %v, want all that was there: %+v", state, err, begin)
	}
	in.pass(t, 2*time.Hour)
	state, err := log.State(t.Context())
	if err != nil || state.Last != begin.Last {
		t.Fatalf("got %+v, %v, want an end at %s", state, err, begin.Last)
	}
	if events, err := log.After(t.Context(), state.First, 100); err != nil || len(events) != 3 {
		t.Errorf("got %d events, %v, want the newest 3", len(events), err)
	}
	if _, err := log.After(t.Context(), begin.First, 1); core.CodeOf(err) != core.CodeConflict {
		t.Errorf("from the beginning: got %v, want CodeConflict", err)
	}
}

func TestPrune_ErasesWhoDidNotAcceptAnInvitation(t *testing.T) {
	t.Parallel()
	in := installAgeing(t, core.Retention{})
	a, _ := in.admin(t, "ann@example.org")
	invite := func(email string) (*core.User, *core.Invitation) {
		u, invitation, err := in.Users.Create(t.Context(), a, core.NewUser{Email: email, Name: "Ben"})
		if err != nil {
			t.Fatal(err)
		}
		return u, invitation
	}
	late, invitation := invite("late@example.org")
	prompt, accepted := invite("prompt@example.org")
	if _, err := in.Auth.Accept(t.Context(), core.Acceptance{Token: accepted.Token, Password: testPassword}); err != nil {
		t.Fatal(err)
	}
	in.at = invitation.ExpiresAt
	in.pass(t, 7*24*time.Hour)
	if u, err := in.Users.Get(t.Context(), a, late.ID); err != nil || !u.Invited() {
		t.Fatalf("before its time: got %+v, %v", u, err)
	}
	in.pass(t, time.Second)
	if _, err := in.Users.Get(t.Context(), a, late.ID); core.CodeOf(err) != core.CodeNotFound {
		t.Errorf("who did not accept: got %v, want CodeNotFound", err)
	}
	if u, err := in.store.Tenant(a.Tenant()).Read().Users.Get(t.Context(), late.ID); err != nil || u.Email != "" || u.Name != "Deleted user" {
		t.Errorf("the tombstone: got %+v, %v, want no address and no name", u, err)
	}
	if _, err := in.Auth.Accept(t.Context(), core.Acceptance{Token: invitation.Token, Password: testPassword}); core.CodeOf(err) != core.CodeAuthentication {
		t.Errorf("the invitation: got %v, want CodeAuthentication", err)
	}
	if _, err := in.Users.Get(t.Context(), a, prompt.ID); err != nil {
		t.Errorf("who accepted: %v", err)
	}
	if again, _ := invite("late@example.org"); again.ID == late.ID {
		t.Error("the address was not free")
	}
	lines, err := in.Audit.List(t.Context(), a, core.AuditFilter{Action: core.AuditUserDeleted}, core.PageRequest{})
	if err != nil || len(lines.Items) != 1 || lines.Items[0].TargetID != string(late.ID) || lines.Items[0].UserID != nil {
		t.Errorf("audit: got %+v, %v, want one line, by nobody", lines.Items, err)
	}
}

func TestPrune_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	in := installAgeing(t, core.Retention{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := in.Work.Prune(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
