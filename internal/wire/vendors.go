package wire

import (
	"errors"
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors"
	"github.com/docsctl/docsctl/core"
)

// Vendor is how one vendor of integrations is reached.
type Vendor struct {
	BaseURL      string // "": the vendor's own
	ClientID     string // of OAuth2; "": there is no client
	ClientSecret string
}

func vendorBaseURL(field func(*Config) *Vendor) func(*Config, string) error {
	return func(c *Config, v string) error {
		field(c).BaseURL = strings.TrimSuffix(v, "/")
		if v != "" && !isWebAddress(v) {
			return errors.New("must be an http or https address without user and password, or unset for the vendor's own")
		}
		return nil
	}
}

func (v Vendor) connector() connectors.Vendor {
	return connectors.Vendor{BaseURL: v.BaseURL, ClientID: v.ClientID, ClientSecret: core.NewSecret(v.ClientSecret)}
}

// checkVendors is about clients of OAuth2 that have one half only.
func (c Config) checkVendors() []string {
	var problems []string
	for _, v := range []struct {
		name string
		Vendor
	}{{"notion", c.Notion}, {"guru", c.Guru}, {"confluence", c.Confluence}} {
		if (v.ClientID == "") != (v.ClientSecret == "") {
			problems = append(problems, v.name+"_client_id and "+v.name+"_client_secret go together; set both or none")
		}
	}
	return problems
}

// vendors are the connectors that the installation has.
func (p *Program) vendors(cache core.Cache) (core.Connectors, error) {
	return connectors.New(connectors.Config{
		Notion: p.cfg.Notion.connector(), Guru: p.cfg.Guru.connector(), Confluence: p.cfg.Confluence.connector(),
		Limiter: p.limiter(), Cache: cache, AllowPrivate: p.cfg.AllowPrivate, Metrics: p.metrics,
	})
}
