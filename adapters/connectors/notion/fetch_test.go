package notion_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/core"
)

func TestFetch_ErrorsCarryReasonCodeAndRequestID(t *testing.T) {
	t.Parallel()
	for fault, want := range map[fakes.Fault]core.UpstreamDetails{
		fakes.Busy:         {Reason: core.ReasonLimited, UpstreamStatus: 429, UpstreamCode: "rate_limited"},
		fakes.Overloaded:   {Reason: core.ReasonDown, UpstreamStatus: 529, UpstreamCode: "service_overload"},
		fakes.Failed:       {Reason: core.ReasonDown, UpstreamStatus: 500, UpstreamCode: "internal_server_error"},
		fakes.Unavailable:  {Reason: core.ReasonDown, UpstreamStatus: 503, UpstreamCode: "service_unavailable"},
		fakes.BadGateway:   {Reason: core.ReasonDown, UpstreamStatus: 502},
		fakes.NotFound:     {Reason: core.ReasonGone, UpstreamStatus: 404, UpstreamCode: "object_not_found"},
		fakes.Unauthorized: {Reason: core.ReasonToken, UpstreamStatus: 401, UpstreamCode: "unauthorized"},
		fakes.Forbidden:    {Reason: core.ReasonForbidden, UpstreamStatus: 403, UpstreamCode: "restricted_resource"},
		fakes.SaveConflict: {Reason: core.ReasonDown, UpstreamStatus: 409, UpstreamCode: "conflict_error"},
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, fakes.Config{})
			id := d.page(fakes.NotionPage{Title: "PAGE"})
			d.fake.Fail(fakes.Rule{Fault: fault, RetryAfter: time.Hour, Times: 2})
			_, err := d.Fetch(t.Context(), d.access, id, nil)
			got := vendortest.Details(err)
			if hasID := strings.HasPrefix(got.UpstreamRequestID, "0000feed-"); hasID != (want.UpstreamCode != "") {
				t.Errorf("got the request id %q", got.UpstreamRequestID)
			}
			got.UpstreamRequestID, want.IntegrationType = "", core.IntegrationNotion
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// The body's request id is Notion's own; the edge's header is not always there.
func TestFetch_RequestIDIsTheBodys(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{})
	d.Refuse("GET /v1/pages/*", 409, `{"code":"row_limit_exceeded","request_id":"req-7","of_tomorrow":[]}`)
	_, err := d.Fetch(t.Context(), d.access, somePage, nil)
	want := core.UpstreamDetails{IntegrationType: core.IntegrationNotion, Reason: core.ReasonRefused, UpstreamStatus: 409, UpstreamCode: "row_limit_exceeded", UpstreamRequestID: "req-7"}
	if got := vendortest.Details(err); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if calls := len(d.Sent()); calls != 1 {
		t.Errorf("asked %d times, want once: repeating it does not help", calls)
	}
}

// What cannot be understood is broken, never an empty answer.
func TestConnector_AnswersThatCannotBeUnderstoodAreBroken(t *testing.T) {
	t.Parallel()
	list := func(d *desk) error { return d.walk(t, "") }
	listSources := func(d *desk) error { return d.walk(t, upstream.Pack(map[string]any{"s": "s"})) }
	fetch := func(d *desk) error { _, err := d.Fetch(t.Context(), d.access, somePage, nil); return err }
	publish := func(d *desk) error { _, err := d.publish(t, publication(somePage)); return err }
	retry := func(d *desk) error {
		p := publication(somePage)
		p.Retry = true
		_, err := d.publish(t, p)
		return err
	}
	for _, c := range []struct {
		on, answer string
		do         func(d *desk) error
	}{
		{"POST /v1/search", `{}`, list},
		{"POST /v1/search", `{"results":[7]}`, list},
		{"POST /v1/search", `{"results":[],"has_more":true}`, list},
		{"POST /v1/search", `{"results":[],"has_more":true,"next_cursor":""}`, list},
		{"POST /v1/search", `{"results":[7]}`, listSources},
		{"POST /v1/data_sources/*/query", `{"results":[7]}`, list},
		{"GET /v1/blocks/*/children", `{"results":[7]}`, list},
		{"GET /v1/pages/*", `{}`, fetch},
		{"GET /v1/pages/*", `[]`, fetch},
		{"GET /v1/pages/*", `{"object":"database","id":"` + somePage + `"}`, fetch},
		{"POST /v1/pages", `{}`, publish},
		{"POST /v1/pages", `{"id":7}`, publish},
		{"PATCH /v1/blocks/*/children", `{"results":[]}`, publish},
		{"PATCH /v1/blocks/*/children", `{"results":[1,2,3]}`, publish},
		{"GET /v1/blocks/*/children", `{"results":[1]}`, retry},
		{"POST /v1/data_sources/*/query", `{"results":[1]}`, retry},
	} {
		d := newDesk(t, fakes.Config{})
		d.fake.AddPage(fakes.NotionPage{ID: somePage, Title: "Page"})
		d.tasks()
		d.Answer(c.on, c.answer)
		if err := c.do(d); core.ReasonOf(err) != core.ReasonBroken {
			t.Errorf("%s answers %s: got %v, want it broken", c.on, c.answer, err)
		}
	}
}

