package coretest

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func documentCases() []storeCase {
	return []storeCase{
		{"EveryFieldIsKept", documentEveryFieldIsKept},
		{"EmptyAgainstNil", documentEmptyAgainstNil},
		{"TextIsKeptByteForByte", textIsKeptByteForByte},
		{"TenMegabytesAreKept", tenMegabytesAreKept},
		{"LongestFieldsAreKept", longestFieldsAreKept},
		{"BrokenTextIsRefused", brokenTextIsRefused},
		{"TimesAreKeptToTheMicrosecond", timesAreKeptToTheMicrosecond},
		{"UpdateChangesWhatItMay", documentUpdateChangesWhatItMay},
		{"DeletedIsGone", documentDeletedIsGone},
		{"ExternalIDIsUniquePerIntegration", externalIDIsUniquePerIntegration},
		{"UpdateToATakenExternalIDIsConflict", updateToATakenExternalIDIsConflict},
		{"IDTwiceIsRefused", documentIDTwiceIsRefused},
		{"SameContentTwiceIsNoConflict", sameContentTwiceIsNoConflict},
		{"NamedIsMadeOnce", namedIsMadeOnce},
		{"ListHasNoContent", listHasNoContent},
		{"ListIsNewestFirstAndPagesThroughTies", listPagesThroughTies},
		{"ListFiltersByEveryCombination", listFiltersByEveryCombination},
	}
}

// wantDocument reads d and compares it.
func (o *Org) wantDocument(t testing.TB, what string, d *core.Document) {
	t.Helper()
	got, err := o.Read().Documents.Get(t.Context(), d.ID)
	wantSame(t, what, must(t, what, got, err), d)
}

// full sets every optional field.
func full(d *core.Document) {
	d.SourceType, d.SourceURL, d.ExternalID = core.SourceConfluence, "https://wiki.example.org/p?a=1&b=2", "space/42"
	d.ExternalLastUpdated, d.IntegrationID = new(Now().Add(-time.Hour)), new(core.NewID[core.IntegrationID]())
	d.MimeType, d.Version, d.Revision, d.Status = "text/html", 3, 1<<40+1, core.DocumentError
	d.ErrorMessage, d.UpdatedAt = "the page was not read", d.CreatedAt.Add(time.Microsecond)
	d.Pages = core.Pages{Starts: []int{0, 7, 7, 1 << 24}, WithoutText: []int{3}}
}

func documentEveryFieldIsKept(s *scene) {
	o := s.org()
	d := o.NewDocument(s, full)
	o.wantDocument(s, "document", d)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		got, err := tx.Documents.GetForUpdate(ctx, d.ID)
		wantSame(s, "document for update", got, d)
		return err
	})
}

func documentEmptyAgainstNil(s *scene) {
	o := s.org()
	empty := o.NewDocument(s, func(d *core.Document) { d.Title, d.Content, d.MimeType = "", "", "" })
	o.wantDocument(s, "document with nothing in it", empty)
	zero := o.NewDocument(s, func(d *core.Document) { d.ExternalLastUpdated = new(time.Unix(0, 0).UTC()) })
	o.wantDocument(s, "document with a time of zero seconds", zero)
}

// strangeTexts are valid and easy to change by accident.
func strangeTexts() map[string]string {
	return map[string]string{
		"case and spaces":        "  Zürich ZÜRICH zürich\t \n",
		"line ends":              "a\r\nb\rc\nd\u2028e\u2029f\u0085g",
		"composed, decomposed":   "\u00e9 e\u0301 \u1e9b\u0323 \ufb01 \u212b",
		"beyond the first plane": "\U0001f469\u200d\U0001f680 \U0001d518 \U0002070e",
		"invisible":              "\ufeffa\u200bb\u2060c\u00add\u202ee",
		"controls":               "\x01\x02\x1b[0m\x7f",
		"noncharacters":          "\ufffd\uffff\U0010ffff",
		"of a query language":    `'"\ % _ ; -- $1 ? :a @b {} [] \u0000 \x00 NULL`,
		"right to left":          "שלום عليكم",
	}
}

