package coretest

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func summaryCases() []storeCase {
	return []storeCase{
		{"EveryFieldIsKept", summaryEveryFieldIsKept},
		{"EmptyAgainstNil", summaryEmptyAgainstNil},
		{"LargeNumbersAreKept", summaryLargeNumbersAreKept},
		{"UnknownDocumentIsNotFound", summaryOfUnknownDocument},
		{"UpdateChangesWhatItMay", summaryUpdateChangesWhatItMay},
		{"StaleFollowsTheDocument", staleFollowsTheDocument},
		{"DeletedIsGone", summaryDeletedIsGone},
		{"DeleteOfDocumentTakesThatDocumentsOnly", deleteOfDocument},
		{"ListIsNewestFirstAndFilters", summaryListFilters},
		{"SourceIsTheSummaryAndItsDocument", summarySource},
		{"MaterialIsTheDocumentAndATemplate", summaryMaterial},
	}
}

// filled sets every field of a complete summary.
func filled(x *core.Summary) {
	x.TemplateVersion, x.Prompt, x.JSONSchema = 7, "Write {{content}}", json.RawMessage(`{"type":"object", "b":1,"a":[2]}`)
	x.Focus, x.MaxCostUSD, x.AllowPartial, x.Refresh = true, new(0.1), true, true
	x.Text, x.Format, x.Length, x.Language = "Käse \U0001f9c0\r\n", core.FormatBullets, core.LengthLong, "pt-BR"
	x.ModelRequested, x.ModelUsed, x.TokensUsed, x.Status = "m/1", "m/1-b", 12, core.SummaryComplete
	x.ErrorMessage, x.UpdatedAt = "once failed", x.CreatedAt.Add(time.Microsecond)
	x.Usage = core.Usage{InputTokens: 1, OutputTokens: 2, LLMCalls: 3, CachedCalls: 4, CachedTokens: 5, CostUSD: new(0.000123)}
	x.Coverage = core.Coverage{CharsTotal: 9, CharsRead: 8, Chunks: 3, ChunksFailed: 1, PagesTotal: 4, PagesWithoutText: []int{2, 4}}
	x.Citations = []core.Citation{{Start: 0, End: 4, Sources: []core.Source{{Start: 1, End: 3, Quote: "\"e\u0301\n\U0001f9c0 \\u0000 </script>", Page: 2}}}}
	x.Warnings = []core.Warning{
		{Code: "number_not_in_citation", Severity: core.SeverityHigh, Message: "42 is not there", Start: new(0), End: new(4)},
		{Code: "section_failed", Severity: core.SeverityLow, Message: "one"},
	}
}

func (o *Org) wantSummary(t testing.TB, what string, want *core.Summary) {
	t.Helper()
	got, err := o.Read().Summaries.Get(t.Context(), want.ID)
	wantSame(t, what, must(t, what, got, err), want)
}

func summaryEveryFieldIsKept(s *scene) {
	o := s.org()
	x := o.NewSummary(s, o.NewDocument(s), filled)
	o.wantSummary(s, "summary", x)
	rows, err := o.Read().Summaries.List(s.Context(), core.SummaryFilter{}, everything)
	wantSame(s, "list", must(s, "list", rows, err), []core.Summary{*x})
}

func summaryEmptyAgainstNil(s *scene) {
	o := s.org()
	d := o.NewDocument(s)
	for name, opt := range map[string]func(*core.Summary){
		"nil slices":   func(x *core.Summary) { x.Citations, x.Warnings, x.Coverage.PagesWithoutText = nil, nil, nil },
		"empty slices": func(*core.Summary) {},
		"no price":     func(x *core.Summary) { x.Usage.CostUSD, x.MaxCostUSD = nil, nil },
		"price of 0":   func(x *core.Summary) { x.Usage.CostUSD, x.MaxCostUSD = new(0.0), new(0.0) },
		"empty schema": func(x *core.Summary) { x.JSONSchema = json.RawMessage{} },
	} {
		want := *o.NewSummary(s, d, opt)
		want.Citations, want.Warnings, want.Coverage.PagesWithoutText, want.JSONSchema = []core.Citation{}, []core.Warning{}, []int{}, nil
		o.wantSummary(s, name, &want)
	}
}

