package confluence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

// manySpaces is a town with n spaces, S000 and on, of which all are chosen.
func manySpaces(t *testing.T, d access, n, page int) *town {
	t.Helper()
	w := newCity(t, d, page)
	for i := range n {
		key := fmt.Sprintf("S%03d", i)
		w.fake.AddSpace(key, "Space "+key)
		w.access.Config.Spaces = append(w.access.Config.Spaces, key)
	}
	return w
}

// gaps lists what is there, and returns all that a listing says is missing.
func (w *town) gaps(t *testing.T, r core.ListRequest) (items int, gaps []string) {
	t.Helper()
	for range 5000 {
		page, err := w.List(t.Context(), w.access, r)
		if err != nil {
			t.Fatal(err)
		}
		items += len(page.Items)
		if page.Incomplete != "" {
			gaps = append(gaps, page.Incomplete)
		}
		if r.Cursor = page.Next; r.Cursor == "" {
			return items, gaps
		}
	}
	t.Fatal("the listing has no end")
	return 0, nil
}

// The fake refuses more than 250 keys at once and more than 100 spaces in a listing of
// changes, as Confluence does, and it answers two at a time.
func TestList_AnyNumberOfChosenSpaces(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := manySpaces(t, d, 260, 2)
		chosen := slices.Insert(slices.Clone(w.access.Config.Spaces), 30, "NOPE1", "NOPE2") // in the first batch
		w.access.Config.Spaces = append(chosen, "NOPE3")                                    // and in the last
		want := []string{"no such space can be seen: NOPE1, NOPE2", "no such space can be seen: NOPE3"}
		for what, r := range map[string]core.ListRequest{"everything": {}, "changes": {Since: w.at.Add(-time.Hour)}} {
			if items, gaps := w.gaps(t, r); items != 260 || !slices.Equal(gaps, want) {
				t.Errorf("%s: got %d items and %q, want the 260 home pages and %q", what, items, gaps, want)
			}
		}
		for _, c := range w.Sent() {
			if len(c.Path) > 8000 {
				t.Fatalf("an address of %d bytes", len(c.Path))
			}
		}
	})
}

func TestVerify_AnyNumberOfChosenSpaces(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := manySpaces(t, d, 260, 30)
		w.access.Config.Spaces = append(w.access.Config.Spaces, "NOPE")
		got, err := w.Verify(t.Context(), w.access)
		if err != nil || !slices.Equal(got.Unseen, []string{"NOPE"}) || got.Visible[1] != (core.VisibleCount{Kind: "spaces", Count: 260}) {
			t.Errorf("got %+v, %v, want 260 spaces and one that is not seen", got, err)
		}
	})
}

// A batch that may not be listed is a gap, and the others are listed.
func TestList_BatchThatMayNotBeListedIsAGap(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := manySpaces(t, d, 60, 2)
		w.fake.Fail(fakes.Rule{Fault: fakes.Forbidden, On: "GET " + d.spaces(), Times: 1})
		items, gaps := w.gaps(t, core.ListRequest{})
		if items != 10 || !slices.Equal(gaps, []string{"the spaces could not be listed"}) {
			t.Errorf("got %d items and %q, want those of the second batch", items, gaps)
		}
	})
}

func TestList_OtherSpacesThatAreChosenMeanwhileAreAGap(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := manySpaces(t, d, 1, 2)
		r := core.ListRequest{Cursor: upstream.Pack(map[string]any{"a": 50})}
		if items, gaps := w.gaps(t, r); items != 0 || len(gaps) != 1 || !strings.Contains(gaps[0], "other spaces") {
			t.Errorf("got %d items and %q, want the change told", items, gaps)
		}
	})
}

func TestList_WordsAreFoundInTheChosenSpaces(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A", "B", "~ann")
		for _, key := range []string{"A", "B", "~ann"} {
			w.add(key, "Rota of "+key)
		}
		w.access.Config.Spaces = []string{"a", "~ann"}
		want := []string{"Rota of A", "Rota of ~ann"}
		if got := w.titles(t, core.ListRequest{Query: "Rota"}); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if d.api == "/confluence/rest/api" {
			return // there is no other way there
		}
		w.fake.Fail(fakes.Rule{Fault: fakes.Forbidden, On: "GET " + strings.Replace(d.api, "/api/v2", "/rest/api", 1) + "/content/search", Times: 100})
		for title, want := range map[string][]string{"Rota of A": {"Rota of A"}, "Rota of B": nil} {
			if got := w.titles(t, core.ListRequest{Query: title}); !slices.Equal(got, want) {
				t.Errorf("by the whole title: got %q, want %q", got, want)
			}
		}
	})
}

// A key may be all digits, as ids are: a page's id comes first, then a space's, then
// the key.
func TestPublish_IntoASpaceWhoseKeyIsANumber(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A", "2026")
		into, err := w.make(t, "2026", false)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := w.Fetch(t.Context(), w.access, into.ID, nil); err != nil || got.Path != "2026" && got.Path != "Space 2026" {
			t.Errorf("got %+v, %v, want it in the space 2026", got, err)
		}
		again, err := w.make(t, "2026", true)
		if err != nil || again.ID != into.ID {
			t.Errorf("again: %+v, %v, want the same page", again, err)
		}
		page := w.add("A", "Parent")
		w.fake.AddSpace(page, "Of a key like a page's id")
		if below, err := w.make(t, page, false); err != nil || w.fake.Parent(below.ID) != page {
			t.Errorf("below a page: %+v, %v", below, err)
		}
	})
}

// A body refers to spaces by key alone: a page whose id is that number is not meant.
func TestFetch_ReferenceIntoASpaceWhoseKeyIsANumber(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		decoy := w.add("A", "Rota")
		w.fake.AddSpace(decoy, "Numbered")
		meant := w.add(decoy, "Rota")
		id := w.fake.AddPage(fakes.ConfluencePage{
			Space: "A", Title: "Duty", Storage: `<p><ac:link><ri:page ri:space-key="` + decoy + `" ri:content-title="Rota"/></ac:link></p>`,
		})
		got, err := w.Fetch(t.Context(), w.access, id, nil)
		if err != nil || !strings.Contains(got.Markdown, meant) || strings.Contains(got.Markdown, "/"+decoy+"/Rota") {
			t.Errorf("got %+v, %v, want the page %s of the space %s", got, err, meant, decoy)
		}
	})
}
