package confluence_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/core"
)

// A vendor lowers the limit as it likes: the spaces may come in several answers.
func TestList_ChangesAreReadInAllChosenSpaces(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A", "B", "C", "D")
		w.access.Config.Spaces = []string{"A", "B", "C"}
		w.at = w.at.Add(48 * time.Hour)
		for _, key := range []string{"A", "C", "D"} {
			w.add(key, "New in "+key)
			w.fake.Trash(w.add(key, "Gone from "+key))
		}
		want := []string{"Gone from A", "Gone from C", "New in A", "New in C"}
		if got := w.titles(t, core.ListRequest{Since: w.at.Add(-time.Hour)}); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// A part that may not be listed is named, and all else is listed.
func TestList_SaysWhichPartIsMissing(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		changes := d.pages()
		if strings.HasSuffix(changes, "/content") {
			changes += "/search"
		}
		for name, c := range map[string]struct {
			on      string
			request core.ListRequest
			says    string
			titles  []string
		}{
			"Space":   {d.part, core.ListRequest{}, "“Space A”", []string{"Page in B", "Space B Home"}},
			"Spaces":  {"GET " + d.spaces(), core.ListRequest{}, "the spaces", nil},
			"Changes": {"GET " + changes, core.ListRequest{Since: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}, "the changed pages", []string{"Trashed"}},
		} {
			for _, fault := range []fakes.Fault{fakes.NotFound, fakes.Forbidden} {
				w := newTown(t, d, "A", "B")
				w.add("B", "Page in B")
				w.fake.Trash(w.add("B", "Trashed"))
				w.fake.Fail(fakes.Rule{Fault: fault, On: c.on})
				var titles []string
				incomplete := ""
				for r := c.request; ; {
					page, err := w.List(t.Context(), w.access, r)
					if err != nil {
						t.Fatal(err)
					}
					for _, it := range page.Items {
						titles = append(titles, it.Title)
					}
					incomplete += page.Incomplete
					if r.Cursor = page.Next; r.Cursor == "" {
						break
					}
				}
				if slices.Sort(titles); !strings.Contains(incomplete, c.says) || !slices.Equal(titles, c.titles) {
					t.Errorf("%s %s: got %q, incomplete %q, want %q and %q", name, fault, titles, incomplete, c.titles, c.says)
				}
			}
		}
	})
}

func TestList_SaysWhichChosenSpacesCannotBeSeen(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A", "B")
		w.Answer("GET "+d.spaces(), `{"results":[{"id":"229001","key":"A","name":"A"},{"id":"229003","key":"B","name":"B"}]}`)
		for keys, want := range map[string]string{"a B": "", "A NOPE NIL": "no such space can be seen: NOPE, NIL", "": ""} {
			w.access.Config.Spaces = strings.Fields(keys)
			if page, err := w.List(t.Context(), w.access, core.ListRequest{}); err != nil || page.Incomplete != want {
				t.Errorf("%q: got %+v, %v, want %q", keys, page, err, want)
			}
		}
	})
}

// What a token may not search by words is looked for by the whole title.
func TestList_FindsWholeTitlesWhereSearchIsNotAllowed(t *testing.T) {
	t.Parallel()
	for name, d := range deployments() {
		if name == "DataCenter" {
			continue // there is no other way there
		}
		for _, fault := range []fakes.Fault{fakes.NotFound, fakes.Forbidden} {
			w := newTown(t, d, "A")
			w.add("A", "Rota")
			w.add("A", "Rota of May")
			w.Name("/ex/confluence/"+fakes.ConfluenceCloudID, "")
			search := strings.Replace(d.api, "/api/v2", "/rest/api/content/search", 1)
			w.fake.Fail(fakes.Rule{Fault: fault, On: "GET " + search})
			if got := w.titles(t, core.ListRequest{Query: "Rota"}); !slices.Equal(got, []string{"Rota"}) {
				t.Errorf("%s %s: got %q", name, fault, got)
			}
			w.fake.Fail(fakes.Rule{Fault: fault, On: "GET " + search}, fakes.Rule{Fault: fakes.Busy, On: "GET " + d.pages(), RetryAfter: time.Hour})
			if _, err := w.List(t.Context(), w.access, core.ListRequest{Query: "Rota"}); core.ReasonOf(err) != core.ReasonLimited {
				t.Errorf("%s %s: got %v, want it limited", name, fault, err)
			}
		}
	}
}

func TestList_SearchGoesOnByCursor(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		for _, title := range []string{"Rota 1", "Rota 2", "Rota 3"} {
			w.add("A", title)
		}
		if got := w.titles(t, core.ListRequest{Query: "Rota"}); !slices.Equal(got, []string{"Rota 1", "Rota 2", "Rota 3"}) {
			t.Errorf("got %q", got)
		}
	})
}

// What is put away is listed as what it is, and read anew: its body may not be kept.
func TestList_ArchivedPagesAreListedWithoutTheirBody(t *testing.T) {
	t.Parallel()
	w := newTown(t, deployments()["Site"], "A")
	w.fake.Archive(w.add("A", "Old"))
	w.add("A", "New")
	for _, it := range list(t, w.Connector, w.access, core.ListRequest{}) {
		if archived := it.State == core.RemoteArchived; archived != (it.Title == "Old") || archived != (it.Body == nil) {
			t.Errorf("got %+v", it)
		}
	}
}

func TestList_CursorsOfNobodyAreRefused(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		type place map[string]any
		cursors := []string{"%", upstream.Pack(place{"s": "p"}), upstream.Pack(place{"s": "x"})} // none, pages of no space, no such stage
		if w.access.Config.Deployment == core.DeploymentDataCenter {
			elsewhere := "/rest/api/user/current"
			cursors = append(cursors, upstream.Pack(place{"c": elsewhere}), upstream.Pack(place{"s": "p", "c": elsewhere, "d": []place{{"k": "A"}}}))
		}
		for _, cursor := range cursors {
			if _, err := w.List(t.Context(), w.access, core.ListRequest{Cursor: cursor}); vendortest.Invalid(err) != "cursor cursor" {
				t.Errorf("%s: got %v", cursor, err)
			}
		}
		w.Want(t, "nobody is asked")
	})
}
