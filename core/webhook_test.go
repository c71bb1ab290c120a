package core_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestWebhook_IsToldOfItsTopicsFromNowOn(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	h.job(t)
	w := h.hook(t, "jobs", "usage")
	first := h.job(t)
	h.append(t, core.EventDocumentCreated, core.Document{ID: core.NewID[core.DocumentID]()})
	second := h.job(t)
	h.turns(t)
	h.wantJobs(t, first, second)
	log := h.log(t, h.a)
	for _, e := range h.got {
		if !slices.ContainsFunc(log, func(l core.Event) bool { return l.ID == e.ID && string(l.Data) == string(e.Data) && l.Type == e.Type }) {
			t.Errorf("%s is not of the log", e.ID)
		}
	}
	for _, d := range h.deliveries(t, w, "") {
		if d.Status != core.DeliveryDelivered || d.Attempts != 1 || d.LastStatusCode != 204 || d.FinishedAt == nil || d.NextAttemptAt != nil {
			t.Errorf("delivery: got %+v, want it delivered", d)
		}
	}
}

func TestWebhook_ReceiverThatIsDownForAnHourLosesNothing(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	w := h.hook(t, "jobs")
	h.answers(down)
	begun := h.at
	var jobs []core.JobID
	for h.at.Before(begun.Add(time.Hour)) {
		jobs = append(jobs, h.job(t))
		h.turns(t)
		h.at = h.at.Add(time.Minute)
	}
	if n := len(h.tried); n < 5 || n > 200 {
		t.Errorf("%d attempts in the hour, want a few: the receiver is left alone", n)
	}
	if now := h.now(t, w); now.FailingSince == nil || now.PausedUntil == nil || !now.IsActive {
		t.Errorf("the webhook meanwhile: got %+v", now)
	}
	h.answers(nil)
	h.turnsUntil(t, h.at.Add(5*time.Minute))
	if len(h.got) < len(jobs)*2 {
		t.Errorf("five minutes later %d of %d messages have come", len(h.got), 3*len(jobs))
	}
	h.turnsUntil(t, h.at.Add(40*time.Minute))
	h.wantJobs(t, jobs...)
	if now := h.now(t, w); now.FailingSince != nil || now.PausedUntil != nil || now.EventsMissedAt != nil {
		t.Errorf("the webhook afterwards: got %+v, want it as if nothing had been", now)
	}
}

func TestWebhook_EventThatFailsHoldsUpItsJobOnly(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	w := h.hook(t, "jobs")
	first, poison, last := h.job(t), h.job(t), h.job(t)
	h.answers(func(e core.Event, _ core.WebhookMessage) (core.WebhookAnswer, error) {
		if jobOf(e) == poison && e.Type == core.EventJobStarted {
			return core.WebhookAnswer{Status: 500}, nil
		}
		return core.WebhookAnswer{Status: 200}, nil
	})
	h.turns(t)
	if len(h.got) != 7 {
		t.Errorf("got %d messages, want the other jobs' six and the first of this one's", len(h.got))
	}
	pending := h.deliveries(t, w, core.DeliveryPending)
	if len(pending) != 2 || pending[0].Attempts != 0 || pending[1].Attempts != 1 || pending[1].LastStatusCode != 500 || pending[1].ErrorMessage != "the receiver answered 500" {
		t.Errorf("pending: got %+v, want the event that fails and the one behind it", pending)
	}
	h.turnsUntil(t, h.at.Add(time.Hour))
	if n := len(h.tried) - 7; n < 4 || n > 30 {
		t.Errorf("%d attempts at it within an hour, want it tried again at growing pauses", n)
	}
	h.answers(nil)
	h.turnsUntil(t, h.at.Add(time.Hour))
	h.wantJobs(t, first, poison, last)
}

func TestWebhook_RetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	w := h.hook(t, "jobs")
	job := h.job(t)
	h.answers(func(core.Event, core.WebhookMessage) (core.WebhookAnswer, error) {
		return core.WebhookAnswer{Status: 429, RetryAfter: 10 * time.Minute}, nil
	})
	h.turns(t)
	until := h.at.Add(10 * time.Minute)
	if now := h.now(t, w); now.PausedUntil == nil || now.PausedUntil.Before(until) {
		t.Errorf("paused until %v, want at least %v", now.PausedUntil, until)
	}
	h.answers(nil)
	tried := len(h.tried)
	h.turnsUntil(t, until.Add(-time.Minute))
	if len(h.tried) != tried {
		t.Error("it was called before it wanted to be")
	}
	h.turnsUntil(t, until.Add(time.Minute))
	h.wantJobs(t, job)
}

