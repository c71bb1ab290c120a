package coretest

import (
	"context"
	"errors"
	"time"

	"github.com/docsctl/docsctl/core"
)

func webhookIsLeasedToOneCaller(s *scene) {
	o := s.org()
	const webhooks = 12
	for range webhooks {
		o.NewDelivery(s, o.NewWebhook(s))
	}
	stores := []core.Store{s.store, s.factory.Again(s.T, s.store)}
	type claimed struct {
		claims []core.WebhookClaim
		err    error
	}
	all := make(chan claimed)
	const callers = 8
	for i := range callers {
		go func() { // ends with its one claim
			r := core.WebhookWorkRequest{At: webhookTime(), Limit: webhooks, TTL: time.Minute, MaxPending: 5}
			claims, err := stores[i%2].System().WebhookWork(s.Context(), r)
			all <- claimed{claims, err}
		}()
	}
	seen := map[core.WebhookID]int{}
	for range callers {
		c := <-all
		for _, one := range must(s, "claim", c.claims, c.err) {
			seen[one.WebhookID]++
		}
	}
	for id, n := range seen {
		if n > 1 {
			s.Errorf("webhook %s was leased %d times", id, n)
		}
	}
	if rest := s.claimWebhooks(webhooks); len(seen)+len(rest) != webhooks {
		s.Errorf("leased %d and then %d, want %d in all", len(seen), len(rest), webhooks)
	}
}

func workOnAWebhookIsFenced(s *scene) {
	o := s.org()
	w := o.NewWebhook(s)
	o.NewDelivery(s, w)
	short := s.claimWebhooks(1, func(r *core.WebhookWorkRequest) { r.TTL = time.Millisecond })
	if len(short) != 1 {
		s.Fatalf("claimed %v, want the webhook", short)
	}
	lost := func(what string, c core.WebhookClaim) {
		s.Helper()
		if _, _, err := o.hold(s, c); !errors.Is(err, core.ErrLeaseLost) {
			s.Errorf("%s: got %v, want ErrLeaseLost", what, err)
		}
		if err := o.renew(s, c, time.Hour); !errors.Is(err, core.ErrLeaseLost) {
			s.Errorf("%s, renewed: got %v, want ErrLeaseLost", what, err)
		}
	}
	var second core.WebhookClaim
	eventually(s, "the lease ends", func() bool {
		claims := s.claimWebhooks(1)
		if len(claims) == 1 {
			second = claims[0]
		}
		return len(claims) == 1
	})
	lost("whose lease has ended", short[0])
	if _, _, err := o.hold(s, second); err != nil {
		s.Errorf("the holder: %v", err)
	}
	forged := second
	forged.Fence++
	lost("another fence", forged)
	o.release(s, second)
	lost("what was released", second)
	for _, id := range badIDs() {
		lost("a malformed id", core.WebhookClaim{Tenant: o.Tenant, WebhookID: core.WebhookID(id), Fence: 1})
	}
	third := s.claimWebhooks(1)[0]
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Webhooks.Delete(ctx, w.ID) })
	lost("what was deleted", third)
}

// lostClaimOfAWebhookWritesNothing has a turn go on whose claim another has by now:
// what it has sent, what it has read and what it thinks of the receiver stay unwritten.
func lostClaimOfAWebhookWritesNothing(s *scene) {
	o := s.org()
	w := o.NewWebhook(s)
	d := o.NewDelivery(s, w)
	lost := s.claimWebhooks(1, func(r *core.WebhookWorkRequest) { r.TTL = time.Millisecond })
	if len(lost) != 1 {
		s.Fatalf("claimed %v, want the webhook", lost)
	}
	var second []core.WebhookClaim
	eventually(s, "the lease ends", func() bool { second = s.claimWebhooks(1); return len(second) == 1 })
	_, before, err := o.hold(s, second[0])
	must(s, "hold", before, err)
	sent, judged := *d, *w
	sent.Status, sent.Attempts, sent.FinishedAt, sent.NextAttemptAt = core.DeliveryDelivered, 1, new(Now()), nil
	judged.IsActive, judged.DisabledReason = false, "gone"
	err = o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
		if _, _, err := tx.Webhooks.Hold(ctx, lost[0]); err != nil {
			return err
		}
		tx.Append(core.EventWebhookDisabled, Now(), judged)
		return errors.Join(tx.Deliveries.Update(ctx, &sent), tx.Webhooks.Update(ctx, &judged), tx.Webhooks.Advance(ctx, w.ID, "another-1"))
	})
	if !errors.Is(err, core.ErrLeaseLost) {
		s.Errorf("got %v, want ErrLeaseLost", err)
	}
	o.wantWebhook(s, "after the lost turn", w)
	o.wantDelivery(s, "after the lost turn", d)
	if _, after, err := o.hold(s, second[0]); err != nil || after != before {
		s.Errorf("the holder is at %q (%v), want it where it was, %q", after, err, before)
	}
}

