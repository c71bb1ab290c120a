package coretest

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/docsctl/docsctl/core"
)

// documentIDTwiceIsRefused also tells the two constraints apart: the sentence
// about external ids would send the reader looking for the wrong thing.
func documentIDTwiceIsRefused(s *scene) {
	o := s.org()
	d := o.NewDocument(s, func(d *core.Document) { d.ExternalID = "x" })
	same := o.document(func(x *core.Document) { x.ID, x.Title = d.ID, "Another" })
	err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Create(ctx, same) })
	if err == nil {
		s.Fatal("a second document with the same id was stored")
	}
	taken := o.document(func(x *core.Document) { x.ExternalID = "x" })
	conflict := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Create(ctx, taken) })
	wantCode(s, "a second document with the same external id", conflict, core.CodeConflict)
	if core.AsError(err).Message == core.AsError(conflict).Message {
		s.Errorf("the same sentence for a taken id and a taken external id: %s", core.AsError(err).Message)
	}
	o.wantDocument(s, "the first document", d)
}

func sameContentTwiceIsNoConflict(s *scene) {
	o := s.org()
	first, second := o.NewDocument(s), o.NewDocument(s)
	rows, err := o.Read().Documents.List(s.Context(), core.DocumentFilter{ContentHash: first.ContentHash}, everything)
	if must(s, "list by hash", rows, err); len(rows) != 2 {
		s.Errorf("list by content hash: got %d documents, want %s and %s", len(rows), first.ID, second.ID)
	}
}

func listHasNoContent(s *scene) {
	o := s.org()
	d := o.NewDocument(s, full)
	want := *d
	want.Content, want.Pages = "", core.Pages{}
	rows, err := o.Read().Documents.List(s.Context(), core.DocumentFilter{}, everything)
	wantSame(s, "list", must(s, "list", rows, err), []core.Document{want})
}

// after returns the seek that goes on behind the last of rows.
func after[T any](rows []T, limit int, key func(T) core.Key) core.Seek {
	if len(rows) == 0 {
		return core.Seek{Limit: limit}
	}
	return core.Seek{Limit: limit, After: new(key(rows[len(rows)-1]))}
}

// paged reads a list to its end in pages and reports one that is too long.
func paged[T any](s *scene, limit int, key func(T) core.Key, list func(core.Seek) ([]T, error)) []T {
	s.Helper()
	var all []T
	for {
		rows, err := list(after(all, limit, key))
		must(s, "list", rows, err)
		if len(rows) > limit {
			s.Fatalf("a page of at most %d has %d rows", limit, len(rows))
		}
		if len(rows) == 0 {
			return all
		}
		if all = append(all, rows...); len(all) > 10_000 {
			s.Fatal("the pages of a list do not end")
		}
	}
}

// keyTimes are instants whose text forms sort unlike them when fractions are cut
// off; each is used for several rows.
func keyTimes() []time.Time {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return []time.Time{
		at, at.Add(time.Microsecond), at.Add(10 * time.Microsecond), at.Add(100 * time.Millisecond),
		at.Add(time.Second - time.Microsecond), at.Add(time.Second), at.AddDate(-30, 0, 0),
	}
}

func documentKey(d core.Document) core.Key { return core.Key{At: d.CreatedAt, ID: string(d.ID)} }

