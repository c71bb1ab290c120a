package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// syncRun is one attempt at a JobSync.
type syncRun struct {
	Config
	run    *Run
	conn   Connector
	vendor string
	caps   ConnectorCapabilities
	i      *Integration // as it was at the beginning
	input  syncInput
	point  SyncCheckpoint

	mu       sync.Mutex // guards what follows: items are worked on side by side
	settled  int        // items that this attempt has settled
	total    int        // items that it knows of
	newest   *time.Time
	down     int  // items in a row that the vendor failed on
	believed bool // a 404 was confirmed with a token that works
}

// runSync brings an integration's items into documents.
func (c Config) runSync(ctx context.Context, r *Run) error {
	s, err := c.newSyncRun(ctx, r)
	if err != nil {
		return err
	}
	if err := s.work(ctx); err != nil {
		if ctx.Err() != nil || errors.Is(err, ErrLeaseLost) {
			return err
		}
		return s.failed(ctx, err)
	}
	return nil
}

func (c Config) newSyncRun(ctx context.Context, r *Run) (*syncRun, error) {
	job := r.Job()
	s := &syncRun{Config: c, run: r}
	if err := json.Unmarshal(job.Input, &s.input); err != nil {
		return nil, fmt.Errorf("read a sync's input: %w", err)
	}
	i, err := c.Store.Tenant(r.Tenant()).Read().Integrations.Get(ctx, IntegrationID(job.RelatedID))
	if err != nil {
		return nil, err
	}
	if s.conn, err = c.connectorOf(i.Type); err != nil {
		return nil, err
	}
	s.i, s.caps = i, s.conn.Capabilities()
	s.vendor = s.caps.Name
	if i.Status == IntegrationRevoked {
		return nil, Conflict(s.vendor + " refuses the integration's token; connect it anew, then sync")
	}
	s.point = s.start(job)
	return s, nil
}

// syncOverlap is asked for again before the last edit that is known: clocks differ,
// vendors round and their indexes lag.
const syncOverlap = 10 * time.Minute

// start returns where the job goes on, or begins.
func (s *syncRun) start(job Job) SyncCheckpoint {
	if p := s.i.Sync.Running; p.JobID == job.ID && p.Run == job.Run {
		return p
	}
	p := SyncCheckpoint{JobID: job.ID, Run: job.Run, Full: s.input.Full, Scope: s.i.scope()}
	state := s.i.Sync
	aged := state.FullAt == nil || s.now().Sub(*state.FullAt) > fullEvery
	if state.Since == nil || state.Scope != p.Scope || !s.caps.Incremental || s.input.Scheduled && aged {
		p.Full = true
	}
	if !p.Full {
		p.Since = new(state.Since.Add(-syncOverlap - s.caps.EditGrain))
	}
	return p
}

func (s *syncRun) work(ctx context.Context) error {
	if len(s.input.ItemIDs) > 0 {
		if err := s.chosen(ctx, s.input.ItemIDs); err != nil {
			return err
		}
	} else {
		if err := s.list(ctx); err != nil {
			return err
		}
		if err := s.again(ctx); err != nil {
			return err
		}
		if err := s.missing(ctx); err != nil {
			return err
		}
	}
	if held, err := s.remove(ctx); held || err != nil {
		return err
	}
	return s.finish(ctx)
}

// list goes through the listing from where the checkpoint stands.
func (s *syncRun) list(ctx context.Context) error {
	for !s.point.Listed {
		access, err := s.access(ctx, s.run.Tenant(), s.i.ID)
		if err != nil {
			return err
		}
		r := ListRequest{Cursor: s.point.Cursor}
		if s.point.Since != nil {
			r.Since = *s.point.Since
		}
		page, err := s.conn.List(ctx, access, r)
		if err != nil {
			return err
		}
		if page.Next != "" && page.Next == s.point.Cursor {
			return s.broken("repeats a page of its listing")
		}
		if err := s.page(ctx, page.Items); err != nil {
			return err
		}
		s.point.Cursor, s.point.Listed, s.point.Pages = page.Next, page.Next == "", s.point.Pages+1
		s.point.lacks(page.Incomplete)
		if err := s.save(ctx); err != nil {
			return err
		}
	}
	return nil
}

