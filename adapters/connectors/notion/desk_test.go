package notion_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/adapters/connectors/notion"
	"github.com/docsctl/docsctl/core"
)

// desk is a fake whose calls are looked at.
type desk struct {
	*notion.Connector
	*vendortest.Traffic
	fake   *fakes.Notion
	access core.Access
}

func newDesk(t *testing.T, c fakes.Config) *desk {
	t.Helper()
	d := &desk{fake: fakes.NewNotion(c)}
	server := httptest.NewServer(d.fake)
	t.Cleanup(server.Close)
	address, traffic := vendortest.Tap(t, server.URL)
	d.Traffic = traffic
	d.Name("0000c0de-0000-4000-[0-9a-f]{4}-[0-9a-f]{12}", "CURSOR")
	d.Connector, d.access = at(address)
	d.access.Token = core.NewSecret(fakes.NotionToken)
	return d
}

// page makes a page that is called by its title.
func (d *desk) page(p fakes.NotionPage) string {
	id := d.fake.AddPage(p)
	d.call(id, p.Title)
	return id
}

// call has an id be called something, with dashes or without.
func (d *desk) call(id, text string) {
	d.Name(id[:8]+"-?"+id[9:13]+"-?"+id[14:18]+"-?"+id[19:23]+"-?"+id[24:], text)
}

// list reads a whole listing.
func (d *desk) list(t *testing.T, r core.ListRequest) (items []core.Item, incomplete string) {
	t.Helper()
	items, incomplete, err := d.read(t, r)
	if err != nil {
		t.Fatal(err)
	}
	return items, incomplete
}

// walk reads a listing from a cursor on until it ends or fails.
func (d *desk) walk(t *testing.T, cursor string) error {
	t.Helper()
	_, _, err := d.read(t, core.ListRequest{Cursor: cursor})
	return err
}

func (d *desk) read(t *testing.T, r core.ListRequest) (items []core.Item, incomplete string, err error) {
	t.Helper()
	for range 100 {
		page, err := d.List(t.Context(), d.access, r)
		if err != nil {
			return items, incomplete, err
		}
		items = append(items, page.Items...)
		if page.Incomplete != "" {
			incomplete = page.Incomplete
		}
		if r.Cursor = page.Next; r.Cursor == "" {
			return items, incomplete, nil
		}
	}
	t.Fatal("the listing has no end")
	return nil, "", nil
}

// publish does it, whatever id a new page gets.
func (d *desk) publish(t *testing.T, p core.Publication) (*core.Published, error) {
	t.Helper()
	return d.Publish(t.Context(), d.access, p, func(context.Context, core.RemotePage) error { return nil })
}

// publication is one below a parent.
func publication(parent string) core.Publication {
	return core.Publication{Key: "k-1", Parent: parent, Title: "Summary", OwnPage: true, Markdown: "Short.\n", Source: "Long", Version: 1}
}
