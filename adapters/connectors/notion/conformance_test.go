package notion_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
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
				fake.Fail(vendortest.Rules(f, after, "POST /v1/data_sources/*/query")...)
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
			Agree:     vendortest.Agree,
			Withdraw:  func(*testing.T) { fake.Revoke() },
		}
	})
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
