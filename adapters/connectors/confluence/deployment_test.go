package confluence_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/confluence"
	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

// town is a fake that gives two items a page, in an hour that the test says, and whose
// calls are looked at.
type town struct {
	*confluence.Connector
	*vendortest.Traffic
	fake   *fakes.Confluence
	access core.Access
	at     time.Time
}

func newTown(t *testing.T, d access, spaces ...string) *town {
	t.Helper()
	return newCity(t, d, 2, spaces...)
}

// newCity is newTown with as many items a page.
func newCity(t *testing.T, d access, page int, spaces ...string) *town {
	t.Helper()
	w := &town{at: time.Date(2026, 6, 20, 10, 0, 0, 0, time.UTC)}
	w.fake = fakes.NewConfluence(fakes.Config{Token: coretest.VendorToken, PageSize: page, Now: func() time.Time { return w.at }})
	server := httptest.NewServer(w.fake)
	t.Cleanup(server.Close)
	for _, key := range spaces {
		w.fake.AddSpace(key, "Space "+key)
	}
	address, traffic := vendortest.Tap(t, server.URL)
	w.Traffic = traffic
	w.Connector, w.access = at(address)
	w.access.AuthType, w.access.Token, w.access.Config = d.auth, core.NewSecret(coretest.VendorToken), d.config(address)
	return w
}

func (w *town) add(space, title string) string {
	return w.fake.AddPage(fakes.ConfluencePage{Space: space, Title: title, Storage: "<p>" + title + "</p>"})
}

// titles lists what is there, sorted.
func (w *town) titles(t *testing.T, r core.ListRequest) []string {
	t.Helper()
	var titles []string
	for _, it := range list(t, w.Connector, w.access, r) {
		titles = append(titles, it.Title)
	}
	slices.Sort(titles)
	return titles
}

func everywhere(t *testing.T, test func(t *testing.T, d access)) {
	t.Helper()
	for name, d := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, d)
		})
	}
}

func TestList_GoesThroughMoreSpacesThanOneAnswerHas(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A", "B", "C", "D", "E")
		for i := range 3 {
			w.add("E", fmt.Sprint("Page ", i))
		}
		want := []string{"Page 0", "Page 1", "Page 2", "Space A Home", "Space B Home", "Space C Home", "Space D Home", "Space E Home"}
		if got := w.titles(t, core.ListRequest{}); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		for _, it := range list(t, w.Connector, w.access, core.ListRequest{}) {
			if it.Title == "Page 0" && (it.Path != "Space E" || it.Kind != core.ItemPage || !it.LastEdited.Equal(w.at) || it.Version != "1" || !strings.HasPrefix(it.URL, "http")) {
				t.Errorf("got %+v", it)
			}
		}
	})
}

func TestList_KeepsToTheChosenSpaces(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A", "B", "C")
		w.access.Config.Spaces = []string{"A", "C"}
		old := w.add("A", "Old")
		w.fake.Trash(w.add("B", "Theirs in the trash"))
		w.at = w.at.Add(48 * time.Hour)
		since := w.at
		w.at = w.at.Add(time.Hour)
		w.add("A", "New in A")
		w.add("B", "New in B")
		w.add("C", "New in C")
		w.fake.Trash(w.add("C", "Gone from C"))
		if got, want := w.titles(t, core.ListRequest{}), []string{"New in A", "New in C", "Old", "Space A Home", "Space C Home"}; !slices.Equal(got, want) {
			t.Errorf("everything: got %q, want %q", got, want)
		}
		if got, want := w.titles(t, core.ListRequest{Since: since}), []string{"Gone from C", "New in A", "New in C"}; !slices.Equal(got, want) {
			t.Errorf("changes: got %q, want %q", got, want)
		}
		w.fake.Edit(old, "<p>edited</p>")
		got := w.titles(t, core.ListRequest{Since: since})
		if !slices.Contains(got, "Old") || slices.Contains(got, "New in B") || slices.Contains(got, "Space A Home") {
			t.Errorf("changes after an edit: got %q", got)
		}
	})
}

func TestList_OnePageThatCannotBeRenderedSpoilsNoList(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		w.add("A", "Well")
		w.fake.AddPage(fakes.ConfluencePage{Space: "A", Title: "Broken", Storage: "<p>x</p>", Broken: true})
		w.add("A", "Also well")
		for _, r := range []core.ListRequest{{}, {Since: w.at.Add(-time.Hour)}} {
			if got, want := w.titles(t, r), []string{"Also well", "Broken", "Space A Home", "Well"}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}

func TestList_FindsWordsAsTheyAre(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		w.add("A", `Say "hello" twice`)
		w.add("A", "Say nothing")
		w.fake.Trash(w.add("A", `Say "hello" in the trash`))
		if got, want := w.titles(t, core.ListRequest{Query: `Say "hello"`}), []string{`Say "hello" twice`}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := w.titles(t, core.ListRequest{Query: "goodbye"}); len(got) != 0 {
			t.Errorf("got %q, want nothing", got)
		}
	})
}

// make publishes a new page and returns it.
func (w *town) make(t *testing.T, parent string, retry bool) (*core.Published, error) {
	t.Helper()
	return w.publish(t, core.Publication{
		Key: "k-1", Parent: parent, Title: "Summary", OwnPage: true, Markdown: "Short.\n", Source: "Long", Version: 1, Retry: retry,
	})
}

// publish does it, whatever id a new page gets.
func (w *town) publish(t *testing.T, p core.Publication) (*core.Published, error) {
	t.Helper()
	return w.Publish(t.Context(), w.access, p, func(context.Context, core.RemotePage) error { return nil })
}

func TestPublish_BelowAPageOrInASpace(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A", "B")
		page := w.add("B", "Parent")
		below, err := w.make(t, page, false)
		if err != nil || w.fake.Parent(below.ID) != page || !strings.Contains(below.URL, below.ID) {
			t.Errorf("below a page: %+v, %v, below %s", below, err, w.fake.Parent(below.ID))
		}
		within, err := w.make(t, "A", false)
		if err != nil || within.ID == below.ID {
			t.Errorf("in a space: %+v, %v", within, err)
		}
		again, err := w.make(t, "A", true)
		if err != nil || again.ID != within.ID || again.Outcome != core.PublishUnchanged {
			t.Errorf("again after nobody knows what: %+v, %v, want the page of this space", again, err)
		}
		w.fake.Trash(page)
		for _, parent := range []string{page, "999999", "NOPE", "../x"} {
			if got, err := w.make(t, parent, false); core.ReasonOf(err) != core.ReasonGone {
				t.Errorf("below %q: %+v, %v, want it gone", parent, got, err)
			}
		}
	})
}

func TestPublish_TitleOfSomebodyElseGetsANumber(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		w.add("A", "Summary")
		w.fake.Trash(w.add("A", "Summary (2)"))
		got, err := w.make(t, "A", false)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := w.Fetch(t.Context(), w.access, got.ID, nil); err != nil || f.Title != "Summary (3)" {
			t.Errorf("got %+v, %v, want the third title", f, err)
		}
		if again, err := w.make(t, "A", true); err != nil || again.ID != got.ID {
			t.Errorf("again: %+v, %v, want the same page", again, err)
		}
	})
}
