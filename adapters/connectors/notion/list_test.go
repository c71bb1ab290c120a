package notion_test

import (
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/core"
)

// newDeskByTheMinute returns a desk whose clock stands until pass is called.
func newDeskByTheMinute(t *testing.T) (d *desk, pass func()) {
	t.Helper()
	var minutes atomic.Int64
	start := time.Date(2026, 6, 20, 10, 0, 0, 0, time.UTC)
	d = newDesk(t, fakes.Config{Now: func() time.Time { return start.Add(time.Duration(minutes.Load()) * time.Minute) }})
	return d, func() { minutes.Add(1) }
}

// Notion ends a query at 10,000 rows; the next window begins with the last row's time.
func TestList_GoesOnWhereNotionCutsAQuery(t *testing.T) {
	t.Parallel()
	d, pass := newDeskByTheMinute(t)
	d.fake.CapQueries(2)
	d.tasks()
	_, ids := d.fake.AddDatabase("", "Log", "Log")
	d.call(ids[0], "LOG")
	for range 4 {
		pass()
		d.page(fakes.NotionPage{Title: "Row", Parent: ids[0], Unlisted: true})
	}
	rows, incomplete := d.list(t, core.ListRequest{})
	ofLog := func(from string) string {
		return `POST /v1/data_sources/LOG/query {"filter":{"created_time":{"on_or_after":"2026-06-20T10:0` + from + `:00.000Z"},"timestamp":"created_time"},` +
			`"page_size":100,"sorts":[{"direction":"ascending","timestamp":"created_time"}]}`
	}
	d.Want(t, "windows", pagesByEdit, sources, ofOpen+rowsByMaking, ofDone+rowsByMaking, "POST /v1/data_sources/LOG"+rowsByMaking, ofLog("2"), ofLog("3"), pagesAnyhow)
	distinct := map[string]bool{}
	for _, it := range rows {
		if it.Path == "Log" && it.Kind == core.ItemRow {
			distinct[it.ID] = true
		}
	}
	if len(distinct) != 4 || incomplete != "" {
		t.Errorf("got %v, incomplete %q, want all four rows", distinct, incomplete)
	}
	changed, _ := d.list(t, core.ListRequest{Since: time.Date(2026, 6, 20, 10, 0, 0, 0, time.UTC)})
	for _, it := range changed {
		delete(distinct, it.ID)
	}
	if len(distinct) != 0 {
		t.Errorf("the changes do not name %v", distinct)
	}
}

func TestList_MoreRowsOfOneMinuteThanNotionListsAreTold(t *testing.T) {
	t.Parallel()
	d, _ := newDeskByTheMinute(t)
	d.fake.CapQueries(2)
	d.tasks("ROW1", "ROW2", "ROW3")
	if rows, incomplete := d.list(t, core.ListRequest{}); len(rows) < 2 || !strings.Contains(incomplete, "“Open”") {
		t.Errorf("got %d rows, incomplete %q, want the database named", len(rows), incomplete)
	}
}

// What is in the trash by the new name of the field or the old, and what is not.
func TestList_TellsTheTrashInEveryVersion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fields string
		want   core.RemoteState
	}{
		"New":            {`"in_trash":true`, core.RemoteTrashed},
		"Old":            {`"archived":true`, core.RemoteTrashed},
		"NewWins":        {`"in_trash":false,"archived":true`, core.RemotePresent},
		"Neither":        {`"is_archived":true`, core.RemotePresent},
		"UnknownAndNull": {`"in_trash":null,"archived":false,"of_tomorrow":{"x":1}`, core.RemotePresent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, fakes.Config{})
			d.Answer("POST /v1/search", `{"results":[{"object":"page","id":"`+somePage+`","last_edited_time":"2026-06-20T10:00:00.000+02:00","parent":{"type":"database_id"},`+c.fields+`}],"has_more":false,"next_cursor":"x"}`)
			items, _ := d.list(t, core.ListRequest{Query: "x"})
			want := []core.Item{{
				ID: somePage, Kind: core.ItemRow, State: c.want, Version: "2026-06-20T10:00:00.000+02:00", LastEdited: time.Date(2026, 6, 20, 8, 0, 0, 0, time.UTC),
			}}
			if !reflect.DeepEqual(items, want) {
				t.Errorf("got %+v, want %+v", items, want)
			}
		})
	}
}

