package coretest

import (
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func connectorListsAll(t *testing.T, w ConnectorWorld) {
	ids := w.makeMany(t, 250) // more than two pages of any vendor
	items, incomplete := w.all(t, core.ListRequest{})
	if incomplete != "" {
		t.Errorf("got an incomplete listing: %s", incomplete)
	}
	for _, id := range ids {
		if _, ok := items[id]; !ok {
			t.Errorf("item %s is not listed", id)
		}
	}
}

func connectorListedItems(t *testing.T, w ConnectorWorld) {
	id := w.Make(t, "The title", "Text.")
	items, _ := w.all(t, core.ListRequest{})
	got := items[id]
	if got.Title != "The title" || got.Kind == "" || got.State != core.RemotePresent || got.LastEdited.IsZero() || got.LastEdited.Location() != time.UTC {
		t.Errorf("got %+v, want title, kind, state and the last edit in UTC", got)
	}
}

func connectorListsSince(t *testing.T, w ConnectorWorld) {
	if !w.Capabilities().Incremental {
		return // List ignores Since
	}
	ids := w.makeMany(t, 3)
	w.Edit(t, ids[1], "Another text.")
	fetched, err := w.Fetch(t.Context(), w.Access, ids[1], nil)
	must(t, "fetch", fetched, err)
	items, _ := w.all(t, core.ListRequest{Since: fetched.LastEdited})
	if _, ok := items[ids[1]]; !ok {
		t.Errorf("got %d items, want the one that was edited among them", len(items))
	}
	items, _ = w.all(t, core.ListRequest{Since: fetched.LastEdited.Add(24 * time.Hour)})
	if len(items) != 0 {
		t.Errorf("got %d items that were edited tomorrow", len(items))
	}
}

func connectorEmptyPage(t *testing.T, w ConnectorWorld) {
	ids := w.makeMany(t, 3)
	w.Fail(VendorEmptyPage, 0)
	page, err := w.List(t.Context(), w.Access, core.ListRequest{})
	if must(t, "list", page, err); len(page.Items) == 0 && page.Next == "" {
		t.Error("got the end, want another page after an empty one")
	}
	w.Fail(VendorWorks, 0)
	if items, _ := w.all(t, core.ListRequest{Cursor: page.Next}); len(items)+len(page.Items) < len(ids) {
		t.Errorf("got %d items, want all %d", len(items)+len(page.Items), len(ids))
	}
}

func connectorRepeatedCursor(t *testing.T, w ConnectorWorld) {
	w.makeMany(t, 250)
	w.Fail(VendorRepeatedCursor, 1)
	_, err := w.firstError(t)
	wantReason(t, "list", err, core.ReasonBroken)
}

func connectorMissingCursor(t *testing.T, w ConnectorWorld) {
	w.makeMany(t, 250)
	w.Fail(VendorNoCursor, 0)
	_, err := w.firstError(t)
	wantReason(t, "list", err, core.ReasonBroken)
}

func connectorLostPart(t *testing.T, w ConnectorWorld) {
	w.makeMany(t, 3)
	w.Fail(VendorLostPart, 0)
	if _, incomplete := w.all(t, core.ListRequest{}); incomplete == "" {
		t.Error("got a listing that says it is whole, want it incomplete")
	}
}

func connectorAsksAgain(t *testing.T, w ConnectorWorld) {
	ids := w.makeMany(t, 250)
	first, err := w.List(t.Context(), w.Access, core.ListRequest{})
	must(t, "list", first, err)
	w.Fail(VendorHalfJSON, 0)
	_, err = w.List(t.Context(), w.Access, core.ListRequest{Cursor: first.Next})
	wantReason(t, "list", err, core.ReasonBroken, core.ReasonDown)
	w.Fail(VendorWorks, 0)
	rest, _ := w.all(t, core.ListRequest{Cursor: first.Next})
	for _, i := range first.Items {
		rest[i.ID] = i
	}
	for _, id := range ids {
		if _, ok := rest[id]; !ok {
			t.Errorf("item %s is lost", id)
		}
	}
}
