// Package connectors puts the connectors of all vendors together, over one client
// that keeps the vendors' limits.
package connectors

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/docsctl/docsctl/adapters/connectors/confluence"
	"github.com/docsctl/docsctl/adapters/connectors/guru"
	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/adapters/connectors/notion"
	"github.com/docsctl/docsctl/core"
)

// Config says how the vendors are reached. The zero value reaches them in public,
// with API tokens only.
type Config struct {
	Notion, Guru, Confluence Vendor
	// Limiter counts calls ahead of the vendors' limits, for all nodes. Default: none
	// does, and what the vendors refuse is tried again when they say.
	Limiter core.Limiter
	// Cache keeps names that pages refer to. Default: they are asked for with each page.
	Cache core.Cache
	// AllowPrivate lets an integration's base URL lead into a private network.
	AllowPrivate bool
	// Timeout bounds one attempt at a call. Default: 60 s.
	Timeout time.Duration
	// OpenFor is how long a breaker lets no call through. Default: 30 s.
	OpenFor time.Duration
	// Metrics gets the states of the breakers. Default: nobody does.
	Metrics prometheus.Registerer
}

// Vendor is how one vendor is reached.
type Vendor struct {
	BaseURL      string      // default: the vendor's own; of Confluence, Atlassian's gateway
	ClientID     string      // of OAuth2; "": an installation without a client
	ClientSecret core.Secret // of OAuth2
}

// New returns the connectors.
func New(c Config) (core.Connectors, error) {
	client := upstream.New(upstream.Config{
		Limiter: c.Limiter, AllowPrivate: c.AllowPrivate, Timeout: c.Timeout, OpenFor: c.OpenFor,
		Trusted: []string{c.Notion.BaseURL, c.Guru.BaseURL, c.Confluence.BaseURL},
	})
	if c.Metrics != nil {
		if err := c.Metrics.Register(breakers{client}); err != nil {
			return nil, fmt.Errorf("register the connectors' metrics: %w", err)
		}
	}
	n, g, f := c.Notion, c.Guru, c.Confluence
	return core.Connectors{
		core.IntegrationNotion: notion.New(notion.Config{
			BaseURL: n.BaseURL, ClientID: n.ClientID, ClientSecret: n.ClientSecret, Client: client,
		}),
		core.IntegrationGuru: guru.New(guru.Config{
			BaseURL: g.BaseURL, ClientID: g.ClientID, ClientSecret: g.ClientSecret, Client: client,
		}),
		core.IntegrationConfluence: confluence.New(confluence.Config{
			BaseURL: f.BaseURL, ClientID: f.ClientID, ClientSecret: f.ClientSecret, Cache: c.Cache, Client: client,
		}),
	}, nil
}

// breakers tells how many breakers of each vendor are in each state. Hosts are no
// label: users choose them, and there may be any number.
type breakers struct{ client *upstream.Client }

var breakersDesc = prometheus.NewDesc("docsctl_connector_breakers",
	"Breakers of integrations' hosts by vendor and state; an open one lets no call through for a while.", []string{"integration_type", "state"}, nil)

// Describe implements prometheus.Collector.
func (b breakers) Describe(ch chan<- *prometheus.Desc) { ch <- breakersDesc }

// Collect implements prometheus.Collector.
func (b breakers) Collect(ch chan<- prometheus.Metric) {
	all := b.client.Breakers()
	for _, vendor := range core.IntegrationTypes() {
		for _, state := range []string{"closed", "half-open", "open"} {
			ch <- prometheus.MustNewConstMetric(breakersDesc, prometheus.GaugeValue, float64(all[vendor][state]), string(vendor), state)
		}
	}
}