func textIsKeptByteForByte(s *scene) {
	o := s.org()
	for name, text := range strangeTexts() {
		d := o.NewDocument(s, func(d *core.Document) {
			d.Title, d.Content, d.SourceURL, d.ErrorMessage = text, text, text, text
			d.ExternalID, d.MimeType = text+string(d.ID), text
		})
		o.wantDocument(s, name, d)
		byID, err := o.Read().Documents.List(s.Context(), core.DocumentFilter{ExternalID: d.ExternalID}, everything)
		if must(s, "list", byID, err); len(byID) != 1 {
			s.Errorf("%s: got %d documents of the external id, want 1", name, len(byID))
		}
		t := o.NewTemplate(s, func(t *core.Template) { t.Name, t.Description, t.PromptTemplate = text, text, text })
		got, err := o.Read().Templates.Get(s.Context(), t.ID)
		wantSame(s, name+" in a template", must(s, "read template", got, err), t)
	}
}

func tenMegabytesAreKept(s *scene) {
	o := s.org()
	text := strings.Repeat("Käse, 世界 and \U0001f9c0 at 5 °C.\r\n", 10<<20/40)
	d := o.NewDocument(s, func(d *core.Document) { d.Content = text })
	got, err := o.Read().Documents.Get(s.Context(), d.ID)
	if got := must(s, "read", got, err); got.Content != text || got.ContentBytes != int64(len(text)) {
		s.Errorf("a text of %d bytes came back changed, with %d bytes", len(text), len(got.Content))
	}
}

// longestFieldsAreKept goes to the bounds of core's inputs with text that does not
// compress, which an index over it must hold too.
func longestFieldsAreKept(s *scene) {
	o := s.org()
	noise := func(characters int) string {
		var b strings.Builder
		for range characters {
			b.WriteRune(0x20000 + rand.N[rune](40_000))
		}
		return b.String()
	}
	external := noise(1000)
	for _, integration := range []*core.IntegrationID{nil, new(core.NewID[core.IntegrationID]())} {
		d := o.NewDocument(s, func(d *core.Document) {
			d.IntegrationID, d.ExternalID, d.Title, d.SourceURL = integration, external, noise(core.MaxTitleChars), noise(512)
		})
		o.wantDocument(s, "document", d)
		rows, err := o.Read().Documents.List(s.Context(), core.DocumentFilter{ExternalID: external[:len(external)-4]}, everything)
		if must(s, "list", rows, err); len(rows) != 0 {
			s.Errorf("list by all but the last character of an external id: got %d documents", len(rows))
		}
		err = o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
			return tx.Documents.Create(ctx, o.document(func(d *core.Document) { d.IntegrationID, d.ExternalID = integration, external }))
		})
		wantCode(s, "a second document with a long external id", err, core.CodeConflict)
	}
	x := o.NewTemplate(s, func(x *core.Template) { x.Name, x.PromptTemplate = noise(200), noise(core.MaxPromptBytes/4) })
	o.wantTemplate(s, "template", x)
}

func brokenTextIsRefused(s *scene) {
	o := s.org()
	mine := o.NewDocument(s)
	for _, bad := range []string{"a\x00b", "\x00", "a\xffb", "\xed\xa0\x80"} {
		for name, write := range o.writesOf(mine, bad) {
			if err := o.TryTx(s, write); err == nil {
				s.Errorf("%q as %s was stored, want an error", bad, name)
			}
		}
		found, err := o.Read().Documents.List(s.Context(), core.DocumentFilter{ExternalID: bad, ContentHash: bad}, everything)
		if must(s, "list by broken text", found, err); len(found) != 0 {
			s.Errorf("list by %q: got %d documents", bad, len(found))
		}
	}
	o.wantDocument(s, "the document before", mine)
}

