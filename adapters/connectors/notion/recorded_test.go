package notion_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/adapters/connectors/notion"
	"github.com/docsctl/docsctl/core"
)

// at returns a connector to an address, and an access.
func at(address string) (*notion.Connector, core.Access) {
	cfg := notion.Config{BaseURL: address, ClientID: "client-id", ClientSecret: core.NewSecret("client-secret")}
	cfg.Upstream.Trusted = []string{address}
	return notion.New(cfg), core.Access{AuthType: core.AuthAPIToken, Token: core.NewSecret("ntn_EXAMPLE_TOKEN")}
}

const somePage = "b4530ea0-9c58-8226-874d-f0ce2f9431b7"

func TestRecorded_ErrorsMeanWhatTheySay(t *testing.T) {
	t.Parallel()
	want := map[string]core.UpstreamReason{
		"400-invalid_json.json": core.ReasonRefused, "400-invalid_request_url.json": core.ReasonRefused, "400-missing_version.json": core.ReasonRefused,
		"400-validation_error.json": core.ReasonRefused, "401-unauthorized.json": core.ReasonToken, "403-restricted_resource.json": core.ReasonForbidden,
		"404-object_not_found.json": core.ReasonGone, "409-conflict_error-then-200.json": core.ReasonDown, "429-rate_limited-then-200.json": core.ReasonLimited,
		"500-internal_server_error.json": core.ReasonDown, "503-service_unavailable.json": core.ReasonDown, "504-gateway_timeout.json": core.ReasonDown,
		"529-service_overload.json": core.ReasonDown,
	}
	vendortest.WantReasons(t, "notion", want, func(t *testing.T, address string) error {
		c, a := at(address)
		_, err := c.Fetch(t.Context(), a, somePage, nil)
		return err
	}, func(t *testing.T, e vendortest.Exchange, d core.UpstreamDetails) {
		var body struct {
			Code      string
			RequestID string `json:"request_id"`
		}
		if err := json.Unmarshal(e.Response.Body, &body); err != nil {
			t.Fatal(err)
		}
		if d.UpstreamCode != body.Code || d.UpstreamRequestID != body.RequestID {
			t.Errorf("got %+v, want Notion's code and request id", d)
		}
	})
}

func TestRecorded_SearchIsReadInPages(t *testing.T) {
	t.Parallel()
	exchanges := vendortest.Recorded(t, "notion", "http", "search-pages-2-pages.json")
	c, a := at(vendortest.Replay(t, exchanges, nil))
	first, err := c.List(t.Context(), a, core.ListRequest{Query: "d"})
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.List(t.Context(), a, core.ListRequest{Query: "d", Cursor: first.Next})
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Items) != 3 || len(second.Items) != 2 || second.Next != "" {
		t.Fatalf("got %d and %d items, then %q", len(first.Items), len(second.Items), second.Next)
	}
	it := first.Items[0]
	if it.Title != "Document 1" || it.LastEdited.IsZero() || it.URL == "" || it.State != core.RemotePresent || it.Version == "" {
		t.Errorf("got %+v", it)
	}
}

func TestRecorded_TrashUnsharedAndIncomplete(t *testing.T) {
	t.Parallel()
	trash := vendortest.Recorded(t, "notion", "http", "page-in-trash.json")
	id := idOf(trash[0])
	c, a := at(vendortest.Replay(t, trash, nil))
	got, err := c.Fetch(t.Context(), a, id, nil)
	if err != nil || got.State != core.RemoteTrashed || got.Title != "Old plan" {
		t.Errorf("in the trash: %+v, %v", got, err)
	}
	gone := vendortest.Recorded(t, "notion", "http", "page-unshared.json")
	c, a = at(vendortest.Replay(t, gone, nil))
	if _, err := c.Fetch(t.Context(), a, idOf(gone[0]), nil); core.ReasonOf(err) != core.ReasonGone {
		t.Errorf("unshared: %v", err)
	}
}

func idOf(e vendortest.Exchange) string {
	return e.Request.Path[strings.LastIndexByte(e.Request.Path, '/')+1:]
}

func TestRecorded_RowsOfEverySource(t *testing.T) {
	t.Parallel()
	exchanges := vendortest.Recorded(t, "notion", "http", "search-data-sources.json")
	rows := vendortest.Recorded(t, "notion", "http", "data-source-query-incremental.json")
	asked := 0
	c, a := at(vendortest.Replay(t, append(rows, exchanges...), func(w http.ResponseWriter, r *http.Request) bool {
		asked++
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"object":"list","results":[],"next_cursor":null,"has_more":false}`))
		return strings.HasSuffix(r.URL.Path, "/query")
	}))
	items, next := 0, ""
	for range 20 {
		page, err := c.List(t.Context(), a, core.ListRequest{Cursor: next})
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range page.Items {
			if it.Kind == core.ItemRow && it.Path == "" {
				t.Errorf("row %s does not say which database it is of", it.ID)
			}
		}
		items += len(page.Items)
		if next = page.Next; next == "" {
			break
		}
	}
	if items < 4 || next != "" || asked == 0 {
		t.Errorf("got %d items, %d other sources asked, then %q", items, asked, next)
	}
}

func TestRecorded_LongPageIsFetchedWhole(t *testing.T) {
	t.Parallel()
	exchanges := vendortest.Recorded(t, "notion", "http", "block-children-2-pages.json")
	id := strings.Split(exchanges[0].Request.Path, "/")[3]
	c, a := at(vendortest.Replay(t, exchanges, func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = w.Write([]byte(`{"object":"page","id":"` + id + `","last_edited_time":"2026-06-18T14:37:00.000Z","parent":{"type":"workspace"},"in_trash":false,
			"properties":{"title":{"type":"title","title":[{"plain_text":"Long"}]}}}`))
		return true
	}))
	got, err := c.Fetch(t.Context(), a, id, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"Change 2: ", "Change 99: ", "Change 101: ", "Change 129: "} {
		if !strings.Contains(got.Markdown, words) {
			t.Errorf("the page has no %q", words)
		}
	}
}

func TestRecorded_OAuth(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		token, refresh string
		reason         core.UpstreamReason
	}{
		"token.json": {"ntn_ACCESS1", "nrt_REFRESH1", ""}, "token-without-refresh.json": {"ntn_ACCESS3", "", ""}, "invalid_grant.json": {"", "", core.ReasonRefused},
	} {
		c, _ := at(vendortest.Replay(t, vendortest.Recorded(t, "notion", "oauth", name), nil))
		g, err := c.Authorizer().Exchange(t.Context(), core.ExchangeRequest{Code: core.NewSecret("CODE"), RedirectURL: "https://docsctl.example.com/v1/integrations/oauth/callback"})
		if core.ReasonOf(err) != want.reason || err == nil && (g.Token.Reveal() != want.token || g.RefreshToken.Reveal() != want.refresh || !g.ExpiresAt.IsZero() || g.Config.Workspace != "a434854b-e936-8d54-8aa2-bc1764ed13e0") {
			t.Errorf("%s: got %+v, %v", name, g, err)
		}
	}
	c, a := at(vendortest.Replay(t, vendortest.Recorded(t, "notion", "oauth", "refresh.json"), nil))
	a.RefreshToken = core.NewSecret("nrt_REFRESH1")
	if g, err := c.Authorizer().Refresh(t.Context(), a); err != nil || g.RefreshToken.Reveal() != "nrt_REFRESH2" {
		t.Errorf("refresh: %+v, %v", g, err)
	}
}
