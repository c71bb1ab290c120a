package fakes_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
)

func newGuru(t *testing.T, c fakes.Config) (*fakes.Guru, *client) {
	g := fakes.NewGuru(c)
	g.AddCollection("Crew")
	for i := range 5 {
		g.AddCard(fakes.GuruCard{Title: fmt.Sprint("Card ", i), Content: "<p>x</p>", Tags: []string{"handbook"}})
	}
	return g, serve(t, g, basic(fakes.GuruEmail, fakes.GuruToken))
}

func TestGuru_GoesOnByLinkHeader(t *testing.T) {
	t.Parallel()
	_, c := newGuru(t, fakes.Config{})
	link := regexp.MustCompile(`^< http://[^/]+(/[^>]+)>; rel="next-page"$`)
	path, seen := "/api/v1/search/query?maxResults=2", map[string]bool{}
	for range 3 {
		r := c.do("GET", path, nil)
		var cards []obj
		if err := json.Unmarshal(r.raw, &cards); err != nil {
			t.Fatalf("%s: %v", r.raw, err)
		}
		for _, card := range cards {
			seen[fmt.Sprint(card["id"])] = true
		}
		if path = ""; r.header.Get("Link") != "" {
			m := link.FindStringSubmatch(r.header.Get("Link"))
			if m == nil {
				t.Fatalf("Link is %q", r.header.Get("Link"))
			}
			path = m[1]
		}
	}
	if len(seen) != 5 || path != "" {
		t.Errorf("%d cards, then %q", len(seen), path)
	}
	if r := c.do("GET", "/api/v1/search/query?token=changed", nil); r.status != 400 {
		t.Errorf("a changed token: %s", r.raw)
	}
}

func TestGuru_ListsSinceATimeWithItsZone(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 20, 10, 0, 0, 0, time.UTC)
	_, c := newGuru(t, fakes.Config{Now: func() time.Time { return now }})
	for since, want := range map[string]int{
		"2026-06-20T12:00:00.000+02:00": 200, "2026-06-20T10:00:00.001+00:00": 204, "2026-06-20": 400, "2026-06-20T10:00:00.000": 400,
	} {
		if s := c.do("GET", "/api/v1/search/query?q="+url.QueryEscape("lastModified >= "+since), nil).status; s != want {
			t.Errorf("since %s: %d, want %d", since, s, want)
		}
	}
}

func TestGuru_ArchivedCards(t *testing.T) {
	t.Parallel()
	g, c := newGuru(t, fakes.Config{})
	id := g.Cards()[0]
	if s := c.do("DELETE", "/api/v1/cards/"+id, nil).status; s != 204 {
		t.Fatalf("delete: %d", s)
	}
	if s := c.do("GET", "/api/v1/cards/"+id+"/extended", nil).status; s != 404 {
		t.Errorf("extended: %d, want 404", s)
	}
	if r := c.do("GET", "/api/v1/cards/"+id, nil); r.body["archived"] != true {
		t.Errorf("plain: %s", r.raw)
	}
	g.SlowBulk()
	restore := obj{"action": obj{"type": "restore-archived-card"}, "items": obj{"type": "id", "cardIds": []string{id}}}
	r := c.do("POST", "/api/v1/cards/bulkop", restore)
	if r.status != 202 || c.do("GET", "/api/v1/cards/bulkop/"+fmt.Sprint(r.body["id"]), nil).status != 200 {
		t.Errorf("restore: %d %s", r.status, r.raw)
	}
	if s := c.do("GET", "/api/v1/cards/"+id+"/extended", nil).status; s != 200 {
		t.Errorf("restored: %d", s)
	}
}

func TestGuru_PutTakesTagsAway(t *testing.T) {
	t.Parallel()
	g, c := newGuru(t, fakes.Config{})
	id := g.Cards()[0]
	body := obj{"preferredPhrase": "New", "content": "<p>y</p>"}
	if r := c.do("PATCH", "/api/v1/cards/"+id, body); r.status != 200 || r.body["version"] != 2.0 {
		t.Fatalf("patch: %s", r.raw)
	}
	if tags, share := g.Tags(id); len(tags) != 1 || share != "TEAM" {
		t.Errorf("after PATCH: tags %v, share %s", tags, share)
	}
	c.do("PUT", "/api/v1/cards/"+id+"/extended", body)
	if tags, share := g.Tags(id); len(tags) != 0 || share != "PRIVATE" {
		t.Errorf("after PUT: tags %v, share %s", tags, share)
	}
}

func TestGuru_CollectionTokenReadsOnly(t *testing.T) {
	t.Parallel()
	g, _ := newGuru(t, fakes.Config{})
	other := g.AddCollection("Passengers")
	g.AddCard(fakes.GuruCard{Collection: other, Title: "Fares", Content: "<p>z</p>"})
	c := serve(t, g, basic(other, fakes.GuruCollectionToken))
	if r := c.do("GET", "/api/v1/whoami", nil); r.body["tokenType"] != "COLLECTION" {
		t.Errorf("whoami: %s", r.raw)
	}
	var cards []obj
	if err := json.Unmarshal(c.do("GET", "/api/v1/search/query", nil).raw, &cards); err != nil || len(cards) != 1 {
		t.Errorf("%d cards, want the one of its collection: %v", len(cards), err)
	}
	if s := c.do("POST", "/api/v1/cards/extended", obj{"preferredPhrase": "x", "content": "x"}).status; s != 403 {
		t.Errorf("a write: %d, want 403", s)
	}
}