func summaryLargeNumbersAreKept(s *scene) {
	o := s.org()
	x := o.NewSummary(s, o.NewDocument(s), func(x *core.Summary) {
		x.TokensUsed = math.MaxInt64
		x.Usage = core.Usage{InputTokens: 1<<53 + 1, OutputTokens: math.MaxInt64, CachedTokens: -(1<<53 + 1), CostUSD: new(1.0 / 3)}
		x.Coverage.CharsTotal, x.MaxCostUSD = 1<<40+1, new(1e-12)
	})
	o.wantSummary(s, "summary", x)
}

func summaryOfUnknownDocument(s *scene) {
	o := s.org()
	err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Summaries.Create(ctx, o.summary(o.document())) })
	wantCode(s, "a summary of a document there is not", err, core.CodeNotFound)
}

func summaryUpdateChangesWhatItMay(s *scene) {
	o := s.org()
	d := o.NewDocument(s)
	x, neighbour := o.NewSummary(s, d), o.NewSummary(s, d)
	want := *x
	filled(&want)
	given := want
	given.DocID, given.CreatedAt = o.NewDocument(s).ID, x.CreatedAt.Add(-time.Hour)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Summaries.Update(ctx, &given) })
	o.wantSummary(s, "after the update (ids and CreatedAt as they were)", &want)
	o.wantSummary(s, "another summary", neighbour)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Summaries.Update(ctx, x) })
	o.wantSummary(s, "after its fields were cleared again", x)
}

func staleFollowsTheDocument(s *scene) {
	o := s.org()
	d := o.NewDocument(s)
	x := o.NewSummary(s, d, func(x *core.Summary) { x.Stale = true }) // computed, whatever is given
	stale := func() []bool {
		got, err := o.Read().Summaries.Get(s.Context(), x.ID)
		must(s, "read summary", got, err)
		rows, err := o.Read().Summaries.List(s.Context(), core.SummaryFilter{DocID: d.ID}, everything)
		must(s, "list summaries", rows, err)
		all := []bool{got.Stale}
		for _, r := range rows {
			all = append(all, r.Stale)
		}
		o.InTx(s, func(ctx context.Context, tx core.Tx) error {
			got, err := tx.Summaries.Get(ctx, x.ID)
			if err == nil {
				all = append(all, got.Stale)
			}
			return err
		})
		return all
	}
	wantSame(s, "stale with the document's version", stale(), []bool{false, false, false})
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return raise(ctx, tx, d.ID) })
	wantSame(s, "stale after a change of the title", stale(), []bool{false, false, false})
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		d, err := tx.Documents.GetForUpdate(ctx, d.ID)
		if err != nil {
			return err
		}
		d.Version++
		return tx.Documents.Update(ctx, d)
	})
	wantSame(s, "stale after new content", stale(), []bool{true, true, true})
}

func summaryDeletedIsGone(s *scene) {
	o := s.org()
	d := o.NewDocument(s)
	x, kept := o.NewSummary(s, d), o.NewSummary(s, d)
	remove := func(ctx context.Context, tx core.Tx) error { return tx.Summaries.Delete(ctx, x.ID) }
	o.InTx(s, remove)
	_, err := o.Read().Summaries.Get(s.Context(), x.ID)
	wantCode(s, "the deleted summary", err, core.CodeNotFound)
	wantCode(s, "deleting it again", o.TryTx(s, remove), core.CodeNotFound)
	o.wantSummary(s, "another summary", kept)
}

func deleteOfDocument(s *scene) {
	o := s.org()
	d, other := o.NewDocument(s), o.NewDocument(s)
	o.NewSummary(s, d)
	o.NewSummary(s, d, filled)
	kept := o.NewSummary(s, other)
	remove := func(ctx context.Context, tx core.Tx) error { return tx.Summaries.DeleteOfDocument(ctx, d.ID) }
	o.InTx(s, remove)
	o.InTx(s, remove) // none is no error
	rows, err := o.Read().Summaries.List(s.Context(), core.SummaryFilter{}, everything)
	wantSame(s, "summaries left", must(s, "list", rows, err), []core.Summary{*kept})
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Delete(ctx, d.ID) })
}

