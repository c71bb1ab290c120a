package core

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

const (
	webhookSecretMark = "whsec_"
	secretOverlap     = 24 * time.Hour // after a rotation the secret before signs, too
	maxWebhookSecrets = 5              // that sign at the same time
)

// webhookSecrets is what Webhook.Sealed holds, the newest first.
type webhookSecrets []webhookSecret

type webhookSecret struct {
	Secret string     `json:"secret"`
	Until  *time.Time `json:"until,omitempty"` // nil: the newest, which does not end
}

// newWebhookSecret makes a secret as Standard Webhooks write it.
func newWebhookSecret() string {
	raw := make([]byte, 32)
	rand.Read(raw) // never fails (crypto/rand, Go 1.24)
	return webhookSecretMark + base64.StdEncoding.EncodeToString(raw)
}

func (c Config) sealWebhook(ctx context.Context, t Tenant, s webhookSecrets) ([]byte, error) {
	return c.Sealer.Seal(ctx, t, SealedWebhookSecrets, mustJSON(s))
}

// openWebhook returns the secrets that have not ended.
func (c Config) openWebhook(ctx context.Context, t Tenant, w *Webhook) (webhookSecrets, error) {
	raw, err := c.Sealer.Open(ctx, t, SealedWebhookSecrets, w.Sealed)
	if err != nil {
		return nil, err
	}
	var kept, live webhookSecrets
	if err := json.Unmarshal(raw, &kept); err != nil {
		return nil, fmt.Errorf("read the secrets of a webhook: %w", err)
	}
	for _, s := range kept {
		if s.Until == nil || s.Until.After(c.now()) {
			live = append(live, s)
		}
	}
	return live, nil
}

func (s webhookSecrets) reveal() []Secret {
	out := make([]Secret, len(s))
	for i, one := range s {
		out[i] = NewSecret(one.Secret)
	}
	return out
}

// rotate puts a new secret before those that sign now, which go on for the overlap.
// What cannot be opened any more, because the installation has lost its keys, signs
// nothing and is left behind.
func (c Config) rotate(ctx context.Context, t Tenant, w *Webhook) (secret string, err error) {
	kept, err := c.openWebhook(ctx, t, w)
	if err != nil {
		c.Logger.WarnContext(ctx, "a webhook's secrets could not be opened and are replaced", slog.Any("error", err))
		kept, w.PausedUntil = nil, nil
	}
	if len(kept) >= maxWebhookSecrets {
		return "", Conflict("the secret was rotated four times within a day; wait until the oldest has ended")
	}
	until := c.now().Add(secretOverlap)
	if len(kept) > 0 && kept[0].Until == nil {
		kept[0].Until = &until
	}
	secret = newWebhookSecret()
	w.SecretUntil = &until
	w.Sealed, err = c.sealWebhook(ctx, t, append(webhookSecrets{{Secret: secret}}, kept...))
	return secret, err
}
