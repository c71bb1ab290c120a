package confluence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/core"
)

// into publishes a part into a page that is there.
func (w *town) into(t *testing.T, id string) (*core.Published, error) {
	t.Helper()
	return w.Publish(t.Context(), w.access, core.Publication{Key: "k-1", RemoteID: id, Markdown: "Short.\n", Source: "Long", Version: 1}, nil)
}

// Without the body as it is what others wrote could not be kept.
func TestPublish_PageWhoseBodyCannotBeReadIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		id := w.add("A", "Page")
		w.fake.Fail(fakes.Rule{Fault: fakes.Failed, On: "GET " + d.pages() + "/*"})
		if _, err := w.into(t, id); !slices.Contains([]core.UpstreamReason{core.ReasonBroken, core.ReasonDown}, core.ReasonOf(err)) {
			t.Errorf("got %v, want it broken or down, and not gone", err)
		}
		if storage, version := w.fake.Storage(id); storage != "<p>Page</p>" || version != 1 {
			t.Errorf("got %s in version %d, want it as it was", storage, version)
		}
	})
}

func TestPublish_RefusalIsFinalOnlyIfTheTitleIsKnownToBeFree(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		w.add("A", "Summary")
		w.fake.Fail(fakes.Rule{Fault: fakes.Busy, On: "GET " + d.pages(), RetryAfter: time.Minute})
		if _, err := w.make(t, "A", false); core.ReasonOf(err) != core.ReasonLimited || !core.Retryable(err) {
			t.Errorf("got %v, want it limited: the title may be taken", err)
		}
	})
}

func TestList_TrashOfAnotherSpaceOfTheSameNameIsLeftOut(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		w.access.Config.Spaces = []string{"A"}
		w.fake.AddSpace("B", "Space A")
		w.fake.Trash(w.add("A", "Mine"))
		w.fake.Trash(w.add("B", "Theirs"))
		if got, want := w.titles(t, core.ListRequest{Since: w.at}), []string{"Mine", "Space A Home"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// Somebody saves at the same moment: the page is read again, five times at the most.
func TestPublish_VersionConflictsAreMetByReadingAgain(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		for conflicts, want := range map[int]core.UpstreamReason{4: "", 5: core.ReasonRefused} {
			w := newTown(t, d, "A")
			id := w.add("A", "Page")
			w.fake.Forget()
			w.fake.Fail(fakes.Rule{Fault: fakes.SaveConflict, On: "PUT " + d.pages() + "/*", Times: conflicts})
			_, err := w.into(t, id)
			if core.ReasonOf(err) != want || len(w.fake.Writes()) != 5 || len(w.fake.Calls()) != 10 {
				t.Errorf("%d conflicts: got %v after %d calls, %d of them writes, want %q after 10 and 5", conflicts, err, len(w.fake.Calls()), len(w.fake.Writes()), want)
			}
		}
	})
}

func TestPublish_WritesOfUnknownOutcomeAreNotRepeated(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		for _, on := range []string{"POST " + d.pages(), "PUT " + d.pages() + "/*"} {
			w := newTown(t, d, "A")
			w.fake.Fail(fakes.Rule{Fault: fakes.Failed, On: on})
			_, err := w.make(t, "A", false)
			failed := slices.DeleteFunc(w.fake.Calls(), func(c fakes.Call) bool { return c.Fault == "" })
			if core.ReasonOf(err) != core.ReasonDown || len(failed) != 1 {
				t.Errorf("%s: got %v after %+v, want it down after one", on, err, failed)
			}
		}
	})
}

func TestPublish_RefusalThatIsNotTheTitlesIsTold(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		for status, want := range map[int]core.UpstreamReason{400: core.ReasonRefused, 413: core.ReasonRefused, 403: core.ReasonForbidden} {
			w.Sent()
			w.Refuse("POST "+d.pages(), status, `{}`)
			if _, err := w.make(t, "A", false); core.ReasonOf(err) != want || len(w.Writes()) != 1 {
				t.Errorf("%d: got %v after %d writes, want it %s after one", status, err, len(w.Writes()), want)
			}
		}
	})
}