func summarySource(s *scene) {
	o := s.org()
	o.NewDocument(s)
	d := o.NewDocument(s)
	x := o.NewSummary(s, d, filled)
	wantSource := func(what string, r core.SummaryReader) {
		s.Helper()
		sum, doc, err := r.Source(s.Context(), x.ID)
		wantSame(s, what+": summary", must(s, what, sum, err), x)
		wantSame(s, what+": document", doc, d)
	}
	wantSource("read", o.Read().Summaries)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		if d.Title = "changed before"; tx.Documents.Update(ctx, d) != nil {
			s.Fatal("the document was not changed")
		}
		wantSource("in the transaction that has changed it", tx.Summaries)
		return nil
	})
	for _, id := range []core.SummaryID{core.NewID[core.SummaryID](), "no id"} {
		_, _, err := o.Read().Summaries.Source(s.Context(), id)
		wantSame(s, "unknown summary", err, error(core.NotFound("summary")))
	}
}

func summaryMaterial(s *scene) {
	o := s.org()
	d, own, global := o.NewDocument(s), o.NewTemplate(s), &o.globals(s)[0]
	wantMaterial := func(what string, asked, otherwise core.TemplateID, want *core.Template) {
		s.Helper()
		doc, template, err := o.Read().Summaries.Material(s.Context(), d.ID, asked, otherwise)
		wantSame(s, what+": document", must(s, what, doc, err), d)
		wantSame(s, what+": template", template, want)
	}
	wantMaterial("the asked one", own.ID, global.ID, own)
	wantMaterial("none is asked for or chosen", "", global.ID, global)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		org := o.Organization
		org.DefaultTemplateID = &own.ID
		return tx.Organizations.Update(ctx, &org)
	})
	wantMaterial("the chosen one", "", global.ID, own)
	wantMaterial("asked for against the choice", global.ID, own.ID, global)
	for _, c := range []struct {
		doc      core.DocumentID
		template core.TemplateID
		missing  string
	}{
		{core.NewID[core.DocumentID](), own.ID, "document"}, {"no id", "no id", "document"},
		{d.ID, core.NewID[core.TemplateID](), "template"}, {d.ID, "no id", "template"},
	} {
		_, _, err := o.Read().Summaries.Material(s.Context(), c.doc, c.template, global.ID)
		wantSame(s, "missing "+c.missing, err, error(core.NotFound(c.missing)))
	}
}

func summaryListFilters(s *scene) {
	o := s.org()
	docs := []*core.Document{o.NewDocument(s), o.NewDocument(s)}
	statuses := []core.SummaryStatus{core.SummaryPending, core.SummaryComplete, core.SummaryFailed}
	var all []core.Summary
	for i := range 24 {
		all = append(all, *o.NewSummary(s, docs[i%2], func(x *core.Summary) {
			x.ID, x.CreatedAt, x.Status = core.SummaryID(randomID()), keyTimes()[i/6], statuses[i%3]
		}))
	}
	key := func(x core.Summary) core.Key { return core.Key{At: x.CreatedAt, ID: string(x.ID)} }
	slices.SortFunc(all, func(a, b core.Summary) int { return newestFirst(key(a), key(b)) })
	for _, f := range []core.SummaryFilter{
		{}, {DocID: docs[0].ID}, {Status: core.SummaryFailed}, {DocID: docs[1].ID, Status: core.SummaryComplete},
		{Status: "no such"}, {DocID: core.NewID[core.DocumentID]()},
	} {
		var want []core.Summary
		for _, x := range all {
			if (f.DocID == "" || x.DocID == f.DocID) && (f.Status == "" || x.Status == f.Status) {
				want = append(want, x)
			}
		}
		got := paged(s, 5, key, func(k core.Seek) ([]core.Summary, error) { return o.Read().Summaries.List(s.Context(), f, k) })
		wantSame(s, "summaries in pages", got, want)
	}
}
