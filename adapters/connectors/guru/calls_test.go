package guru_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/guru"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/core"
)

// desk is a fake whose calls are looked at.
type desk struct {
	*guru.Connector
	*vendortest.Traffic
	fake       *fakes.Guru
	access     core.Access
	collection string
}

func newDesk(t *testing.T, c fakes.Config) *desk {
	t.Helper()
	d := &desk{fake: fakes.NewGuru(c)}
	d.collection = d.fake.AddCollection("Crew")
	server := httptest.NewServer(d.fake)
	t.Cleanup(server.Close)
	address, traffic := vendortest.Tap(t, server.URL)
	d.Traffic = traffic
	d.Connector, d.access = at(address)
	d.access.Token, d.access.Config.Email = core.NewSecret(fakes.GuruToken), fakes.GuruEmail
	return d
}

func (d *desk) card(title, content string) string {
	return d.fake.AddCard(fakes.GuruCard{Collection: d.collection, Title: title, Content: content, Tags: []string{"handbook"}})
}

// want checks which calls were made since the last time, CARD standing for a card's id.
func (d *desk) want(t *testing.T, what, card string, want ...string) {
	t.Helper()
	var got []string
	for _, c := range d.fake.Calls() {
		got = append(got, strings.ReplaceAll(c.Method+" "+c.Path, card, "CARD"))
	}
	d.fake.Forget()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

const listed = "GET /api/v1/search/query?maxResults=50"

func TestCalls_OfReading(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	id := d.card("Rota", "<p>x</p>")
	since := time.Date(2026, 6, 11, 9, 29, 0, 0, time.UTC)
	list(t, d.Connector, d.access, core.ListRequest{})
	d.want(t, "everything", id, listed+"&queryType=cards&sortField=lastModified&sortOrder=DESC")
	list(t, d.Connector, d.access, core.ListRequest{Since: since})
	d.want(t, "changes", id, listed+"&q=lastModified+%3E%3D+2026-06-11T09%3A29%3A00.000%2B00%3A00&queryType=cards&sortField=lastModified&sortOrder=DESC",
		listed+"&q=lastModified+%3E%3D+2026-06-11T09%3A29%3A00.000%2B00%3A00&queryType=archived&sortField=lastModified&sortOrder=DESC")
	items := list(t, d.Connector, d.access, core.ListRequest{Query: "rota", Limit: 7})
	d.want(t, "words", id, "GET /api/v1/search/query?maxResults=7&queryType=cards&searchTerms=rota&sortField=lastModified&sortOrder=DESC")
	if len(items) != 1 || items[0].ID != id || items[0].Kind != core.ItemCard || items[0].State != core.RemotePresent {
		t.Fatalf("words: got %+v", items)
	}
	if got, err := d.Fetch(t.Context(), d.access, id, &items[0]); err != nil || got.Markdown != "x\n" || got.Body != nil {
		t.Errorf("with what was listed: %+v, %v", got, err)
	}
	d.want(t, "a card that was listed", id)
	if _, err := d.Fetch(t.Context(), d.access, id, nil); err != nil {
		t.Error(err)
	}
	d.want(t, "a card", id, "GET /api/v1/cards/CARD/extended")
	d.fake.Archive(id)
	if got, err := d.Fetch(t.Context(), d.access, id, nil); err != nil || got.State != core.RemoteArchived {
		t.Errorf("archived: %+v, %v", got, err)
	}
	d.want(t, "an archived card", id, "GET /api/v1/cards/CARD/extended", "GET /api/v1/cards/CARD")
	if v, err := d.Verify(t.Context(), d.access); err != nil || !strings.HasPrefix(v.Account, fakes.GuruEmail+", ") || v.Visible[1] != (core.VisibleCount{Kind: "collections", Count: 1}) {
		t.Errorf("verify: %+v, %v", v, err)
	}
	d.want(t, "verify", id, "GET /api/v1/whoami", "GET /api/v1/collections")
	if _, err := d.Fetch(t.Context(), d.access, "../collections", nil); core.ReasonOf(err) != core.ReasonGone {
		t.Errorf("an id that is none: %v", err)
	}
	d.want(t, "an id that is none", id)
}

func TestCalls_ListsGoOnByEitherRelation(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		d := newDesk(t, fakes.Config{PageSize: 2})
		for _, title := range []string{"a", "b", "c", "d", "e"} {
			d.card(title, "<p>x</p>")
		}
		if plain {
			d.fake.PlainNext()
		}
		if items := list(t, d.Connector, d.access, core.ListRequest{}); len(items) != 5 {
			t.Errorf("rel next %v: got %d cards, want 5", plain, len(items))
		}
		page, err := d.List(t.Context(), d.access, core.ListRequest{})
		if err != nil || page.Next == "" {
			t.Fatal(page, err)
		}
		if _, err := d.List(t.Context(), d.access, core.ListRequest{Cursor: page.Next[1:]}); core.CodeOf(err) != core.CodeValidation {
			t.Errorf("a cursor that is none: %v", err)
		}
	}
}

