package confluence

import (
	"cmp"
	"context"
	"regexp"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

var _ core.Connector = (*Connector)(nil)

// Config says how Confluence is reached.
type Config struct {
	// BaseURL stands for Atlassian's gateway and its authorization server; sites and
	// Data Centers have their own, in an integration's config. Default: Atlassian's.
	BaseURL      string
	ClientID     string      // of OAuth2; "": there is none
	ClientSecret core.Secret // of OAuth2
	Cache        core.Cache  // of names that pages refer to. Default: they are asked for with each page
	Upstream     upstream.Config
	Client       *upstream.Client // default: one made of Upstream
}

// Connector implements core.Connector for Confluence, in the cloud and in a Data
// Center.
type Connector struct {
	gateway string
	client  *upstream.Client
	cache   core.Cache
	oauth   *authorizer
}

// New returns a connector.
func New(cfg Config) *Connector {
	c := &Connector{gateway: upstream.Base(cfg.BaseURL, "https://api.atlassian.com", ""), client: cfg.Client.Or(cfg.Upstream), cache: cfg.Cache}
	if cfg.ClientID != "" {
		c.oauth = &authorizer{c: c, server: upstream.Base(cfg.BaseURL, "https://auth.atlassian.com", ""), id: cfg.ClientID, secret: cfg.ClientSecret}
	}
	return c
}

// Capabilities implements core.Connector.
func (c *Connector) Capabilities() core.ConnectorCapabilities {
	return core.ConnectorCapabilities{
		Name: "Confluence", AuthTypes: upstream.AuthTypes(c.oauth != nil), Incremental: true, ListsRemoved: true, Publishes: true, NeedsParent: true, Search: true,
		Permissions: []core.Permission{
			{Name: "read:page:confluence", Purpose: "reads pages", Required: true},
			{Name: "read:space:confluence", Purpose: "lists the spaces that pages are in", Required: true},
			{Name: "read:user:confluence", Purpose: "writes the names of people that a page mentions"},
			{Name: "search:confluence", Purpose: "finds pages by words of their title"},
			{Name: "write:page:confluence", Purpose: "publishes a summary"},
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

// edition is the API of one deployment.
type edition interface {
	account(ctx context.Context) (string, error)
	// spaces lists spaces, of the keys or all.
	spaces(ctx context.Context, keys []string, next string) (spaceList, error)
	// pages lists pages with their bodies.
	pages(ctx context.Context, q pageQuery, next string) (pageList, error)
	// read returns a page, also one in the trash; withBody asks for its storage.
	read(ctx context.Context, id string, withBody bool) (page, error)
	// parent finds where a new page goes: a page's id, or a space's id or key, in that
	// order, since a key may be all digits.
	parent(ctx context.Context, id string) (place parentPlace, err error)
	// titled returns the page of a space that has a title, in whatever state; nil: none.
	titled(ctx context.Context, in parentPlace, title string) (*page, error)
	create(ctx context.Context, in parentPlace, title, storage string) (page, error)
	update(ctx context.Context, p page, title, storage string) error
	// users returns display names by the ids that bodies have; those that are not
	// known are left out.
	users(ctx context.Context, ids []string) (map[string]string, error)
	// address returns the web address of the page of a space that has a title; "":
	// none, or none that may be seen.
	address(ctx context.Context, spaceID, title string) (string, error)
}

type pageList struct {
	pages []page
	next  string
}

// pageQuery says which pages are listed.
type pageQuery struct {
	space   *space    // nil: of all spaces, or of those in within
	within  []space   // with since: none: all
	since   time.Time // zero: all; else last edited first, or from about then on
	trashed bool
	words   string // of the title
	limit   int
}

// page is one of Confluence's, in either version of the API.
type page struct {
	id, title, status, url string
	space, spaceKey        string // its name, where a list says it, else its key
	spaceID                string // of a Data Center: its key
	version                int
	edited                 time.Time
	storage                *string // nil: not read
	adf                    string  // where storage could not be rendered
}

// parentPlace is where a new page goes.
type parentPlace struct {
	space space
	page  string // "": the space's root
}

func (p page) state() core.RemoteState {
	switch p.status {
	case "trashed", "deleted":
		return core.RemoteTrashed
	case "archived":
		return core.RemoteArchived
	}
	return core.RemotePresent
}

func (p page) item() core.Item {
	return core.Item{
		ID: p.id, Kind: core.ItemPage, Title: p.title, URL: p.url, Path: p.space, State: p.state(), Version: itoa(p.version), LastEdited: p.edited,
		Body: p.body(),
	}
}

var pageID = regexp.MustCompile(`^[0-9]{1,20}$`)

// checkID refuses what can be no id, before it becomes part of an address.
func checkID(id string) error {
	if !pageID.MatchString(id) {
		return vendor.Gone()
	}
	return nil
}

// mostCounted bounds the answers that Verify counts spaces and pages in.
const mostCounted = 8

// Verify implements core.Connector.
func (c *Connector) Verify(ctx context.Context, a core.Access) (*core.Verified, error) {
	a, err := c.locate(ctx, a)
	if err != nil {
		return nil, err
	}
	e, err := c.edition(a)
	if err != nil {
		return nil, err
	}
	out := &core.Verified{Config: a.Config}
	spaces, more, err := countSpaces(ctx, e, a.Config.Spaces)
	if err != nil {
		return nil, err
	}
	if !more {
		out.Unseen = unseen(a.Config.Spaces, spaces)
	}
	pages := core.VisibleCount{Kind: "pages"}
	calls := 0
	for i := range spaces {
		next := ""
		for {
			if calls++; calls > mostCounted {
				pages.AtLeast = true
				break
			}
			l, err := e.pages(ctx, pageQuery{space: &spaces[i], limit: mostListed}, next)
			if err != nil {
				return nil, err
			}
			pages.Count += len(l.pages)
			if next = l.next; next == "" {
				break
			}
		}
	}
	out.Visible = []core.VisibleCount{pages, {Kind: "spaces", Count: len(spaces), AtLeast: more}}
	if out.Account, err = e.account(ctx); err != nil && core.ReasonOf(err) != core.ReasonForbidden {
		return nil, err
	}
	out.Config.Account = cmp.Or(out.Account, a.Config.Account)
	return out, nil
}
