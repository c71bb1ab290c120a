package guru_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/guru"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/core"
)

// at returns a connector to an address, and an access.
func at(address string) (*guru.Connector, core.Access) {
	cfg := guru.Config{BaseURL: address, ClientID: "client-id", ClientSecret: core.NewSecret("client-secret")}
	cfg.Upstream.Trusted = []string{address}
	return guru.New(cfg), core.Access{
		AuthType: core.AuthAPIToken, Token: core.NewSecret("guru-user-token"), Config: core.IntegrationConfig{Email: "ada@example.com"},
	}
}

const someCard = "36f21323-8376-555e-9e89-cb804928bff2"

func TestRecorded_ErrorsMeanWhatTheySay(t *testing.T) {
	t.Parallel()
	want := map[string]core.UpstreamReason{
		"400-paging-token.json": core.ReasonRefused, "400-query.json": core.ReasonRefused, "401.json": core.ReasonToken,
		"403-collection-token-writes.json": core.ReasonForbidden, "404.json": core.ReasonGone, "429.json": core.ReasonLimited, "500.json": core.ReasonDown,
		"503.json": core.ReasonDown,
	}
	vendortest.WantReasons(t, "guru", want, func(t *testing.T, address string) error {
		c, a := at(address)
		_, err := c.Fetch(t.Context(), a, someCard, nil)
		return err
	}, nil)
}

func list(t *testing.T, c *guru.Connector, a core.Access, r core.ListRequest) []core.Item {
	t.Helper()
	var items []core.Item
	for range 20 {
		page, err := c.List(t.Context(), a, r)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, page.Items...)
		if r.Cursor = page.Next; r.Cursor == "" {
			return items
		}
	}
	t.Fatal("the listing has no end")
	return nil
}

func TestRecorded_ListGoesOnByLink(t *testing.T) {
	t.Parallel()
	exchanges := vendortest.Recorded(t, "guru", "http", "list-cards-3-answers.json")
	c, a := at(vendortest.Replay(t, exchanges, nil))
	items := list(t, c, a, core.ListRequest{})
	if len(items) < 7 {
		t.Fatalf("got %d cards of three answers", len(items))
	}
	for _, it := range items {
		if it.Title == "" || it.LastEdited.IsZero() || it.Version == "" || it.Path != "Engineering" || !strings.HasPrefix(it.URL, "https://app.getguru.com/card/") {
			t.Errorf("got %+v", it)
		}
		if _, err := c.Fetch(t.Context(), a, it.ID, &it); err != nil {
			t.Errorf("fetch %s: %v", it.Title, err)
		}
	}
}

func TestRecorded_NothingIsNoBody(t *testing.T) {
	t.Parallel()
	c, a := at(vendortest.Replay(t, vendortest.Recorded(t, "guru", "http", "list-empty-204.json"), nil))
	if items := list(t, c, a, core.ListRequest{Since: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}); len(items) != 0 {
		t.Errorf("got %d cards", len(items))
	}
}