// Blocks that are said not to be there make a page gone only when it is gone itself.
func TestFetch_BlocksThatAreNotThereAreConfirmed(t *testing.T) {
	t.Parallel()
	for page, want := range map[fakes.Fault]core.UpstreamReason{"": core.ReasonBroken, fakes.NotFound: core.ReasonGone, fakes.Unauthorized: core.ReasonToken} {
		d := newDesk(t, fakes.Config{})
		id := d.page(fakes.NotionPage{Title: "PAGE"})
		d.fake.Fail(fakes.Rule{Fault: fakes.NotFound, On: "GET /v1/blocks/*/children"})
		if page != "" {
			d.fake.Fail(fakes.Rule{Fault: page, On: "GET /v1/pages/*", After: 1})
		}
		if _, err := d.Fetch(t.Context(), d.access, id, nil); core.ReasonOf(err) != want {
			t.Errorf("the page %q: got %v, want it %s", page, err, want)
		}
		d.Want(t, string(page), getPage, readPage, getPage)
	}
}

// A part that may not be read, or that Notion does not serve (400), leaves a mark; the
// rest of the page is read.
func TestFetch_PartThatMayNotBeReadIsMarked(t *testing.T) {
	t.Parallel()
	for status, whole := range map[int]core.UpstreamReason{400: core.ReasonRefused, 403: core.ReasonForbidden, 404: core.ReasonBroken} {
		d := newDesk(t, fakes.Config{})
		id := d.page(fakes.NotionPage{Title: "PAGE", Blocks: []fakes.NotionBlock{
			{Type: "toggle", Value: map[string]any{"rich_text": fakes.NotionText("More")}, Children: []fakes.NotionBlock{fakes.NotionParagraph("Hidden.")}},
			fakes.NotionParagraph("Shown."),
		}})
		d.Refuse("GET /v1/blocks/"+d.fake.BlockIDs(id)[0]+"/children", status, `{}`)
		got, err := d.Fetch(t.Context(), d.access, id, &core.Item{Path: "Where it was listed"})
		if err != nil || !strings.Contains(got.Markdown, "Shown.") || len(got.Warnings) != 1 || got.Path != "Where it was listed" {
			t.Errorf("%d: got %+v, %v, want the rest and one warning", status, got, err)
		}
		d.Refuse("GET /v1/blocks/"+id+"/children", status, `{}`)
		if _, err := d.Fetch(t.Context(), d.access, id, nil); core.ReasonOf(err) != whole {
			t.Errorf("%d: the page itself may not be read: %v, want it %s", status, err, whole)
		}
	}
}

// A page holds 25 values of a relation; the rest is at an address of its own.
func TestFetch_ReadsAllValuesOfAProperty(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fakes.Config{PageSize: 20})
	d.tasks()
	_, ids := d.fake.AddDatabase("", "Crew", "Crew")
	var values []any
	for i := range 30 {
		values = append(values, map[string]any{"id": fmt.Sprintf("00009a9e-0000-4000-8000-1%011x", i)})
	}
	id := d.page(fakes.NotionPage{Title: "PAGE", Parent: ids[0], Properties: map[string]any{
		"Tasks": map[string]any{"id": "ta%3Ask", "type": "relation", "relation": values},
	}})
	got, err := d.Fetch(t.Context(), d.access, id, nil)
	if err != nil || strings.Count(got.Markdown, "<https://www.notion.so/") != 30 {
		t.Errorf("got %+v, %v, want 30 pages named", got, err)
	}
	const property = "GET /v1/pages/PAGE/properties/ta%3Ask?page_size=100"
	d.Want(t, "values", getPage, property, property+"&start_cursor=CURSOR", readPage)
	for _, odd := range []string{"../x", "a?b", "a#b"} {
		d.Answer("GET /v1/pages/*", `{"object":"page","id":"`+id+`","parent":{"type":"data_source_id"},"properties":{"Tasks":{"id":"`+odd+`","type":"relation","relation":[{"id":"x"}],"has_more":true}}}`)
		if got, err := d.Fetch(t.Context(), d.access, id, nil); err != nil || len(got.Warnings) != 1 {
			t.Errorf("%s: got %+v, %v, want the property marked", odd, got, err)
		}
		d.Want(t, "an id that would lead elsewhere", getPage, readPage)
	}
}
