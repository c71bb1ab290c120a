package confluence_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/core"
)

const (
	// alive is asked where the gateway says that something is not there: for an expired
	// token it says the same.
	alive      = "GET /oauth/token/accessible-resources"
	cloudPages = "/pages?body-format=storage&limit=100&status=current&status=archived"
	newest     = "GET /wiki/api/v2/pages?body-format=storage&limit=100&sort=-modified-date&status=current&status=archived"
	newer      = "GET /wiki/api/v2/pages?body-format=storage&cursor=CURSOR&limit=100&sort=-modified-date&status=current&status=archived"
	inV1       = "GET /confluence/rest/api/content?expand=version%2Cspace%2Cbody.storage&limit=100&spaceKey="
	ofV1       = "&start=0&status=current&type=page"
	cql        = "GET /confluence/rest/api/content/search?cql=type+%3D+page+AND+"
	expand     = "&expand=version%2Cspace%2Cbody.storage&limit="
)

// newRegister is a town whose calls are written without what differs from run to run.
func newRegister(t *testing.T, d access, spaces ...string) *town {
	t.Helper()
	w := newTown(t, d, spaces...)
	w.Name("/ex/confluence/"+fakes.ConfluenceCloudID, "")
	w.Name("cursor=[A-Za-z0-9_-]+", "cursor=CURSOR")
	for i, key := range spaces { // of each the home page has the next number
		w.Name(`\b22900`+string(rune('1'+2*i))+`\b`, key)
	}
	return w
}

// want checks the calls: of the cloud, or of a Data Center.
func (w *town) want(t *testing.T, what string, cloud, center []string) {
	t.Helper()
	want := slices.Clone(cloud)
	if w.access.Config.Deployment == core.DeploymentDataCenter {
		want = center
	}
	if w.access.AuthType != core.AuthOAuth2 {
		want = slices.DeleteFunc(want, func(call string) bool { return call == alive })
	}
	w.Want(t, what, want...)
}

func TestCalls_OfListing(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newRegister(t, d, "A", "B", "C")
		w.titles(t, core.ListRequest{})
		w.want(t, "everything", []string{
			"GET /wiki/api/v2/spaces?limit=100", "GET /wiki/api/v2/spaces/A" + cloudPages, "GET /wiki/api/v2/spaces/B" + cloudPages,
			"GET /wiki/api/v2/spaces?cursor=CURSOR&limit=100", "GET /wiki/api/v2/spaces/C" + cloudPages,
		}, []string{
			"GET /confluence/rest/api/space?limit=100", inV1 + "A" + ofV1, inV1 + "B" + ofV1, "GET /confluence/rest/api/space?limit=2&start=2", inV1 + "C" + ofV1,
		})
		w.titles(t, core.ListRequest{Since: w.at.Add(-time.Hour)})
		const since = cql + "lastmodified+%3E%3D+%222026-06-19+18%3A00%22+ORDER+BY+lastmodified+ASC" + expand // by the farthest zone
		w.want(t, "changes", []string{newest, newer, "GET /wiki/api/v2/pages?limit=100&status=trashed&status=deleted"},
			[]string{since + "100", since + "2&start=2", "GET /confluence/rest/api/content?expand=version%2Cspace&limit=100&start=0&status=trashed&type=page"})
		w.titles(t, core.ListRequest{Since: w.at.Add(16 * time.Hour)})
		const nothing = cql + "lastmodified+%3E%3D+%222026-06-20+11%3A00%22+ORDER+BY+lastmodified+ASC" + expand
		w.want(t, "nothing that changed", []string{newest, "GET /wiki/api/v2/pages?limit=100&status=trashed&status=deleted"}, // the rest is older still
			[]string{nothing + "100", "GET /confluence/rest/api/content?expand=version%2Cspace&limit=100&start=0&status=trashed&type=page"})
		for limit, size := range map[int]string{1: "1", 7: "7", 100: "100", 101: "100", -1: "100"} {
			w.titles(t, core.ListRequest{Query: `say "a\b`, Limit: limit})
			const words = "title+~+%22say+%5C%22a%5C%5Cb%2A%22" + expand
			w.want(t, "words", []string{strings.Replace(cql, "/confluence", "/wiki", 1) + words + size}, []string{cql + words + size})
		}
	})
}

