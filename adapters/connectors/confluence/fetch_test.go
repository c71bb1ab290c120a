package confluence_test

import (
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/confluence"
	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/core"
)

func TestFetch_ErrorsCarryReasonAndRequestID(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		for fault, want := range map[fakes.Fault]core.UpstreamDetails{
			fakes.Busy:         {Reason: core.ReasonLimited, UpstreamStatus: 429},
			fakes.Failed:       {Reason: core.ReasonDown, UpstreamStatus: 500},
			fakes.Unavailable:  {Reason: core.ReasonDown, UpstreamStatus: 503},
			fakes.BadGateway:   {Reason: core.ReasonDown, UpstreamStatus: 502},
			fakes.NotFound:     {Reason: core.ReasonGone, UpstreamStatus: 404, UpstreamCode: "NOT_FOUND"},
			fakes.Unauthorized: {Reason: core.ReasonToken, UpstreamStatus: 401, UpstreamCode: "UNAUTHORIZED"},
			fakes.Forbidden:    {Reason: core.ReasonForbidden, UpstreamStatus: 403, UpstreamCode: "FORBIDDEN"},
			fakes.SaveConflict: {Reason: core.ReasonRefused, UpstreamStatus: 409, UpstreamCode: "CONFLICT"},
		} {
			w := newTown(t, d, "A")
			id := w.add("A", "Page")
			w.fake.Fail(fakes.Rule{Fault: fault, On: "GET " + d.pages() + "/*", Times: -1, RetryAfter: time.Hour})
			_, err := w.Fetch(t.Context(), w.access, id, nil)
			got := vendortest.Details(err)
			if !strings.HasPrefix(got.UpstreamRequestID, "0000ace0-") {
				t.Errorf("%s: got the request id %q", fault, got.UpstreamRequestID)
			}
			if want.IntegrationType = core.IntegrationConfluence; !strings.HasSuffix(d.api, "/v2") {
				want.UpstreamCode = "" // the first version has none
			}
			if got.UpstreamRequestID = ""; got != want {
				t.Errorf("%s: got %+v, want %+v", fault, got, want)
			}
		}
	})
}

// A token without the scope works for what else it may: it is not dead.
func TestFetch_TokenWithoutTheScopeIsForbidden(t *testing.T) {
	t.Parallel()
	_, c, a := connected(t, "read:space:confluence offline_access")
	_, err := c.Fetch(t.Context(), a, "229500", nil)
	if got := vendortest.Details(err); got.Reason != core.ReasonForbidden || got.UpstreamCode != "scope" || got.UpstreamStatus != 401 {
		t.Errorf("got %+v, want it forbidden for its scope", got)
	}
}

func TestFetch_PageWhoseStorageCannotBeRenderedIsReadOtherwise(t *testing.T) {
	t.Parallel()
	w := newTown(t, deployments()["Site"], "A")
	id := w.add("A", "PAGE")
	w.Name(id, "PAGE")
	w.fake.Fail(fakes.Rule{Fault: fakes.Failed, On: "GET /wiki/api/v2/pages/*"})
	if got, err := w.Fetch(t.Context(), w.access, id, nil); err != nil || got.Title != "PAGE" {
		t.Errorf("got %+v, %v", got, err)
	}
	w.Want(t, "a page", readV2, "GET /wiki/api/v2/pages/PAGE?body-format=atlas_doc_format")
}

// Addresses are made of what Confluence says, and of nothing when it says half.
func TestFetch_AddressAndSpaceAreAsTheyAreTold(t *testing.T) {
	t.Parallel()
	for links, want := range map[string][2]string{
		`"webui":"/spaces/OPS/pages/1/x","base":"https://x.example"`: {"https://x.example/spaces/OPS/pages/1/x", "OPS"}, `"webui":"/spaces/OPS/pages/1/x"`: {"", "OPS"},
		`"webui":"/x/OPS/pages","base":"https://x.example"`: {"https://x.example/x/OPS/pages", ""}, `"webui":"/spaces/OPS","base":"b"`: {"b/spaces/OPS", ""}, `"base":"https://x.example"`: {"", ""},
	} {
		w := newTown(t, deployments()["Site"], "A")
		w.Answer("GET /wiki/api/v2/pages/*", `{"id":"1","status":"current","_links":{`+links+`}}`)
		if got, err := w.Fetch(t.Context(), w.access, "1", nil); err != nil || got.URL != want[0] || got.Path != want[1] || got.Version != "0" || !got.LastEdited.IsZero() {
			t.Errorf("%s: got %+v, %v, want %q", links, got, err, want)
		}
	}
}

