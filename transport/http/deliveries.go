package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
)

type delivery struct {
	ID             core.DeliveryID     `json:"id" format:"uuid"`
	WebhookID      core.WebhookID      `json:"webhook_id" format:"uuid"`
	EventID        core.Position       `json:"event_id" doc:"The header webhook-id, the same at each attempt."`
	EventType      core.EventType      `json:"event_type"`
	Status         core.DeliveryStatus `json:"status" enum:"pending,delivered,failed"`
	Attempts       int                 `json:"attempts" doc:"Since it was made, or was last asked for again."`
	LastStatusCode *int                `json:"last_status_code" doc:"null: the receiver gave no answer, or was not called yet."`
	ErrorMessage   *string             `json:"error_message" doc:"Why the last attempt failed."`
	FirstAttemptAt *time.Time          `json:"first_attempt_at"`
	LastAttemptAt  *time.Time          `json:"last_attempt_at"`
	NextAttemptAt  *time.Time          `json:"next_attempt_at" doc:"Of a pending one; later while its webhook is paused, or an earlier event of the same job is pending."`
	FinishedAt     *time.Time          `json:"finished_at"`
	CreatedAt      time.Time           `json:"created_at"`
}

func viewDelivery(d *core.Delivery) delivery {
	return delivery{
		ID: d.ID, WebhookID: d.WebhookID, EventID: d.EventID, EventType: d.EventType, Status: d.Status, Attempts: d.Attempts,
		LastStatusCode: orNull(d.LastStatusCode), ErrorMessage: orNull(d.ErrorMessage), FirstAttemptAt: d.FirstAttemptAt,
		LastAttemptAt: d.LastAttemptAt, NextAttemptAt: d.NextAttemptAt, FinishedAt: d.FinishedAt, CreatedAt: d.CreatedAt,
	}
}

type listDeliveriesInput struct {
	PathID
	PageQuery
	Status    core.DeliveryStatus `query:"status" enum:"pending,delivered,failed"`
	EventType core.EventType      `query:"event_type" maxLength:"100" example:"job.failed"`
}

type redeliverInput struct {
	PathID
	DeliveryID string `path:"delivery_id" doc:"The delivery's id."`
}

type deliveryOutput struct{ Body delivery }

func (s *api) registerDeliveries() {
	register(s, operation{
		id: "listDeliveries", method: http.MethodGet, path: "/v1/webhooks/{id}/deliveries", tag: "webhooks", summary: "List what a webhook was sent, or is to be",
		errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, a core.Actor, in *listDeliveriesInput) (*listOutput[delivery], error) {
		f := core.DeliveryFilter{WebhookID: core.WebhookID(in.ID), Status: in.Status, EventType: in.EventType}
		p, err := s.app.Webhooks.Deliveries(ctx, a, f, in.request())
		return listed(p, viewDelivery, err)
	})
	register(s, operation{
		id: "redeliver", once: true, method: http.MethodPost, path: "/v1/webhooks/{id}/deliveries/{delivery_id}/redeliver", tag: "webhooks",
		summary: "Deliver again", description: "With the same id and body; it is retried for 24 hours as if it were new. 409 while it is pending or the webhook is turned off.",
		status: http.StatusAccepted, errors: []int{http.StatusForbidden, http.StatusConflict},
	}, func(ctx context.Context, a core.Actor, in *redeliverInput) (*deliveryOutput, error) {
		d, err := s.app.Webhooks.Redeliver(ctx, a, core.WebhookID(in.ID), core.DeliveryID(in.DeliveryID))
		if err != nil {
			return nil, err
		}
		return &deliveryOutput{Body: viewDelivery(d)}, nil
	})
}
