package guru_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/guru"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestConnector_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunConnector(t, func(t *testing.T) coretest.ConnectorWorld {
		fake := fakes.NewGuru(fakes.Config{Token: coretest.VendorToken})
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		cfg := guru.Config{BaseURL: server.URL}
		cfg.Upstream.Trusted = []string{server.URL}
		collection := fake.AddCollection("Crew")
		edit := func(id string, change func(string) string) {
			content, _ := fake.Content(id)
			fake.Edit(id, change(content))
		}
		return coretest.ConnectorWorld{
			Connector: guru.New(cfg), Parent: collection,
			Access: core.Access{AuthType: core.AuthAPIToken, Token: core.NewSecret(coretest.VendorToken), Config: core.IntegrationConfig{Email: fakes.GuruEmail}},
			Make: func(_ *testing.T, title, markdown string) string {
				return fake.AddCard(fakes.GuruCard{Title: title, Content: guru.HTML(markdown)})
			},
			Edit: func(_ *testing.T, id, markdown string) { fake.Edit(id, guru.HTML(markdown)) },
			Append: func(_ *testing.T, id, markdown string) {
				edit(id, func(s string) string { return s + guru.HTML(markdown) })
			},
			Replace: func(_ *testing.T, id, old, text string) {
				edit(id, func(s string) string { return strings.ReplaceAll(s, old, text) })
			},
			Archive: func(_ *testing.T, id string) { fake.Archive(id) },
			Hide:    func(_ *testing.T, id string) { fake.Hide(id, true) },
			Pages:   func(*testing.T) int { return len(fake.Cards()) },
			Fail: func(f coretest.VendorFault, after int) {
				fake.Heal()
				fake.Fail(vendortest.Rules(f, after, "GET /api/v1/search/query")...)
			},
			Calls: func() int { return len(fake.Calls()) },
			Wrote: func() int { return len(fake.Writes()) },
		}
	})
}

func TestAuthorizer_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunAuthorizer(t, func(t *testing.T) coretest.AuthorizerWorld {
		fake := fakes.NewGuru(fakes.Config{})
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		cfg := guru.Config{BaseURL: server.URL, ClientID: "client-id", ClientSecret: core.NewSecret("client-secret")}
		cfg.Upstream.Trusted = []string{server.URL}
		return coretest.AuthorizerWorld{
			Connector: guru.New(cfg),
			Agree:     vendortest.Agree,
			Withdraw:  func(*testing.T) { fake.Revoke() },
		}
	})
}
