package notion_test

import (
	"net/http/httptest"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/core"
)

func TestList_FindsPagesThatSearchDoesNot(t *testing.T) {
	t.Parallel()
	fake := fakes.NewNotion(fakes.Config{PageSize: 2})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	c, a := at(server.URL)
	a.Token = core.NewSecret(fakes.NotionToken)
	unlisted := func(parent, title string) string {
		return fake.AddPage(fakes.NotionPage{Parent: parent, Title: title, Unlisted: true})
	}
	home := fake.AddPage(fakes.NotionPage{Title: "Home", Blocks: []fakes.NotionBlock{
		{Type: "toggle", Value: map[string]any{"rich_text": fakes.NotionText("More")}, Children: []fakes.NotionBlock{fakes.NotionParagraph("x")}},
	}})
	toggle := fake.BlockIDs(home)[0]
	want := map[string]string{
		home: "Home", unlisted(toggle, "In a toggle"): "In a toggle",
	}
	child := unlisted(home, "Child")
	grandchild := unlisted(child, "Grandchild")
	want[child], want[grandchild] = "Child", "Grandchild"
	for range 5 {
		want[unlisted(grandchild, "Leaf")] = "Leaf"
	}
	alone := fake.AddPage(fakes.NotionPage{Title: "Shared without its parent", Parent: fake.AddPage(fakes.NotionPage{Title: "Private"})})
	want[alone] = "Shared without its parent"
	got := map[string]string{}
	for cursor, turns := "", 0; ; turns++ {
		page, err := c.List(t.Context(), a, core.ListRequest{Cursor: cursor})
		if err != nil || turns > 100 {
			t.Fatalf("after %d pages: %v", turns, err)
		}
		for _, it := range page.Items {
			got[it.ID] = it.Title
			if it.LastEdited.IsZero() || it.URL == "" || it.Version == "" {
				t.Errorf("got %+v", it)
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for id, title := range want {
		if got[id] != title {
			t.Errorf("page %q is not listed", title)
		}
		it := core.Item{ID: id}
		if fetched, err := c.Fetch(t.Context(), a, id, &it); err != nil || fetched.Title != title {
			t.Errorf("fetch %q: %+v, %v", title, fetched, err)
		}
	}
}
