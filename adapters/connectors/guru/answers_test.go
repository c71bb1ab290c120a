package guru_test

import (
	"context"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/core"
)

// What cannot be understood is broken, never an empty answer.
func TestConnector_AnswersThatCannotBeUnderstoodAreBroken(t *testing.T) {
	t.Parallel()
	publish := func(d *desk, retry bool) error {
		p := core.Publication{Key: "k-1", Parent: d.collection, Title: "Summary", Markdown: "Short.\n", Retry: retry}
		_, err := d.Publish(t.Context(), d.access, p, func(context.Context, core.RemotePage) error { return nil })
		return err
	}
	list := func(d *desk) error { _, err := d.List(t.Context(), d.access, core.ListRequest{}); return err }
	fetch := func(d *desk) error { _, err := d.Fetch(t.Context(), d.access, "c1", nil); return err }
	again := func(d *desk) error { return publish(d, true) }
	create := func(d *desk) error { return publish(d, false) }
	for _, c := range []struct {
		on, answer string
		do         func(d *desk) error
	}{
		{"GET /api/v1/search/query", `{}`, list}, {"GET /api/v1/search/query", `[7]`, list}, {"GET /api/v1/search/query", `[{}]`, list}, {"GET /api/v1/search/query", `[{}]`, again},
		{"GET /api/v1/cards/*/extended", `{}`, fetch}, {"GET /api/v1/cards/*/extended", `[]`, fetch},
		{"POST /api/v1/cards/extended", `{}`, create}, {"POST /api/v1/cards/extended", `{"id":7}`, create},
	} {
		d := newDesk(t, fakes.Config{})
		d.Answer(c.on, c.answer)
		if err := c.do(d); core.ReasonOf(err) != core.ReasonBroken {
			t.Errorf("%s answers %s: got %v, want it broken", c.on, c.answer, err)
		}
	}
}

// A card is what Guru says of it: times with a colon in their zone or without, and an
// address by its id where it has no other.
func TestList_CardsAreReadAsTheyAre(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 20, 8, 0, 0, 0, time.UTC)
	for fields, want := range map[string]core.Item{
		`"version":1,"lastModified":"2026-06-20T10:00:00.000+0200"`: {Version: "1", LastEdited: at, URL: "https://app.getguru.com/card/c1"},
		`"slug":"x/Y","lastModified":"2026-06-20T10:00:00+02:00"`:   {LastEdited: at, URL: "https://app.getguru.com/card/x/Y"},
		`"lastModified":"yesterday","of_tomorrow":{}`:               {URL: "https://app.getguru.com/card/c1"},
	} {
		d := newDesk(t, fakes.Config{})
		d.Answer("GET /api/v1/search/query", `[{"id":"c1",`+fields+`}]`)
		got := list(t, d.Connector, d.access, core.ListRequest{})
		if len(got) != 1 || got[0].Version != want.Version || got[0].LastEdited != want.LastEdited || got[0].URL != want.URL {
			t.Errorf("%s: got %+v, want %+v", fields, got, want)
		}
	}
}

func TestPublish_WithoutACollectionOrATitle(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	p := core.Publication{Key: "k-1", Title: "Summary", OwnPage: true, Markdown: "Short.\n", Source: "Long", Version: 1}
	got, err := d.Publish(t.Context(), d.access, p, func(context.Context, core.RemotePage) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if made := d.Writes()[0].Body; made["collection"] != nil || made["shareStatus"] != "TEAM" {
		t.Errorf("got %v, want it where Guru puts cards", made)
	}
	p.Retry = true
	if again, err := d.Publish(t.Context(), d.access, p, func(context.Context, core.RemotePage) error { return nil }); err != nil || again.ID != got.ID {
		t.Errorf("again: %+v, %v, want the card found in whichever collection", again, err)
	}
	p.RemoteID, p.Title = got.ID, ""
	if again, err := d.Publish(t.Context(), d.access, p, nil); err != nil || again.Outcome != core.PublishUnchanged {
		t.Errorf("without a title: %+v, %v, want the card's kept", again, err)
	}
}

func TestList_CursorsOfNobodyAreRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	for _, cursor := range []string{"%", upstream.Pack(map[string]string{"n": "/api/v1/whoami"}), upstream.Pack(map[string]string{"n": "@example.com/"})} {
		if _, err := d.List(t.Context(), d.access, core.ListRequest{Cursor: cursor}); vendortest.Invalid(err) != "cursor cursor" {
			t.Errorf("%s: got %v", cursor, err)
		}
	}
}
