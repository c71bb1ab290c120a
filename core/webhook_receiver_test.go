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

func installHooked(t *testing.T, config ...func(*core.Config)) *hooked {
	t.Helper()
	sealer, err := secrets.New(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	h := &hooked{receiver: &receiver{}, at: time.Now().UTC().Truncate(time.Microsecond)}
	h.installation = install(t, func(c *core.Config) {
		c.Now, c.Webhooks, c.Sealer = func() time.Time { return h.at }, h.receiver, sealer
		for _, change := range config {
			change(c)
		}
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
