package coretest

import (
	"context"
	"slices"
	"time"

	"github.com/docsctl/docsctl/core"
)

func webhookCases() []storeCase {
	return []storeCase{
		{"WebhookIsKept", webhookIsKept},
		{"WebhooksAreListedInPages", webhooksAreListed},
		{"DeletedWebhookTakesItsDeliveries", deletedWebhookTakesItsDeliveries},
		{"WebhookWithNewsIsClaimedOnce", webhookWithNewsIsClaimedOnce},
		{"WebhookWithADueDeliveryIsClaimed", webhookWithADueDeliveryIsClaimed},
		{"IdleWebhookIsNotClaimed", idleWebhookIsNotClaimed},
		{"FullWebhookGetsNoMoreEvents", fullWebhookGetsNoMoreEvents},
		{"LeastRecentlyLeasedWebhookComesFirst", leastRecentlyLeasedWebhookComesFirst},
		{"WebhookIsLeasedToOneCaller", webhookIsLeasedToOneCaller},
		{"WebhookOfAnotherLogHasWork", webhookOfAnotherLogHasWork},
		{"WorkOnAWebhookIsFenced", workOnAWebhookIsFenced},
		{"LostClaimOfAWebhookWritesNothing", lostClaimOfAWebhookWritesNothing},
		{"RenewedClaimOfAWebhookGoesOn", renewedClaimOfAWebhookGoesOn},
		{"ClaimOfAnotherTenantHoldsNothing", claimOfAnotherTenantHoldsNothing},
		{"EveryWebhookIsFound", everyWebhookIsFound},
		{"DeliveryIsKept", deliveryIsKept},
		{"DeliveriesAreListedByFilterInPages", deliveriesAreListed},
		{"EventIsDeliveredOnce", eventIsDeliveredOnce},
		{"DeliveriesOfASubjectAreDueInOrder", deliveriesOfASubjectAreDueInOrder},
		{"PendingIsCountedUpToABound", pendingIsCounted},
		{"EndedDeliveriesArePruned", endedDeliveriesArePruned},
	}
}

// webhookTime is when the cases look for work: later than everything that they make.
func webhookTime() time.Time { return Now().Add(time.Minute) }

// claimWebhooks leases what has something to do.
func (s *scene) claimWebhooks(limit int, opts ...func(*core.WebhookWorkRequest)) []core.WebhookClaim {
	s.Helper()
	r := core.WebhookWorkRequest{At: webhookTime(), Limit: limit, TTL: time.Minute, MaxPending: 5}
	apply(&r, opts)
	claims, err := s.store.System().WebhookWork(s.Context(), r)
	return must(s, "claim webhooks", claims, err)
}

// claimWebhook leases the one webhook that has something to do, once that has settled.
func (s *scene) claimWebhook(w *core.Webhook) core.WebhookClaim {
	s.Helper()
	var claims []core.WebhookClaim
	eventually(s, "a webhook is claimed", func() bool { claims = s.claimWebhooks(10); return len(claims) > 0 })
	if len(claims) != 1 || claims[0].WebhookID != w.ID || claims[0].Tenant.OrgID() != w.OrgID {
		s.Fatalf("claim: got %v, want the one webhook with news", claims)
	}
	return claims[0]
}

func (o *Org) hold(s *scene, c core.WebhookClaim) (w *core.Webhook, p core.Position, err error) {
	err = o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
		w, p, err = tx.Webhooks.Hold(ctx, c)
		return err
	})
	return w, p, err
}

func (o *Org) renew(s *scene, c core.WebhookClaim, ttl time.Duration) error {
	return o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Webhooks.Renew(ctx, c, ttl) })
}

func (o *Org) release(s *scene, c core.WebhookClaim) {
	s.Helper()
	if err := o.renew(s, c, 0); err != nil {
		s.Errorf("give a claim back: %v", err)
	}
}

func (o *Org) wantWebhook(s *scene, what string, want *core.Webhook) {
	s.Helper()
	got, err := o.Read().Webhooks.Get(s.Context(), want.ID)
	wantSame(s, what, must(s, what, got, err), want)
}

func fullWebhook(w *core.Webhook) {
	at := w.CreatedAt.Add(time.Hour)
	w.URL, w.Topics, w.IsActive, w.Sealed = "https://example.org/ä?token=<&>", []string{"jobs", "usage"}, false, []byte{0, 255, 1}
	w.SecretUntil, w.DisabledAt, w.FailingSince, w.PausedUntil, w.EventsMissedAt = &at, &at, &at, &at, &at
	w.DisabledReason, w.Failures, w.UpdatedAt = "the receiver answered 410 Gone", 7, at
}