func TestRecorded_ArchivedCardSaysSo(t *testing.T) {
	t.Parallel()
	exchanges := vendortest.Recorded(t, "guru", "http", "card-archived.json")
	c, a := at(vendortest.Replay(t, exchanges, nil))
	got, err := c.Fetch(t.Context(), a, strings.Split(exchanges[0].Request.Path, "/")[4], nil)
	if err != nil || got.State != core.RemoteArchived || got.Title != "Refund policy" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRecorded_WhoseTokenItIs(t *testing.T) {
	t.Parallel()
	exchanges := append(vendortest.Recorded(t, "guru", "http", "whoami.json"), vendortest.Recorded(t, "guru", "http", "collections.json")...)
	c, a := at(vendortest.Replay(t, exchanges, nil))
	got, err := c.Verify(t.Context(), a)
	if err != nil || got.Account != "ada@example.com, Example" || got.Config.Workspace != "52db9d13-9b0f-502f-a5b3-a1dad612d9d4" || got.Visible[0].Count != 42 || len(got.Missing) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRecorded_OAuth(t *testing.T) {
	t.Parallel()
	c, a := at(vendortest.Replay(t, vendortest.Recorded(t, "guru", "oauth", "refresh.json"), nil))
	a.RefreshToken = core.NewSecret("guru-refresh-1")
	if g, err := c.Authorizer().Refresh(t.Context(), a); err != nil || g.RefreshToken.Reveal() != "guru-refresh-2" || g.ExpiresAt.IsZero() {
		t.Errorf("refresh: %+v, %v", g, err)
	}
	c, a = at(vendortest.Replay(t, vendortest.Recorded(t, "guru", "oauth", "invalid_grant.json"), nil))
	if _, err := c.Authorizer().Refresh(t.Context(), a); core.ReasonOf(err) != core.ReasonToken {
		t.Errorf("a dead refresh token: %v", err)
	}
}

// TestRecorded_Publishing makes a card and writes its part as it was recorded: shared
// with the team, and without a word on tags, which would lose them.
func TestRecorded_Publishing(t *testing.T) {
	t.Parallel()
	create := vendortest.Recorded(t, "guru", "publish-http", "create.json")
	update := vendortest.Recorded(t, "guru", "publish-http", "update.json")
	address, traffic := vendortest.Tap(t, vendortest.Replay(t, slices.Concat(create, update), nil))
	c, a := at(address)
	var collection struct{ Collection struct{ ID string } }
	if err := json.Unmarshal(create[0].Request.Body, &collection); err != nil {
		t.Fatal(err)
	}
	p := core.Publication{Key: "k-1", Parent: collection.Collection.ID, Title: "Summary: How we deploy", OwnPage: true, Markdown: "We deploy twice a day.\n"}
	known := ""
	got, err := c.Publish(t.Context(), a, p, func(_ context.Context, page core.RemotePage) error {
		known = page.ID
		return nil
	})
	if err != nil || known == "" || got.ID != known || got.Outcome != core.PublishCreated {
		t.Fatalf("got %+v of %q, %v", got, known, err)
	}
	p.RemoteID = known
	if _, err := c.Publish(t.Context(), a, p, nil); err != nil {
		t.Fatal(err)
	}
	wrote := traffic.Writes()
	if len(wrote) != 3 {
		t.Fatalf("got %+v, want a card made and its part written twice", wrote)
	}
	for i, want := range []vendortest.Exchange{create[0], update[1], update[1]} {
		if differs := want.Differs(wrote[i], "content"); differs != "" {
			t.Error(differs)
		}
	}
	if content := fmt.Sprint(wrote[2].Body["content"]); !strings.Contains(content, "We deploy daily.") || !strings.Contains(content, "We deploy twice a day.") {
		t.Errorf("got %s, want our part beside what was there", content)
	}
}

func TestRecorded_ChangedAndArchivedCards(t *testing.T) {
	t.Parallel()
	changed := vendortest.Recorded(t, "guru", "http", "list-incremental.json")
	archived := vendortest.Recorded(t, "guru", "http", "list-archived.json")
	archived[0].Request = changed[0].Request // recorded as a POST, which Guru takes as well as the same GET
	c, a := at(vendortest.Replay(t, slices.Concat(changed, archived), nil))
	states := map[core.RemoteState]int{}
	for _, it := range list(t, c, a, core.ListRequest{Since: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}) {
		states[it.State]++
	}
	if states[core.RemotePresent] == 0 || states[core.RemoteArchived] == 0 {
		t.Errorf("got %v, want cards that changed and cards that were archived", states)
	}
	card := vendortest.Recorded(t, "guru", "http", "card-extended.json")
	c, a = at(vendortest.Replay(t, card, nil))
	if got, err := c.Fetch(t.Context(), a, strings.Split(card[0].Request.Path, "/")[4], nil); err != nil || got.Markdown == "" || got.Title == "" {
		t.Errorf("got %+v, %v", got, err)
	}
}
