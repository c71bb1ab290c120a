package notion_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/core"
)

// newPress is a desk with a page HOME to publish below, which does not look at the
// content of blocks.
func newPress(t *testing.T) (d *desk, home string) {
	t.Helper()
	d = newDesk(t, fakes.Config{})
	d.Name(`"children":\[.*\]}$`, `"children":BLOCKS}`)
	return d, d.page(fakes.NotionPage{Title: "HOME"})
}

const (
	titled   = `"properties":{"title":{"title":[{"text":{"content":"Summary"},"type":"text"}]}}`
	makePage = `POST /v1/pages {"parent":{"page_id":"HOME","type":"page_id"},` + titled + `}`
	makeRow  = `POST /v1/pages {"parent":{"data_source_id":"OPEN","type":"data_source_id"},` + titled + `}`
	readHome = "GET /v1/blocks/HOME/children?page_size=100"
	readPage = "GET /v1/blocks/PAGE/children?page_size=100"
	getPage  = "GET /v1/pages/PAGE"
	append1  = `PATCH /v1/blocks/PAGE/children {"children":BLOCKS}`
)

func TestCalls_OfPublishing(t *testing.T) {
	t.Parallel()
	d, home := newPress(t)
	p := publication(home)
	p.DryRun = true
	if got, err := d.publish(t, p); err != nil || got.Outcome != core.PublishCreated || !strings.Contains(got.Diff, "+Short.") {
		t.Errorf("as a trial: %+v, %v", got, err)
	}
	d.Want(t, "a trial")
	p.DryRun = false
	made, err := d.publish(t, p)
	if err != nil || made.URL == "" {
		t.Fatal(made, err)
	}
	d.call(made.ID, "PAGE")
	d.Want(t, "a new page", makePage, readPage, append1)
	p.Retry = true
	if got, err := d.publish(t, p); err != nil || got.RemotePage != made.RemotePage || got.Outcome != core.PublishUnchanged {
		t.Errorf("again: %+v, %v, want the page that is there", got, err)
	}
	d.Want(t, "again, after nobody knows what", readHome, readPage, getPage, readPage)
	p.RemoteID, p.Retry, p.Title = made.ID, false, "Brief"
	if got, err := d.publish(t, p); err != nil || got.Outcome != core.PublishUpdated || got.RemotePage != made.RemotePage {
		t.Errorf("another title: %+v, %v", got, err)
	}
	d.Want(t, "another title", getPage, readPage, `PATCH /v1/pages/PAGE {"properties":{"title":{"title":[{"text":{"content":"Brief"},"type":"text"}]}}}`)
	p.Title, p.OwnPage = "Not ours to give", false
	if got, err := d.publish(t, p); err != nil || got.Outcome != core.PublishUnchanged {
		t.Errorf("somebody's page: %+v, %v", got, err)
	}
	d.Want(t, "somebody's page", getPage, readPage)
}

func TestPublish_PagesThatAreNotThereAreGone(t *testing.T) {
	t.Parallel()
	d, home := newPress(t)
	trashed, unshared := d.page(fakes.NotionPage{Title: "TRASHED"}), d.page(fakes.NotionPage{Title: "UNSHARED"})
	d.fake.Trash(trashed)
	d.fake.Unshare(unshared)
	for name, change := range map[string]func(p *core.Publication){
		"InTheTrash": func(p *core.Publication) { p.RemoteID = trashed }, "Unshared": func(p *core.Publication) { p.RemoteID = unshared },
		"NoID": func(p *core.Publication) { p.RemoteID = "../" + home }, "ParentUnshared": func(p *core.Publication) { p.Parent = unshared },
		"ParentOfNoID": func(p *core.Publication) { p.Parent = "../" + home },
	} {
		p := publication(home)
		change(&p)
		if got, err := d.publish(t, p); core.ReasonOf(err) != core.ReasonGone || got != nil || len(d.fake.Pages()) != 2 {
			t.Errorf("%s: %+v, %v and %d pages, want it gone and nothing made", name, got, err, len(d.fake.Pages()))
		}
	}
}

