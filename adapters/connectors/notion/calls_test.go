package notion_test

import (
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/core"
)

const (
	pagesByEdit  = `POST /v1/search {"filter":{"property":"object","value":"page"},"page_size":100,"sort":{"direction":"descending","timestamp":"last_edited_time"}}`
	pagesAnyhow  = `POST /v1/search {"filter":{"property":"object","value":"page"},"page_size":100}`
	moreAnyhow   = `POST /v1/search {"filter":{"property":"object","value":"page"},"page_size":100,"start_cursor":"CURSOR"}`
	sources      = `POST /v1/search {"filter":{"property":"object","value":"data_source"},"page_size":100}`
	rowsByMaking = `/query {"page_size":100,"sorts":[{"direction":"ascending","timestamp":"created_time"}]}`
	rowsByEdit   = `/query {"filter":{"last_edited_time":{"on_or_after":"2026-06-11T07:29:00Z"},"timestamp":"last_edited_time"},"page_size":100,` +
		`"sorts":[{"direction":"ascending","timestamp":"last_edited_time"}]}`
	goneByEdit = `/query {"filter":{"last_edited_time":{"on_or_after":"2026-06-11T07:29:00Z"},"timestamp":"last_edited_time"},"in_trash":true,"page_size":100,` +
		`"sorts":[{"direction":"ascending","timestamp":"last_edited_time"}]}`
	ofOpen = "POST /v1/data_sources/OPEN"
	ofDone = "POST /v1/data_sources/DONE"
)

// tasks puts a database into a desk: a data source with rows, and one without.
func (d *desk) tasks(rows ...string) {
	_, ids := d.fake.AddDatabase("", "Tasks", "Open", "Done")
	d.call(ids[0], "OPEN")
	d.call(ids[1], "DONE")
	for _, title := range rows {
		d.page(fakes.NotionPage{Title: title, Parent: ids[0], Unlisted: true})
	}
}

func TestCalls_OfListing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	home := d.page(fakes.NotionPage{Title: "HOME"})
	d.page(fakes.NotionPage{Title: "CHILD", Parent: home})
	d.tasks("ROW")
	d.list(t, core.ListRequest{})
	d.Want(t, "everything", pagesByEdit, sources, ofOpen+rowsByMaking, ofDone+rowsByMaking, pagesAnyhow,
		"GET /v1/blocks/HOME/children?page_size=100", "GET /v1/pages/HOME")
	d.list(t, core.ListRequest{Since: time.Date(2026, 6, 11, 9, 29, 31, 0, time.FixedZone("", 7200))})
	d.Want(t, "changes, to the minute", pagesByEdit, sources, ofOpen+rowsByEdit, ofOpen+goneByEdit, ofDone+rowsByEdit, ofDone+goneByEdit,
		`POST /v1/search {"filter":{"in_trash":true,"property":"object","value":"page"},"page_size":100,"sort":{"direction":"descending","timestamp":"last_edited_time"}}`)
	for limit, size := range map[int]string{1: "1", 7: "7", 100: "100", 101: "100", -1: "100"} {
		d.list(t, core.ListRequest{Query: "home", Limit: limit})
		d.Want(t, "words", `POST /v1/search {"filter":{"property":"object","value":"page"},"page_size":`+size+
			`,"query":"home","sort":{"direction":"descending","timestamp":"last_edited_time"}}`)
	}
}

