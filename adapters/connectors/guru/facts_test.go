package guru_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/guru"
	"github.com/docsctl/docsctl/core"
)

func TestCapabilities_AreGurus(t *testing.T) {
	t.Parallel()
	public := guru.New(guru.Config{}).Capabilities()
	if public.Name != "Guru" || public.Host != "https://api.getguru.com" || !slices.Equal(public.AuthTypes, []core.AuthType{core.AuthAPIToken}) ||
		!public.Incremental || !public.ListsRemoved || !public.Publishes || !public.Search || public.EditGrain != 0 {
		t.Errorf("got %+v", public)
	}
	if len(public.Permissions) != 2 || !public.Permissions[0].Required || public.Permissions[1].Required {
		t.Errorf("got %+v, want one permission to read and one to publish", public.Permissions)
	}
	c, _ := at("https://guru.example.com/api/v1/")
	if got := c.Capabilities(); got.Host != "https://guru.example.com" || !slices.Contains(got.AuthTypes, core.AuthOAuth2) {
		t.Errorf("with a client and an address of its own: %+v", got)
	}
	u, err := url.Parse(c.Authorizer().AuthorizeURL(core.AuthorizeRequest{RedirectURL: "https://docs.example.com/back", State: "s 1", Verifier: "v"}))
	if err != nil || u.Path != "/oauth/authorize" || u.RawQuery != "client_id=client-id&redirect_uri=https%3A%2F%2Fdocs.example.com%2Fback&response_type=code&scope=%2A%3A%2A&state=s+1" {
		t.Errorf("got %s, %v", u, err)
	}
}

func TestVerify_TellsWhatTheTokenIsGoodFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	d.card("One", "<p>x</p>")
	d.card("Two", "<p>x</p>")
	v, err := d.Verify(t.Context(), d.access)
	if err != nil || v.Account != "ada@example.com, Fake Team" || v.Config.Account != v.Account || len(v.Missing) != 0 ||
		!slices.Equal(v.Visible, []core.VisibleCount{{Kind: "cards", Count: 2}, {Kind: "collections", Count: 1}}) {
		t.Errorf("a user's: %+v, %v", v, err)
	}
	d.access.Config.Email, d.access.Token = d.collection, core.NewSecret(fakes.GuruCollectionToken)
	v, err = d.Verify(t.Context(), d.access)
	if err != nil || v.Account != "Crew, Fake Team" || len(v.Missing) != 1 || !strings.Contains(v.Missing[0].Name, "Author") {
		t.Errorf("a collection's: %+v, %v, want the permission to publish missing", v, err)
	}
}

func TestList_TellsWhatGuruSaysOfACard(t *testing.T) {
	t.Parallel()
	when := time.Date(2026, 6, 20, 10, 30, 15, 0, time.UTC)
	d := newDesk(t, fakes.Config{Now: func() time.Time { return when }})
	id := d.card("Night rota", `<p>x</p><ghq-unknown>y</ghq-unknown><iframe></iframe>`)
	d.fake.Edit(id, "<p>y</p>")
	items := list(t, d.Connector, d.access, core.ListRequest{})
	if len(items) != 1 {
		t.Fatalf("got %d cards", len(items))
	}
	it := items[0]
	it.Body = nil
	want := core.Item{
		ID: id, Kind: core.ItemCard, Title: "Night rota", URL: "https://app.getguru.com/card/" + strings.ReplaceAll(id[len(id)-8:], "-", "") + "/Night-rota",
		Path: "Crew", State: core.RemotePresent, Version: "2", LastEdited: when,
	}
	if it.ID != want.ID || it.URL != want.URL || it.Path != want.Path || it.Version != want.Version || !it.LastEdited.Equal(want.LastEdited) || it.Title != want.Title {
		t.Errorf("got %+v, want %+v", it, want)
	}
}

func TestList_WithoutPermissionIsIncomplete(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	d.card("One", "<p>x</p>")
	d.fake.Fail(fakes.Rule{Fault: fakes.Forbidden, On: "GET /api/v1/search/query", Times: 1})
	page, err := d.List(t.Context(), d.access, core.ListRequest{Since: time.Now().Add(-time.Hour)})
	if err != nil || page.Incomplete == "" || len(page.Items) != 0 || page.Next == "" {
		t.Errorf("got %+v, %v, want it said, and the archived ones still to come", page, err)
	}
}
