package notion

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

var _ core.Connector = (*Connector)(nil)

// Config says how Notion is reached.
type Config struct {
	BaseURL      string      // default: https://api.notion.com
	ClientID     string      // of OAuth2; "": there is none
	ClientSecret core.Secret // of OAuth2
	Upstream     upstream.Config
	Client       *upstream.Client // default: one made of Upstream
}

// Connector implements core.Connector for Notion.
type Connector struct {
	base   string
	client *upstream.Client
	oauth  *authorizer
}

// New returns a connector.
func New(cfg Config) *Connector {
	c := &Connector{base: upstream.Base(cfg.BaseURL, "https://api.notion.com", "/v1"), client: cfg.Client.Or(cfg.Upstream)}
	if cfg.ClientID != "" {
		c.oauth = &authorizer{c: c, id: cfg.ClientID, secret: cfg.ClientSecret}
	}
	return c
}

// grain is to what Notion rounds the time of an edit.
const grain = time.Minute

// Capabilities implements core.Connector.
func (c *Connector) Capabilities() core.ConnectorCapabilities {
	return core.ConnectorCapabilities{
		Name: "Notion", AuthTypes: upstream.AuthTypes(c.oauth != nil), Incremental: true, ListsRemoved: true, Publishes: true, NeedsParent: true, Search: true, EditGrain: grain, Host: c.base,
		Permissions: []core.Permission{
			{Name: "Read content", Purpose: "reads the pages and databases that are shared with the connection", Required: true},
			{Name: "Read user information without email addresses", Purpose: "writes the names of people that a page mentions"},
			{Name: "Insert content", Purpose: "publishes a summary as a new page"},
			{Name: "Update content", Purpose: "publishes a summary into a page that exists"},
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

// mostCounted bounds the answers that Verify counts items in.
const mostCounted = 5

// Verify implements core.Connector.
func (c *Connector) Verify(ctx context.Context, a core.Access) (*core.Verified, error) {
	var me struct {
		Name string
		Bot  struct {
			ID        string `json:"workspace_id"`
			Workspace string `json:"workspace_name"`
		}
	}
	if err := c.get(ctx, a, "/v1/users/me", &me); err != nil {
		return nil, err
	}
	out := &core.Verified{Account: cmp.Or(me.Bot.Workspace, me.Name), Config: a.Config}
	out.Config.Workspace, out.Config.Account = cmp.Or(me.Bot.ID, a.Config.Workspace), out.Account
	for _, kind := range []struct{ object, plural string }{{"page", "pages"}, {"data_source", "data sources"}} {
		n, more, err := c.count(ctx, a, kind.object)
		if err != nil {
			return nil, err
		}
		out.Visible = append(out.Visible, core.VisibleCount{Kind: kind.plural, Count: n, AtLeast: more})
	}
	return out, nil
}

// count counts what search finds, up to a bound.
func (c *Connector) count(ctx context.Context, a core.Access, object string) (n int, more bool, err error) {
	cursor := ""
	for range mostCounted {
		l, err := c.search(ctx, a, searchRequest{Filter: objectFilter(object, false), Cursor: cursor})
		if err != nil {
			return 0, false, err
		}
		n += len(l.Results)
		if cursor = l.next(); cursor == "" {
			return n, false, nil
		}
	}
	return n, true, nil
}

// item is what a page is as core sees it; of another object it is empty.
func item(raw json.RawMessage) (core.Item, error) {
	var p struct {
		Object     string
		ID         string
		LastEdited string `json:"last_edited_time"`
		URL        string
		InTrash    *bool `json:"in_trash"`
		Archived   bool
		Parent     struct{ Type string }
		Properties json.RawMessage
	}
	if err := vendor.Decode(raw, &p); err != nil {
		return core.Item{}, err
	}
	if p.Object != "" && p.Object != "page" {
		return core.Item{}, nil
	}
	out := core.Item{ID: p.ID, Kind: core.ItemPage, State: core.RemotePresent, URL: p.URL, Version: p.LastEdited}
	if p.Parent.Type == "data_source_id" || p.Parent.Type == "database_id" {
		out.Kind = core.ItemRow
	}
	if p.InTrash != nil && *p.InTrash || p.InTrash == nil && p.Archived {
		out.State = core.RemoteTrashed
	}
	if at, err := time.Parse(time.RFC3339, p.LastEdited); err == nil {
		out.LastEdited = at.UTC()
	}
	if len(p.Properties) > 0 { // else the index answered no more than an id
		out.Title, out.Body = Title(raw), raw
	}
	return out, nil
}