func TestCalls_OfListingGoOnByCursor(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{PageSize: 1})
	home := d.page(fakes.NotionPage{Title: "HOME"})
	for _, title := range []string{"CHILD", "OTHER"} {
		d.page(fakes.NotionPage{Title: title, Parent: home, Unlisted: true})
	}
	d.tasks("ROW1", "ROW2")
	items, _ := d.list(t, core.ListRequest{})
	d.Want(t, "everything", pagesByEdit, sources, ofOpen+rowsByMaking,
		ofOpen+`/query {"page_size":100,"sorts":[{"direction":"ascending","timestamp":"created_time"}],"start_cursor":"CURSOR"}`,
		`POST /v1/search {"filter":{"property":"object","value":"data_source"},"page_size":100,"start_cursor":"CURSOR"}`, ofDone+rowsByMaking, pagesAnyhow,
		"GET /v1/blocks/HOME/children?page_size=100", "GET /v1/blocks/HOME/children?page_size=100&start_cursor=CURSOR")
	var titles []string
	for _, it := range items {
		titles = append(titles, it.Title)
	}
	if want := []string{"HOME", "ROW1", "ROW2", "CHILD", "OTHER"}; !slices.Equal(titles, want) {
		t.Errorf("got %q, want %q", titles, want)
	}
}

func TestCalls_OfVerify(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{PageSize: 1})
	for range 5 {
		d.page(fakes.NotionPage{Title: "Page"})
	}
	for _, more := range []bool{false, true} {
		v, err := d.Verify(t.Context(), d.access)
		want := []core.VisibleCount{{Kind: "pages", Count: 5, AtLeast: more}, {Kind: "data sources"}}
		if err != nil || v.Account != "Fake Workspace" || v.Config.Account != v.Account || !slices.Equal(v.Visible, want) {
			t.Errorf("got %+v, %v, want %+v", v, err, want)
		}
		d.Want(t, "verify", "GET /v1/users/me", pagesAnyhow, moreAnyhow, moreAnyhow, moreAnyhow, moreAnyhow, sources)
		d.page(fakes.NotionPage{Title: "One too many to be counted"})
	}
}

func TestCalls_OfFetching(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	id := d.page(fakes.NotionPage{Title: "PAGE", Blocks: []fakes.NotionBlock{fakes.NotionParagraph("Text.")}})
	items, _ := d.list(t, core.ListRequest{})
	d.Sent()
	if got, err := d.Fetch(t.Context(), d.access, id, &items[0]); err != nil || got.Markdown != "Text.\n" || got.Body != nil {
		t.Errorf("as it was listed: %+v, %v", got, err)
	}
	d.Want(t, "as it was listed", "GET /v1/blocks/PAGE/children?page_size=100")
	for name, change := range map[string]func(string){"shared": d.fake.Share, "in the trash": d.fake.Trash, "unshared": d.fake.Unshare} {
		d.fake.Restore(id)
		d.fake.Share(id)
		change(id)
		want := map[string][]string{
			"shared": {"GET /v1/pages/PAGE", "GET /v1/blocks/PAGE/children?page_size=100"}, "in the trash": {"GET /v1/pages/PAGE"},
			"unshared": {"GET /v1/pages/PAGE", "GET /v1/pages/PAGE"}, // that it is gone is asked twice
		}
		_, err := d.Fetch(t.Context(), d.access, id, nil)
		if (core.ReasonOf(err) == core.ReasonGone) != (name == "unshared") {
			t.Errorf("%s: %v", name, err)
		}
		d.Want(t, name, want[name]...)
	}
}

func TestCalls_CarryTokenAndVersion(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	home := d.page(fakes.NotionPage{Title: "HOME"})
	d.list(t, core.ListRequest{})
	if _, err := d.publish(t, publication(home)); err != nil {
		t.Fatal(err)
	}
	calls := d.Sent()
	if len(calls) < 5 {
		t.Fatalf("got %d calls", len(calls))
	}
	for _, c := range calls {
		if c.Header.Get("Authorization") != "Bearer "+fakes.NotionToken || c.Header.Get("Notion-Version") != "2025-09-03" {
			t.Errorf("%s %s: got %v", c.Method, c.Path, c.Header)
		}
		if (c.Body != nil) != (c.Header.Get("Content-Type") == "application/json") {
			t.Errorf("%s %s: got %v with the body %v", c.Method, c.Path, c.Header, c.Body)
		}
	}
}
