package guru

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

var _ core.Connector = (*Connector)(nil)

// Config says how Guru is reached.
type Config struct {
	BaseURL      string      // default: https://api.getguru.com
	ClientID     string      // of OAuth2; "": there is none
	ClientSecret core.Secret // of OAuth2
	Upstream     upstream.Config
	Client       *upstream.Client // default: one made of Upstream
}

// Connector implements core.Connector for Guru.
type Connector struct {
	base   string
	client *upstream.Client
	oauth  *authorizer
}

// New returns a connector.
func New(cfg Config) *Connector {
	c := &Connector{base: upstream.Base(cfg.BaseURL, "https://api.getguru.com", "/api/v1"), client: cfg.Client.Or(cfg.Upstream)}
	if cfg.ClientID != "" {
		c.oauth = &authorizer{c: c, id: cfg.ClientID, secret: cfg.ClientSecret}
	}
	return c
}

// Capabilities implements core.Connector.
func (c *Connector) Capabilities() core.ConnectorCapabilities {
	return core.ConnectorCapabilities{
		Name: "Guru", AuthTypes: upstream.AuthTypes(c.oauth != nil), Incremental: true, ListsRemoved: true, Publishes: true, Search: true, Host: c.base,
		Permissions: []core.Permission{
			{Name: "User token", Purpose: "reads the cards that its user can see", Required: true},
			{Name: "Author role in the collection", Purpose: "publishes a summary as a card; a collection token may only read"},
		},
	}
}

// Authorizer implements core.Connector.
func (c *Connector) Authorizer() core.Authorizer {
	if c.oauth == nil {
		return nil
	}
	return c.oauth
}

// collection is one of Guru's, with the number of its cards.
type collection struct {
	ID, Name string
	Cards    int
}

// Verify implements core.Connector. A collection's token may only read.
func (c *Connector) Verify(ctx context.Context, a core.Access) (*core.Verified, error) {
	var me struct {
		User       *struct{ Email string }
		TokenType  string
		Collection *struct{ Name string }
		Team       struct{ ID, Name string }
	}
	if err := c.get(ctx, a, "/whoami", &me); err != nil {
		return nil, err
	}
	var all []collection
	if err := c.get(ctx, a, "/collections", &all); err != nil {
		return nil, err
	}
	cards := 0
	for _, one := range all {
		cards += one.Cards
	}
	out := &core.Verified{Account: me.Team.Name, Config: a.Config, Visible: []core.VisibleCount{
		{Kind: "cards", Count: cards}, {Kind: "collections", Count: len(all)},
	}}
	switch {
	case me.User != nil:
		out.Account = me.User.Email + ", " + me.Team.Name
	case me.Collection != nil:
		out.Account = me.Collection.Name + ", " + me.Team.Name
	}
	if me.TokenType == "COLLECTION" {
		out.Missing = c.Capabilities().Permissions[1:]
	}
	out.Config.Workspace, out.Config.Account = cmp.Or(me.Team.ID, a.Config.Workspace), out.Account
	return out, nil
}

// card is one of Guru's.
type card struct {
	ID              string
	PreferredPhrase string
	Content         string
	Slug            string
	Version         int64
	LastModified    string
	Archived        bool
	Collection      struct{ ID, Name string }
}

// guruTime is how Guru writes a time: without a colon in the zone.
const guruTime = "2006-01-02T15:04:05.999999999-0700"

func (k card) item(raw json.RawMessage) core.Item {
	out := core.Item{
		ID: k.ID, Kind: core.ItemCard, Title: k.PreferredPhrase, Path: k.Collection.Name, State: core.RemotePresent, URL: k.url(), Body: raw,
	}
	if k.Version > 0 {
		out.Version = strconv.FormatInt(k.Version, 10)
	}
	if k.Archived {
		out.State = core.RemoteArchived
	}
	for _, layout := range []string{guruTime, time.RFC3339} {
		if at, err := time.Parse(layout, k.LastModified); err == nil {
			out.LastEdited = at.UTC()
			break
		}
	}
	return out
}

func (k card) url() string {
	if k.Slug == "" {
		return "https://app.getguru.com/card/" + k.ID
	}
	return "https://app.getguru.com/card/" + k.Slug
}
