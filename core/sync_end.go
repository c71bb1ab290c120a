package core

import (
	"context"
	"time"
)

// SyncResult is the Result of a sync job that has ended well.
type SyncResult struct {
	SyncCounts
	Full    bool   `json:"full"`              // everything was listed
	Warning string `json:"warning,omitempty"` // why the result may not be what was meant
}

// countsOf sums up a job's items; all of them were listed, or looked for.
func countsOf(counts map[JobItemState]int) SyncCounts {
	c := SyncCounts{
		Imported: counts[JobItemImported], Updated: counts[JobItemUpdated], Unchanged: counts[JobItemUnchanged],
		Deleted: counts[JobItemDeleted], Skipped: counts[JobItemSkipped], Failed: counts[JobItemFailed],
	}
	c.Listed = c.Imported + c.Updated + c.Unchanged + c.Deleted + c.Skipped + c.Failed
	return c
}

// finish accounts for the sync, in the job and in its integration.
func (s *syncRun) finish(ctx context.Context) error {
	counts, err := s.Store.Tenant(s.run.Tenant()).Read().JobItems.Count(ctx, s.run.Job().ID)
	if err != nil {
		return err
	}
	listing := len(s.input.ItemIDs) == 0
	result := SyncResult{SyncCounts: countsOf(counts), Full: s.point.Full && listing}
	switch {
	case listing && s.point.Incomplete != "":
		result.Warning = s.point.Incomplete + "; nothing was deleted, and the next sync lists it again"
	case result.Full && result.Listed == 0:
		result.Warning = s.nothing()
	}
	return s.run.Complete(ctx, result, func(ctx context.Context, tx Tx) error {
		i, err := tx.Integrations.GetForUpdate(ctx, s.i.ID)
		if err != nil {
			return err
		}
		s.conclude(i, result, listing)
		return s.updateIntegration(ctx, tx, i)
	})
}

// nothing says why a listing is most likely empty.
func (s *syncRun) nothing() string {
	switch {
	case s.i.Type == IntegrationNotion:
		return "Notion listed nothing: no page is shared with the connection; open a page in Notion, choose Connections in its menu and add it"
	case s.i.Type == IntegrationConfluence && len(s.i.Config.Spaces) > 0:
		return "Confluence listed nothing: the spaces that were chosen have no page that this account may read; check their keys"
	case s.i.Type == IntegrationConfluence:
		return "Confluence listed nothing: this account may read no page; check its permissions and the token's scopes"
	default:
		return s.vendor + " listed nothing: the token's user may read no card; check the collections that they belong to"
	}
}

// conclude moves an integration on by a sync that has ended well.
func (s *syncRun) conclude(i *Integration, r SyncResult, listing bool) {
	at := s.now()
	i.LastSync, i.LastResult = &at, &r.SyncCounts
	if i.Status != IntegrationRevoked {
		i.Status, i.ErrorMessage = IntegrationConnected, ""
		if r.Warning != "" {
			i.Status, i.ErrorMessage = IntegrationError, r.Warning
		}
	}
	if !listing {
		return
	}
	if i.SyncInterval > 0 {
		i.NextSyncAt = new(at.Add(time.Duration(i.SyncInterval) * time.Minute))
	}
	i.Sync.Running, i.Sync.LastJob = SyncCheckpoint{}, ""
	if r.Failed > 0 {
		i.Sync.LastJob = s.run.Job().ID
	}
	if s.point.Incomplete != "" {
		return // what was not listed may hold older edits
	}
	i.Sync.Scope = s.point.Scope
	if s.point.Newest != nil && (i.Sync.Since == nil || s.point.Newest.After(*i.Sync.Since)) {
		i.Sync.Since = s.point.Newest
	}
	if s.point.Full {
		i.Sync.FullAt = &at
	}
}

// endSync gives the checkpoint of a job back that failed or was canceled.
func (c Config) endSync(ctx context.Context, tx Tx, j *Job) error {
	at := c.now()
	left := JobItem{State: JobItemCanceled, Reason: "the sync ended before it was decided", UpdatedAt: at}
	if _, err := tx.JobItems.Move(ctx, j.ID, JobItemPending, left); err != nil {
		return err
	}
	i, err := tx.Integrations.GetForUpdate(ctx, IntegrationID(j.RelatedID))
	if CodeOf(err) == CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if i.Sync.Running.JobID == j.ID {
		i.Sync.Running = SyncCheckpoint{}
	}
	if j.Status != JobFailed || i.Status == IntegrationRevoked {
		return tx.Integrations.Update(ctx, i)
	}
	i.Status, i.ErrorMessage = IntegrationError, j.ErrorMessage
	return c.updateIntegration(ctx, tx, i)
}

// restartSync has a job list again, from the beginning.
func (c Config) restartSync(ctx context.Context, tx Tx, j *Job) error {
	i, err := tx.Integrations.GetForUpdate(ctx, IntegrationID(j.RelatedID))
	if CodeOf(err) == CodeNotFound {
		return Conflict("its integration was disconnected; connect it and sync")
	}
	if err != nil {
		return err
	}
	if err := c.syncUnderWay(ctx, tx, i); err != nil {
		return err
	}
	i.Sync.Running = SyncCheckpoint{JobID: j.ID}
	return tx.Integrations.Update(ctx, i)
}
