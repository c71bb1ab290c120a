package core_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/secrets"
	"github.com/docsctl/docsctl/core"
)

// receiver is a core.WebhookSender whose other end a test decides.
type receiver struct {
	mu     sync.Mutex // guards what follows
	answer func(e core.Event, m core.WebhookMessage) (core.WebhookAnswer, error)
	tried  []core.Event // every attempt
	got    []core.Event // those that were answered 2xx
}

func (*receiver) Check(address string) error {
	if strings.Contains(address, "localhost") {
		return core.Invalid("url", "public", "not this one")
	}
	return nil
}

func (r *receiver) Send(_ context.Context, m core.WebhookMessage) (core.WebhookAnswer, error) {
	var e core.Event
	if err := json.Unmarshal(m.Body, &e); err != nil || e.ID != m.ID {
		return core.WebhookAnswer{}, fmt.Errorf("message %s has the body %s", m.ID, m.Body)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried = append(r.tried, e)
	a, err := core.WebhookAnswer{Status: 204}, error(nil)
	if r.answer != nil {
		a, err = r.answer(e, m)
	}
	if err == nil && a.Status/100 == 2 {
		r.got = append(r.got, e)
	}
	return a, err
}

func (r *receiver) answers(f func(e core.Event, m core.WebhookMessage) (core.WebhookAnswer, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = f
}

func always(status int) func(core.Event, core.WebhookMessage) (core.WebhookAnswer, error) {
	return func(core.Event, core.WebhookMessage) (core.WebhookAnswer, error) {
		return core.WebhookAnswer{Status: status}, nil
	}
}

func down(core.Event, core.WebhookMessage) (core.WebhookAnswer, error) {
	return core.WebhookAnswer{}, core.Unavailable("the receiver could not be connected to", 0, nil)
}

// hooked is an installation with a receiver and a clock that a test moves.
type hooked struct {
	*installation
	*receiver
	a  core.Actor
	at time.Time
}

func installHooked(t *testing.T) *hooked {
	t.Helper()
	sealer, err := secrets.New(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	h := &hooked{receiver: &receiver{}, at: time.Now().UTC().Truncate(time.Microsecond)}
	h.installation = install(t, func(c *core.Config) {
		c.Now, c.Webhooks, c.Sealer = func() time.Time { return h.at }, h.receiver, sealer
	})
	h.a, _ = h.admin(t, "ann@example.org")
	return h
}

func (h *hooked) hook(t *testing.T, topics ...string) *core.Webhook {
	t.Helper()
	made, err := h.Webhooks.Create(t.Context(), h.a, core.NewWebhook{URL: "https://example.org/hook", Topics: topics})
	if err != nil {
		t.Fatal(err)
	}
	return made.Webhook
}

// turns gives webhooks their turns until none has anything to do.
func (h *hooked) turns(t *testing.T) {
	t.Helper()
	for {
		claims, err := h.Work.ClaimWebhooks(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(claims) == 0 {
			return
		}
		for _, c := range claims {
			if err := h.Work.RunWebhook(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// turnsUntil moves the clock a minute at a time, with turns.
func (h *hooked) turnsUntil(t *testing.T, end time.Time) {
	t.Helper()
	for h.at.Before(end) {
		h.at = h.at.Add(time.Minute)
		h.turns(t)
	}
}

// job appends the events of a job: queued, started and completed.
func (h *hooked) job(t *testing.T) core.JobID {
	t.Helper()
	id := core.NewID[core.JobID]()
	for _, typ := range []core.EventType{core.EventJobQueued, core.EventJobStarted, core.EventJobCompleted} {
		h.append(t, typ, core.Job{ID: id})
	}
	return id
}

func (h *hooked) append(t *testing.T, typ core.EventType, data any) {
	t.Helper()
	err := h.store.Tenant(h.a.Tenant()).InTx(t.Context(), func(_ context.Context, tx core.Tx) error {
		tx.Append(typ, h.at, data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func jobOf(e core.Event) core.JobID {
	var j struct {
		ID core.JobID `json:"id"`
	}
	_ = json.Unmarshal(e.Data, &j) // the test made it
	return j.ID
}

// wantJobs reports a job whose three events did not all arrive, once each and in order.
func (h *hooked) wantJobs(t *testing.T, jobs ...core.JobID) {
	t.Helper()
	types := map[core.JobID][]core.EventType{}
	for _, e := range h.got {
		types[jobOf(e)] = append(types[jobOf(e)], e.Type)
	}
	want := []core.EventType{core.EventJobQueued, core.EventJobStarted, core.EventJobCompleted}
	for _, id := range jobs {
		if !slices.Equal(types[id], want) {
			t.Errorf("job %s: got %v, want %v", id, types[id], want)
		}
	}
	if len(h.got) != 3*len(jobs) {
		t.Errorf("got %d messages, want %d", len(h.got), 3*len(jobs))
	}
}

func (h *hooked) deliveries(t *testing.T, w *core.Webhook, s core.DeliveryStatus) []core.Delivery {
	t.Helper()
	p, err := h.Webhooks.Deliveries(t.Context(), h.a, core.DeliveryFilter{WebhookID: w.ID, Status: s}, core.PageRequest{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	return p.Items
}

func (h *hooked) now(t *testing.T, w *core.Webhook) *core.Webhook {
	t.Helper()
	got, err := h.Webhooks.Get(t.Context(), h.a, w.ID)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (h *hooked) turn(t *testing.T, w *core.Webhook, on bool) {
	t.Helper()
	if _, err := h.Webhooks.Update(t.Context(), h.a, w.ID, core.WebhookPatch{IsActive: &on}); err != nil {
		t.Fatal(err)
	}
}

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

func TestWebhook_BothSecretsSignForADay(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	made, err := h.Webhooks.Create(t.Context(), h.a, core.NewWebhook{URL: "https://example.org", Topics: []string{"jobs"}})
	if err != nil {
		t.Fatal(err)
	}
	var signed []string
	h.answers(func(_ core.Event, m core.WebhookMessage) (core.WebhookAnswer, error) {
		signed = nil
		for _, s := range m.Secrets {
			signed = append(signed, s.Reveal())
		}
		return core.WebhookAnswer{Status: 200}, nil
	})
	wantSigned := func(want ...string) {
		t.Helper()
		h.job(t)
		if h.turns(t); !slices.Equal(signed, want) {
			t.Errorf("signed by %d secrets, want %d, the newest first", len(signed), len(want))
		}
	}
	wantSigned(made.Secret)
	rotated, err := h.Webhooks.RotateSecret(t.Context(), h.a, made.Webhook.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantSigned(rotated.Secret, made.Secret)
	h.at = h.at.Add(23 * time.Hour)
	again, err := h.Webhooks.RotateSecret(t.Context(), h.a, made.Webhook.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantSigned(again.Secret, rotated.Secret, made.Secret)
	h.at = h.at.Add(time.Hour)
	wantSigned(again.Secret, rotated.Secret)
	h.at = h.at.Add(23 * time.Hour)
	wantSigned(again.Secret)
	for range 4 {
		if _, err = h.Webhooks.RotateSecret(t.Context(), h.a, made.Webhook.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err = h.Webhooks.RotateSecret(t.Context(), h.a, made.Webhook.ID); core.CodeOf(err) != core.CodeConflict {
		t.Errorf("a fifth rotation within a day: got %v, want a conflict", err)
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

func TestWebhook_SecretsAreSealedUnderTheNewKey(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	w := h.hook(t, "jobs")
	h.turn(t, w, false) // the rotation finds what is turned off, too
	sealer, err := secrets.New(strings.Repeat("a new key ", 5), testSecret)
	if err != nil {
		t.Fatal(err)
	}
	app, err := core.New(core.Config{Ports: core.Ports{Store: h.store, Bus: h.bus, Summarizer: h.model, Sealer: sealer}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []core.Rotated{{Looked: 1, Sealed: 1}, {Looked: 1}} {
		if got, err := app.Work.RotateKeys(t.Context()); err != nil || got != want {
			t.Errorf("rotation: got %+v, %v, want %+v", got, err, want)
		}
	}
	if !sealer.Current(h.now(t, w).Sealed) {
		t.Error("it is still sealed under the old key")
	}
}

// TestWebhook_WithoutItsKeyRestsUntilItsSecretIsRotated has the installation lose its keys.
func TestWebhook_WithoutItsKeyRestsUntilItsSecretIsRotated(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	w := h.hook(t, "jobs")
	job := h.job(t)
	sealer, err := secrets.New(strings.Repeat("another key ", 5))
	if err != nil {
		t.Fatal(err)
	}
	h.App, err = core.New(core.Config{
		Now:   func() time.Time { return h.at },
		Ports: core.Ports{Store: h.store, Bus: h.bus, Summarizer: h.model, Sealer: sealer, Webhooks: h.receiver},
	})
	if err != nil {
		t.Fatal(err)
	}
	claims, err := h.Work.ClaimWebhooks(t.Context(), 10)
	if err != nil || len(claims) != 1 {
		t.Fatalf("claim: got %v, %v", claims, err)
	}
	if err := h.Work.RunWebhook(t.Context(), claims[0]); core.CodeOf(err) != core.CodeInternal {
		t.Errorf("a turn without its key: got %v, want %s", err, core.CodeInternal)
	}
	if claims, err := h.Work.ClaimWebhooks(t.Context(), 10); err != nil || len(claims) > 0 || h.now(t, w).PausedUntil == nil {
		t.Errorf("afterwards: claimed %v, %v, want it to rest", claims, err)
	}
	if _, err := h.Webhooks.RotateSecret(t.Context(), h.a, w.ID); err != nil {
		t.Fatal(err)
	}
	h.turns(t)
	h.wantJobs(t, job)
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