// While it is not known what is there nothing is made or written.
func TestPublish_SilenceIsNotThatThereIsNothing(t *testing.T) {
	t.Parallel()
	for on, after := range map[string]int{"POST /v1/data_sources/*/query": 0, "GET /v1/blocks/*/children": 1} {
		d, _ := newPress(t)
		_, ids := d.fake.AddDatabase("", "Tasks", "Open")
		list := []fakes.NotionBlock{{Type: "toggle", Value: map[string]any{"rich_text": fakes.NotionText("More")}, Children: []fakes.NotionBlock{fakes.NotionParagraph("x")}}}
		p := publication(ids[0])
		p.Retry = true
		if after > 0 {
			p.RemoteID = d.page(fakes.NotionPage{Title: "PAGE", Blocks: list})
		}
		d.fake.Fail(fakes.Rule{Fault: fakes.Busy, On: on, After: after, RetryAfter: time.Hour})
		if _, err := d.publish(t, p); core.ReasonOf(err) != core.ReasonLimited || len(d.fake.Writes()) != 0 {
			t.Errorf("%s: got %v and %v, want it limited and nothing written", on, err, d.fake.Writes())
		}
	}
}

// New blocks stand before the former go, each request after the one before it.
func TestCalls_OfReplacingALongPart(t *testing.T) {
	t.Parallel()
	d, home := newPress(t)
	p := publication(home)
	p.Markdown = "Intro.\n\n- a\n  - b\n    - c\n"
	made, err := d.publish(t, p)
	if err != nil {
		t.Fatal(err)
	}
	d.call(made.ID, "PAGE")
	below := d.fake.BlockIDs(made.ID)[1]
	d.call(below, "LIST")
	d.Want(t, "three levels", makePage, readPage, append1, `PATCH /v1/blocks/LIST/children {"children":BLOCKS}`)
	former := d.fake.BlockIDs(made.ID)
	d.call(former[3], "LAST")
	d.fake.Append(made.ID, fakes.NotionParagraph("By hand."))
	p.RemoteID, p.Last, p.Markdown = made.ID, p.Markdown, strings.Repeat("Word.\n\n", 120)
	if got, err := d.publish(t, p); err != nil || got.Outcome != core.PublishUpdated {
		t.Fatal(got, err)
	}
	now := d.fake.BlockIDs(made.ID)
	d.call(now[99], "HUNDREDTH")
	d.call(d.fake.BlockIDs(below)[0], "INNER")
	want := []string{
		getPage, readPage, "GET /v1/blocks/LIST/children?page_size=100", "GET /v1/blocks/INNER/children?page_size=100",
		`PATCH /v1/blocks/PAGE/children {"after":"LAST","children":BLOCKS}`, `PATCH /v1/blocks/PAGE/children {"after":"HUNDREDTH","children":BLOCKS}`,
	}
	for i, id := range former {
		name := []string{"FORMER", "LIST", "RULE", "LAST"}[i]
		d.call(id, name)
		want = append(want, "DELETE /v1/blocks/"+name)
	}
	d.Want(t, "a long part", want...)
	if blocks := d.fake.Blocks(made.ID); len(blocks) != 123 || plain(blocks[122]) != "By hand." || plain(blocks[121]) == "Word." || plain(blocks[119]) != "Word." {
		t.Errorf("got %d blocks, want ours in order and then theirs", len(blocks))
	}
}

// plain is the first piece of a block's text.
func plain(b fakes.NotionBlock) string {
	for _, item := range b.Value["rich_text"].([]any) {
		return item.(map[string]any)["plain_text"].(string)
	}
	return ""
}

func TestCalls_OfPublishingIntoADatabase(t *testing.T) {
	t.Parallel()
	d, _ := newPress(t)
	_, ids := d.fake.AddDatabase("", "Tasks", "Open")
	d.call(ids[0], "OPEN")
	d.fake.AddPage(fakes.NotionPage{Title: "Summary of more", Parent: ids[0]})
	p := publication(ids[0])
	made, err := d.publish(t, p)
	if err != nil {
		t.Fatal(err)
	}
	d.call(made.ID, "PAGE")
	d.Want(t, "a row", strings.Replace(makePage, "HOME", "OPEN", 1), makeRow, readPage, append1)
	if f, err := d.Fetch(t.Context(), d.access, made.ID, nil); err != nil || f.Kind != core.ItemRow || f.Title != "Summary" {
		t.Errorf("got %+v, %v", f, err)
	}
	d.Sent()
	p.Retry = true
	if got, err := d.publish(t, p); err != nil || got.ID != made.ID || got.Outcome != core.PublishUnchanged {
		t.Errorf("again: %+v, %v, want the row found", got, err)
	}
	d.Want(t, "again", "GET /v1/blocks/OPEN/children?page_size=100",
		`POST /v1/data_sources/OPEN/query {"page_size":100,"sorts":[{"direction":"descending","timestamp":"created_time"}]}`, readPage, getPage, readPage)
}