func webhookIsKept(s *scene) {
	o := s.org()
	w := o.NewWebhook(s)
	o.wantWebhook(s, "as it was made", w)
	o.wantWebhook(s, "with everything", o.NewWebhook(s, fullWebhook))
	made := *w
	fullWebhook(w)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Webhooks.Update(ctx, w) })
	o.wantWebhook(s, "after an update", w)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Webhooks.Update(ctx, &made) })
	o.wantWebhook(s, "after it was emptied", &made)
}

func webhooksAreListed(s *scene) {
	o := s.org()
	s.org().NewWebhook(s)
	key := func(w core.Webhook) core.Key { return core.Key{At: w.CreatedAt, ID: string(w.ID)} }
	var want []core.Webhook
	for k := range 9 {
		want = append(want, *o.NewWebhook(s, func(w *core.Webhook) { w.ID, w.CreatedAt = core.WebhookID(randomID()), keyTimes()[k%4] }))
	}
	slices.SortFunc(want, func(a, b core.Webhook) int { return newestFirst(key(a), key(b)) })
	got := paged(s, 4, key, func(k core.Seek) ([]core.Webhook, error) { return o.Read().Webhooks.List(s.Context(), k) })
	wantSame(s, "webhooks in pages", got, want)
}

func deletedWebhookTakesItsDeliveries(s *scene) {
	o := s.org()
	gone, stays := o.NewWebhook(s), o.NewWebhook(s)
	lost, kept := o.NewDelivery(s, gone), o.NewDelivery(s, stays)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Webhooks.Delete(ctx, gone.ID) })
	_, err := o.Read().Webhooks.Get(s.Context(), gone.ID)
	wantCode(s, "the webhook", err, core.CodeNotFound)
	_, err = o.Read().Deliveries.Get(s.Context(), lost.ID)
	wantCode(s, "its delivery", err, core.CodeNotFound)
	o.wantWebhook(s, "another", stays)
	o.wantDelivery(s, "another's delivery", kept)
}

// webhookWithNewsIsClaimedOnce also follows the webhook's place in the log.
func webhookWithNewsIsClaimedOnce(s *scene) {
	o := s.org()
	start := o.logState(s)
	w := o.NewWebhook(s)
	if got := s.claimWebhooks(10); len(got) != 0 {
		s.Fatalf("without news: claimed %v", got)
	}
	o.appendEvent(s, "news")
	c := s.claimWebhook(w)
	if got := s.claimWebhooks(10); len(got) != 0 {
		s.Errorf("while it is leased: claimed %v", got)
	}
	held, p, err := o.hold(s, c)
	wantSame(s, "held", must(s, "hold", held, err), w)
	if p != start.Last {
		s.Errorf("place: got %s, want %s where it was made", p, start.Last)
	}
	event := o.awaitEvents(s, 1)[0]
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Webhooks.Advance(ctx, w.ID, event.ID) })
	if _, p, err := o.hold(s, c); err != nil || p != event.ID {
		s.Errorf("place after it was advanced: got %s, %v, want %s", p, err, event.ID)
	}
	o.wantWebhook(s, "after it was advanced", w)
	o.release(s, c)
	if got := s.claimWebhooks(10); len(got) != 0 {
		s.Errorf("when the news is read: claimed %v", got)
	}
	o.appendEvent(s, "more")
	s.claimWebhook(w)
}

func webhookWithADueDeliveryIsClaimed(s *scene) {
	o := s.org()
	w := o.NewWebhook(s)
	at := webhookTime()
	d := o.NewDelivery(s, w, func(d *core.Delivery) { d.NextAttemptAt = new(at.Add(time.Hour)) })
	next := o.NewDelivery(s, w, func(x *core.Delivery) { x.Subject, x.EventID = d.Subject, d.EventID+"0" })
	if got := s.claimWebhooks(10); len(got) != 0 {
		s.Errorf("while the first of its subject is not due: claimed %v", got)
	}
	later := func(r *core.WebhookWorkRequest) { r.At = at.Add(time.Hour) }
	got := s.claimWebhooks(10, later)
	if len(got) != 1 || got[0].WebhookID != w.ID {
		s.Fatalf("when it is due: claimed %v, want the webhook", got)
	}
	o.release(s, got[0])
	for _, x := range []*core.Delivery{d, next} {
		x.Status, x.NextAttemptAt, x.FinishedAt = core.DeliveryDelivered, nil, &at
		o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Deliveries.Update(ctx, x) })
	}
	if got := s.claimWebhooks(10, later); len(got) != 0 {
		s.Errorf("when it was delivered: claimed %v", got)
	}
}