// maxIncomplete bounds, in bytes, what is said of a listing's gaps; the next run names
// the others.
const maxIncomplete = 1000

// lacks adds a reason why the listing may not be whole; "" is none.
func (p *SyncCheckpoint) lacks(why string) {
	if why == "" || strings.Contains(p.Incomplete, why) || len(p.Incomplete) > maxIncomplete {
		return
	}
	if p.Incomplete != "" {
		p.Incomplete += "; "
	}
	p.Incomplete += why
}

func (s *syncRun) broken(does string) error {
	what := s.vendor + " " + does
	return &Error{
		Code: CodeIntegration, Message: what + "; the sync is tried again from there",
		Details: UpstreamDetails{IntegrationType: s.i.Type, Reason: ReasonBroken, What: what},
	}
}

// save keeps the checkpoint, unless the job lists nothing.
func (s *syncRun) save(ctx context.Context) error {
	if len(s.input.ItemIDs) > 0 {
		return nil
	}
	if s.newest != nil && (s.point.Newest == nil || s.newest.After(*s.point.Newest)) {
		s.point.Newest = s.newest
	}
	return s.run.Do(ctx, func(ctx context.Context, tx Tx) error {
		i, err := tx.Integrations.GetForUpdate(ctx, s.i.ID)
		if err != nil {
			return err
		}
		i.Sync.Running = s.point
		return tx.Integrations.Update(ctx, i)
	})
}

// chosen settles items by their ids alone.
func (s *syncRun) chosen(ctx context.Context, ids []string) error {
	items := make([]Item, len(ids))
	for k, id := range ids {
		items[k] = Item{ID: id, Title: id}
	}
	return s.side(ctx, items, func(ctx context.Context, item Item) error { return s.fetch(ctx, item, nil) })
}

// again tries what failed in the sync before: it may not have changed since, so that
// no listing names it.
func (s *syncRun) again(ctx context.Context) error {
	last := s.i.Sync.LastJob
	if last == "" || last == s.run.Job().ID || s.point.Full {
		return nil
	}
	read := s.Store.Tenant(s.run.Tenant()).Read().JobItems
	seek := Seek{Limit: MaxPageLimit}
	for {
		failed, err := read.List(ctx, last, JobItemFailed, seek)
		if err != nil {
			return err
		}
		var ids []string
		for _, f := range failed {
			known, err := s.known(ctx, f.Item)
			if err != nil {
				return err
			}
			if !known {
				ids = append(ids, f.Item)
			}
		}
		if err := s.chosen(ctx, ids); err != nil {
			return err
		}
		if len(failed) < seek.Limit {
			return nil
		}
		end := failed[len(failed)-1]
		seek.After = &Key{At: end.CreatedAt, ID: string(end.ID)}
	}
}

// known reports whether this job has settled an item already.
func (s *syncRun) known(ctx context.Context, external string) (bool, error) {
	it, err := s.Store.Tenant(s.run.Tenant()).Read().JobItems.Get(ctx, s.run.Job().ID, external)
	if CodeOf(err) == CodeNotFound {
		return false, nil
	}
	return err == nil && it.State != JobItemPending && it.State != JobItemFailed, err
}

// failed tells of an attempt that ended early, in the integration too.
func (s *syncRun) failed(ctx context.Context, err error) error {
	access, openErr := s.openAccess(ctx, s.run.Tenant(), s.i)
	if ReasonOf(err) == ReasonToken && openErr == nil {
		return s.noteRefusal(ctx, s.run.Tenant(), s.i.ID, s.conn, access, err)
	}
	err = s.noteFailure(ctx, s.run.Tenant(), s.i.ID, err)
	// An attempt that got on is no failed one: a long sync may meet a vendor's limits
	// more often than a job may fail.
	if e := AsError(err); s.settled > 0 && Retryable(err) && ReasonOf(err) != "" && e.RetryAfter <= patience {
		waits := *e
		waits.RetryAfter = patience + time.Second
		return &waits
	}
	return err
}
