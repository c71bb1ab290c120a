package core

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of how webhooks are worked on.
const (
	webhookLeaseMost  = 10 * time.Second // of who works on one, and a third of a job's; it is renewed during a turn
	webhookTurn       = 5 * time.Second  // then it waits behind the others
	webhookLanes      = 4                // messages to one receiver at a time
	webhookRead       = 200              // events in one transaction
	webhookBatch      = 64               // deliveries that are looked up at once
	maxPendingOfOne   = 10_000           // deliveries; the rest waits in the log
	webhookNoteTime   = 10 * time.Second // in which a result is stored even when the process stops
	webhookRetries    = 24 * time.Hour   // from the first attempt to the last
	webhookRetryBase  = 5 * time.Second  // the pause after a first attempt is up to this
	webhookRetryMost  = 30 * time.Minute
	webhookPauseBase  = time.Second // the pause of a receiver that is not heard of, likewise
	webhookPauseMost  = 5 * time.Minute
	webhookDisableDay = 24 * time.Hour // without any success turns it off
)

// webhookLease is how long a webhook is not worked on when a process is killed. A
// process renews it after each third of it.
func (c Config) webhookLease() time.Duration { return min(webhookLeaseMost, c.JobLease/3) }

// ClaimWebhooks leases up to limit webhooks that have something to do.
func (w *WorkService) ClaimWebhooks(ctx context.Context, limit int) ([]WebhookClaim, error) {
	if _, none := w.cfg.Webhooks.(absentWebhooks); none {
		return nil, nil
	}
	return w.cfg.Store.System().WebhookWork(ctx, WebhookWorkRequest{
		At: w.cfg.now(), Limit: limit, TTL: w.cfg.webhookLease(), MaxPending: maxPendingOfOne,
	})
}

// RunWebhook gives a claimed webhook its turn: it reads the log on from the webhook's
// place, and sends what is due, until there is nothing to do or the turn is over. When
// ctx ends it starts no message more; one that is cut off is sent again later.
func (w *WorkService) RunWebhook(ctx context.Context, c WebhookClaim) error {
	r := &webhookRun{cfg: w.cfg, claim: c, read: w.cfg.Store.Tenant(c.Tenant).Read()}
	defer r.release(ctx)
	defer r.keep(ctx)()
	turn, cancel := context.WithTimeout(ctx, webhookTurn)
	defer cancel()
	for turn.Err() == nil {
		if err := r.hold(ctx); err != nil {
			return r.explain(ctx, err)
		}
		read, err := r.readLog(ctx)
		if err != nil {
			return r.explain(ctx, err)
		}
		sent, err := r.sendDue(ctx, turn)
		if err != nil || read+sent == 0 || r.over.Load() {
			return r.explain(ctx, err)
		}
	}
	return nil
}

// webhookRun is one turn of a webhook. Nothing of it happens in a transaction but
// what its name says.
type webhookRun struct {
	cfg   Config
	claim WebhookClaim
	read  Readers

	hook    Webhook // as it was at the beginning of the round
	place   Position
	secrets []Secret
	over    atomic.Bool // the receiver is not to be called now, or by somebody else
}

// explain returns nil for what is nobody's mistake.
func (r *webhookRun) explain(ctx context.Context, err error) error {
	if ctx.Err() == nil && !errors.Is(err, ErrLeaseLost) {
		return err
	}
	return nil
}

// keep renews the lease until stop is called: also while the result of a last message
// is stored after ctx has ended. When the lease is another's, no message more is begun.
func (r *webhookRun) keep(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var beats sync.WaitGroup
	beats.Go(func() {
		tick := time.NewTicker(r.cfg.webhookLease() / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			switch err := r.renew(ctx, r.cfg.webhookLease()); {
			case errors.Is(err, ErrLeaseLost):
				r.over.Store(true)
				return
			case err != nil && ctx.Err() == nil:
				r.cfg.Logger.WarnContext(ctx, "a webhook's lease could not be renewed; trying again", slog.Any("error", err))
			}
		}
	})
	return func() { cancel(); beats.Wait() }
}

func (r *webhookRun) renew(ctx context.Context, ttl time.Duration) error {
	return r.cfg.change(ctx, r.claim.Tenant, func(ctx context.Context, tx Tx) error { return tx.Webhooks.Renew(ctx, r.claim, ttl) })
}

func (r *webhookRun) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), webhookNoteTime)
	defer cancel()
	err := r.renew(ctx, 0)
	if err != nil && !errors.Is(err, ErrLeaseLost) {
		r.cfg.Logger.WarnContext(ctx, "a webhook's lease was not given back; it ends by itself", slog.Any("error", err))
	}
}

// held runs fn with the webhook locked, if the claim still holds.
func (r *webhookRun) held(ctx context.Context, fn func(ctx context.Context, tx Tx, w *Webhook, p Position) error) error {
	return r.cfg.change(ctx, r.claim.Tenant, func(ctx context.Context, tx Tx) error {
		w, p, err := tx.Webhooks.Hold(ctx, r.claim)
		if err != nil {
			return err
		}
		return fn(ctx, tx, w, p)
	})
}

// hold reads how the webhook is now.
func (r *webhookRun) hold(ctx context.Context) error {
	err := r.held(ctx, func(_ context.Context, _ Tx, w *Webhook, p Position) error {
		r.hook, r.place = *w, p
		return nil
	})
	if err == nil && !r.hook.IsActive { // turned off since it was claimed
		err = ErrLeaseLost
	}
	if err != nil {
		return err
	}
	secrets, err := r.cfg.openWebhook(ctx, r.claim.Tenant, &r.hook)
	if err != nil {
		return errors.Join(err, r.rest(ctx))
	}
	r.secrets = secrets.reveal()
	return nil
}

