package coretest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/docsctl/docsctl/core"
)

func searchCases() []storeCase {
	return []storeCase{
		{"TiersComeInOrder", searchTiersComeInOrder},
		{"AllWordsMustBeThere", searchAllWordsMustBeThere},
		{"WordsMatchExactly", searchWordsMatchExactly},
		{"WordsCannotBreakAQuery", searchWordsCannotBreakAQuery},
		{"PagesThroughTiersAndTies", searchPagesThroughTiersAndTies},
		{"FiltersApply", searchFiltersApply},
		{"HasNoContentAndThePresentRow", searchHasThePresentRow},
		{"OldRevisionIsIgnored", searchOldRevisionIsIgnored},
		{"EntryIsReplaced", searchEntryIsReplaced},
		{"LongEntryIsKept", searchLongEntryIsKept},
		{"UnindexedAreOldestChangeFirst", unindexedAreOldestChangeFirst},
		{"IndexedIsNotUnindexed", indexedIsNotUnindexed},
	}
}

// index stores a document with a search entry of the given title and content words.
func (o *Org) index(s *scene, title, content string, opts ...func(*core.Document)) *core.Document {
	s.Helper()
	d := o.NewDocument(s, append([]func(*core.Document){func(d *core.Document) { d.Title = title }}, opts...)...)
	o.putEntry(s, d, title, content)
	return d
}

func (o *Org) putEntry(s *scene, d *core.Document, title, content string) {
	s.Helper()
	words := strings.Fields(title)
	e := core.SearchEntry{DocumentID: d.ID, Revision: d.Revision, Title: strings.Join(words, " ")}
	e.TitleWords = distinct(words)
	e.Words = distinct(append(words, strings.Fields(content)...))
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.PutSearchEntry(ctx, e) })
}

func distinct(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return slices.Compact(words)
}

func queryOf(words string) core.SearchQuery {
	all := strings.Fields(words)
	return core.SearchQuery{Title: strings.Join(all, " "), Words: distinct(all)}
}

// search returns the ids of what is found, in order.
func (s *scene) search(o *Org, words string) []core.DocumentID {
	s.Helper()
	rows, err := o.Read().Documents.Search(s.Context(), queryOf(words), core.DocumentFilter{}, everything)
	var ids []core.DocumentID
	for _, d := range must(s, "search", rows, err) {
		ids = append(ids, d.ID)
	}
	return ids
}

func searchTiersComeInOrder(s *scene) {
	o := s.org()
	at := Now()
	made := func(ago time.Duration) func(*core.Document) {
		return func(d *core.Document) { d.CreatedAt = at.Add(-ago) }
	}
	equal := o.index(s, "annual report", "", made(5*time.Hour))
	equalNewer := o.index(s, "annual report", "other words", made(4*time.Hour))
	words := o.index(s, "report annual of 2026", "", made(3*time.Hour))
	mixed := o.index(s, "report", "annual figures", made(2*time.Hour))
	content := o.index(s, "minutes", "the annual report was read", made(time.Hour))
	o.index(s, "annual", "figures", made(0))
	rows, err := o.Read().Documents.Search(s.Context(), queryOf("annual report"), core.DocumentFilter{}, everything)
	var got []string
	for _, d := range must(s, "search", rows, err) {
		got = append(got, fmt.Sprint(d.Tier, " ", d.ID))
	}
	want := []string{
		fmt.Sprint(core.TierTitleEquals, " ", equalNewer.ID), fmt.Sprint(core.TierTitleEquals, " ", equal.ID),
		fmt.Sprint(core.TierTitleWords, " ", words.ID),
		fmt.Sprint(core.TierContentWords, " ", content.ID), fmt.Sprint(core.TierContentWords, " ", mixed.ID),
	}
	wantSame(s, "tiers and documents", got, want)
}

func searchAllWordsMustBeThere(s *scene) {
	o := s.org()
	d := o.index(s, "one", "two three")
	for query, found := range map[string]bool{"one": true, "two": true, "three two one": true, "one four": false, "four": false} {
		if got := len(s.search(o, query)) == 1; got != found {
			s.Errorf("search %q finds %s: got %v, want %v", query, d.ID, got, found)
		}
	}
}

