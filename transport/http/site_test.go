package httpapi

import (
	"context"

	"github.com/docsctl/docsctl/core"
)

// site is a vendor with one page, which takes every token.
type site struct{}

func (site) Capabilities() core.ConnectorCapabilities {
	return core.ConnectorCapabilities{Name: "Notion", AuthTypes: []core.AuthType{core.AuthAPIToken}, Publishes: true}
}

func (site) Authorizer() core.Authorizer { return nil }

func (site) Verify(_ context.Context, a core.Access) (*core.Verified, error) {
	return &core.Verified{Account: "Ann", Visible: []core.VisibleCount{{Kind: "pages", Count: 1}}, Config: a.Config}, nil
}

func (site) List(context.Context, core.Access, core.ListRequest) (*core.ListPage, error) {
	return &core.ListPage{Items: []core.Item{{ID: "1", Kind: core.ItemPage, Title: "Page", State: core.RemotePresent}}, Next: "https://vendor.example.com/next"}, nil
}

func (site) Fetch(context.Context, core.Access, string, *core.Item) (*core.Fetched, error) {
	return &core.Fetched{Item: core.Item{ID: "1", Title: "Page", State: core.RemotePresent}, Markdown: "Text."}, nil
}

func (site) Publish(context.Context, core.Access, core.Publication, func(context.Context, core.RemotePage) error) (*core.Published, error) {
	return &core.Published{}, nil
}