// writesOf are transactions that would each store a text somewhere.
func (o *Org) writesOf(mine *core.Document, text string) map[string]func(ctx context.Context, tx core.Tx) error {
	document := func(set func(*core.Document)) func(ctx context.Context, tx core.Tx) error {
		return func(ctx context.Context, tx core.Tx) error { return tx.Documents.Create(ctx, o.document(set)) }
	}
	return map[string]func(ctx context.Context, tx core.Tx) error{
		"title":       document(func(d *core.Document) { d.Title = text }),
		"content":     document(func(d *core.Document) { d.Content = text }),
		"external id": document(func(d *core.Document) { d.ExternalID = text }),
		"updated title": func(ctx context.Context, tx core.Tx) error {
			d := *mine
			d.Title = text
			return tx.Documents.Update(ctx, &d)
		},
		"prompt": func(ctx context.Context, tx core.Tx) error {
			return tx.Templates.Create(ctx, o.template(func(t *core.Template) { t.PromptTemplate = text }))
		},
		"summary": func(ctx context.Context, tx core.Tx) error {
			return tx.Summaries.Create(ctx, o.summary(mine, func(x *core.Summary) { x.Text = text }))
		},
		"user": func(ctx context.Context, tx core.Tx) error {
			u := o.newUser()
			u.Name = text
			return tx.Users.Create(ctx, &u)
		},
		"job": func(_ context.Context, tx core.Tx) error {
			tx.Enqueue(*o.job(func(j *core.Job) { j.ErrorMessage = text }))
			return nil
		},
	}
}

func timesAreKeptToTheMicrosecond(s *scene) {
	o := s.org()
	for _, at := range []time.Time{
		time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 1000, time.UTC),
		time.Date(2026, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Date(1999, 1, 1, 0, 0, 0, 100_000_000, time.UTC),
		time.Date(2262, 4, 12, 0, 0, 0, 10_000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		d := o.NewDocument(s, func(d *core.Document) { d.CreatedAt, d.UpdatedAt, d.ExternalLastUpdated = at, at, new(at) })
		o.wantDocument(s, at.String(), d)
	}
}

func documentUpdateChangesWhatItMay(s *scene) {
	o := s.org()
	d, neighbour := o.NewDocument(s), o.NewDocument(s)
	changed := *d
	full(&changed)
	changed.Title, changed.Content, changed.ContentHash, changed.ContentBytes = "New", "new", hashOf("new"), 3
	want := changed
	changed.UserID, changed.CreatedAt, changed.OrgID = o.NewUser(s).ID, d.CreatedAt.Add(-time.Hour), core.NewID[core.OrgID]()
	given := changed
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Update(ctx, &changed) })
	o.wantDocument(s, "after the update (id, organization, user and CreatedAt as they were)", &want)
	wantSame(s, "what was given to Update", changed, given)
	o.wantDocument(s, "another document", neighbour)
	cleared := *d
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Update(ctx, &cleared) })
	o.wantDocument(s, "after its fields were cleared again", d)
}

func documentDeletedIsGone(s *scene) {
	o := s.org()
	d, kept := o.NewDocument(s), o.NewDocument(s)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.PutSearchEntry(ctx, entryOf(d)) })
	remove := func(ctx context.Context, tx core.Tx) error { return tx.Documents.Delete(ctx, d.ID) }
	o.InTx(s, remove)
	_, err := o.Read().Documents.Get(s.Context(), d.ID)
	wantCode(s, "the deleted document", err, core.CodeNotFound)
	wantCode(s, "deleting it again", o.TryTx(s, remove), core.CodeNotFound)
	wantSame(s, "found by its words", s.search(o, "budget"), []core.DocumentID(nil))
	rows, err := o.Read().Documents.List(s.Context(), core.DocumentFilter{}, everything)
	if must(s, "list", rows, err); len(rows) != 1 || rows[0].ID != kept.ID {
		s.Errorf("list: got %d documents, want the one that was kept", len(rows))
	}
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		return tx.Documents.Create(ctx, d) // under the same id, without the old search entry
	})
	wantSame(s, "found by the words of its first life", s.search(o, "budget"), []core.DocumentID(nil))
}
