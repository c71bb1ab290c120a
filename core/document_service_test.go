package core_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestDocuments_UpdateThatChangesNothingIsNoChange(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	d := in.document(t, a)
	same, err := in.Documents.Update(t.Context(), a, d.ID, core.DocumentPatch{Title: &d.Title, Content: &d.Content}, nil)
	if err != nil || same.Revision != 1 || same.Version != 1 || !same.UpdatedAt.Equal(d.UpdatedAt) {
		t.Errorf("got %+v, %v, want it untouched", same, err)
	}
	if got := in.events(t, a); !slices.Equal(got, []core.EventType{core.EventDocumentCreated}) {
		t.Errorf("events: got %v, want the creation only", got)
	}
}

func TestDocuments_VersionRisesWithContentOnly(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	d := in.document(t, a)
	title, content := "Another title", "Sales fell."
	d, err := in.Documents.Update(t.Context(), a, d.ID, core.DocumentPatch{Title: &title}, core.Revisions{1})
	if err != nil || d.Version != 1 || d.Revision != 2 {
		t.Fatalf("retitled: got %+v, %v", d, err)
	}
	_, err = in.Documents.Update(t.Context(), a, d.ID, core.DocumentPatch{Content: &content}, core.Revisions{1})
	wantCode(t, "an old revision", err, core.CodePreconditionFailed)
	d, err = in.Documents.Update(t.Context(), a, d.ID, core.DocumentPatch{Content: &content}, core.Revisions{7, 2})
	if err != nil || d.Version != 2 || d.Revision != 3 {
		t.Errorf("edited: got %+v, %v", d, err)
	}
}

func TestSummaries_StaleAsSoonAsTheDocumentIsEdited(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	sum, _ := in.request(t, a)
	execute(t, in.claim(t))
	if s := in.summary(t, a, sum.ID); s.Stale {
		t.Error("a fresh summary is stale")
	}
	content := "Sales fell."
	if _, err := in.Documents.Update(t.Context(), a, sum.DocID, core.DocumentPatch{Content: &content}, nil); err != nil {
		t.Fatal(err)
	}
	if s := in.summary(t, a, sum.ID); !s.Stale {
		t.Error("the summary of an older version is not stale")
	}
}

func TestDocuments_ImportKnowsAFileAgain(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	read := func(text, external string) (*core.Document, core.Outcome) {
		t.Helper()
		d, outcome, err := in.Documents.Import(t.Context(), a, core.File{Name: "report.md", Body: strings.NewReader(text)}, core.ImportOptions{ExternalID: external})
		if err != nil {
			t.Fatal(err)
		}
		return d, outcome
	}
	first, outcome := read("# Sales\n\nSales rose by a tenth this year.\n", "file:/report.md")
	if outcome != core.OutcomeCreated || first.Title != "Sales" {
		t.Fatalf("first: got %s %q", outcome, first.Title)
	}
	again, outcome := read("# Sales\n\nSales rose by a tenth this year.\n", "file:/report.md")
	if outcome != core.OutcomeUnchanged || again.ID != first.ID || again.Version != 1 {
		t.Errorf("unchanged: got %s %+v", outcome, again)
	}
	edited, outcome := read("# Sales\n\nSales fell.\n", "file:/report.md")
	if outcome != core.OutcomeUpdated || edited.ID != first.ID || edited.Version != 2 {
		t.Errorf("edited: got %s %+v", outcome, edited)
	}
	stdin, _ := read("Words on standard input are a document.", "")
	copied, outcome := read("Words on standard input are a document.", "")
	if outcome != core.OutcomeUnchanged || copied.ID != stdin.ID {
		t.Errorf("the same content without a name: got %s", outcome)
	}
}

func TestDocuments_SearchFindsWhatWasIndexed(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	other, _ := in.admin(t, "bob@example.org")
	d := in.document(t, a)
	in.document(t, other)
	if n, err := in.Work.Index(t.Context(), 10); n != 2 || err != nil {
		t.Fatalf("index: got %d, %v, want both documents", n, err)
	}
	found, err := in.Documents.List(t.Context(), a, core.DocumentQuery{Text: "TENTH sales"})
	if err != nil || len(found.Items) != 1 || found.Items[0].ID != d.ID || found.Items[0].Content != "" {
		t.Errorf("got %+v, %v, want the tenant's document without content", found, err)
	}
	if n, err := in.Work.Index(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("index again: got %d, %v, want nothing to do", n, err)
	}
}

func TestDocuments_MembersChangeTheirOwnOnly(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	d := in.document(t, a)
	member := core.NewActor(a.Tenant(), core.NewID[core.UserID](), core.RoleMember)
	title := "Mine now"
	_, err := in.Documents.Update(t.Context(), member, d.ID, core.DocumentPatch{Title: &title}, nil)
	wantCode(t, "update of another's", err, core.CodeAuthorization)
	wantCode(t, "delete of another's", in.Documents.Delete(t.Context(), member, d.ID, nil), core.CodeAuthorization)
	if _, err := in.Documents.Get(t.Context(), member, d.ID); err != nil {
		t.Errorf("reading another's: %v", err)
	}
}