func searchWordsMatchExactly(s *scene) {
	o := s.org()
	o.index(s, "zürich", "running cafe\u0301 straße 世 界 世界 हिन्दी ไท ١٢٣ 2026 i̇stanbul "+strings.Repeat("界", 64))
	for query, found := range map[string]bool{
		"zürich": true, "zurich": false, "zür": false, "zürichs": false, "zu\u0308rich": false,
		"run": false, "running": true, "runnin": false, "cafe\u0301": true, "caf\u00e9": false, "cafe": false,
		"straße": true, "strasse": false, "世": true, "世界": true, "界世": false, "हिन्दी": true, "हिन": false, "ไท": true,
		"١٢٣": true, "123": false, "2026": true, "202": false, "i̇stanbul": true, "istanbul": false,
		strings.Repeat("界", 64): true, strings.Repeat("界", 63): false,
	} {
		if got := len(s.search(o, query)) == 1; got != found {
			s.Errorf("search %q: found %v, want %v", query, got, found)
		}
	}
}

func searchWordsCannotBreakAQuery(s *scene) {
	o := s.org()
	plain := o.index(s, "plain", "text")
	for _, word := range []string{"and", "or", "not", "near", "AND", "OR", "NOT", "NEAR", "the", "null", "title", "words", "rowid", "a", "\u0301", "x\u0301\u0302"} {
		if got := s.search(o, word); len(got) != 0 {
			s.Errorf("search %q: got %v, want nothing", word, got)
		}
		d := o.index(s, word, "")
		wantSame(s, "search "+word, s.search(o, word), []core.DocumentID{d.ID})
		o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Delete(ctx, d.ID) })
	}
	// core makes no such words; a store must not run them as a query either
	for _, word := range []string{`"`, `'`, `te*`, `te:*`, `text | plain`, `text OR zzz`, `-zzz`, `title:plain`, `{words}:text`, `%`, `_`, `(`, `\`, `te%`, `!zzz`, `NEAR(text plain)`} {
		rows, err := o.Read().Documents.Search(s.Context(), core.SearchQuery{Title: word, Words: []string{word}}, core.DocumentFilter{}, everything)
		if len(rows) != 0 || err != nil {
			s.Errorf("search for the word %q: got %d documents (%v), want none: %s has no such word", word, len(rows), err, plain.ID)
		}
	}
}

func rankedKey(d core.RankedDocument) core.Key {
	return core.Key{Tier: d.Tier, At: d.CreatedAt, ID: string(d.ID)}
}

func searchPagesThroughTiersAndTies(s *scene) {
	o := s.org()
	var keys []core.Key
	for i := range 21 {
		at := func(d *core.Document) { d.ID, d.CreatedAt = core.DocumentID(randomID()), keyTimes()[i/3%3] }
		tier := i % 3
		d := o.index(s, []string{"budget", "budget plan", "plan"}[tier], "the budget", at)
		keys = append(keys, core.Key{Tier: tier, At: d.CreatedAt, ID: string(d.ID)})
	}
	slices.SortFunc(keys, newestFirst)
	for _, limit := range []int{1, 4, 7, 100} {
		rows := paged(s, limit, rankedKey, func(k core.Seek) ([]core.RankedDocument, error) {
			return o.Read().Documents.Search(s.Context(), queryOf("budget"), core.DocumentFilter{}, k)
		})
		var got []core.Key
		for _, d := range rows {
			got = append(got, rankedKey(d))
		}
		wantSame(s, "documents found, in pages", got, keys)
	}
}

func searchFiltersApply(s *scene) {
	o := s.org()
	integration := core.NewID[core.IntegrationID]()
	all := o.filterable(s, integration)
	for _, d := range all {
		o.putEntry(s, &d, "budget", "")
	}
	wanted := core.DocumentFilter{
		SourceType: core.SourceNotion, Status: core.DocumentError, IntegrationID: integration, ContentHash: hashOf("b"), ExternalID: "ext",
	}
	for _, mask := range []int{1, 2, 4, 8, 16, 31} {
		f := pick(wanted, mask)
		want := count(all, func(d core.Document) bool { return fits(&d, f) })
		rows, err := o.Read().Documents.Search(s.Context(), queryOf("budget"), f, everything)
		if must(s, "search", rows, err); len(rows) != want {
			s.Errorf("search with the filter %+v: got %d documents, want %d", f, len(rows), want)
		}
	}
}

func searchHasThePresentRow(s *scene) {
	o := s.org()
	d := o.index(s, "old title", "budget")
	changed := *d
	changed.Title, changed.Revision = "New title", d.Revision+1
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Update(ctx, &changed) })
	changed.Content = ""
	rows, err := o.Read().Documents.Search(s.Context(), queryOf("budget"), core.DocumentFilter{}, everything)
	wantSame(s, "found by its entry as it was, shown as it is", must(s, "search", rows, err),
		[]core.RankedDocument{{Document: changed, Tier: core.TierContentWords}})
}

func searchOldRevisionIsIgnored(s *scene) {
	o := s.org()
	d := o.index(s, "first", "", func(d *core.Document) { d.Revision = 5 })
	for _, revision := range []int64{4, 6} {
		other := *d
		other.Revision = revision
		o.putEntry(s, &other, "second", "")
	}
	wantSame(s, "by the words of its entry", s.search(o, "first"), []core.DocumentID{d.ID})
	wantSame(s, "by the words of other revisions", s.search(o, "second"), []core.DocumentID(nil))
}

func searchEntryIsReplaced(s *scene) {
	o := s.org()
	d := o.index(s, "first", "shared")
	other := o.index(s, "other", "shared")
	o.putEntry(s, d, "second", "shared")
	wantSame(s, "by an old word", s.search(o, "first"), []core.DocumentID(nil))
	wantSame(s, "by a new word", s.search(o, "second"), []core.DocumentID{d.ID})
	if got := s.search(o, "shared"); len(got) != 2 {
		s.Errorf("by a word of both: got %v, want %s and %s", got, d.ID, other.ID)
	}
}

func searchLongEntryIsKept(s *scene) {
	o := s.org()
	var b strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&b, "w%07d ", i)
	}
	d := o.index(s, "long", b.String())
	for _, word := range []string{"w0000000", "w0030000", "w0059999", "w0000001 w0059998 long"} {
		wantSame(s, "search "+word, s.search(o, word), []core.DocumentID{d.ID})
	}
}

func (s *scene) unindexed(limit int) []core.DocumentID {
	s.Helper()
	refs, err := s.store.System().Unindexed(s.Context(), limit)
	var ids []core.DocumentID
	for _, r := range must(s, "unindexed", refs, err) {
		ids = append(ids, r.DocumentID)
	}
	return ids
}

func unindexedAreOldestChangeFirst(s *scene) {
	a, b := s.org(), s.org()
	at := Now()
	changed := func(ago time.Duration) func(*core.Document) {
		return func(d *core.Document) { d.UpdatedAt = at.Add(-ago) }
	}
	first := b.NewDocument(s, changed(3*time.Hour))
	third := a.NewDocument(s, changed(time.Hour))
	second := a.NewDocument(s, changed(2*time.Hour))
	wantSame(s, "documents to be indexed", s.unindexed(10), []core.DocumentID{first.ID, second.ID, third.ID})
	wantSame(s, "the first two", s.unindexed(2), []core.DocumentID{first.ID, second.ID})
	refs, err := s.store.System().Unindexed(s.Context(), 1)
	wantSame(s, "whose it is", must(s, "unindexed", refs, err), []core.DocumentRef{{Tenant: b.Tenant, DocumentID: first.ID}})
}

func indexedIsNotUnindexed(s *scene) {
	o := s.org()
	d := o.index(s, "first", "")
	blank := o.index(s, "", "") // no word in it: it must not come again and again
	wantSame(s, "to be indexed after it was", s.unindexed(10), []core.DocumentID(nil))
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return raise(ctx, tx, d.ID) })
	wantSame(s, "to be indexed after a change", s.unindexed(10), []core.DocumentID{d.ID})
	o.putEntry(s, d, "stale", "")
	wantSame(s, "to be indexed after an entry of the old revision", s.unindexed(10), []core.DocumentID{d.ID})
	for _, id := range []core.DocumentID{d.ID, blank.ID} {
		o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Delete(ctx, id) })
	}
	wantSame(s, "to be indexed after the deletion", s.unindexed(10), []core.DocumentID(nil))
}
