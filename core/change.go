package core

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"
)

// change runs fn in one transaction of t and tells the bus after the commit. This
// file has the only callers of EventBus.Notify.
func (c Config) change(ctx context.Context, t Tenant, fn func(ctx context.Context, tx Tx) error) error {
	var out *Outbox
	err := c.Store.Tenant(t).InTx(ctx, func(ctx context.Context, tx Tx) error {
		out = tx.Outbox
		return fn(ctx, tx)
	})
	if err != nil {
		return err
	}
	c.announce(ctx, t, out)
	return nil
}

// changeLeased is change behind the fence of a lease.
func (c Config) changeLeased(ctx context.Context, l Lease, fn func(ctx context.Context, tx Tx) error) error {
	var out *Outbox
	err := c.Store.Tenant(l.Tenant).InLease(ctx, l, func(ctx context.Context, tx Tx) error {
		out = tx.Outbox
		return fn(ctx, tx)
	})
	if err != nil {
		return err
	}
	c.announce(ctx, l.Tenant, out)
	return nil
}

// changeAllLeased is change behind the fences of leases of one tenant; see
// TenantStore.InLeases. It returns nil and does nothing without leases.
func (c Config) changeAllLeased(ctx context.Context, leases []Lease, fn func(ctx context.Context, tx Tx, held []Lease) error) error {
	if len(leases) == 0 {
		return nil
	}
	var out *Outbox
	err := c.Store.Tenant(leases[0].Tenant).InLeases(ctx, leases, func(ctx context.Context, tx Tx, held []Lease) error {
		out = tx.Outbox
		return fn(ctx, tx, held)
	})
	if err != nil {
		return err
	}
	c.announce(ctx, leases[0].Tenant, out)
	return nil
}

// announce tells what a committed outbox means to others, each topic once.
func (c Config) announce(ctx context.Context, t Tenant, out *Outbox) {
	var notices []Notice
	seen := map[Topic]bool{}
	add := func(topic Topic) {
		if !seen[topic] {
			seen[topic] = true
			notices = append(notices, Notice{Topic: topic})
		}
	}
	if out.Revoked {
		c.forgetAccess(ctx, t)
		notices = append(notices, Notice{Topic: AccessTopic(), Body: []byte(t.OrgID())})
	}
	for _, id := range out.Canceled {
		notices = append(notices, Notice{Topic: CanceledTopic(), Body: []byte(id)})
	}
	for _, e := range out.Appended {
		add(FeedTopic(t))
		if e.Type == EventDocumentCreated || e.Type == EventDocumentUpdated {
			add(IndexTopic())
		}
	}
	for _, j := range out.Enqueued {
		add(WorkTopic(j.FirstQueue()))
	}
	for _, d := range out.Dispatched {
		add(WorkTopic(d.Queue))
	}
	c.tell(ctx, notices...)
	for i := range out.Told {
		if e := &out.Told[i]; c.pace.due(&e.Job, e.At) {
			c.tellEphemeral(ctx, t, e.Type, e.At, &e.Job)
		}
	}
}

// tell hands notices to the bus. What is told is in the store already, or is
// ephemeral, so a bus that is away costs latency and no more.
func (c Config) tell(ctx context.Context, notices ...Notice) {
	if len(notices) == 0 {
		return
	}
	if err := c.Bus.Notify(context.WithoutCancel(ctx), notices...); err != nil {
		c.Logger.WarnContext(ctx, "the bus did not take a notice; listeners will poll", slog.Any("error", err))
	}
}

// order hands over a notice whose loss the caller has to know of.
func (c Config) order(ctx context.Context, n Notice) error { return c.Bus.Notify(ctx, n) }

// tellEphemeral tells listeners of t's feed what is not worth storing.
func (c Config) tellEphemeral(ctx context.Context, t Tenant, typ EventType, at time.Time, data any) {
	raw, err := json.Marshal(data)
	if err == nil {
		raw, err = json.Marshal(Event{Type: typ, OrgID: t.OrgID(), At: at, Data: raw})
	}
	if err != nil {
		c.Logger.ErrorContext(ctx, "an ephemeral event has no JSON form", slog.Any("error", err))
		return
	}
	c.tell(ctx, Notice{Topic: FeedTopic(t), Body: raw})
}