// body is what was sent last, as JSON.
func (d *desk) body(t *testing.T) string {
	t.Helper()
	sent := d.Writes()
	if len(sent) == 0 {
		return ""
	}
	raw, err := json.Marshal(sent[len(sent)-1].Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestCalls_OfPublishing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	p := core.Publication{Key: "k-1", Parent: d.collection, Title: "Summary", OwnPage: true, Markdown: "Short.\n", Source: "Long", Version: 1}
	made := ""
	got, err := d.Publish(t.Context(), d.access, p, func(_ context.Context, page core.RemotePage) error {
		made = page.ID
		if want := `{"collection":{"id":"` + d.collection + `"},"content":"\u003cp\u003e\u003c/p\u003e","preferredPhrase":"Summary","shareStatus":"TEAM"}`; d.body(t) != want {
			t.Errorf("got %s, want %s", d.body(t), want)
		}
		if !strings.HasPrefix(page.URL, "https://app.getguru.com/card/") {
			t.Errorf("got the address %q", page.URL)
		}
		return nil
	})
	if err != nil || got.ID != made {
		t.Fatal(got, err)
	}
	d.want(t, "a new card", made, "POST /api/v1/cards/extended", "PATCH /api/v1/cards/CARD?keepVerificationState=true")
	if body := d.body(t); !strings.HasPrefix(body, `{"content":"\u003cp`) || !strings.Contains(body, `"preferredPhrase":"Summary"}`) {
		t.Errorf("got %s, want title and content alone", body)
	}
	p.RemoteID, p.Title = made, "Another title"
	if got, err := d.Publish(t.Context(), d.access, p, nil); err != nil || got.Outcome != core.PublishUpdated {
		t.Errorf("another title: %+v, %v", got, err)
	}
	d.want(t, "another title", made, "GET /api/v1/cards/CARD/extended", "PATCH /api/v1/cards/CARD?keepVerificationState=true")
	foreign := d.card("Theirs", "<p>Words.</p>")
	p.RemoteID, p.OwnPage = foreign, false
	if _, err := d.Publish(t.Context(), d.access, p, nil); err != nil || !strings.Contains(d.body(t), `"preferredPhrase":"Theirs"`) {
		t.Errorf("somebody's card: %v, %s, want its title kept", err, d.body(t))
	}
	if tags, share := d.fake.Tags(foreign); len(tags) != 1 || share != "TEAM" {
		t.Errorf("got tags %v and share %q, want them kept", tags, share)
	}
	d.fake.Archive(foreign)
	if _, err := d.Publish(t.Context(), d.access, p, nil); core.ReasonOf(err) != core.ReasonGone {
		t.Errorf("an archived card: %v, want it gone", err)
	}
}

func TestPublish_RetryTakesTheCardOfItsTitleAndCollection(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{PageSize: 2})
	other := d.fake.AddCollection("Other")
	for _, c := range []fakes.GuruCard{
		{Collection: d.collection, Title: "Summary", Content: "<p>Somebody's.</p>"}, {Collection: other, Title: "Summary", Content: "<p></p>"},
		{Collection: d.collection, Title: "Summary of more", Content: "<p></p>"},
	} {
		d.fake.AddCard(c)
	}
	mine := d.fake.AddCard(fakes.GuruCard{Collection: d.collection, Title: "Summary", Content: " <p></p>\n"})
	before := len(d.fake.Cards())
	p := core.Publication{Key: "k-1", Parent: d.collection, Title: "Summary", OwnPage: true, Markdown: "Short.\n", Retry: true}
	got, err := d.Publish(t.Context(), d.access, p, func(context.Context, core.RemotePage) error { return nil })
	if err != nil || got.ID != mine || len(d.fake.Cards()) != before {
		t.Errorf("got %+v, %v and %d cards, want the empty one", got, err, len(d.fake.Cards())-before)
	}
	p.Parent = "../x"
	p.Retry = false
	if _, err := d.Publish(t.Context(), d.access, p, nil); core.ReasonOf(err) != core.ReasonGone {
		t.Errorf("a collection that is none: %v", err)
	}
}
