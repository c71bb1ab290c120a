package core_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/testenv/fixture"
)

// textFile is a file of plain text.
func textFile(name, text string) core.File {
	return core.File{Name: name, Body: strings.NewReader(text)}
}

func TestDocuments_UploadOfAKnownFileAnswersTheDocument(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	first, outcome, err := in.Documents.Upload(t.Context(), a, textFile("a.txt", "Sales rose."), core.UploadOptions{Title: func() string { return "Sales" }})
	if err != nil || outcome != core.OutcomeCreated || first.Title != "Sales" {
		t.Fatalf("got %+v, %s, %v", first, outcome, err)
	}
	again, outcome, err := in.Documents.Upload(t.Context(), a, textFile("b.txt", "Sales rose."), core.UploadOptions{Title: func() string { return "Other" }})
	if err != nil || outcome != core.OutcomeUnchanged || again.ID != first.ID || again.Title != "Sales" {
		t.Errorf("the same text again: got %+v, %s, %v, want the document as it is", again, outcome, err)
	}
	second, outcome, err := in.Documents.Upload(t.Context(), a, textFile("a.txt", "Sales rose."), core.UploadOptions{Duplicate: true})
	if err != nil || outcome != core.OutcomeCreated || second.ID == first.ID {
		t.Errorf("asked for a duplicate: got %+v, %s, %v", second, outcome, err)
	}
	other, _ := in.admin(t, "bob@example.org")
	theirs, outcome, err := in.Documents.Upload(t.Context(), other, textFile("a.txt", "Sales rose."), core.UploadOptions{})
	if err != nil || outcome != core.OutcomeCreated || theirs.ID == first.ID {
		t.Errorf("in another organization: got %+v, %s, %v", theirs, outcome, err)
	}
}

func TestDocuments_UploadTakesTheTitleFromTheFile(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	long := strings.Repeat("é", core.MaxTitleChars+1)
	for _, tt := range []struct{ name, text, want string }{
		{"report.txt", "no heading", "report"},
		{"report.md", "# A heading\n\nwords", "A heading"},
		{`..\..\C:\evil\report.tar.gz.txt`, "path of Windows", "report.tar.gz"},
		{"../../etc/passwd", "path of Unix", "passwd"},
		{".profile", "hidden", ".profile"},
		{"a\nb\x1b[31m\u202egpj.txt", "controls", "a b [31m gpj"},
		{"\xff\xfe.txt", "no UTF-8", "\ufffd"},
		{"", "no name", "Untitled"},
		{long + ".txt", "a long name", long[:len(long)-2]},
	} {
		d, _, err := in.Documents.Upload(t.Context(), a, textFile(tt.name, tt.text), core.UploadOptions{})
		if err != nil || d.Title != tt.want {
			t.Errorf("%q: got %+v, %v, want title %q", tt.name, d, err, tt.want)
		}
	}
	_, _, err := in.Documents.Upload(t.Context(), a, textFile("a.txt", "a title too long"), core.UploadOptions{Title: func() string { return long }})
	wantCode(t, "a title that is too long", err, core.CodeValidation)
}

func TestDocuments_ReplaceRaisesTheVersionWithTheText(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	d, _, err := in.Documents.Upload(t.Context(), a, textFile("a.txt", "Sales rose."), core.UploadOptions{Title: func() string { return "Sales" }})
	if err != nil {
		t.Fatal(err)
	}
	same, err := in.Documents.Replace(t.Context(), a, d.ID, textFile("b.txt", "Sales rose."), core.ReplaceOptions{})
	if err != nil || same.Version != 1 || same.Revision != 1 {
		t.Errorf("with the same text: got %+v, %v, want it untouched", same, err)
	}
	pdf := core.File{Name: "b.pdf", Body: bytes.NewReader(fixture.PDF("Sales fell.", "", "Costs rose."))}
	got, err := in.Documents.Replace(t.Context(), a, d.ID, pdf, core.ReplaceOptions{Match: core.Revisions{1}})
	if err != nil || got.Version != 2 || got.Title != "Sales" || got.MimeType != "application/pdf" || !slices.Equal(got.Pages.WithoutText, []int{2}) {
		t.Fatalf("with a PDF: got %+v, %v", got, err)
	}
	stored, err := in.Documents.Get(t.Context(), a, d.ID)
	if err != nil || stored.Pages.Total() != 3 || stored.Content != got.Content {
		t.Errorf("stored: got %+v, %v", stored, err)
	}
	edited := "Sales fell a lot."
	patched, err := in.Documents.Update(t.Context(), a, d.ID, core.DocumentPatch{Content: &edited}, nil)
	if err != nil || patched.Pages.Total() != 0 {
		t.Errorf("edited by hand: got pages %+v, %v, want none", patched.Pages, err)
	}
}

func TestDocuments_ReplaceAsksBeforeItReads(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	d := in.document(t, a)
	stranger := core.NewActor(a.Tenant(), core.NewID[core.UserID](), core.RoleMember)
	for name, tt := range map[string]struct {
		actor core.Actor
		id    core.DocumentID
		match core.Revisions
		want  core.Code
	}{
		"another's document": {stranger, d.ID, nil, core.CodeAuthorization},
		"an unknown one":     {a, core.NewID[core.DocumentID](), nil, core.CodeNotFound},
		"an old revision":    {a, d.ID, core.Revisions{7}, core.CodePreconditionFailed},
	} {
		body := strings.NewReader("Sales fell.")
		_, err := in.Documents.Replace(t.Context(), tt.actor, tt.id, core.File{Name: "a.txt", Body: body}, core.ReplaceOptions{Match: tt.match})
		wantCode(t, name, err, tt.want)
		if body.Len() != len("Sales fell.") {
			t.Errorf("%s: the file was read", name)
		}
	}
}

func TestSummaries_NamePagesOfTheFile(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	pdf := fixture.PDF("Sales fell in the first quarter of the year.", "", "Costs rose in the second quarter of the year.")
	d, _, err := in.Documents.Upload(t.Context(), a, core.File{Name: "a.pdf", Body: bytes.NewReader(pdf)}, core.UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	in.model.SummarizeFunc = func(_ context.Context, _ core.Tenant, r core.SummarizeRequest, _ core.SummaryObserver) (*core.SummaryResult, error) {
		at := len([]rune(r.Document.Content[:strings.Index(r.Document.Content, "Costs")]))
		return &core.SummaryResult{Text: "a summary", Model: "mock", Citations: []core.Citation{{End: 9, Sources: []core.Source{{Start: at, End: at + 5, Quote: "Costs"}}}}}, nil
	}
	sum, _, err := in.Summaries.Request(t.Context(), a, core.SummaryRequest{DocumentID: d.ID})
	if err != nil {
		t.Fatal(err)
	}
	execute(t, in.claim(t))
	got := in.summary(t, a, sum.ID)
	if got.Citations[0].Sources[0].Page != 3 || got.Coverage.PagesTotal != 3 || !slices.Equal(got.Coverage.PagesWithoutText, []int{2}) {
		t.Errorf("got %+v with %+v, want page 3, and page 2 of 3 without text", got.Citations, got.Coverage)
	}
	if len(got.Warnings) != 1 || got.Warnings[0].Code != core.WarnPagesWithoutText {
		t.Errorf("got warnings %+v", got.Warnings)
	}
}
