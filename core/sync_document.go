package core

import (
	"context"
	"slices"
	"strings"
	"time"
)

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