// A page of our title is taken for ours only while it is empty or has our part.
func TestPublish_RetryTakesNobodyElsesPage(t *testing.T) {
	t.Parallel()
	d, home := newPress(t)
	p := publication(home)
	p.Retry = true
	full := []fakes.NotionBlock{fakes.NotionParagraph("Somebody's.")}
	for _, page := range []fakes.NotionPage{{Title: "Summary", Blocks: full}, {Title: "Summary of more"}} {
		page.Parent = home
		d.page(page)
	}
	got, err := d.publish(t, p)
	if err != nil || got.Outcome != core.PublishCreated || len(d.fake.Pages()) != 4 {
		t.Fatalf("got %+v, %v and %d pages, want a new one", got, err, len(d.fake.Pages()))
	}
	p.Key = "k-2"
	empty := d.page(fakes.NotionPage{Title: "Summary", Parent: home})
	if got, err := d.publish(t, p); err != nil || got.ID != empty {
		t.Errorf("got %+v, %v, want the empty page %s", got, err, empty)
	}
}

func TestPublish_TitleIsCutToWhatNotionTakes(t *testing.T) {
	t.Parallel()
	d, home := newPress(t)
	p := publication(home)
	for title, want := range map[string][]int{
		strings.Repeat("a", 2000): {2000}, strings.Repeat("a", 2001): {2000, 1}, "a" + strings.Repeat("😀", 1000): {1999, 2}, strings.Repeat("\uffff", 2000): {2000},
	} {
		d.Sent()
		p.Title = title
		if _, err := d.publish(t, p); err != nil {
			t.Fatal(err)
		}
		var got []int
		back := ""
		for _, part := range d.Writes()[0].Body["properties"].(map[string]any)["title"].(map[string]any)["title"].([]any) {
			text := part.(map[string]any)["text"].(map[string]any)["content"].(string)
			got = append(got, len(utf16.Encode([]rune(text))))
			back += text
		}
		if !slices.Equal(got, want) || back != title {
			t.Errorf("%.5s…: got pieces of %v, want %v", title, got, want)
		}
	}
}

// Somebody who saves at the same moment, and a block that somebody removed meanwhile, are
// no reasons to fail.
func TestPublish_FormerPartGoesOrItIsTold(t *testing.T) {
	t.Parallel()
	d, home := newPress(t)
	made, err := d.publish(t, publication(home))
	if err != nil {
		t.Fatal(err)
	}
	p := publication("")
	p.RemoteID, p.Last, p.Markdown = made.ID, p.Markdown, "Other.\n"
	d.fake.Fail(fakes.Rule{Fault: fakes.SaveConflict, On: "PATCH /v1/blocks/*/children"}, fakes.Rule{Fault: fakes.NotFound, On: "DELETE /v1/blocks/*"})
	if got, err := d.publish(t, p); err != nil || got.Outcome != core.PublishUpdated {
		t.Errorf("got %+v, %v", got, err)
	}
	d.fake.Fail(fakes.Rule{Fault: fakes.Forbidden, On: "DELETE /v1/blocks/*"})
	p.Last, p.Markdown = p.Markdown, "Third.\n"
	if _, err := d.publish(t, p); core.ReasonOf(err) != core.ReasonForbidden {
		t.Errorf("got %v, want it told that the former part stays", err)
	}
}

func TestPublish_WritesOfUnknownOutcomeAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, on := range []string{"POST /v1/pages", "PATCH /v1/blocks/*/children"} {
		d, home := newPress(t)
		d.fake.Fail(fakes.Rule{Fault: fakes.Failed, On: on})
		_, err := d.publish(t, publication(home))
		failed := 0
		for _, c := range d.fake.Calls() {
			if c.Fault == fakes.Failed {
				failed++
			}
		}
		if core.ReasonOf(err) != core.ReasonDown || failed != 1 {
			t.Errorf("%s: %v after %d calls, want it down after one", on, err, failed)
		}
	}
}