func TestCalls_OfListingChosenSpaces(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newRegister(t, d, "A", "B", "C")
		w.access.Config.Spaces = []string{"A", "C"}
		const cloudKeys, centerKeys = "GET /wiki/api/v2/spaces?keys=A%2CC&limit=100", "GET /confluence/rest/api/space?limit=100&spaceKey=A&spaceKey=C"
		w.titles(t, core.ListRequest{})
		w.want(t, "everything", []string{cloudKeys, "GET /wiki/api/v2/spaces/A" + cloudPages, "GET /wiki/api/v2/spaces/C" + cloudPages},
			[]string{centerKeys, inV1 + "A" + ofV1, inV1 + "C" + ofV1})
		w.titles(t, core.ListRequest{Since: w.at})
		const of = "&space-id=A&space-id=C"
		w.want(t, "changes", []string{
			cloudKeys, "GET /wiki/api/v2/pages?body-format=storage&limit=100&sort=-modified-date" + of + "&status=current&status=archived",
			"GET /wiki/api/v2/pages?limit=100" + of + "&status=trashed&status=deleted",
		}, []string{
			centerKeys, cql + "lastmodified+%3E%3D+%222026-06-19+19%3A00%22+AND+space+in+%28%22A%22%2C+%22C%22%29+ORDER+BY+lastmodified+ASC" + expand + "100",
			"GET /confluence/rest/api/content?expand=version%2Cspace&limit=100&start=0&status=trashed&type=page",
		})
	})
}

// One page whose body cannot be rendered fails the list: it is asked for without bodies.
func TestCalls_OfAListThatCannotBeRendered(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newRegister(t, d, "A")
		w.fake.Fail(fakes.Rule{Fault: fakes.Failed, On: d.part})
		w.titles(t, core.ListRequest{})
		w.want(t, "everything", []string{"GET /wiki/api/v2/spaces?limit=100", "GET /wiki/api/v2/spaces/A" + cloudPages, "GET /wiki/api/v2/spaces/A/pages?limit=100&status=current&status=archived"},
			[]string{"GET /confluence/rest/api/space?limit=100", inV1 + "A" + ofV1, "GET /confluence/rest/api/content?expand=version%2Cspace&limit=100&spaceKey=A" + ofV1})
	})
}

func TestCalls_OfFetching(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newRegister(t, d, "A")
		id := w.add("A", "PAGE")
		w.Name(id, "PAGE")
		fetch := func(from *core.Item) (*core.Fetched, error) { return w.Fetch(t.Context(), w.access, id, from) }
		if got, err := fetch(nil); err != nil || got.Title != "PAGE" || got.Markdown != "PAGE\n" || got.Body != nil {
			t.Errorf("got %+v, %v", got, err)
		}
		w.want(t, "a page", []string{readV2}, []string{readV1})
		w.fake.Trash(id)
		if got, err := fetch(nil); err != nil || got.State != core.RemoteTrashed {
			t.Errorf("in the trash: %+v, %v", got, err)
		}
		w.want(t, "in the trash", []string{readV2, alive, "GET /wiki/api/v2/pages/PAGE?status=trashed"}, []string{readV1, readV1 + "&status=trashed"})
		w.fake.Restrict(id, true)
		if got, err := fetch(nil); core.ReasonOf(err) != core.ReasonGone {
			t.Errorf("hidden: %+v, %v", got, err)
		}
		w.want(t, "hidden", []string{readV2, alive, "GET /wiki/api/v2/pages/PAGE?status=trashed", alive}, []string{readV1, readV1 + "&status=trashed"})
		w.fake.Restrict(id, false)
		w.fake.Restore(id)
		for _, it := range list(t, w.Connector, w.access, core.ListRequest{}) {
			w.Sent()
			if got, err := w.Fetch(t.Context(), w.access, it.ID, &it); err != nil || got.Body != nil || !strings.HasPrefix(it.Title, strings.TrimSpace(got.Markdown[:4])) && it.ID == id {
				t.Errorf("as it was listed: %+v, %v", got, err)
			}
			w.want(t, "as it was listed", nil, nil)
		}
	})
}

// makes and puts are the calls that make a page and write it, in both versions.
func makes(parentV2, parentV1, n string) (v2, v1 string) {
	return `POST /wiki/api/v2/pages {"body":{"representation":"storage","value":"<p />"},` + parentV2 + `"spaceId":"A","status":"current","title":"Summary` + n + `"}`,
		`POST /confluence/rest/api/content {` + parentV1 + `"body":{"storage":{"representation":"storage","value":"<p />"}},"space":{"key":"A"},"title":"Summary` + n + `","type":"page"}`
}

func puts(n string) (v2, v1 string) {
	const version = `","version":{"message":"docsctl","number":2}}`
	return `PUT /wiki/api/v2/pages/PAGE {"body":{"representation":"storage","value":"STORAGE"},"id":"PAGE","status":"current","title":"Summary` + n + version,
		`PUT /confluence/rest/api/content/PAGE {"body":{"storage":{"representation":"storage","value":"STORAGE"}},"title":"Summary` + n + `","type":"page` + version
}