// rest has a webhook whose secrets cannot be opened wait: this does not pass by itself.
func (r *webhookRun) rest(ctx context.Context) error {
	return r.held(ctx, func(ctx context.Context, tx Tx, w *Webhook, _ Position) error {
		w.PausedUntil = new(r.cfg.now().Add(webhookPauseMost))
		return tx.Webhooks.Update(ctx, w)
	})
}

// readLog makes deliveries of the next events, and returns how many events it read.
func (r *webhookRun) readLog(ctx context.Context) (int, error) {
	id := r.claim.WebhookID
	pending, err := r.read.Deliveries.Pending(ctx, id, maxPendingOfOne)
	if err != nil || pending >= maxPendingOfOne {
		return 0, err
	}
	events, err := r.read.Events.After(ctx, r.place, min(webhookRead, maxPendingOfOne-pending))
	if CodeOf(err) == CodeConflict {
		return 0, r.skip(ctx)
	}
	if err != nil || len(events) == 0 {
		return 0, err
	}
	deliveries := r.deliveriesOf(ctx, events)
	err = r.held(ctx, func(ctx context.Context, tx Tx, _ *Webhook, _ Position) error {
		if err := tx.Deliveries.Add(ctx, deliveries); err != nil {
			return err
		}
		return tx.Webhooks.Advance(ctx, id, events[len(events)-1].ID)
	})
	return len(events), err
}

func (r *webhookRun) deliveriesOf(ctx context.Context, events []Event) []Delivery {
	var all []Delivery
	at := r.cfg.now()
	for _, e := range events {
		if !r.hook.wants(e.Type) {
			continue
		}
		body, err := r.cfg.EncodeEvent(e)
		if err != nil {
			r.cfg.Logger.ErrorContext(ctx, "an event's data cannot be read; no webhook is told", slog.String("event", string(e.ID)), slog.Any("error", err))
			continue
		}
		all = append(all, newDelivery(r.claim.WebhookID, e, body, at))
	}
	return all
}

func (w *Webhook) wants(t EventType) bool {
	for _, topic := range w.Topics {
		if topic == t.Topic() {
			return true
		}
	}
	return false
}

// skip goes on behind what can no longer be read, and says so. Of this log the oldest
// events that are left follow; those of another log, such as one that was restored from
// a backup, would have been told under other ids, so it goes on at that log's end.
func (r *webhookRun) skip(ctx context.Context) error {
	log, err := r.read.Events.State(ctx)
	if err != nil {
		return err
	}
	to := log.Last
	if r.place.Epoch() == log.Epoch {
		to = log.First
	}
	return r.held(ctx, func(ctx context.Context, tx Tx, w *Webhook, _ Position) error {
		at := r.cfg.now()
		w.EventsMissedAt, w.UpdatedAt = &at, at
		if err := tx.Webhooks.Update(ctx, w); err != nil {
			return err
		}
		r.cfg.audit(tx, Actor{tenant: r.claim.Tenant}, AuditWebhookEventsMissed, string(w.ID), nil)
		tx.Append(EventWebhookMissed, at, w.notice())
		return tx.Webhooks.Advance(ctx, w.ID, to)
	})
}

// sendDue sends a batch of what is due, some at a time, and returns how many were
// tried. It starts none once turn or ctx has ended or the receiver asks for a pause.
func (r *webhookRun) sendDue(ctx, turn context.Context) (int, error) {
	due, err := r.read.Deliveries.Due(ctx, r.claim.WebhookID, r.cfg.now(), webhookBatch)
	if err != nil {
		return 0, err
	}
	var lanes sync.WaitGroup
	var next atomic.Int64
	failed := make(chan error, webhookLanes)
	for range min(webhookLanes, len(due)) {
		lanes.Go(func() { // ends with the batch
			for !r.over.Load() && turn.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= len(due) {
					return
				}
				if err := r.send(ctx, &due[n]); err != nil {
					r.over.Store(true)
					failed <- err
					return
				}
			}
		})
	}
	lanes.Wait()
	close(failed)
	return len(due), <-failed
}

// send makes one attempt and stores what came of it.
func (r *webhookRun) send(ctx context.Context, d *Delivery) error {
	answer, err := r.cfg.Webhooks.Send(ctx, WebhookMessage{URL: r.hook.URL, ID: d.EventID, At: r.cfg.now(), Body: d.Body, Secrets: r.secrets})
	if ctx.Err() != nil { // the process stops: the receiver is not to blame
		return nil
	}
	pause := answer.silent() && !r.over.Swap(true) // once in a turn: lanes that fail together have failed once
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), webhookNoteTime)
	defer cancel()
	return r.held(ctx, func(ctx context.Context, tx Tx, w *Webhook, _ Position) error {
		at, tried := r.cfg.now(), *d
		tried.attempted(at, answer, err)
		if err := tx.Deliveries.Update(ctx, &tried); err != nil {
			return err
		}
		if !w.judge(&tried, at, answer, pause) {
			return nil
		}
		if w.UpdatedAt = at; !w.IsActive {
			r.cfg.audit(tx, Actor{tenant: r.claim.Tenant}, AuditWebhookDisabled, string(w.ID), map[string]any{"reason": w.DisabledReason})
			tx.Append(EventWebhookDisabled, at, w.notice())
		}
		return tx.Webhooks.Update(ctx, w)
	})
}