func TestWebhook_IsTurnedOffAfterADayAndGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	w := h.hook(t, "jobs")
	first := h.job(t)
	h.answers(always(404))
	begun := h.at
	h.turnsUntil(t, begun.Add(23*time.Hour))
	if now := h.now(t, w); !now.IsActive {
		t.Fatalf("after 23 hours it is turned off: %s", now.DisabledReason)
	}
	h.turnsUntil(t, begun.Add(24*time.Hour+2*time.Minute))
	now := h.now(t, w)
	if now.IsActive || now.DisabledAt == nil || !strings.HasPrefix(now.DisabledReason, "no delivery has succeeded since ") || !strings.HasSuffix(now.DisabledReason, "the receiver answered 404") {
		t.Fatalf("after a day: got %+v, want it turned off with a reason", now)
	}
	if failed := h.deliveries(t, w, core.DeliveryFailed); len(failed) != 1 || failed[0].Attempts < 40 {
		t.Errorf("given up: got %+v, want the first event after many attempts", failed)
	}
	if log := h.log(t, h.a); log[len(log)-1].Type != core.EventWebhookDisabled || strings.Contains(string(log[len(log)-1].Data), "example.org") {
		t.Errorf("the last event is %s %s, want the notice, without the address", log[len(log)-1].Type, log[len(log)-1].Data)
	}
	h.wantAudited(t, core.AuditWebhookDisabled)
	later := h.job(t)
	tried := len(h.tried)
	h.answers(nil)
	h.turnsUntil(t, h.at.Add(time.Hour))
	if len(h.tried) != tried {
		t.Error("it is called while it is turned off")
	}
	h.turn(t, w, true)
	if now := h.now(t, w); !now.IsActive || now.DisabledReason != "" || now.DisabledAt != nil || now.FailingSince != nil {
		t.Errorf("turned on: got %+v, want nothing of before", now)
	}
	h.turns(t)
	if _, err := h.Webhooks.Redeliver(t.Context(), h.a, w.ID, h.deliveries(t, w, core.DeliveryFailed)[0].ID); err != nil {
		t.Fatal(err)
	}
	h.turns(t)
	if len(h.got) != 6 {
		t.Errorf("got %d messages, want those of %s and %s", len(h.got), first, later)
	}
}

func (h *hooked) wantAudited(t *testing.T, action core.AuditAction) {
	t.Helper()
	p, err := h.Audit.List(t.Context(), h.a, core.AuditFilter{Action: action}, core.PageRequest{})
	if err != nil || len(p.Items) != 1 || p.Items[0].UserID != nil {
		t.Errorf("audit log of %s: got %+v, %v, want one line by nobody", action, p.Items, err)
	}
}

func TestWebhook_GoneTurnsItOffAtOnce(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	w := h.hook(t, "jobs")
	h.job(t)
	h.answers(always(410))
	h.turns(t)
	if now := h.now(t, w); now.IsActive || !strings.Contains(now.DisabledReason, "410 Gone") || len(h.tried) != 1 {
		t.Errorf("got %+v after %d attempts, want it turned off after one", now, len(h.tried))
	}
	if n := len(h.deliveries(t, w, core.DeliveryPending)); n != 2 {
		t.Errorf("%d deliveries are pending, want the two that were not tried", n)
	}
}