// newestFirst is the order of every list that is not ranked.
func newestFirst(a, b core.Key) int {
	return cmp.Or(cmp.Compare(a.Tier, b.Tier), b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
}

func listPagesThroughTies(s *scene) {
	o := s.org()
	var want []core.DocumentID
	var keys []core.Key
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		keys = nil
		for i := range 42 {
			d := o.document(func(d *core.Document) { d.CreatedAt = keyTimes()[i%7] })
			d.ID = core.DocumentID(randomID())
			if err := tx.Documents.Create(ctx, d); err != nil {
				return err
			}
			keys = append(keys, documentKey(*d))
		}
		return nil
	})
	slices.SortFunc(keys, newestFirst)
	for _, k := range keys {
		want = append(want, core.DocumentID(k.ID))
	}
	for _, limit := range []int{1, 4, 6, 42, 1000} {
		rows := paged(s, limit, documentKey, func(k core.Seek) ([]core.Document, error) {
			return o.Read().Documents.List(s.Context(), core.DocumentFilter{}, k)
		})
		var got []core.DocumentID
		for _, d := range rows {
			got = append(got, d.ID)
		}
		wantSame(s, "documents in pages", got, want)
	}
}

// randomID is an id whose order has nothing to do with when it was made.
func randomID() string {
	const digits = "0123456789abcdef"
	b := []byte("00000000-0000-4000-8000-000000000000")
	for i := range b {
		if b[i] == '0' {
			b[i] = digits[rand.N(len(digits))]
		}
	}
	return string(b)
}

func listFiltersByEveryCombination(s *scene) {
	o := s.org()
	integration := core.NewID[core.IntegrationID]()
	all := o.filterable(s, integration)
	wanted := core.DocumentFilter{
		SourceType: core.SourceNotion, Status: core.DocumentError, IntegrationID: integration,
		ContentHash: hashOf("b"), ExternalID: "ext",
	}
	for mask := range 1 << 5 {
		f := pick(wanted, mask)
		var want, got []core.DocumentID
		for _, d := range all {
			if fits(&d, f) {
				want = append(want, d.ID)
			}
		}
		rows, err := o.Read().Documents.List(s.Context(), f, everything)
		for _, d := range must(s, "list", rows, err) {
			got = append(got, d.ID)
		}
		slices.Sort(got)
		slices.Sort(want)
		wantSame(s, "list by part of a filter", got, want)
		if len(want) == 0 {
			s.Errorf("no document fits the filter %+v: the case proves nothing", f)
		}
	}
}

// filterable stores documents that differ in each of the filter's fields.
func (o *Org) filterable(s *scene, integration core.IntegrationID) []core.Document {
	var all []core.Document
	for mask := range 1 << 5 {
		d := o.NewDocument(s, func(d *core.Document) {
			if mask&1 != 0 {
				d.SourceType = core.SourceNotion
			}
			if d.Status = core.DocumentActive; mask&2 != 0 {
				d.Status = core.DocumentError
			} else if mask&1 != 0 {
				d.Status = core.DocumentUpdating
			}
			// an external id may stand once for each integration
			d.IntegrationID = new(core.NewID[core.IntegrationID]())
			if d.Content = "a"; mask&8 != 0 {
				d.Content = "b"
			}
			if mask&16 != 0 {
				d.ExternalID = "ext"
			}
			if mask&4 != 0 && (mask&16 == 0 || mask == 1<<5-1) {
				d.IntegrationID = &integration
			}
		})
		all = append(all, *d)
	}
	return all
}

// pick returns the fields of f that mask has bits for.
func pick(f core.DocumentFilter, mask int) core.DocumentFilter {
	if mask&1 == 0 {
		f.SourceType = ""
	}
	if mask&2 == 0 {
		f.Status = ""
	}
	if mask&4 == 0 {
		f.IntegrationID = ""
	}
	if mask&8 == 0 {
		f.ContentHash = ""
	}
	if mask&16 == 0 {
		f.ExternalID = ""
	}
	return f
}

func fits(d *core.Document, f core.DocumentFilter) bool {
	return (f.SourceType == "" || d.SourceType == f.SourceType) && (f.Status == "" || d.Status == f.Status) &&
		(f.IntegrationID == "" || d.IntegrationID != nil && *d.IntegrationID == f.IntegrationID) &&
		(f.ContentHash == "" || d.ContentHash == f.ContentHash) && (f.ExternalID == "" || d.ExternalID == f.ExternalID)
}