func idleWebhookIsNotClaimed(s *scene) {
	o := s.org()
	o.NewWebhook(s, func(w *core.Webhook) { w.IsActive = false })
	paused := o.NewWebhook(s, func(w *core.Webhook) { w.PausedUntil = new(webhookTime().Add(time.Hour)) })
	o.appendEvent(s, "news")
	o.awaitEvents(s, 1)
	if got := s.claimWebhooks(10); len(got) != 0 {
		s.Errorf("turned off or paused: claimed %v", got)
	}
	got := s.claimWebhooks(10, func(r *core.WebhookWorkRequest) { r.At = *paused.PausedUntil })
	if len(got) != 1 || got[0].WebhookID != paused.ID {
		s.Errorf("after the pause: claimed %v, want the one that was paused", got)
	}
	importing := s.org()
	importing.NewDelivery(s, importing.NewWebhook(s))
	importing.InTx(s, func(ctx context.Context, tx core.Tx) error {
		return tx.Imports.Begin(ctx, core.ImportMark{ID: core.NewID[string](), TTL: time.Hour})
	})
	if got := s.claimWebhooks(10); len(got) != 0 {
		s.Errorf("of an organization that is being imported: claimed %v", got)
	}
}

func fullWebhookGetsNoMoreEvents(s *scene) {
	o := s.org()
	w := o.NewWebhook(s)
	later := func(d *core.Delivery) { d.NextAttemptAt = new(webhookTime().Add(time.Hour)) }
	for range 5 {
		o.NewDelivery(s, w, later)
	}
	o.appendEvent(s, "news")
	o.awaitEvents(s, 1)
	if got := s.claimWebhooks(10); len(got) != 0 {
		s.Errorf("with as many pending as may be: claimed %v", got)
	}
	if got := s.claimWebhooks(10, func(r *core.WebhookWorkRequest) { r.MaxPending = 6 }); len(got) != 1 {
		s.Errorf("with room for one more: claimed %v, want it", got)
	}
}

func leastRecentlyLeasedWebhookComesFirst(s *scene) {
	a, b := s.org(), s.org()
	a.NewDelivery(s, a.NewWebhook(s))
	b.NewDelivery(s, b.NewWebhook(s))
	first, second := s.claimWebhooks(1), s.claimWebhooks(1)
	if len(first) != 1 || len(second) != 1 || first[0].WebhookID == second[0].WebhookID {
		s.Fatalf("claimed %v, then %v; want one each time, not the same", first, second)
	}
	for _, c := range []core.WebhookClaim{second[0], first[0]} {
		(&Org{Store: s.store, Tenant: c.Tenant}).release(s, c)
	}
	if again := s.claimWebhooks(1); len(again) != 1 || again[0].WebhookID != first[0].WebhookID || again[0].Tenant != first[0].Tenant {
		s.Errorf("claimed again: got %v, want the one that waits for longest", again)
	}
}

func webhookOfAnotherLogHasWork(s *scene) {
	o := s.org()
	for name, p := range map[string]core.Position{
		"no log": "", "an older log": "0ld-0", "a form that is not this store's": "00000-1",
	} {
		w := o.webhook()
		o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Webhooks.Create(ctx, w, p) })
		c := s.claimWebhook(w)
		_, got, err := o.hold(s, c)
		if _, err2 := o.Read().Events.After(s.Context(), got, 1); err != nil || core.CodeOf(err2) != core.CodeConflict {
			s.Errorf("%s: events after its place %q: got %v, %v, want a conflict", name, got, err, err2)
		}
		end := o.logState(s).Last
		o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Webhooks.Advance(ctx, w.ID, end) })
		o.release(s, c)
		if got := s.claimWebhooks(10); len(got) != 0 {
			s.Errorf("%s: afterwards claimed %v", name, got)
		}
	}
}

func everyWebhookIsFound(s *scene) {
	a, b := s.org(), s.org()
	want := map[core.WebhookID]core.Tenant{
		a.NewWebhook(s, fullWebhook).ID: a.Tenant, a.NewWebhook(s).ID: a.Tenant, b.NewWebhook(s).ID: b.Tenant,
	}
	b.NewDelivery(s, b.NewWebhook(s))
	claim := s.claimWebhooks(1)[0]
	want[claim.WebhookID] = b.Tenant
	got := s.claimWebhooks(10, func(r *core.WebhookWorkRequest) { r.All = true })
	found := map[core.WebhookID]core.Tenant{}
	for _, c := range got {
		if found[c.WebhookID] = c.Tenant; c.Fence != 0 {
			s.Errorf("found under the fence %d, want none", c.Fence)
		}
	}
	wantSame(s, "every webhook", found, want)
	if _, _, err := b.hold(s, claim); err != nil {
		s.Errorf("the one that was leased before: %v", err)
	}
}