const (
	readV2  = "GET /wiki/api/v2/pages/PAGE?body-format=storage"
	readV1  = "GET /confluence/rest/api/content/PAGE?expand=version,space,body.storage"
	spaceV2 = "GET /wiki/api/v2/spaces?keys=A&limit=100"
	spaceV1 = "GET /confluence/rest/api/space?limit=100&spaceKey=A"
	titleV2 = "GET /wiki/api/v2/pages?body-format=storage&space-id=A&status=current&status=archived&status=trashed&title=Summary"
	titleV1 = "GET /confluence/rest/api/content?expand=version%2Cspace%2Cbody.storage&spaceKey=A&status=any&title=Summary&type=page"
)

func TestCalls_OfPublishing(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newRegister(t, d, "A")
		w.Name(`"value":"<p>[^}]*"`, `"value":"STORAGE"`)
		parent := w.add("A", "PARENT")
		w.Name(parent, "PARENT")
		made, err := w.make(t, parent, false)
		if err != nil {
			t.Fatal(err)
		}
		w.Name(made.ID, "PAGE")
		makeV2, makeV1 := makes(`"parentId":"PARENT",`, `"ancestors":[{"id":"PARENT"}],`, "")
		putV2, putV1 := puts("")
		w.want(t, "below a page", []string{"GET /wiki/api/v2/pages/PARENT", makeV2, readV2, putV2},
			[]string{"GET /confluence/rest/api/content/PARENT?expand=version,space", makeV1, readV1, putV1})
		if got, err := w.into(t, made.ID); err != nil || got.Outcome != core.PublishUnchanged || got.RemotePage != made.RemotePage {
			t.Errorf("into it: %+v, %v", got, err)
		}
		w.want(t, "into it", []string{readV2}, []string{readV1})
		if got, err := w.make(t, "A", true); err != nil || got.ID != made.ID {
			t.Errorf("again: %+v, %v", got, err)
		}
		w.want(t, "again, after nobody knows what", []string{spaceV2, titleV2, readV2}, []string{spaceV1, titleV1, readV1})
	})
}

func TestCalls_OfPublishingUnderATitleThatIsTaken(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newRegister(t, d, "A")
		w.Name(`"value":"<p>[^}]*"`, `"value":"STORAGE"`)
		w.add("A", "Summary")
		made, err := w.make(t, "A", false)
		if err != nil {
			t.Fatal(err)
		}
		w.Name(made.ID, "PAGE")
		firstV2, firstV1 := makes("", "", "")
		secondV2, secondV1 := makes("", "", " (2)")
		putV2, putV1 := puts(" (2)")
		w.want(t, "a second title", []string{spaceV2, firstV2, titleV2, secondV2, readV2, putV2}, []string{spaceV1, firstV1, titleV1, secondV1, readV1, putV1})
	})
}

func TestCalls_OfVerify(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newRegister(t, d, "A", "B")
		v, err := w.Verify(t.Context(), w.access)
		want := []core.VisibleCount{{Kind: "pages", Count: 2}, {Kind: "spaces", Count: 2}}
		if err != nil || !slices.Equal(v.Visible, want) || v.Unseen != nil {
			t.Errorf("got %+v, %v, want %+v", v, err, want)
		}
		first := []string{alive}
		if w.access.AuthType != core.AuthOAuth2 {
			first = []string{"GET /wiki/api/v2/spaces?limit=100"} // whether the token works there
		}
		w.want(t, "verify", append(first, "GET /wiki/api/v2/spaces?limit=100", "GET /wiki/api/v2/spaces/A"+cloudPages, "GET /wiki/api/v2/spaces/B"+cloudPages),
			[]string{"GET /confluence/rest/api/space?limit=100", inV1 + "A" + ofV1, inV1 + "B" + ofV1, "GET /confluence/rest/api/user/current"})
	})
}

func TestCalls_CarryTheirCredentials(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newRegister(t, d, "A")
		w.titles(t, core.ListRequest{})
		if _, err := w.make(t, "A", false); err != nil {
			t.Fatal(err)
		}
		want := "Bearer the-token-of-the-suite"
		if d.auth == core.AuthAPIToken && w.access.Config.Deployment == "" {
			want = "Basic YWRhQGV4YW1wbGUuY29tOnRoZS10b2tlbi1vZi10aGUtc3VpdGU=" // ada@example.com:the-token-of-the-suite
		}
		calls := w.Sent()
		if len(calls) < 5 {
			t.Fatalf("got %d calls", len(calls))
		}
		for _, c := range calls {
			if got := c.Header.Get("Authorization"); got != want || c.Header.Get("Accept") != "application/json" {
				t.Errorf("%s %s: got %v", c.Method, c.Path, c.Header)
			}
		}
	})
}
