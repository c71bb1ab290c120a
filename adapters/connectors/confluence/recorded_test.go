package confluence_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/confluence"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/core"
)

// at returns a connector to an address, and an access to a site there.
func at(address string) (*confluence.Connector, core.Access) {
	cfg := confluence.Config{BaseURL: address, ClientID: "CLIENT", ClientSecret: core.NewSecret("SECRET")}
	cfg.Upstream.Trusted = []string{address}
	return confluence.New(cfg), core.Access{
		AuthType: core.AuthAPIToken, Token: core.NewSecret("ATATT3xFfGF0EXAMPLE"),
		Config: core.IntegrationConfig{BaseURL: address, Email: "ada@example.com"},
	}
}

func TestRecorded_ErrorsMeanWhatTheySay(t *testing.T) {
	t.Parallel()
	want := map[string]core.UpstreamReason{
		"400-bad-cursor.json": core.ReasonRefused, "400-bad-storage.json": core.ReasonRefused, "400-duplicate-title.json": core.ReasonRefused,
		"401-scope.json": core.ReasonForbidden, "401-site.json": core.ReasonToken, "403-no-confluence.json": core.ReasonForbidden, "404-v2.json": core.ReasonGone,
		"409-v1-version.json": core.ReasonRefused, "409-v2-version.json": core.ReasonRefused, "410-v1-removed.json": core.ReasonGone,
		"413-too-large.json": core.ReasonRefused, "429-then-200.json": core.ReasonLimited, "500-then-view.json": core.ReasonDown, "503-html.json": core.ReasonDown,
	}
	vendortest.WantReasons(t, "confluence", want, func(t *testing.T, address string) error {
		c, a := at(address)
		_, err := c.Fetch(t.Context(), a, "229500", nil)
		return err
	}, nil)
}

func list(t *testing.T, c *confluence.Connector, a core.Access, r core.ListRequest) []core.Item {
	t.Helper()
	var items []core.Item
	for range 20 {
		page, err := c.List(t.Context(), a, r)
		if err != nil {
			t.Fatal(err)
		}
		if page.Incomplete != "" {
			t.Errorf("incomplete: %s", page.Incomplete)
		}
		items = append(items, page.Items...)
		if r.Cursor = page.Next; r.Cursor == "" {
			return items
		}
	}
	t.Fatal("the listing has no end")
	return nil
}

func TestRecorded_ChangesAreReadInPages(t *testing.T) {
	t.Parallel()
	exchanges := vendortest.Recorded(t, "confluence", "http", "v2-pages-3-answers.json")
	trash := vendortest.Recorded(t, "confluence", "http", "v2-pages-trashed-and-archived.json")
	c, a := at(vendortest.Replay(t, append(exchanges, trash[0]), nil))
	items := list(t, c, a, core.ListRequest{Since: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)})
	state := map[core.RemoteState]int{}
	for _, it := range items {
		state[it.State]++
		if it.Title == "" || it.Version == "" || it.LastEdited.IsZero() || !strings.HasPrefix(it.URL, "https://example.atlassian.net/wiki/spaces/OPS/") {
			t.Errorf("got %+v", it)
		}
	}
	if state[core.RemotePresent] != 5 || state[core.RemoteTrashed] == 0 {
		t.Errorf("got %v, want five pages and those in the trash", state)
	}
}

func TestRecorded_GatewayKeepsItsPrefix(t *testing.T) {
	t.Parallel()
	exchanges := vendortest.Recorded(t, "confluence", "http", "v2-space-pages-via-gateway.json")
	const cloudID = "11223344-a1b2-3c44-8dd5-ee6677889900"
	c, a := at(vendortest.Replay(t, exchanges, func(w http.ResponseWriter, r *http.Request) bool {
		_, _ = w.Write([]byte(`{"results":[{"id":"98305","key":"OPS","name":"Operations"}],"_links":{"base":"https://example.atlassian.net/wiki"}}`))
		return strings.HasSuffix(r.URL.Path, "/spaces")
	}))
	a.AuthType, a.Config.CloudID = core.AuthOAuth2, cloudID
	if items := list(t, c, a, core.ListRequest{}); len(items) != 2 || items[0].Path != "Operations" {
		t.Errorf("got %+v, want two pages of Operations", items)
	}
}

