package coretest

import (
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

func (w ConnectorWorld) fetched(t *testing.T, id string, listed *core.Item) *core.Fetched {
	t.Helper()
	got, err := w.Fetch(t.Context(), w.Access, id, listed)
	return must(t, "fetch", got, err)
}

func connectorFetches(t *testing.T, w ConnectorWorld) {
	id := w.Make(t, "The title", "The first text.")
	first := w.fetched(t, id, nil)
	if first.ID != id || first.Title != "The title" || first.URL == "" || first.State != core.RemotePresent ||
		strings.TrimSpace(first.Markdown) != "The first text." || len(first.Warnings) != 0 {
		t.Errorf("got %+v, want the item as it is", first)
	}
	w.Edit(t, id, "The second text.")
	second := w.fetched(t, id, nil)
	if strings.TrimSpace(second.Markdown) != "The second text." {
		t.Errorf("got %q, want the text as it is now", second.Markdown)
	}
	if w.Capabilities().EditGrain == 0 && first.Version == second.Version && first.Version != "" {
		t.Errorf("got the version %q for both texts", first.Version)
	}
}

func connectorFetchesListed(t *testing.T, w ConnectorWorld) {
	id := w.Make(t, "The title", "The text.")
	items, _ := w.all(t, core.ListRequest{})
	listed := items[id]
	got, want := w.fetched(t, id, &listed), w.fetched(t, id, nil)
	if got.Markdown != want.Markdown || got.Title != want.Title || got.Version != want.Version {
		t.Errorf("got %+v, want the same as without what was listed: %+v", got, want)
	}
}

// unknownItem is an id that has every vendor's form.
const unknownItem = "11111111-2222-4333-8444-555555555555"

func connectorUnknown(t *testing.T, w ConnectorWorld) {
	for _, id := range []string{unknownItem, "../users/me", "no such\x00id", "a?b=c&d#e", strings.Repeat("9", 300)} {
		_, err := w.Fetch(t.Context(), w.Access, id, nil)
		wantReason(t, "fetch "+id, err, core.ReasonGone, core.ReasonRefused)
	}
	_, err := w.Fetch(t.Context(), w.Access, unknownItem, nil)
	wantReason(t, "fetch", err, core.ReasonGone)
}

func connectorHidden(t *testing.T, w ConnectorWorld) {
	if w.Hide == nil {
		return // the vendor has no such thing
	}
	id := w.Make(t, "One", "Text.")
	w.Hide(t, id)
	_, err := w.Fetch(t.Context(), w.Access, id, nil)
	wantReason(t, "fetch", err, core.ReasonGone, core.ReasonForbidden)
	if items, _ := w.all(t, core.ListRequest{}); len(items) != 0 {
		t.Errorf("got %d items, want the hidden one not listed", len(items))
	}
}

func connectorTrashed(t *testing.T, w ConnectorWorld) {
	if w.Trash == nil {
		return // the vendor has no such thing
	}
	id := w.Make(t, "One", "Text.")
	before := w.fetched(t, id, nil).LastEdited
	w.Trash(t, id)
	if got := w.fetched(t, id, nil); got.State != core.RemoteTrashed {
		t.Errorf("got %+v, want it in the trash", got)
	}
	if items, _ := w.all(t, core.ListRequest{}); items[id].State == core.RemotePresent {
		t.Error("an item in the trash is listed as present")
	}
	if w.Capabilities().ListsRemoved {
		if items, _ := w.all(t, core.ListRequest{Since: before}); items[id].State != core.RemoteTrashed {
			t.Errorf("got %+v, want the item listed as in the trash", items[id])
		}
	}
}

func connectorArchived(t *testing.T, w ConnectorWorld) {
	if w.Archive == nil {
		return // the vendor has no such thing
	}
	id := w.Make(t, "One", "Text.")
	w.Archive(t, id)
	if got := w.fetched(t, id, nil); got.State != core.RemoteArchived {
		t.Errorf("got %+v, want it archived", got)
	}
	if items, _ := w.all(t, core.ListRequest{}); items[id].State == core.RemotePresent {
		t.Error("an archived item is listed as present")
	}
}

func connectorNeverGone(t *testing.T, w ConnectorWorld) {
	id := w.Make(t, "One", "Text.")
	for after := range 3 { // whichever of the calls it hits
		w.Fail(VendorTokenRefused, after)
		got, err := w.Fetch(t.Context(), w.Access, id, nil)
		if err == nil && strings.TrimSpace(got.Markdown) == "Text." {
			continue // it took fewer calls
		}
		wantReason(t, "fetch", err, core.ReasonToken)
	}
}
