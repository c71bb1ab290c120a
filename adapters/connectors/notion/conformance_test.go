package notion_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/notion"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestConnector_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunConnector(t, func(t *testing.T) coretest.ConnectorWorld {
		fake := fakes.NewNotion(fakes.Config{Token: coretest.VendorToken})
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		cfg := notion.Config{BaseURL: server.URL, ClientID: "client-id", ClientSecret: core.NewSecret("client-secret")}
		cfg.Upstream.Trusted = []string{server.URL}
		fake.AddDatabase("", "Tasks", "Tasks")
		home := fake.AddPage(fakes.NotionPage{Title: "Home", Unlisted: true})
		return coretest.ConnectorWorld{
			Connector: notion.New(cfg), Parent: home,
			Access: core.Access{AuthType: core.AuthAPIToken, Token: core.NewSecret(coretest.VendorToken)},
			Make: func(t *testing.T, title, markdown string) string {
				id := fake.AddPage(fakes.NotionPage{Title: title})
				fake.Write(id, blocks(t, markdown), true)
				return id
			},
			Edit:    func(t *testing.T, id, markdown string) { fake.Write(id, blocks(t, markdown), true) },
			Append:  func(t *testing.T, id, markdown string) { fake.Write(id, blocks(t, markdown), false) },
			Replace: func(_ *testing.T, id, old, text string) { fake.ReplaceText(id, old, text) },
			Trash:   func(_ *testing.T, id string) { fake.Trash(id) },
			Hide:    func(_ *testing.T, id string) { fake.Unshare(id) },
			Pages:   func(*testing.T) int { return len(fake.Pages()) },
			Fail: func(f coretest.VendorFault, after int) {
				fake.Heal()
				fake.Fail(rules(f, after, "POST /v1/data_sources/*/query")...)
			},
			Calls: func() int { return len(fake.Calls()) },
			Wrote: func() int { return len(fake.Writes()) },
		}
	})
}

func TestAuthorizer_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunAuthorizer(t, func(t *testing.T) coretest.AuthorizerWorld {
		fake := fakes.NewNotion(fakes.Config{})
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		cfg := notion.Config{BaseURL: server.URL, ClientID: "client-id", ClientSecret: core.NewSecret("client-secret")}
		cfg.Upstream.Trusted = []string{server.URL}
		return coretest.AuthorizerWorld{
			Connector: notion.New(cfg),
			Agree:     func(t *testing.T, address string) (code, state string) { return agree(t, address) },
			Withdraw:  func(*testing.T) { fake.Revoke() },
		}
	})
}

// agree follows the address as the user's browser does.
func agree(t *testing.T, address string) (code, state string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return back.Query().Get("code"), back.Query().Get("state")
}

// rules are a fault of the suite as the fakes have it; part is what lists a part.
func rules(f coretest.VendorFault, after int, part string) []fakes.Rule {
	r := fakes.Rule{After: after, Times: -1, RetryAfter: coretest.VendorRetryAfter}
	switch f {
	case coretest.VendorWorks:
		return nil
	case coretest.VendorLimited:
		r.Fault = fakes.Busy
	case coretest.VendorDown:
		r.Fault, r.RetryAfter = fakes.Unavailable, 0
	case coretest.VendorHalfJSON:
		r.Fault = fakes.HalfBody
	case coretest.VendorSlowBody:
		r.Fault = fakes.StuckBody
	case coretest.VendorTokenRefused:
		r.Fault, r.RetryAfter = fakes.Expired, 0
	case coretest.VendorLostPart:
		r.Fault, r.On, r.RetryAfter = fakes.NotFound, part, 0
	case coretest.VendorEmptyPage:
		r.Fault = fakes.EmptyPage
	case coretest.VendorRepeatedCursor:
		r.Fault = fakes.RepeatedCursor
	case coretest.VendorNoCursor:
		r.Fault = fakes.NoCursor
	}
	return []fakes.Rule{r}
}

// blocks makes of Markdown what a request has.
func blocks(t *testing.T, markdown string) []map[string]any {
	t.Helper()
	raw, err := json.Marshal(notion.Blocks(markdown))
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
