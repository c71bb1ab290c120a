package coretest

import (
	"context"
	"slices"
	"time"

	"github.com/docsctl/docsctl/core"
)

func (o *Org) wantDelivery(s *scene, what string, want *core.Delivery) {
	s.Helper()
	got, err := o.Read().Deliveries.Get(s.Context(), want.ID)
	wantSame(s, what, must(s, what, got, err), want)
}

func fullDelivery(d *core.Delivery) {
	at := d.CreatedAt.Add(time.Hour)
	d.Status, d.Attempts, d.LastStatusCode, d.ErrorMessage = core.DeliveryFailed, 7, 503, "the receiver answered 503 \U0001F600"
	d.FirstAttemptAt, d.LastAttemptAt, d.NextAttemptAt, d.FinishedAt = &at, &at, &at, &at
}

func deliveryIsKept(s *scene) {
	o := s.org()
	w := o.NewWebhook(s)
	d := o.NewDelivery(s, w, func(d *core.Delivery) { d.Body = []byte("{\"a\": \"\x00\xff\"}") })
	o.wantDelivery(s, "as it was made", d)
	o.wantDelivery(s, "with everything", o.NewDelivery(s, w, fullDelivery))
	fullDelivery(d)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Deliveries.Update(ctx, d) })
	o.wantDelivery(s, "after an update", d)
}

func deliveriesAreListed(s *scene) {
	o := s.org()
	w, other := o.NewWebhook(s), o.NewWebhook(s)
	o.NewDelivery(s, other)
	key := func(d core.Delivery) core.Key { return core.Key{At: d.CreatedAt, ID: string(d.ID)} }
	var all []core.Delivery
	for k := range 12 {
		d := *o.NewDelivery(s, w, func(d *core.Delivery) {
			d.ID, d.CreatedAt = core.DeliveryID(randomID()), keyTimes()[k%4]
			d.Status = core.DeliveryStatuses()[k%3]
			d.EventType = []core.EventType{core.EventJobQueued, core.EventJobFailed}[k/6]
		})
		d.Body = nil
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b core.Delivery) int { return newestFirst(key(a), key(b)) })
	for _, f := range []core.DeliveryFilter{
		{}, {Status: core.DeliveryFailed}, {EventType: core.EventJobFailed}, {Status: core.DeliveryPending, EventType: core.EventJobQueued}, {EventType: "none"},
	} {
		f.WebhookID = w.ID
		var want []core.Delivery
		for _, d := range all {
			if (f.Status == "" || d.Status == f.Status) && (f.EventType == "" || d.EventType == f.EventType) {
				want = append(want, d)
			}
		}
		got := paged(s, 3, key, func(k core.Seek) ([]core.Delivery, error) { return o.Read().Deliveries.List(s.Context(), f, k) })
		wantSame(s, "deliveries in pages", got, want)
	}
}

func eventIsDeliveredOnce(s *scene) {
	o := s.org()
	w, other := o.NewWebhook(s), o.NewWebhook(s)
	first := o.NewDelivery(s, w)
	again := o.delivery(w, func(d *core.Delivery) { d.EventID, d.Subject = first.EventID, "another" })
	elsewhere := o.delivery(other, func(d *core.Delivery) { d.EventID = first.EventID })
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		return tx.Deliveries.Add(ctx, []core.Delivery{*again, *elsewhere})
	})
	o.wantDelivery(s, "the first", first)
	o.wantDelivery(s, "of another webhook", elsewhere)
	_, err := o.Read().Deliveries.Get(s.Context(), again.ID)
	wantCode(s, "the second", err, core.CodeNotFound)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Deliveries.Add(ctx, nil) })
}

func deliveriesOfASubjectAreDueInOrder(s *scene) {
	o := s.org()
	w := o.NewWebhook(s)
	o.NewDelivery(s, o.NewWebhook(s))
	at := Now()
	made := map[string]*core.Delivery{}
	for _, d := range []struct {
		event, subject string
		due            time.Duration
	}{{"e-1", "a", time.Minute}, {"e-2", "a", -time.Hour}, {"e-3", "b", -2 * time.Minute}, {"e-4", "b", -time.Hour}, {"E-5", "c", -3 * time.Minute}, {"e-6", "d", 0}} {
		made[d.event] = o.NewDelivery(s, w, func(x *core.Delivery) {
			x.EventID, x.Subject, x.NextAttemptAt = core.Position(d.event), d.subject, new(at.Add(d.due))
		})
	}
	due := func(limit int, want ...string) {
		s.Helper()
		got, err := o.Read().Deliveries.Due(s.Context(), w.ID, at, limit)
		must(s, "due", got, err)
		var all []core.Delivery
		for _, event := range want {
			all = append(all, *made[event])
		}
		wantSame(s, "due", got, all)
	}
	due(10, "E-5", "e-3", "e-6")
	due(2, "E-5", "e-3")
	for _, event := range []string{"e-3", "e-1"} {
		made[event].Status, made[event].NextAttemptAt, made[event].FinishedAt = core.DeliveryDelivered, nil, &at
		o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Deliveries.Update(ctx, made[event]) })
	}
	due(10, "e-2", "e-4", "E-5", "e-6")
}

func pendingIsCounted(s *scene) {
	o := s.org()
	w := o.NewWebhook(s)
	o.NewDelivery(s, o.NewWebhook(s))
	o.NewDelivery(s, w, fullDelivery)
	for range 3 {
		o.NewDelivery(s, w)
	}
	for most, want := range map[int]int{0: 0, 2: 2, 3: 3, 100: 3} {
		if got, err := o.Read().Deliveries.Pending(s.Context(), w.ID, most); err != nil || got != want {
			s.Errorf("pending, counted up to %d: got %d, %v, want %d", most, got, err, want)
		}
	}
}

func endedDeliveriesArePruned(s *scene) {
	o, at := s.org(), Now()
	w := o.NewWebhook(s)
	ended := func(age time.Duration) *core.Delivery {
		return o.NewDelivery(s, w, func(d *core.Delivery) {
			d.CreatedAt, d.Status, d.FinishedAt, d.NextAttemptAt = at.Add(-100*time.Hour), core.DeliveryDelivered, new(at.Add(-age)), nil
		})
	}
	for range 3 {
		ended(2 * time.Hour)
	}
	young := ended(0)
	pending := o.NewDelivery(s, w, func(d *core.Delivery) { d.CreatedAt = at.Add(-100 * time.Hour) })
	r := core.PruneRequest{Organizations: 10, Limit: 2, Deliveries: at.Add(-time.Hour)}
	wantSame(s, "what has gone", s.pruneAll(r), core.Pruned{Deliveries: 3})
	o.wantDelivery(s, "a young one", young)
	o.wantDelivery(s, "a pending one", pending)
}
