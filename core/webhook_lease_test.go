package core_test

import (
	"context"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func (h *hooked) claimHook(t *testing.T) []core.WebhookClaim {
	t.Helper()
	claims, err := h.Work.ClaimWebhooks(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// The receiver answers that it wants no messages any more, which turns a webhook off,
// when another worker has the webhook already.
func TestWebhook_ATurnThatLostItsLeaseWritesNothing(t *testing.T) {
	t.Parallel()
	h := installHooked(t)
	w := h.hook(t, "jobs")
	job := h.job(t)
	first := h.claimHook(t)
	if len(first) != 1 {
		t.Fatalf("claimed %v, want the webhook", first)
	}
	var second []core.WebhookClaim
	h.answers(func(core.Event, core.WebhookMessage) (core.WebhookAnswer, error) {
		if second == nil { // as if the lease had run out
			err := h.store.Tenant(h.a.Tenant()).InTx(t.Context(), func(ctx context.Context, tx core.Tx) error { return tx.Webhooks.Renew(ctx, first[0], 0) })
			if err != nil {
				t.Error(err)
			}
			second = h.claimHook(t)
		}
		return core.WebhookAnswer{Status: 410}, nil
	})
	if err := h.Work.RunWebhook(t.Context(), first[0]); err != nil {
		t.Errorf("got %v, want a turn that ends without a word", err)
	}
	if len(second) != 1 || len(h.tried) != 1 {
		t.Errorf("claimed %v, %d attempts, want the webhook claimed anew and no message more by the old turn", second, len(h.tried))
	}
	if now, err := h.Webhooks.Get(t.Context(), h.a, w.ID); err != nil || !now.IsActive || now.DisabledReason != "" {
		t.Errorf("got %+v and %v, want it as it was", now, err)
	}
	for _, d := range h.deliveries(t, w, "") {
		if d.Status != core.DeliveryPending || d.Attempts != 0 {
			t.Errorf("got %+v, want it untried", d)
		}
	}
	if more := h.claimHook(t); len(more) != 0 {
		t.Errorf("claimed %v, want it held by the second still", more)
	}
	h.answers(nil)
	if err := h.Work.RunWebhook(t.Context(), second[0]); err != nil {
		t.Fatal(err)
	}
	h.wantJobs(t, job)
}

// The receiver takes twice as long as a lease lasts. A machine that stands still for
// longer than the lease loses it, so a longer one is tried then.
func TestWebhook_LeaseIsRenewedDuringATurn(t *testing.T) {
	t.Parallel()
	for _, lease := range []time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second} {
		if heldForTwice(t, lease) {
			return
		}
	}
	t.Error("another claimed the webhook while a message was sent, with every lease")
}

// heldForTwice reports whether a webhook was held while a message took twice its lease.
func heldForTwice(t *testing.T, lease time.Duration) bool {
	t.Helper()
	h := installHooked(t, func(c *core.Config) { c.JobLease = 3 * lease })
	h.hook(t, "jobs")
	job := h.job(t)
	claims := h.claimHook(t)
	if len(claims) != 1 {
		t.Fatalf("claimed %v, want the webhook", claims)
	}
	held := true
	h.answers(func(core.Event, core.WebhookMessage) (core.WebhookAnswer, error) {
		h.answer = nil // the next ones are quick
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for until := time.Now().Add(2 * lease); held && time.Now().Before(until); <-tick.C {
			held = len(h.claimHook(t)) == 0
		}
		return core.WebhookAnswer{Status: 204}, nil
	})
	if err := h.Work.RunWebhook(t.Context(), claims[0]); err != nil {
		t.Fatal(err)
	}
	if held {
		h.wantJobs(t, job)
	}
	return held
}
