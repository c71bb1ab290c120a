package wire

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/transport/cli"
)

func TestVendors_AreReachedAsConfigured(t *testing.T) {
	t.Parallel()
	fake := fakes.NewNotion(fakes.Config{})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	p := &Program{cfg: Config{Notion: Vendor{BaseURL: server.URL, ClientID: "id", ClientSecret: "secret"}}, metrics: prometheus.NewRegistry()}
	all, err := p.vendors(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, vendor := range core.IntegrationTypes() {
		if all[vendor] == nil || all[vendor].Capabilities().Name == "" {
			t.Errorf("there is no connector to %s", vendor)
		}
	}
	a := core.Access{AuthType: core.AuthAPIToken, Token: core.NewSecret(fakes.NotionToken), Tenant: core.TrustTenant(core.NewID[core.OrgID]())}
	if got, err := all[core.IntegrationNotion].Verify(t.Context(), a); err != nil || got.Account == "" {
		t.Errorf("verify: %+v, %v", got, err)
	}
	if all[core.IntegrationNotion].Authorizer() == nil || all[core.IntegrationGuru].Authorizer() != nil {
		t.Error("a vendor has OAuth2 when its client is configured, and only then")
	}
	private := core.Access{
		AuthType: core.AuthAPIToken, Tenant: a.Tenant, Token: core.NewSecret("x"),
		Config: core.IntegrationConfig{BaseURL: "http://127.0.0.1:1", Deployment: core.DeploymentDataCenter},
	}
	if _, err := all[core.IntegrationConfluence].Verify(t.Context(), private); core.CodeOf(err) != core.CodeValidation {
		t.Errorf("a base URL inside our own network: %v, want it refused", err)
	}
	families, err := p.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range families {
		found = found || f.GetName() == "docsctl_connector_breakers"
	}
	if !found {
		t.Error("the breakers' states are no metric")
	}
}

func TestConfig_ClientsOfVendorsAreWhole(t *testing.T) {
	t.Parallel()
	_, err := Load(cli.Overrides{"notion_client_id": "id", "guru_base_url": "ftp://example.com", "data_dir": t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "notion_client_secret go together") || !strings.Contains(err.Error(), "guru_base_url") {
		t.Errorf("got %v, want both mistakes named", err)
	}
}
