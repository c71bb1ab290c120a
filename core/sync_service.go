package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"slices"
	"time"
)

// SyncRequest says what a sync is to bring.
type SyncRequest struct {
	Full    bool     // list everything, and find out what is gone
	ItemIDs []string // import these and nothing else
}

const maxSyncItems = 1000

// Validate returns CodeValidation with every field that does not hold.
func (r SyncRequest) Validate() error {
	var v validation
	switch {
	case r.Full && len(r.ItemIDs) > 0:
		v.add("item_ids", "exclusive", "full and item_ids exclude each other; leave one out")
	case len(r.ItemIDs) > maxSyncItems:
		v.add("item_ids", "max_items", "item_ids has more than 1000 items; leave it out to sync all")
	}
	for _, id := range r.ItemIDs {
		if v.text("item_ids", id, 1, maxExternalID); v.err() != nil {
			break
		}
	}
	return v.err()
}

// syncInput is a sync job's Input.
type syncInput struct {
	Full      bool     `json:"full,omitempty"`
	Scheduled bool     `json:"scheduled,omitempty"`
	ItemIDs   []string `json:"item_ids,omitempty"`
}

// Sync enqueues a sync: of what changed since the last one, or as r says. It returns
// CodeConflict while one that lists is under way, and for a revoked integration.
func (s *IntegrationService) Sync(ctx context.Context, a Actor, id IntegrationID, r SyncRequest) (*Job, error) {
	if err := a.may(permCreate, ""); err != nil {
		return nil, err
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	var job *Job
	err := s.cfg.once(ctx, a, &job, func(ctx context.Context, tx Tx) error {
		i, err := tx.Integrations.GetForUpdate(ctx, id)
		if err != nil {
			return err
		}
		if _, err := s.cfg.connectorOf(i.Type); err != nil {
			return err
		}
		if i.Status == IntegrationRevoked {
			return Conflict("its token was revoked; connect it anew, then sync")
		}
		job, err = s.cfg.enqueueSync(ctx, tx, a, i, syncInput{Full: r.Full, ItemIDs: slices.Compact(slices.Sorted(slices.Values(r.ItemIDs)))})
		return err
	})
	if err != nil {
		return nil, err
	}
	return job, nil
}

// enqueueSync makes the job of a locked integration. Of jobs that list there is one at
// a time: it owns the checkpoint.
func (c Config) enqueueSync(ctx context.Context, tx Tx, a Actor, i *Integration, in syncInput) (*Job, error) {
	job := newJob(a, JobSync, string(i.ID), "integration", c.now())
	job.Input = mustJSON(in)
	if len(in.ItemIDs) == 0 {
		if err := c.syncUnderWay(ctx, tx, i); err != nil {
			return nil, err
		}
		i.Sync.Running = SyncCheckpoint{JobID: job.ID}
		if err := tx.Integrations.Update(ctx, i); err != nil {
			return nil, err
		}
	}
	tx.Enqueue(job)
	tx.Append(EventJobQueued, job.QueuedAt, &job)
	return &job, nil
}

// syncUnderWay returns CodeConflict while a job owns i's checkpoint.
func (c Config) syncUnderWay(ctx context.Context, tx Tx, i *Integration) error {
	if i.Sync.Running.JobID == "" {
		return nil
	}
	j, err := tx.Jobs.Get(ctx, i.Sync.Running.JobID)
	if CodeOf(err) == CodeNotFound || err == nil && j.Status.Ended() {
		return nil
	}
	if err != nil {
		return err
	}
	e := Conflict("a sync of this integration is under way; wait for its end or cancel its job")
	e.Details = map[string]any{"job_id": j.ID}
	return e
}

// scope names what a listing of i covers. Absence from a listing of another scope
// means nothing.
func (i *Integration) scope() string {
	spaces := slices.Sorted(slices.Values(i.Config.Spaces))
	names := []any{i.Type, i.Config.BaseURL, i.Config.CloudID, i.Config.Email, i.Config.Account, spaces}
	if i.Config.Workspace != "" { // of integrations that were connected before it was kept the scope stays
		names = append(names, i.Config.Workspace)
	}
	sum := sha256.Sum256(mustJSON(names))
	return hex.EncodeToString(sum[:8])
}

// fullEvery is how often a scheduled sync lists everything, which alone shows what is gone.
const fullEvery = 24 * time.Hour

// KeepIntegrations refreshes up to limit tokens that are about to end, and enqueues
// scheduled syncs that are due: each once, whichever process comes first. It returns
// how many integrations were looked at.
func (w *WorkService) KeepIntegrations(ctx context.Context, limit int) (int, error) {
	due, err := w.cfg.Store.System().DueIntegrations(ctx, w.cfg.now(), limit)
	if err != nil {
		return 0, err
	}
	for _, ref := range due {
		if err := w.keep(ctx, ref); err != nil && ctx.Err() == nil {
			w.cfg.Logger.WarnContext(ctx, "an integration could not be kept up", slog.String("org_id", string(ref.Tenant.OrgID())),
				slog.String("integration_id", string(ref.IntegrationID)), slog.Any("error", err))
		}
	}
	return len(due), nil
}

func (w *WorkService) keep(ctx context.Context, ref IntegrationRef) error {
	i, err := w.cfg.Store.Tenant(ref.Tenant).Read().Integrations.Get(ctx, ref.IntegrationID)
	if err != nil {
		return err
	}
	if _, err := w.cfg.fresh(ctx, ref.Tenant, i); err != nil {
		w.cfg.Logger.WarnContext(ctx, "a token could not be refreshed", slog.String("integration_id", string(i.ID)), slog.Any("error", err))
	}
	return w.cfg.change(ctx, ref.Tenant, func(ctx context.Context, tx Tx) error {
		i, err := tx.Integrations.GetForUpdate(ctx, ref.IntegrationID)
		if err != nil {
			return err
		}
		at := w.cfg.now()
		if i.Status != IntegrationRevoked && i.NextSyncAt != nil && !i.NextSyncAt.After(at) {
			i.NextSyncAt = new(at.Add(time.Duration(i.SyncInterval) * time.Minute))
			_, err := w.cfg.enqueueSync(ctx, tx, NewActor(ref.Tenant, i.UserID, RoleMember), i, syncInput{Scheduled: true})
			if err != nil && CodeOf(err) != CodeConflict {
				return err
			}
		}
		i.schedule(at)
		if i.DueAt != nil && !i.DueAt.After(at) { // what could not be done now is tried again in a minute
			i.DueAt = new(at.Add(time.Minute))
		}
		return tx.Integrations.Update(ctx, i)
	})
}