// A title has 255 characters at the most, its number included.
func TestPublish_TitleIsCutToWhatConfluenceTakes(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		for title, want := range map[string][]string{
			strings.Repeat("é", 255):       {strings.Repeat("é", 255), strings.Repeat("é", 251) + " (2)"},
			" " + strings.Repeat("a", 300): {strings.Repeat("a", 255), strings.Repeat("a", 251) + " (2)"},
		} {
			for _, want := range want {
				p := core.Publication{Key: "k-1", Parent: "A", Title: title, OwnPage: true, Markdown: "Short.\n", Source: "Long", Version: 1}
				got, err := w.publish(t, p)
				if err != nil {
					t.Fatal(err)
				}
				if f, err := w.Fetch(t.Context(), w.access, got.ID, nil); err != nil || f.Title != want {
					t.Errorf("got %+v, %v, want the title %q", f, err, want)
				}
				w.fake.Forget()
				p.RemoteID = got.ID
				if again, err := w.publish(t, p); err != nil || again.Outcome != core.PublishUnchanged || len(w.fake.Writes()) != 0 {
					t.Errorf("again: %+v, %v and %v, want nothing written", again, err, w.fake.Writes())
				}
			}
		}
	})
}

// Whoever has the titles that are tried keeps them, and the last of them is found again.
func TestPublish_TriesTwentyTitles(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		w.add("A", "Summary")
		for n := 2; n < 20; n++ {
			w.add("A", fmt.Sprintf("Summary (%d)", n))
		}
		last, err := w.make(t, "A", false)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := w.make(t, "A", true); err != nil || again.ID != last.ID {
			t.Errorf("again: %+v, %v, want the twentieth", again, err)
		}
		pages := len(w.fake.Pages())
		if _, err := w.make(t, "A", false); core.ReasonOf(err) != core.ReasonRefused || len(w.fake.Pages()) != pages {
			t.Errorf("one more: %v and %d pages, want it refused", err, len(w.fake.Pages())-pages)
		}
	})
}

// A page of our title is taken for ours only while it is empty or has our part.
func TestPublish_RetryTakesNobodyElsesPage(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		for storage, ours := range map[string]bool{"<p>Somebody's.</p>": false, "<p/>": true, " <p />\n": true, "<p></p>": true, "": true} {
			w := newTown(t, d, "A")
			w.fake.Trash(w.fake.AddPage(fakes.ConfluencePage{Space: "A", Title: "Summary", Storage: "<p/>"})) // it is ours no more
			there := w.fake.AddPage(fakes.ConfluencePage{Space: "A", Title: "Summary (2)", Storage: storage})
			got, err := w.make(t, "A", true)
			if err != nil || (got.ID == there) != ours {
				t.Errorf("%q: got %+v, %v, want it taken: %v", storage, got, err, ours)
			}
			if now, _ := w.fake.Storage(got.ID); !strings.HasPrefix(now, "<p>Short.</p>") {
				t.Errorf("%q: got %s, want our part alone", storage, now)
			}
		}
	})
}

// What is below a page is made in the page's space; a space is named by key, in the
// cloud also by id.
func TestPublish_FindsWhereAPageGoes(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A", "B")
		archived := w.add("A", "Archived")
		w.fake.Archive(archived)
		if _, err := w.make(t, archived, false); core.ReasonOf(err) != core.ReasonGone || len(w.Writes()) != 0 {
			t.Errorf("below an archived page: %v and %v", err, w.Writes())
		}
		w.fake.Fail(fakes.Rule{Fault: fakes.Unauthorized, On: "GET " + d.spaces()})
		if _, err := w.make(t, "A", false); core.ReasonOf(err) != core.ReasonToken || len(w.Writes()) != 0 {
			t.Errorf("in a space that could not be asked for: %v and %v", err, w.Writes())
		}
		if w.access.Config.Deployment == core.DeploymentDataCenter {
			return
		}
		got, err := w.make(t, "229003", false) // the id of B
		if err != nil || w.fake.Parent(got.ID) != "229004" {
			t.Errorf("in a space by its id: %+v, %v", got, err)
		}
	})
}

func TestPublish_TrialWritesNothingAndSaysWhatItWould(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		p := core.Publication{Key: "k-1", Parent: "A", Title: "Summary", OwnPage: true, Markdown: "Short.\n", Source: "Long", Version: 1, DryRun: true}
		got, err := w.publish(t, p)
		if err != nil || got.Outcome != core.PublishCreated || got.ID != "" || !strings.Contains(got.Diff, "+Short.") || len(w.Writes()) != 0 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}