func TestRecorded_DataCenterGoesOnByLinks(t *testing.T) {
	t.Parallel()
	exchanges := vendortest.Recorded(t, "confluence", "http", "dc-content-start-limit.json")
	c, a := at(vendortest.Replay(t, exchanges, func(w http.ResponseWriter, r *http.Request) bool {
		_, _ = w.Write([]byte(`{"results":[{"key":"OPS","name":"Operations"}],"start":0,"limit":100,"size":1,"_links":{}}`))
		return strings.HasSuffix(r.URL.Path, "/rest/api/space")
	}))
	a.Config = core.IntegrationConfig{BaseURL: a.Config.BaseURL + "/confluence", Deployment: core.DeploymentDataCenter}
	items := list(t, c, a, core.ListRequest{})
	if len(items) != 3 {
		t.Fatalf("got %d pages, want 3", len(items))
	}
	if got, want := items[0].LastEdited, time.Date(2026, 6, 10, 9, 0, 0, 0, time.UTC); !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("got %v, want %v", got, want)
	}
	got, err := c.Fetch(t.Context(), a, items[2].ID, &items[2])
	if err != nil || strings.TrimSpace(got.Markdown) != "dc 2" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRecorded_PageInTheTrash(t *testing.T) {
	t.Parallel()
	// The recorded file has both answers under one path; the second has the status.
	exchanges := vendortest.Recorded(t, "confluence", "http", "v2-page-in-trash.json")
	c, a := at(vendortest.Replay(t, exchanges, nil))
	got, err := c.Fetch(t.Context(), a, "229502", nil)
	if err != nil || got.State != core.RemoteTrashed {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRecorded_PageWithItsStorage(t *testing.T) {
	t.Parallel()
	exchanges := vendortest.Recorded(t, "confluence", "http", "v2-page-storage.json")
	c, a := at(vendortest.Replay(t, exchanges, nil))
	got, err := c.Fetch(t.Context(), a, "229500", nil)
	if err != nil || got.State != core.RemotePresent || got.Markdown == "" || got.Version == "" || got.URL == "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRecorded_OAuth(t *testing.T) {
	t.Parallel()
	exchanges := append(vendortest.Recorded(t, "confluence", "oauth", "token.json"), vendortest.Recorded(t, "confluence", "oauth", "accessible-resources.json")...)
	c, a := at(vendortest.Replay(t, exchanges, nil))
	g, err := c.Authorizer().Exchange(t.Context(), core.ExchangeRequest{Code: core.NewSecret("CODE"), RedirectURL: "https://docsctl.example.com/v1/integrations/oauth/callback"})
	if err != nil || g.Config.CloudID != "11223344-a1b2-3c44-8dd5-ee6677889900" || g.Config.BaseURL != "https://example.atlassian.net" || g.ExpiresAt.IsZero() {
		t.Errorf("exchange: %+v, %v", g, err)
	}
	for name, want := range map[string]core.UpstreamReason{"refresh.json": "", "invalid_grant.json": core.ReasonToken, "invalid-code.json": core.ReasonRefused} {
		c, _ := at(vendortest.Replay(t, vendortest.Recorded(t, "confluence", "oauth", name), nil))
		a.RefreshToken = core.NewSecret("eyJ.REFRESH1.sig")
		g, err := c.Authorizer().Refresh(t.Context(), a)
		if core.ReasonOf(err) != want || err == nil && g.RefreshToken.Reveal() != "eyJ.REFRESH2.sig" {
			t.Errorf("%s: %+v, %v", name, g, err)
		}
	}
}

// TestRecorded_Publishing makes a page and writes its part as it was recorded.
func TestRecorded_Publishing(t *testing.T) {
	t.Parallel()
	create := vendortest.Recorded(t, "confluence", "publish-http", "create.json")
	update := vendortest.Recorded(t, "confluence", "publish-http", "update.json")
	parent := vendortest.Recorded(t, "confluence", "http", "v2-page-storage.json")
	address, traffic := vendortest.Tap(t, vendortest.Replay(t, slices.Concat(create, update, parent), nil))
	c, a := at(address)
	p := core.Publication{Key: "k-1", Parent: "229500", Title: "Summary: Rate limits", OwnPage: true, Markdown: "New summary.\n", Source: "Rate limits", Version: 1}
	known := ""
	got, err := c.Publish(t.Context(), a, p, func(_ context.Context, page core.RemotePage) error {
		known = page.ID
		return nil
	})
	if err != nil || known != "229700" || got.ID != known || !strings.HasPrefix(got.URL, "https://example.atlassian.net/wiki/spaces/OPS/pages/229700/") {
		t.Fatalf("got %+v of %q, %v", got, known, err)
	}
	wrote := traffic.Writes()
	if len(wrote) != 2 {
		t.Fatalf("got %+v, want a page made and its part written", wrote)
	}
	for i, want := range []vendortest.Exchange{create[0], update[1]} {
		if differs := want.Differs(wrote[i], "body"); differs != "" {
			t.Error(differs)
		}
	}
	if body, _ := wrote[1].Body["body"].(map[string]any); !strings.HasPrefix(fmt.Sprint(body["value"]), "<p>Summary.</p>") || body["representation"] != "storage" {
		t.Errorf("got %v, want our part behind what was there", body)
	}
}

// TestRecorded_SaveAtTheSameMoment reads again where Confluence says that somebody saved.
func TestRecorded_SaveAtTheSameMoment(t *testing.T) {
	t.Parallel()
	conflict := vendortest.Recorded(t, "confluence", "publish-http", "update-conflict-then-ok.json")
	update := vendortest.Recorded(t, "confluence", "publish-http", "update.json")
	exchanges := []vendortest.Exchange{update[0], conflict[0], conflict[2]} // its own reading has no body
	address, traffic := vendortest.Tap(t, vendortest.Replay(t, exchanges, nil))
	c, a := at(address)
	got, err := c.Publish(t.Context(), a, core.Publication{Key: "k-1", RemoteID: "229700", Markdown: "New summary.\n"}, nil)
	if err != nil || got.Outcome != core.PublishCreated || len(traffic.Writes()) != 2 {
		t.Errorf("got %+v, %v after %+v, want a second attempt", got, err, traffic.Writes())
	}
}

func TestRecorded_SpacesUsersAndOtherBodies(t *testing.T) {
	t.Parallel()
	spaces := vendortest.Recorded(t, "confluence", "http", "v2-spaces.json")
	scoped := vendortest.Recorded(t, "confluence", "http", "tenant-info.json")
	c, a := at(vendortest.Replay(t, slices.Concat(spaces, scoped), func(w http.ResponseWriter, r *http.Request) bool {
		_, _ = w.Write([]byte(`{"results":[],"_links":{"base":"https://example.atlassian.net/wiki"}}`))
		return strings.HasSuffix(r.URL.Path, "/pages")
	}))
	if got, err := c.Verify(t.Context(), a); err != nil || len(got.Visible) != 2 || got.Visible[1].Count == 0 || got.Account != "ada@example.com" {
		t.Errorf("verify: %+v, %v", got, err)
	}
	found := vendortest.Recorded(t, "confluence", "http", "v1-cql-search-cloud.json")
	c, a = at(vendortest.Replay(t, found, nil))
	if items := list(t, c, a, core.ListRequest{Query: "page"}); len(items) == 0 || items[0].Title == "" || items[0].Version == "" {
		t.Errorf("search: %+v", items)
	}
	adf := vendortest.Recorded(t, "confluence", "http", "v2-page-atlas-doc-format.json")
	path, _, _ := strings.Cut(adf[0].Request.Path, "?")
	broken := true
	c, a = at(vendortest.Replay(t, nil, func(w http.ResponseWriter, _ *http.Request) bool {
		if broken { // its storage cannot be rendered
			broken = false
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}
		_, _ = w.Write(adf[0].Response.Body)
		return true
	}))
	if got, err := c.Fetch(t.Context(), a, path[strings.LastIndexByte(path, '/')+1:], nil); err != nil || strings.TrimSpace(got.Markdown) == "" {
		t.Errorf("the other format: %+v, %v", got, err)
	}
}
