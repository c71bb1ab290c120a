package confluence_test

import (
	"slices"
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
