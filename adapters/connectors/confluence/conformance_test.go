package confluence_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/confluence"
	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

// access is how one deployment is reached. Its paths begin with api, and part lists the
// pages of a space.
type access struct {
	auth   core.AuthType
	config func(origin string) core.IntegrationConfig
	api    string
	part   string
}

// pages is the path of its pages.
func (d access) pages() string {
	if strings.HasSuffix(d.api, "/v2") {
		return d.api + "/pages"
	}
	return d.api + "/content"
}

func deployments() map[string]access {
	return map[string]access{
		"Site": {core.AuthAPIToken, func(origin string) core.IntegrationConfig {
			return core.IntegrationConfig{BaseURL: origin + "/wiki", Email: fakes.ConfluenceEmail}
		}, "/wiki/api/v2", "GET /wiki/api/v2/spaces/*/pages"},
		"Gateway": {core.AuthOAuth2, func(origin string) core.IntegrationConfig {
			return core.IntegrationConfig{BaseURL: origin, CloudID: fakes.ConfluenceCloudID}
		}, "/ex/confluence/*/wiki/api/v2", "GET /ex/confluence/*/wiki/api/v2/spaces/*/pages"},
		"DataCenter": {core.AuthAPIToken, func(origin string) core.IntegrationConfig {
			return core.IntegrationConfig{BaseURL: origin + fakes.DataCenterPath, Deployment: core.DeploymentDataCenter}
		}, "/confluence/rest/api", "GET /confluence/rest/api/content"},
	}
}

// spaces is the path of its spaces.
func (d access) spaces() string {
	if strings.HasSuffix(d.api, "/v2") {
		return d.api + "/spaces"
	}
	return d.api + "/space"
}

func TestConnector_Conformance(t *testing.T) {
	t.Parallel()
	for name, d := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			coretest.RunConnector(t, func(t *testing.T) coretest.ConnectorWorld { return world(t, d) })
		})
	}
}

func world(t *testing.T, d access) coretest.ConnectorWorld {
	fake := fakes.NewConfluence(fakes.Config{Token: coretest.VendorToken})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	cfg := confluence.Config{BaseURL: server.URL}
	cfg.Upstream.Trusted = []string{server.URL}
	fake.Purge(fake.AddSpace("OPS", "Operations")) // its home page would be an item
	edit := func(id string, change func(string) string) {
		storage, _ := fake.Storage(id)
		fake.Edit(id, change(storage))
	}
	return coretest.ConnectorWorld{
		Connector: confluence.New(cfg), Parent: "OPS",
		Access: core.Access{AuthType: d.auth, Token: core.NewSecret(coretest.VendorToken), Config: d.config(server.URL)},
		Make: func(_ *testing.T, title, markdown string) string {
			return fake.AddPage(fakes.ConfluencePage{Space: "OPS", Title: title, Storage: confluence.Storage(markdown)})
		},
		Edit: func(_ *testing.T, id, markdown string) { fake.Edit(id, confluence.Storage(markdown)) },
		Append: func(_ *testing.T, id, markdown string) {
			edit(id, func(s string) string { return s + confluence.Storage(markdown) })
		},
		Replace: func(_ *testing.T, id, old, text string) {
			edit(id, func(s string) string { return strings.ReplaceAll(s, old, text) })
		},
		Archive: func(_ *testing.T, id string) { fake.Archive(id) },
		Trash:   func(_ *testing.T, id string) { fake.Trash(id) },
		Hide:    func(_ *testing.T, id string) { fake.Restrict(id, true) },
		Pages:   func(*testing.T) int { return len(fake.Pages()) },
		Fail: func(f coretest.VendorFault, after int) {
			fake.Heal()
			fake.Fail(vendortest.Rules(f, after, d.part)...)
		},
		Calls: func() int { return len(fake.Calls()) },
		Wrote: func() int { return len(fake.Writes()) },
	}
}

func TestAuthorizer_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunAuthorizer(t, func(t *testing.T) coretest.AuthorizerWorld {
		fake := fakes.NewConfluence(fakes.Config{})
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		fake.AddSpace("OPS", "Operations")
		cfg := confluence.Config{BaseURL: server.URL, ClientID: "client-id", ClientSecret: core.NewSecret("client-secret")}
		cfg.Upstream.Trusted = []string{server.URL}
		return coretest.AuthorizerWorld{
			Connector: confluence.New(cfg),
			Agree:     vendortest.Agree,
			Withdraw:  func(*testing.T) { fake.Revoke() },
		}
	})
}
