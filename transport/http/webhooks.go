package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
)

type webhook struct {
	ID             core.WebhookID `json:"id" format:"uuid"`
	OrgID          core.OrgID     `json:"org_id" format:"uuid"`
	URL            string         `json:"url"`
	Topics         []string       `json:"topics"`
	IsActive       bool           `json:"is_active"`
	DisabledReason *string        `json:"disabled_reason" doc:"Why it was turned off by itself; turn it on again by is_active."`
	DisabledAt     *time.Time     `json:"disabled_at"`
	FailingSince   *time.Time     `json:"failing_since" doc:"The first attempt that failed since one succeeded."`
	PausedUntil    *time.Time     `json:"paused_until" doc:"Nothing was heard of the receiver, or it asked for a pause: it is not called before."`
	EventsMissedAt *time.Time     `json:"events_missed_at" doc:"When events had last left the log before they were read for this webhook."`
	SecretUntil    *time.Time     `json:"previous_secret_until" doc:"After a rotation: until then the secret before this one signs, too."`
	CreatedAt      time.Time      `json:"created_at"`
	UpdatedAt      time.Time      `json:"updated_at"`
	Secret         string         `json:"secret,omitzero" doc:"Shown once, in the answer that made it." example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"`
}

func viewWebhook(w *core.Webhook) webhook {
	return webhook{
		ID: w.ID, OrgID: w.OrgID, URL: w.URL, Topics: w.Topics, IsActive: w.IsActive, DisabledReason: orNull(w.DisabledReason),
		DisabledAt: w.DisabledAt, FailingSince: w.FailingSince, PausedUntil: w.PausedUntil, EventsMissedAt: w.EventsMissedAt,
		SecretUntil: w.SecretUntil, CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt,
	}
}

// webhookNotice is the data of events about a webhook. They go to every member, so its
// address is not in it.
type webhookNotice struct {
	ID             core.WebhookID `json:"id" format:"uuid"`
	IsActive       bool           `json:"is_active"`
	DisabledReason *string        `json:"disabled_reason"`
	DisabledAt     *time.Time     `json:"disabled_at"`
	EventsMissedAt *time.Time     `json:"events_missed_at"`
}

func viewNotice(n *core.WebhookNotice) webhookNotice {
	return webhookNotice{n.ID, n.IsActive, orNull(n.DisabledReason), n.DisabledAt, n.EventsMissedAt}
}

type webhookOutput struct{ Body webhook }

type createdWebhook struct {
	Location string `header:"Location"`
	Body     webhook
}

func shownWebhook(w *core.Webhook, err error) (*webhookOutput, error) {
	if err != nil {
		return nil, err
	}
	return &webhookOutput{Body: viewWebhook(w)}, nil
}

type newWebhook struct {
	URL      string   `json:"url" minLength:"1" maxLength:"2048" example:"https://example.org/hooks/docsctl"`
	Topics   []string `json:"topics" minItems:"1" maxItems:"20" doc:"Of jobs, documents, summaries, integrations, usage, webhooks."`
	IsActive *bool    `json:"is_active,omitzero" nullable:"false" doc:"Default: true."`
}

type createWebhookInput struct{ Body newWebhook }

type webhookPatch struct {
	URL      patch[string]   `json:"url,omitzero"`
	Topics   patch[[]string] `json:"topics,omitzero"`
	IsActive patch[bool]     `json:"is_active,omitzero"`
}

type updateWebhookInput struct {
	PathID
	Body webhookPatch
}

func (s *api) registerWebhooks() {
	register(s, operation{
		id: "createWebhook", once: true, method: http.MethodPost, path: "/v1/webhooks", tag: "webhooks", summary: "Have events posted to a URL",
		description: "Events of the topics are posted as the feed tells them, signed as Standard Webhooks describe it. The secret is shown in this answer and never again.",
		status:      http.StatusCreated, errors: []int{http.StatusForbidden, http.StatusConflict},
	}, s.createWebhook)
	register(s, operation{
		id: "listWebhooks", method: http.MethodGet, path: "/v1/webhooks", tag: "webhooks", summary: "List webhooks", errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, a core.Actor, in *PageQuery) (*listOutput[webhook], error) {
		p, err := s.app.Webhooks.List(ctx, a, in.request())
		return listed(p, viewWebhook, err)
	})
	register(s, operation{
		id: "getWebhook", method: http.MethodGet, path: "/v1/webhooks/{id}", tag: "webhooks", summary: "Get a webhook", errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, a core.Actor, in *PathID) (*webhookOutput, error) {
		return shownWebhook(s.app.Webhooks.Get(ctx, a, core.WebhookID(in.ID)))
	})
	register(s, operation{
		id: "updateWebhook", method: http.MethodPatch, path: "/v1/webhooks/{id}", tag: "webhooks", summary: "Change a webhook",
		description: "Turned on again it goes on where it was turned off: what is pending is sent, and what the log still holds follows.",
		errors:      []int{http.StatusForbidden},
	}, s.updateWebhook)
	register(s, operation{
		id: "deleteWebhook", method: http.MethodDelete, path: "/v1/webhooks/{id}", tag: "webhooks", summary: "Delete a webhook and its deliveries",
		errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, a core.Actor, in *PathID) (*struct{}, error) {
		return nil, s.app.Webhooks.Delete(ctx, a, core.WebhookID(in.ID))
	})
	register(s, operation{
		id: "rotateWebhookSecret", once: true, method: http.MethodPost, path: "/v1/webhooks/{id}/rotate-secret", tag: "webhooks", summary: "Make a new secret",
		description: "For 24 hours messages are signed by the new secret and by the one before, so that the receiver may change over at any time. The secret is shown in this answer and never again.",
		errors:      []int{http.StatusForbidden, http.StatusConflict},
	}, func(ctx context.Context, a core.Actor, in *PathID) (*webhookOutput, error) {
		made, err := s.app.Webhooks.RotateSecret(ctx, a, core.WebhookID(in.ID))
		if err != nil {
			return nil, err
		}
		out := &webhookOutput{Body: viewWebhook(made.Webhook)}
		out.Body.Secret = made.Secret
		return out, nil
	})
}

func (s *api) createWebhook(ctx context.Context, a core.Actor, in *createWebhookInput) (*createdWebhook, error) {
	made, err := s.app.Webhooks.Create(ctx, a, core.NewWebhook{
		URL: in.Body.URL, Topics: in.Body.Topics, Inactive: in.Body.IsActive != nil && !*in.Body.IsActive,
	})
	if err != nil {
		return nil, err
	}
	out := &createdWebhook{Location: "/v1/webhooks/" + string(made.Webhook.ID), Body: viewWebhook(made.Webhook)}
	out.Body.Secret = made.Secret
	return out, nil
}

func (s *api) updateWebhook(ctx context.Context, a core.Actor, in *updateWebhookInput) (*webhookOutput, error) {
	var n nonNull
	n.check("url", in.Body.URL.null)
	n.check("topics", in.Body.Topics.null)
	n.check("is_active", in.Body.IsActive.null)
	if err := n.err(); err != nil {
		return nil, err
	}
	return shownWebhook(s.app.Webhooks.Update(ctx, a, core.WebhookID(in.ID), core.WebhookPatch{
		URL: in.Body.URL.value, Topics: in.Body.Topics.value, IsActive: in.Body.IsActive.value,
	}))
}