func renewedClaimOfAWebhookGoesOn(s *scene) {
	o := s.org()
	w := o.NewWebhook(s)
	o.NewDelivery(s, w)
	var short core.WebhookClaim
	var ends time.Time
	for _, ttl := range []time.Duration{time.Second, 4 * time.Second, 16 * time.Second} { // a machine may stand still
		claims := s.claimWebhooks(1, func(r *core.WebhookWorkRequest) { r.TTL = ttl })
		if len(claims) != 1 {
			s.Fatalf("claimed %v, want the webhook", claims)
		}
		short, ends = claims[0], time.Now().Add(ttl)
		err := o.renew(s, short, time.Hour)
		if err == nil {
			break
		}
		if ttl > 10*time.Second || !errors.Is(err, core.ErrLeaseLost) {
			s.Fatalf("renew: %v", err)
		}
	}
	eventually(s, "the first lease would have ended", func() bool { return time.Now().After(ends) })
	if others := s.claimWebhooks(1); len(others) != 0 {
		s.Errorf("another claimed %v, want it held on", others)
	}
	if _, _, err := o.hold(s, short); err != nil {
		s.Errorf("hold: %v", err)
	}
	if err := o.renew(s, short, time.Millisecond); err != nil {
		s.Errorf("renew for less: %v", err)
	}
	eventually(s, "the renewed lease ends", func() bool { return len(s.claimWebhooks(1)) == 1 })
}

// claimOfAnotherTenantHoldsNothing has webhooks of two tenants under one id, each
// leased under the same fence.
func claimOfAnotherTenantHoldsNothing(s *scene) {
	a, b := s.org(), s.org()
	theirs := b.NewWebhook(s)
	b.NewDelivery(s, theirs)
	mine := a.NewWebhook(s, func(w *core.Webhook) { w.ID = theirs.ID })
	a.NewDelivery(s, mine)
	claims := s.claimWebhooks(10)
	if len(claims) != 2 || claims[0].Tenant == claims[1].Tenant {
		s.Fatalf("claimed %v, want one of each tenant", claims)
	}
	for _, c := range claims {
		own, other := a, b
		if c.Tenant == b.Tenant {
			own, other = b, a
		}
		if _, _, err := other.hold(s, c); !errors.Is(err, core.ErrLeaseLost) {
			s.Errorf("another's claim: got %v, want ErrLeaseLost", err)
		}
		if err := other.renew(s, c, 0); !errors.Is(err, core.ErrLeaseLost) {
			s.Errorf("another's claim given back: got %v, want ErrLeaseLost", err)
		}
		held, _, err := own.hold(s, c)
		if must(s, "its own claim", held, err); held.OrgID != own.Organization.ID {
			s.Errorf("held one of %s, want its own", held.OrgID)
		}
	}
	unleased := b.NewWebhook(s)
	forged := core.WebhookClaim{Tenant: a.Tenant, WebhookID: unleased.ID}
	if _, _, err := a.hold(s, forged); !errors.Is(err, core.ErrLeaseLost) {
		s.Errorf("another's webhook under the own tenant: got %v, want ErrLeaseLost", err)
	}
	err := a.TryTx(s, func(ctx context.Context, tx core.Tx) error {
		return tx.Deliveries.Add(ctx, []core.Delivery{*a.delivery(unleased)})
	})
	wantCode(s, "a delivery of another's webhook", err, core.CodeNotFound)
}