func TestWebhook_MissedEventsAreSaid(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	w := h.hook(t, "jobs", "webhooks")
	h.turn(t, w, false)
	h.job(t)
	last := h.job(t)
	_, err := h.store.System().Prune(t.Context(), core.PruneRequest{Organizations: 10, Limit: 100, MinEvent: 3, Events: h.at.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	h.turn(t, w, true)
	h.turns(t)
	if now := h.now(t, w); now.EventsMissedAt == nil || !now.IsActive {
		t.Errorf("got %+v, want to be told that events were missed", now)
	}
	h.wantAudited(t, core.AuditWebhookEventsMissed)
	told := len(h.got)
	h.got = slices.DeleteFunc(h.got, func(e core.Event) bool { return e.Type == core.EventWebhookMissed })
	if told-len(h.got) != 1 {
		t.Errorf("got %d notices, want one", told-len(h.got))
	}
	h.wantJobs(t, last)
}

// TestWebhook_PendingIsBounded fills a webhook almost, so that it reads only as much of the log.
func TestWebhook_PendingIsBounded(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	w := h.hook(t, "jobs")
	const most = 10_000
	later := h.at.Add(time.Hour)
	err := h.store.Tenant(h.a.Tenant()).InTx(t.Context(), func(ctx context.Context, tx core.Tx) error {
		all := make([]core.Delivery, most-4)
		for i := range all {
			all[i] = core.Delivery{
				ID: core.NewID[core.DeliveryID](), WebhookID: w.ID, EventID: core.Position(fmt.Sprintf("old-%06d", i)), EventType: core.EventJobQueued,
				Subject: fmt.Sprint(i), Status: core.DeliveryPending, NextAttemptAt: &later, Body: []byte("{}"), CreatedAt: h.at,
			}
		}
		return tx.Deliveries.Add(ctx, all)
	})
	if err != nil {
		t.Fatal(err)
	}
	h.answers(always(500))
	jobs := []core.JobID{h.job(t), h.job(t), h.job(t)}
	h.turns(t)
	n, err := h.store.Tenant(h.a.Tenant()).Read().Deliveries.Pending(t.Context(), w.ID, 2*most)
	if err != nil || n != most {
		t.Errorf("pending: got %d, %v, want %d and the rest in the log", n, err, most)
	}
	h.answers(nil)
	h.turnsUntil(t, h.at.Add(10*time.Minute))
	h.wantJobs(t, jobs...)
}

func TestWebhook_StoppingCountsNoAttempt(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	w := h.hook(t, "jobs")
	job := h.job(t)
	claims, err := h.Work.ClaimWebhooks(t.Context(), 10)
	if err != nil || len(claims) != 1 {
		t.Fatalf("claim: got %v, %v", claims, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	h.answers(func(core.Event, core.WebhookMessage) (core.WebhookAnswer, error) {
		stop()
		return core.WebhookAnswer{}, context.Canceled
	})
	if err := h.Work.RunWebhook(ctx, claims[0]); err != nil {
		t.Error(err)
	}
	for _, d := range h.deliveries(t, w, "") {
		if d.Status != core.DeliveryPending || d.Attempts != 0 {
			t.Errorf("got %+v, want it untried", d)
		}
	}
	h.answers(nil)
	h.turns(t) // the claim was given back
	h.wantJobs(t, job)
}

func TestWebhook_DeletedWhileItIsSentTo(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	w := h.hook(t, "jobs")
	h.job(t)
	h.answers(func(core.Event, core.WebhookMessage) (core.WebhookAnswer, error) {
		err := h.Webhooks.Delete(t.Context(), h.a, w.ID)
		return core.WebhookAnswer{Status: 200}, err
	})
	h.turns(t)
	if _, err := h.Webhooks.Get(t.Context(), h.a, w.ID); core.CodeOf(err) != core.CodeNotFound || len(h.tried) != 1 {
		t.Errorf("got %v after %d attempts, want it gone after one", err, len(h.tried))
	}
}

func TestWebhook_OnlyAnAdminMay(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	w := h.hook(t, "jobs")
	member := core.NewActor(h.a.Tenant(), h.a.User(), core.RoleMember)
	ctx := t.Context()
	_, create := h.Webhooks.Create(ctx, member, core.NewWebhook{URL: "https://example.org", Topics: []string{"jobs"}})
	_, get := h.Webhooks.Get(ctx, member, w.ID)
	_, list := h.Webhooks.List(ctx, member, core.PageRequest{})
	_, update := h.Webhooks.Update(ctx, member, w.ID, core.WebhookPatch{})
	_, rotate := h.Webhooks.RotateSecret(ctx, member, w.ID)
	_, deliveries := h.Webhooks.Deliveries(ctx, member, core.DeliveryFilter{WebhookID: w.ID}, core.PageRequest{})
	_, redeliver := h.Webhooks.Redeliver(ctx, member, w.ID, core.NewID[core.DeliveryID]())
	for i, err := range []error{create, get, list, update, rotate, deliveries, redeliver, h.Webhooks.Delete(ctx, member, w.ID)} {
		if core.CodeOf(err) != core.CodeAuthorization {
			t.Errorf("call %d as a member: got %v, want %s", i, err, core.CodeAuthorization)
		}
	}
	_, err := h.Webhooks.Create(ctx, h.a, core.NewWebhook{URL: "http://localhost/", Topics: []string{"jobs"}})
	if core.CodeOf(err) != core.CodeValidation {
		t.Errorf("an address that the sender refuses: got %v", err)
	}
}
