package notion_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/adapters/connectors/notion"
	"github.com/docsctl/docsctl/core"
)

func TestCapabilities_AreNotions(t *testing.T) {
	t.Parallel()
	public := notion.New(notion.Config{}).Capabilities()
	if public.Name != "Notion" || public.Host != "https://api.notion.com" || !slices.Equal(public.AuthTypes, []core.AuthType{core.AuthAPIToken}) ||
		!public.Incremental || !public.ListsRemoved || !public.Publishes || !public.Search || public.EditGrain != time.Minute {
		t.Errorf("got %+v", public)
	}
	c, _ := at("https://notion.example.com/v1/")
	u, err := url.Parse(c.Authorizer().AuthorizeURL(core.AuthorizeRequest{RedirectURL: "https://docs.example.com/back", State: "s", Verifier: "v"}))
	if err != nil || u.Host != "notion.example.com" || u.Path != "/v1/oauth/authorize" ||
		u.RawQuery != "client_id=client-id&owner=user&redirect_uri=https%3A%2F%2Fdocs.example.com%2Fback&response_type=code&state=s" {
		t.Errorf("got %s, %v", u, err)
	}
}

// watched is a connector to a fake, and what it sends there: the paths with their bodies.
func watched(t *testing.T) (*notion.Connector, core.Access, *fakes.Notion, func() []string) {
	t.Helper()
	fake := fakes.NewNotion(fakes.Config{})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	address, sent := vendortest.Watch(t, server.URL)
	c, a := at(address)
	a.Token = core.NewSecret(fakes.NotionToken)
	return c, a, fake, func() []string {
		var lines []string
		for _, s := range sent() {
			raw, err := json.Marshal(s.Body)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, s.Method+" "+s.Path+" "+string(raw))
		}
		return lines
	}
}

func all(t *testing.T, c *notion.Connector, a core.Access, r core.ListRequest) (items []core.Item) {
	t.Helper()
	for range 50 {
		page, err := c.List(t.Context(), a, r)
		if err != nil || page.Incomplete != "" {
			t.Fatal(page, err)
		}
		items = append(items, page.Items...)
		if r.Cursor = page.Next; r.Cursor == "" {
			return items
		}
	}
	t.Fatal("the listing has no end")
	return nil
}

func TestList_AsksForWhatChanged(t *testing.T) {
	t.Parallel()
	c, a, fake, sent := watched(t)
	page := fake.AddPage(fakes.NotionPage{Title: "Page"})
	_, sources := fake.AddDatabase("", "Tasks", "Open")
	row := fake.AddPage(fakes.NotionPage{Title: "Row", Parent: sources[0], Unlisted: true})
	since := time.Now().UTC().Add(-time.Hour).Truncate(time.Minute)
	kinds := map[string]core.ItemKind{}
	for _, it := range all(t, c, a, core.ListRequest{Since: since}) {
		kinds[it.ID] = it.Kind
		if it.Kind == core.ItemRow && it.Path != "Open" && !strings.Contains(it.Path, "Tasks") {
			t.Errorf("the row is of %q", it.Path)
		}
	}
	if kinds[page] != core.ItemPage || kinds[row] != core.ItemRow {
		t.Errorf("got %v, want the page and the row", kinds)
	}
	asked := strings.Join(sent(), "\n")
	for _, want := range []string{
		`"filter":{"last_edited_time":{"on_or_after":"` + since.Format(time.RFC3339), `"timestamp":"last_edited_time"`,
		`"filter":{"property":"object","value":"data_source"}`, `"in_trash":true`, `"page_size":100`,
	} {
		if !strings.Contains(asked, want) {
			t.Errorf("nothing sent has %s:\n%s", want, asked)
		}
	}
}

func TestPublish_SendsWhatNotionTakes(t *testing.T) {
	t.Parallel()
	c, a, fake, sent := watched(t)
	home := fake.AddPage(fakes.NotionPage{Title: "Home"})
	p := core.Publication{Key: "k-1", Parent: home, Title: "Summary", OwnPage: true, Markdown: "Short.\n", Source: "Long", Version: 1}
	got, err := c.Publish(t.Context(), a, p, func(context.Context, core.RemotePage) error { return nil })
	if err != nil || got.Outcome != core.PublishCreated {
		t.Fatal(got, err)
	}
	lines := sent()
	want := `POST /v1/pages {"parent":{"page_id":"` + home + `","type":"page_id"},"properties":{"title":{"title":[{"text":{"content":"Summary"},"type":"text"}]}}}`
	if len(lines) != 2 || lines[0] != want || !strings.HasPrefix(lines[1], "PATCH /v1/blocks/"+got.ID+"/children ") {
		t.Errorf("got\n%s\nwant\n%s\nand its blocks", strings.Join(lines, "\n"), want)
	}
}

func TestPublish_IntoADatabaseIsARow(t *testing.T) {
	t.Parallel()
	c, a, fake, sent := watched(t)
	_, sources := fake.AddDatabase("", "Tasks", "Open")
	p := core.Publication{Key: "k-1", Parent: sources[0], Title: "Summary", OwnPage: true, Markdown: "Short.\n", Source: "Long", Version: 1}
	got, err := c.Publish(t.Context(), a, p, func(context.Context, core.RemotePage) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if f, err := c.Fetch(t.Context(), a, got.ID, nil); err != nil || f.Kind != core.ItemRow || f.Title != "Summary" {
		t.Errorf("got %+v, %v", f, err)
	}
	if made := sent()[0]; !strings.Contains(made+strings.Join(sent(), "\n"), `"data_source_id":"`+sources[0]+`"`) {
		t.Errorf("got %s", made)
	}
	again := p
	again.Retry = true
	if second, err := c.Publish(t.Context(), a, again, func(context.Context, core.RemotePage) error { return nil }); err != nil || second.ID != got.ID || second.Outcome != core.PublishUnchanged {
		t.Errorf("again: %+v, %v, want the row found", second, err)
	}
}
