package core

import (
	"fmt"
	"net/http"
	"time"
)

// attempted notes an attempt in a delivery: what came of it, and when the next is.
func (d *Delivery) attempted(at time.Time, a WebhookAnswer, err error) {
	d.Attempts++
	d.LastAttemptAt, d.LastStatusCode, d.ErrorMessage = &at, a.Status, ""
	if d.FirstAttemptAt == nil {
		d.FirstAttemptAt = &at
	}
	last := d.FirstAttemptAt.Add(webhookRetries)
	switch {
	case err == nil && a.good():
		d.Status, d.NextAttemptAt, d.FinishedAt = DeliveryDelivered, nil, &at
		return
	case err != nil:
		d.ErrorMessage = AsError(err).Message
	default:
		d.ErrorMessage = fmt.Sprintf("the receiver answered %d", a.Status)
	}
	if a.Status == http.StatusGone || !at.Before(last) {
		d.Status, d.NextAttemptAt, d.FinishedAt = DeliveryFailed, nil, &at
		return
	}
	next := at.Add(max(a.RetryAfter.Truncate(time.Microsecond), jitter(d.Attempts, webhookRetryBase, webhookRetryMost)))
	if next.After(last) {
		next = last
	}
	d.NextAttemptAt = &next
}

func (a WebhookAnswer) good() bool { return a.Status >= 200 && a.Status < 300 }

// silent reports whether nothing was heard of the receiver itself, or it asks for a pause.
func (a WebhookAnswer) silent() bool {
	switch a.Status {
	case 0, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// judge notes an attempt in its webhook, and reports whether that changed it. With pause
// the receiver, of which nothing was heard, is left alone for a while, whatever else
// waits for it.
func (w *Webhook) judge(d *Delivery, at time.Time, a WebhookAnswer, pause bool) (changed bool) {
	switch {
	case !w.IsActive: // turned off meanwhile
		return false
	case d.Status == DeliveryDelivered:
		return w.recovered()
	case w.FailingSince == nil:
		w.FailingSince, changed = &at, true
	}
	switch {
	case a.Status == http.StatusGone:
		w.disable(at, "the receiver answered 410 Gone: it wants no more events")
	case d.Status == DeliveryFailed && at.Sub(*w.FailingSince) >= webhookDisableDay:
		w.disable(at, fmt.Sprintf("no delivery has succeeded since %s; of the last, %s", w.FailingSince.Format("2006-01-02 15:04 MST"), d.ErrorMessage))
	case pause:
		w.Failures++
		w.PausedUntil = new(at.Add(max(min(a.RetryAfter.Truncate(time.Microsecond), webhookRetries), jitter(w.Failures, webhookPauseBase, webhookPauseMost))))
	default:
		return changed
	}
	return true
}

// disable turns a webhook off by itself.
func (w *Webhook) disable(at time.Time, reason string) {
	w.IsActive, w.DisabledReason, w.DisabledAt, w.PausedUntil = false, reason, &at, nil
}
