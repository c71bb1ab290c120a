package core

import (
	"context"
	"fmt"
)

// missing looks for the documents that a whole listing did not name. Each is asked for
// by itself, so that a listing that was wrong deletes nothing.
func (s *syncRun) missing(ctx context.Context) error {
	if !s.point.Full || s.point.Incomplete != "" || s.point.Checked {
		return nil
	}
	read := s.Store.Tenant(s.run.Tenant()).Read().Documents
	for {
		seek := Seek{Limit: MaxPageLimit, After: s.point.Missing}
		docs, err := read.List(ctx, DocumentFilter{IntegrationID: s.i.ID}, seek)
		if err != nil {
			return err
		}
		var unlisted []Item
		for _, d := range docs {
			it, err := s.Store.Tenant(s.run.Tenant()).Read().JobItems.Get(ctx, s.run.Job().ID, d.ExternalID)
			if err != nil && CodeOf(err) != CodeNotFound {
				return err
			}
			if it == nil {
				unlisted = append(unlisted, Item{ID: d.ExternalID, Title: d.Title})
			}
		}
		err = s.side(ctx, unlisted, func(ctx context.Context, item Item) error { return s.fetch(ctx, item, nil) })
		if err != nil {
			return err
		}
		if len(docs) > 0 {
			s.point.Missing = new(documentKey(docs[len(docs)-1]))
		}
		s.point.Checked = len(docs) < seek.Limit
		if err := s.save(ctx); err != nil || s.point.Checked {
			return err
		}
	}
}

// Deletions beyond these wait for a person: a token that sees less, or somebody's
// mistake at the vendor, must not empty the organization.
const (
	removeAtMost  = 100
	removePercent = 20
)

// remove deletes the documents of the items that are gone, or has the job wait for a
// person when they are many. held says that it waits.
func (s *syncRun) remove(ctx context.Context) (held bool, err error) {
	job := s.run.Job()
	counts, err := s.Store.Tenant(s.run.Tenant()).Read().JobItems.Count(ctx, job.ID)
	if err != nil {
		return false, err
	}
	n := counts[JobItemPending]
	if n > 1 && job.ConfirmedAt == nil {
		total, err := s.documents(ctx)
		if err != nil {
			return false, err
		}
		if n > removeAtMost || n*100 > total*removePercent {
			sentence := fmt.Sprintf("%d of %d documents are gone at %s; confirm the job to delete them here, or cancel it", n, total, s.vendor)
			result := map[string]any{"to_delete": n, "of": total, "counts": countsOf(counts)}
			return true, s.run.AwaitConfirmation(ctx, result, sentence, nil)
		}
	}
	for n > 0 {
		if n, err = s.removeSome(ctx); err != nil {
			return false, err
		}
	}
	return false, nil
}

// documents counts those of the integration.
func (s *syncRun) documents(ctx context.Context) (int, error) {
	total, seek := 0, Seek{Limit: MaxPageLimit}
	for {
		docs, err := s.Store.Tenant(s.run.Tenant()).Read().Documents.List(ctx, DocumentFilter{IntegrationID: s.i.ID}, seek)
		if err != nil {
			return 0, err
		}
		if total += len(docs); len(docs) < seek.Limit {
			return total, nil
		}
		seek.After = new(documentKey(docs[len(docs)-1]))
	}
}

// removeBatch bounds a transaction.
const removeBatch = 20

// removeSome deletes some of the documents that are to go, and returns how many there were.
func (s *syncRun) removeSome(ctx context.Context) (int, error) {
	n := 0
	err := s.run.Do(ctx, func(ctx context.Context, tx Tx) error {
		items, err := tx.JobItems.List(ctx, s.run.Job().ID, JobItemPending, Seek{Limit: removeBatch})
		if err != nil {
			return err
		}
		n = len(items)
		for k := range items {
			if err := s.removeDocument(ctx, tx, DocumentID(items[k].ResultID)); err != nil && CodeOf(err) != CodeNotFound {
				return err
			}
			items[k].State, items[k].UpdatedAt = JobItemDeleted, s.now()
		}
		return tx.JobItems.Put(ctx, items)
	})
	return n, err
}

func (s *syncRun) removeDocument(ctx context.Context, tx Tx, id DocumentID) error {
	d, err := tx.Documents.GetForUpdate(ctx, id)
	if err != nil {
		return err
	}
	documents := &DocumentService{cfg: s.Config}
	return documents.remove(ctx, tx, NewActor(s.run.Tenant(), s.i.UserID, RoleMember), d)
}
