package core

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// syncWidth is how many items are fetched side by side; vendors allow a few calls a second.
const syncWidth = 4

// side works on items side by side and returns the first error that ends the attempt.
func (s *syncRun) side(ctx context.Context, items []Item, each func(ctx context.Context, item Item) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	slots := make(chan struct{}, syncWidth)
	var all sync.WaitGroup
	for _, item := range items {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-slots }()
			if err := each(ctx, item); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// page settles the items of one page of the listing. What is not new is not fetched, nor
// what publishing has made: a summary of it would be one of a summary.
func (s *syncRun) page(ctx context.Context, items []Item) error {
	ours, err := s.published(ctx, items)
	if err != nil {
		return err
	}
	var decided []JobItem
	var rest []Item
	seen := map[string]bool{}
	for _, item := range items {
		if seen[item.ID] {
			continue
		}
		seen[item.ID] = true
		s.total++
		known, err := s.known(ctx, item.ID)
		if err != nil {
			return err
		}
		s.note(item)
		if known {
			continue
		}
		d, err := s.document(ctx, item.ID)
		if err != nil {
			return err
		}
		if d == nil && ours[item.ID] {
			decided = append(decided, s.item(item, JobItemSkipped, "docsctl published it; choose it by its id to import it all the same", nil))
			continue
		}
		if d != nil && item.State == RemotePresent && item.Version != "" && item.Version == d.ExternalVersion && d.Status == DocumentActive {
			decided = append(decided, s.item(item, JobItemUnchanged, "", d))
			continue
		}
		rest = append(rest, item)
	}
	if len(decided) > 0 {
		if err := s.put(ctx, decided...); err != nil {
			return err
		}
	}
	return s.side(ctx, rest, func(ctx context.Context, item Item) error {
		if item.State == RemoteTrashed || item.State == RemoteArchived {
			return s.settle(ctx, &Fetched{Item: item})
		}
		return s.fetch(ctx, item, &item)
	})
}

// published returns which items are pages that publishing has made.
func (s *syncRun) published(ctx context.Context, items []Item) (map[string]bool, error) {
	ids := make([]string, len(items))
	for k, item := range items {
		ids[k] = item.ID
	}
	pages, err := s.Store.Tenant(s.run.Tenant()).Read().PublishedPages.ListByRemoteID(ctx, s.i.ID, ids)
	ours := map[string]bool{}
	for _, p := range pages {
		ours[p.RemoteID] = ours[p.RemoteID] || p.isOurs()
	}
	return ours, err
}

// note remembers the last edit that was seen.
func (s *syncRun) note(item Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !item.LastEdited.IsZero() && (s.newest == nil || item.LastEdited.After(*s.newest)) {
		s.newest = cutTime(&item.LastEdited)
	}
}

// document returns the document of an item, without its content, or nil.
func (s *syncRun) document(ctx context.Context, external string) (*Document, error) {
	found, err := s.Store.Tenant(s.run.Tenant()).Read().Documents.List(ctx, DocumentFilter{IntegrationID: s.i.ID, ExternalID: external}, Seek{Limit: 1})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func (s *syncRun) item(item Item, state JobItemState, reason string, d *Document) JobItem {
	at := s.now()
	j := JobItem{
		ID: NewID[JobItemID](), JobID: s.run.Job().ID, Item: item.ID, Title: cutRunes(clean(item.Title), MaxTitleChars),
		State: state, Reason: reason, CreatedAt: at, UpdatedAt: at,
	}
	if d != nil {
		j.ResultID = string(d.ID)
	}
	return j
}

// clean drops what no store keeps.
func clean(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "") }

// put accounts for items that change no document.
func (s *syncRun) put(ctx context.Context, items ...JobItem) error {
	err := s.run.Do(ctx, func(ctx context.Context, tx Tx) error { return tx.JobItems.Put(ctx, items) })
	s.got(ctx, err, len(items))
	return err
}

// got counts what was settled, and tells of it.
func (s *syncRun) got(ctx context.Context, err error, n int) {
	if err != nil {
		return
	}
	s.mu.Lock()
	s.settled += n
	done, total := s.settled, s.total
	s.mu.Unlock()
	s.run.Progress(ctx, Progress{Done: done, Total: max(done, total) + 1, Message: fmt.Sprintf("%s: %d items", s.vendor, done)})
}
