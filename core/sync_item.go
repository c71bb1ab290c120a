package core

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
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

// page settles the items of one page of the listing. What is not new is not fetched.
func (s *syncRun) page(ctx context.Context, items []Item) error {
	var same []JobItem
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
		if d != nil && item.State == RemotePresent && item.Version != "" && item.Version == d.ExternalVersion && d.Status == DocumentActive {
			same = append(same, s.item(item, JobItemUnchanged, "", d))
			continue
		}
		rest = append(rest, item)
	}
	if len(same) > 0 {
		if err := s.put(ctx, same...); err != nil {
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

// fetch settles an item by its text as it is now.
func (s *syncRun) fetch(ctx context.Context, item Item, listed *Item) error {
	access, err := s.access(ctx, s.run.Tenant(), s.i.ID)
	if err != nil {
		return err
	}
	f, err := s.conn.Fetch(ctx, access, item.ID, listed)
	if err != nil {
		return s.unfetched(ctx, item, err)
	}
	s.mu.Lock()
	s.down = 0
	s.mu.Unlock()
	f.ID = item.ID
	return s.settle(ctx, f)
}

// downAtMost is how many items in a row a vendor may fail on before the attempt ends:
// one page can be what breaks it, many are not.
const downAtMost = 5

// unfetched decides what a failed fetch means for the item, or returns the error when
// it means the end of the attempt.
func (s *syncRun) unfetched(ctx context.Context, item Item, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch ReasonOf(err) {
	case ReasonToken, ReasonLimited, ReasonOpen:
		return err
	case ReasonDown:
		s.mu.Lock()
		s.down++
		down := s.down
		s.mu.Unlock()
		if down >= downAtMost {
			return err
		}
	case ReasonGone:
		return s.gone(ctx, item)
	case ReasonForbidden:
		return s.unreadable(ctx, item, "it may no longer be read with this token")
	case "":
		if CodeOf(err) != CodePayloadTooLarge {
			return err // ours, such as the store's
		}
	default:
	}
	e := AsError(err)
	reason := e.Message
	if d, ok := e.Details.(UpstreamDetails); ok && d.UpstreamRequestID != "" {
		reason += " (" + s.vendor + "'s request " + d.UpstreamRequestID + ")"
	}
	j := s.item(item, JobItemFailed, clean(reason), nil)
	j.Code = e.Code
	return s.put(ctx, j)
}

// gone believes that an item is not there once a call with the same token has worked.
func (s *syncRun) gone(ctx context.Context, item Item) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.believed {
		access, err := s.access(ctx, s.run.Tenant(), s.i.ID)
		if err == nil {
			_, err = s.conn.Verify(ctx, access)
		}
		if err != nil {
			return err
		}
		s.believed = true
	}
	s.mu.Unlock()
	defer s.mu.Lock()
	d, err := s.document(ctx, item.ID)
	if err != nil {
		return err
	}
	const reason = "it was deleted for good, or is no longer shared with this integration"
	if d == nil {
		return s.put(ctx, s.item(item, JobItemSkipped, reason, nil))
	}
	return s.put(ctx, s.item(item, JobItemPending, reason, d)) // remove decides
}

// unreadable keeps a document whose item is there and not to be had, and says so.
func (s *syncRun) unreadable(ctx context.Context, item Item, reason string) error {
	d, err := s.document(ctx, item.ID)
	if err != nil {
		return err
	}
	j := s.item(item, JobItemSkipped, reason, d)
	if d == nil {
		return s.put(ctx, j)
	}
	err = s.run.Do(ctx, func(ctx context.Context, tx Tx) error {
		whole, err := tx.Documents.GetForUpdate(ctx, d.ID)
		if err != nil {
			return err
		}
		message := s.vendor + ": " + reason + "; its text is as it was before"
		if whole.Status != DocumentError || whole.ErrorMessage != message {
			whole.Status, whole.ErrorMessage = DocumentError, message
			if err := s.update(ctx, tx, whole); err != nil {
				return err
			}
		}
		return tx.JobItems.Put(ctx, []JobItem{j})
	})
	s.got(ctx, err, 1)
	return err
}

func (s *syncRun) update(ctx context.Context, tx Tx, d *Document) error {
	d.Revision++
	d.UpdatedAt = s.now()
	if err := tx.Documents.Update(ctx, d); err != nil {
		return err
	}
	tx.Append(EventDocumentUpdated, d.UpdatedAt, d.withoutContent())
	return nil
}

// settle brings an item into its document and accounts for it, in one transaction.
func (s *syncRun) settle(ctx context.Context, f *Fetched) error {
	d, err := s.document(ctx, f.ID)
	if err != nil {
		return err
	}
	switch f.State {
	case RemoteTrashed:
		if d == nil {
			return s.put(ctx, s.item(f.Item, JobItemSkipped, "it is in the trash", nil))
		}
		return s.put(ctx, s.item(f.Item, JobItemPending, "it was put into the trash", d))
	case RemoteArchived:
		return s.unreadable(ctx, f.Item, "it was archived")
	default:
	}
	text := clean(f.Markdown)
	switch {
	case len(text) > MaxContentBytes:
		j := s.item(f.Item, JobItemFailed, "its text is longer than 20 MB; divide it", d)
		j.Code = CodePayloadTooLarge
		return s.put(ctx, j)
	case d == nil && strings.TrimSpace(text) == "":
		return s.put(ctx, s.item(f.Item, JobItemSkipped, "it has no text", nil))
	}
	err = s.run.Do(ctx, func(ctx context.Context, tx Tx) error {
		state, stored, err := s.store(ctx, tx, d, f, text)
		if err != nil {
			return err
		}
		return tx.JobItems.Put(ctx, []JobItem{s.item(f.Item, state, "", stored)})
	})
	s.got(ctx, err, 1)
	return err
}

// store makes or updates the document of an item.
func (s *syncRun) store(ctx context.Context, tx Tx, known *Document, f *Fetched, text string) (JobItemState, *Document, error) {
	if known == nil {
		d := s.newDocument(f, text)
		if err := tx.Documents.Create(ctx, d); err != nil {
			return "", nil, err
		}
		tx.Append(EventDocumentCreated, d.CreatedAt, d.withoutContent())
		return JobItemImported, d, nil
	}
	d, err := tx.Documents.GetForUpdate(ctx, known.ID)
	if err != nil {
		return "", nil, err
	}
	was := *d
	s.describe(d, f)
	if text != d.Content {
		d.setContent(text, Pages{})
		d.Version++
	}
	changed := d.Version != was.Version || d.Title != was.Title || d.SourceURL != was.SourceURL || was.Status != DocumentActive ||
		!slices.Equal(d.ConversionWarnings, was.ConversionWarnings)
	switch {
	case changed:
		err := s.update(ctx, tx, d)
		if err == nil && d.Version != was.Version {
			err = s.outdated(ctx, tx, d)
		}
		return JobItemUpdated, d, err
	case d.ExternalVersion != was.ExternalVersion || !sameTime(d.ExternalLastUpdated, was.ExternalLastUpdated):
		d.Revision++ // nothing for anybody to hear of
		return JobItemUnchanged, d, tx.Documents.Update(ctx, d)
	}
	return JobItemUnchanged, d, nil
}

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

func (s *syncRun) newDocument(f *Fetched, text string) *Document {
	at := s.now()
	d := &Document{
		ID: NewID[DocumentID](), OrgID: s.i.OrgID, UserID: s.i.UserID, SourceType: SourceType(s.i.Type), ExternalID: f.ID,
		IntegrationID: &s.i.ID, MimeType: "text/markdown", Version: 1, Revision: 1, CreatedAt: at, UpdatedAt: at,
	}
	s.describe(d, f)
	d.setContent(text, Pages{})
	return d
}

// describe takes over what the vendor says about an item.
func (s *syncRun) describe(d *Document, f *Fetched) {
	d.Title = cutRunes(strings.TrimSpace(clean(f.Title)), MaxTitleChars)
	if d.Title == "" {
		d.Title = "Untitled"
	}
	d.SourceURL, d.Status, d.ErrorMessage = f.URL, DocumentActive, ""
	d.ConversionWarnings = []string{}
	for _, w := range f.Warnings {
		d.ConversionWarnings = append(d.ConversionWarnings, clean(w))
	}
	d.ExternalVersion, d.ExternalLastUpdated = f.Version, nil
	if !f.LastEdited.IsZero() {
		d.ExternalLastUpdated = cutTime(&f.LastEdited)
		if s.caps.EditGrain > 0 && s.now().Sub(f.LastEdited) < 2*s.caps.EditGrain {
			d.ExternalVersion = "" // another edit may get the same one
		}
	}
}