func TestFetch_SaysWhatMarkdownCannotHold(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		id := w.fake.AddPage(fakes.ConfluencePage{Space: "A", Title: "Page", Storage: `<ac:structured-macro ac:name="of-tomorrow"><ac:rich-text-body><p>Kept.</p></ac:rich-text-body></ac:structured-macro>`})
		got, err := w.Fetch(t.Context(), w.access, id, &core.Item{ID: id, Path: "Where it was listed"})
		if err != nil || !strings.Contains(got.Markdown, "Kept.") || len(got.Warnings) != 1 || got.Path != "Where it was listed" {
			t.Errorf("got %+v, %v, want the text, a warning, and the path kept", got, err)
		}
	})
}

// What cannot be understood is broken, never an empty answer.
func TestConnector_AnswersThatCannotBeUnderstoodAreBroken(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		answers := map[string][]string{"list": {`{}`, `{"results":7}`, `{"results":[],"_links":{"next":""}}`, `{"results":[],"_links":{"next":"/x"}}`, `{"results":[],"_links":{"next":"%zz"}}`}, "page": {`{}`, `[]`, `{"id":7}`}, "make": {`{}`, `{"id":7}`}}
		on := map[string]string{"list": d.part, "page": "GET " + d.pages() + "/*", "make": "POST " + d.pages()}
		for what, bodies := range answers {
			for _, body := range bodies {
				w := newTown(t, d, "A")
				w.Answer(on[what], body)
				var err error
				switch what {
				case "list":
					var page *core.ListPage
					if page, err = w.List(t.Context(), w.access, core.ListRequest{}); err == nil { // of spaces, first
						_, err = w.List(t.Context(), w.access, core.ListRequest{Cursor: page.Next})
					}
				case "page":
					_, err = w.Fetch(t.Context(), w.access, "229001", nil)
				case "make":
					_, err = w.make(t, "A", false)
				}
				if core.ReasonOf(err) != core.ReasonBroken {
					t.Errorf("%s answers %s: got %v, want it broken", on[what], body, err)
				}
			}
		}
	})
}

func TestConnector_AsksNoAddressThatIsNone(t *testing.T) {
	t.Parallel()
	c := confluence.New(confluence.Config{})
	for config, want := range map[*core.IntegrationConfig]string{
		{}: "http_url", {BaseURL: "example.atlassian.net"}: "http_url", {BaseURL: "ftp://example.atlassian.net"}: "http_url", {BaseURL: "https://"}: "http_url",
		{BaseURL: "https://user@example.com"}: "http_url", {BaseURL: "https://exa mple.com"}: "http_url", {Deployment: core.DeploymentDataCenter}: "http_url",
		{BaseURL: "https://example.com", CloudID: "../x"}: "cloud_id", {BaseURL: "https://example.com", CloudID: "1234567"}: "cloud_id",
	} {
		a := core.Access{AuthType: core.AuthAPIToken, Config: *config}
		_, listed := c.List(t.Context(), a, core.ListRequest{})
		_, fetched := c.Fetch(t.Context(), a, "229500", nil)
		_, published := c.Publish(t.Context(), a, core.Publication{RemoteID: "229500"}, nil)
		for _, err := range []error{listed, fetched, published} {
			if got := vendortest.Invalid(err); got != "config.base_url "+want {
				t.Errorf("%+v: got %q, %v, want %s", config, got, err, want)
			}
		}
	}
}
