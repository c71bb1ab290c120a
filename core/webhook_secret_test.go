package core_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/secrets"
	"github.com/docsctl/docsctl/core"
)

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