func TestList_LooksBelowWhatPeopleLayPagesOutWith(t *testing.T) {
	t.Parallel()
	for kind, looks := range map[string]bool{
		"column_list": true, "column": true, "toggle": true, "callout": true, "synced_block": true, "quote": true, "tab": true, "heading_1": true, "heading_2": true,
		"heading_3": true, "heading_4": true, "paragraph": false, "bulleted_list_item": false, "table": false, "child_database": false, "unsupported": false,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, fakes.Config{})
			home := d.page(fakes.NotionPage{Title: "HOME", Blocks: []fakes.NotionBlock{{Type: kind, Value: map[string]any{}, Children: []fakes.NotionBlock{fakes.NotionParagraph("x")}}}})
			block := d.fake.BlockIDs(home)[0]
			d.call(block, "BLOCK")
			inner := d.page(fakes.NotionPage{Title: "INNER", Parent: block, Unlisted: true})
			items, _ := d.list(t, core.ListRequest{})
			found := false
			for _, it := range items {
				found = found || it.ID == inner && it.Title == "INNER" && it.URL == "https://www.notion.so/"+strings.ReplaceAll(inner, "-", "") && !it.LastEdited.IsZero()
			}
			if found != looks {
				t.Errorf("got %+v, found %v, want %v", items, found, looks)
			}
		})
	}
}

// A page below one that can be seen is come to by way of that; below one that cannot be
// seen it is where looking begins.
func TestCalls_OfLookingBelow(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	home := d.page(fakes.NotionPage{Title: "HOME", Blocks: []fakes.NotionBlock{{Type: "toggle", Value: map[string]any{}}}})
	block := d.fake.BlockIDs(home)[0]
	d.call(block, "TOGGLE")
	d.page(fakes.NotionPage{Title: "INNER", Parent: block})
	for _, fault := range []fakes.Fault{"", fakes.NotFound, fakes.Forbidden} {
		d.fake.Heal()
		if fault != "" {
			d.fake.Fail(fakes.Rule{Fault: fault, On: "GET /v1/blocks/*"})
		}
		d.list(t, core.ListRequest{})
		want := []string{pagesByEdit, sources, pagesAnyhow, "GET /v1/blocks/HOME/children?page_size=100", "GET /v1/blocks/TOGGLE/children?page_size=100", "GET /v1/blocks/TOGGLE"}
		if fault != "" {
			want = append(want, "GET /v1/blocks/INNER/children?page_size=100")
		}
		d.Want(t, string(fault), want...)
	}
	d.fake.Fail(fakes.Rule{Fault: fakes.Busy, On: "GET /v1/blocks/*", RetryAfter: time.Hour})
	if err := d.walk(t, ""); core.ReasonOf(err) != core.ReasonLimited {
		t.Errorf("got %v, want it limited: whether the parent can be seen is not known", err)
	}
}

func TestList_ChildrenThatAreNotServedAreNotThePagesEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	for _, title := range []string{"FIRST", "SECOND"} {
		d.page(fakes.NotionPage{Title: "Below " + title, Parent: d.page(fakes.NotionPage{Title: title}), Unlisted: true})
	}
	for _, fault := range []fakes.Fault{fakes.NotFound, fakes.Forbidden} {
		d.fake.Fail(fakes.Rule{Fault: fault, On: "GET /v1/blocks/*/children"})
		if items, _ := d.list(t, core.ListRequest{}); len(items) != 3 {
			t.Errorf("%s: got %d items, want three of four", fault, len(items))
		}
	}
	for fault, want := range map[fakes.Fault]core.UpstreamReason{fakes.RepeatedCursor: core.ReasonBroken, fakes.NoCursor: core.ReasonBroken, fakes.Unauthorized: core.ReasonToken} {
		d.fake.Heal()
		d.fake.Fail(fakes.Rule{Fault: fault, On: "GET /v1/blocks/*/children", Times: -1})
		err := d.walk(t, "")
		if core.ReasonOf(err) != want {
			t.Errorf("%s: got %v, want it %s", fault, err, want)
		}
	}
}

// A part that may not be listed is named, and all else is listed.
func TestList_SaysWhichPartIsMissing(t *testing.T) {
	t.Parallel()
	for on, want := range map[string]struct {
		after int
		says  string
		items int
	}{
		"POST /v1/data_sources/*/query": {0, "“Open”", 2},
		"POST /v1/search":               {1, "databases", 2}, // the second search is for them
	} {
		for _, fault := range []fakes.Fault{fakes.NotFound, fakes.Forbidden} {
			d := newDesk(t, fakes.Config{})
			d.page(fakes.NotionPage{Title: "CHILD", Parent: d.page(fakes.NotionPage{Title: "HOME"}), Unlisted: true})
			d.tasks("ROW")
			for _, r := range []core.ListRequest{{}, {Since: time.Now().Add(-time.Hour)}} {
				d.fake.Heal()
				d.fake.Fail(fakes.Rule{Fault: fault, On: on, After: want.after})
				items, incomplete := d.list(t, r)
				n := want.items
				if !r.Since.IsZero() {
					n-- // changes are not looked for below pages
				}
				if !strings.Contains(incomplete, want.says) || len(items) != n {
					t.Errorf("%s %s: got %d items, incomplete %q, want %d and %q", fault, on, len(items), incomplete, n, want.says)
				}
			}
		}
	}
}

func TestList_CursorsOfNobodyAreRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	for _, cursor := range []string{"eyJzIjoiciJ9", "eyJzIjoieCJ9", "%"} { // rows of no source, no such stage, no cursor
		if _, err := d.List(t.Context(), d.access, core.ListRequest{Cursor: cursor}); vendortest.Invalid(err) != "cursor cursor" {
			t.Errorf("%s: got %v", cursor, err)
		}
	}
}

// A failure between two pages of a listing costs one more call, and no item.
func TestList_SearchesAndQueriesAreRepeated(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	d.page(fakes.NotionPage{Title: "HOME"})
	d.tasks("ROW")
	d.fake.Fail(fakes.Rule{Fault: fakes.Failed, On: "POST /v1/search"}, fakes.Rule{Fault: fakes.Unavailable, On: "POST /v1/data_sources/*/query"})
	if items, incomplete := d.list(t, core.ListRequest{}); len(items) != 2 || incomplete != "" {
		t.Errorf("got %+v, incomplete %q", items, incomplete)
	}
}

// What search finds that is no page with an id leads nowhere.
func TestCalls_OfLookingBelowOddAnswers(t *testing.T) {
	t.Parallel()
	const below = "GET /v1/blocks/b4530ea09c588226874df0ce2f9431b7/children?page_size=100"
	parent := func(fields string) string {
		return `{"object":"page","id":"` + somePage + `","parent":{` + fields + `}}`
	}
	for results, want := range map[string][]string{
		`{"object":"data_source","id":"` + somePage + `"}`: nil, `{"object":"page","id":"../x"}`: nil, `7`: nil, `{"id":"` + somePage + `"}`: {below},
		parent(`"type":"page_id","page_id":"../x"`): {below}, parent(`"type":"block_id","block_id":"../x"`): {below},
		parent(`"type":"workspace","page_id":"` + somePage + `","block_id":"` + somePage + `"`): {below},
	} {
		d := newDesk(t, fakes.Config{})
		d.Answer("POST /v1/search", `{"results":[`+results+`]}`)
		d.Answer("GET /v1/blocks/*/children", `{"results":[{"id":"../x","type":"child_page","has_children":true},{"id":"`+somePage+`","type":"table","has_children":true}]}`)
		if items, _ := d.list(t, core.ListRequest{Cursor: upstream.Pack(map[string]any{"s": "b"})}); len(items) != 0 {
			t.Errorf("%s: got %+v", results, items)
		}
		d.Want(t, results, append([]string{pagesAnyhow}, want...)...)
	}
}

// The cursor holds what is still to be looked below; over a bound the listing says so.
func TestList_SaysThatPagesAreTooDeep(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	d.page(fakes.NotionPage{Title: "HOME"})
	toggle := `{"id":"` + somePage + `","type":"toggle","has_children":true}`
	d.Answer("GET /v1/blocks/*/children", `{"results":[`+strings.Repeat(toggle+",", 99)+toggle+`]}`)
	r := core.ListRequest{Cursor: upstream.Pack(map[string]any{"s": "b"})}
	for step := range 9 { // one search, then 99 more at each step
		page, err := d.List(t.Context(), d.access, r)
		if err != nil {
			t.Fatal(err)
		}
		if told := page.Incomplete != ""; told != (step > 6) {
			t.Errorf("step %d: incomplete %q", step, page.Incomplete)
		}
		r.Cursor = page.Next
	}
	var at struct{ B []any }
	if err := upstream.Unpack(r.Cursor, &at); err != nil || len(at.B) != 600 {
		t.Errorf("got %d places, %v, want 600", len(at.B), err)
	}
}

// Of rows that Notion cuts without saying where it ended nothing more can be asked.
func TestList_CutQueryWithoutATimeIsTold(t *testing.T) {
	t.Parallel()
	for _, results := range []string{``, `{"id":"` + somePage + `"}`, `{"id":"` + somePage + `","created_time":7}`} {
		d := newDesk(t, fakes.Config{})
		d.tasks()
		d.Answer("POST /v1/data_sources/*/query", `{"results":[`+results+`],"request_status":{"type":"incomplete"}}`)
		if _, incomplete := d.list(t, core.ListRequest{}); !strings.Contains(incomplete, "more rows of one minute") {
			t.Errorf("%s: incomplete %q", results, incomplete)
		}
	}
}
