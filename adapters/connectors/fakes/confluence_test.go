package fakes_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
)

func newConfluence(t *testing.T, c fakes.Config) (*fakes.Confluence, *client) {
	f := fakes.NewConfluence(c)
	f.AddSpace("OPS", "Operations")
	for i := range 4 {
		f.AddPage(fakes.ConfluencePage{Space: "OPS", Title: fmt.Sprint("Page ", i), Storage: "<p>x</p>"})
	}
	return f, serve(t, f, basic(fakes.ConfluenceEmail, fakes.ConfluenceToken))
}

const gateway = "/ex/confluence/" + fakes.ConfluenceCloudID

func TestConfluence_NextIsRelativeToTheHost(t *testing.T) {
	t.Parallel()
	f, site := newConfluence(t, fakes.Config{})
	for name, tc := range map[string]struct {
		c      *client
		prefix string
	}{
		"Site":    {site, ""},
		"Gateway": {serve(t, f, basic(fakes.ConfluenceEmail, fakes.ConfluenceScopedToken)), gateway},
	} {
		path, n := tc.prefix+"/wiki/api/v2/pages?limit=2", 0
		for path != "" {
			r := tc.c.do("GET", path, nil)
			n += len(r.list(t, "results"))
			links, _ := r.body["_links"].(obj)
			next, _ := links["next"].(string)
			if next != "" && !strings.HasPrefix(next, "/wiki/api/v2/pages?") {
				t.Fatalf("%s: next is %q", name, next)
			}
			if path = ""; next != "" {
				path = tc.prefix + next
			}
		}
		if n != 5 {
			t.Errorf("%s: %d pages, want 5", name, n)
		}
	}
	if r := site.do("GET", "/wiki/api/v2/pages?cursor=bad", nil); r.status != 400 {
		t.Errorf("a bad cursor: %s", r.raw)
	}
}

func TestConfluence_FirstVersionPagesInItsOwnWay(t *testing.T) {
	t.Parallel()
	f, site := newConfluence(t, fakes.Config{PageSize: 2})
	cql := url.QueryEscape(`type = page ORDER BY lastmodified ASC`)
	r := site.do("GET", "/wiki/rest/api/content/search?cql="+cql+"&start=2", nil)
	links, _ := r.body["_links"].(obj)
	if next := fmt.Sprint(links["next"]); !strings.HasPrefix(next, "/rest/api/content/search?") || r.body["start"] != 0.0 {
		t.Errorf("in the cloud next is %q after start %v", next, r.body["start"])
	}
	center := serve(t, f, bearer(fakes.ConfluencePersonalToken))
	r = center.do("GET", fakes.DataCenterPath+"/rest/api/content?type=page&limit=100&start=4", nil)
	if r.body["size"] != 1.0 || r.body["limit"] != 2.0 || r.body["start"] != 4.0 {
		t.Errorf("in a Data Center: size %v limit %v start %v", r.body["size"], r.body["limit"], r.body["start"])
	}
}

func TestConfluence_TokensByAddress(t *testing.T) {
	t.Parallel()
	f, site := newConfluence(t, fakes.Config{})
	scoped := serve(t, f, basic(fakes.ConfluenceEmail, fakes.ConfluenceScopedToken))
	if s := scoped.do("GET", "/wiki/api/v2/spaces", nil).status; s != 401 {
		t.Errorf("a scoped token on the site: %d", s)
	}
	if s := scoped.do("GET", gateway+"/wiki/api/v2/spaces", nil).status; s != 200 {
		t.Errorf("a scoped token at the gateway: %d", s)
	}
	if r := site.do("GET", "/_edge/tenant_info", nil); r.body["cloudId"] != fakes.ConfluenceCloudID {
		t.Errorf("the cloud id: %s", r.raw)
	}
	if s := site.do("GET", "/wiki/rest/api/space", nil).status; s != http.StatusGone {
		t.Errorf("a removed route: %d", s)
	}
	f.ShutOut()
	if s := site.do("GET", "/wiki/rest/api/user/current", nil).status; s != 403 {
		t.Errorf("without Confluence: %d", s)
	}
}

func TestConfluence_ExpiredTokenLooksLikeNothingThere(t *testing.T) {
	t.Parallel()
	f, _ := newConfluence(t, fakes.Config{})
	page := f.Pages()[1]
	client := serve(t, f, func(*http.Request) {})
	agree := client.do("GET", "/authorize?client_id=client-id&response_type=code&state=s&redirect_uri=https%3A%2F%2Fx.example.com%2Fb&scope="+
		url.QueryEscape("read:page:confluence offline_access"), nil)
	to, err := url.Parse(agree.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	in := obj{"grant_type": "authorization_code", "client_id": "client-id", "client_secret": "client-secret", "code": to.Query().Get("code"), "redirect_uri": "https://x.example.com/b"}
	got := client.do("POST", "/oauth/token", in)
	user := serve(t, f, bearer(fmt.Sprint(got.body["access_token"])))
	if s := user.do("GET", gateway+"/wiki/api/v2/pages/"+page, nil).status; s != 200 {
		t.Fatalf("a good token: %d", s)
	}
	if r := user.do("GET", gateway+"/wiki/rest/api/user/current", nil); r.status != 401 || r.header.Get("X-Failure-Category") == "" {
		t.Errorf("without the scope: %s", r.raw)
	}
	f.Expire()
	if s := user.do("GET", gateway+"/wiki/api/v2/pages/"+page, nil).status; s != 404 {
		t.Errorf("an expired token: %d, want 404", s)
	}
	if s := user.do("GET", gateway+"/wiki/rest/api/user/current", nil).status; s != 403 {
		t.Errorf("an expired token in v1: %d, want 403", s)
	}
	if s := user.do("GET", "/oauth/token/accessible-resources", nil).status; s != 401 {
		t.Errorf("accessible resources: %d, want 401", s)
	}
	renew := obj{"grant_type": "refresh_token", "client_id": "client-id", "client_secret": "client-secret", "refresh_token": got.body["refresh_token"]}
	if s := client.do("POST", "/oauth/token", renew).status; s != 200 {
		t.Errorf("a refresh: %d", s)
	}
	if s := client.do("POST", "/oauth/token", renew).status; s != 403 {
		t.Errorf("a used refresh token: %d, want 403", s)
	}
}

func TestConfluence_VersionsAndTitles(t *testing.T) {
	t.Parallel()
	f, c := newConfluence(t, fakes.Config{})
	space := fmt.Sprint(c.do("GET", "/wiki/api/v2/spaces?keys=OPS", nil).list(t, "results")[0].(obj)["id"])
	body := obj{"representation": "storage", "value": "<p>y</p>"}
	made := c.do("POST", "/wiki/api/v2/pages", obj{"spaceId": space, "status": "current", "title": "Own", "body": body})
	id := fmt.Sprint(made.body["id"])
	put := func(number int) reply {
		return c.do("PUT", "/wiki/api/v2/pages/"+id, obj{"id": id, "status": "current", "title": "Own", "body": body, "version": obj{"number": number}})
	}
	if r := put(1); r.status != 409 || !strings.Contains(string(r.raw), "Current Version: [1]. Provided version: [1]") {
		t.Errorf("a stale version: %s", r.raw)
	}
	if r := put(2); r.status != 200 {
		t.Errorf("the next version: %s", r.raw)
	}
	f.Trash(id)
	create := func(title, storage string) reply {
		return c.do("POST", "/wiki/api/v2/pages", obj{"spaceId": space, "status": "current", "title": title, "body": obj{"representation": "storage", "value": storage}})
	}
	for name, r := range map[string]reply{
		"a title in the trash": create("Own", "<p/>"), "broken storage": create("Broken", "<p>unclosed"),
	} {
		if r.status != 400 {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
	if r := create("Big", "<p>"+strings.Repeat("x", 5<<20)+"</p>"); r.status != 413 {
		t.Errorf("more than 5 MB: %d", r.status)
	}
	if s := c.do("GET", "/wiki/api/v2/pages/"+id, nil).status; s != 404 {
		t.Errorf("in the trash: %d", s)
	}
	if r := c.do("GET", "/wiki/api/v2/pages/"+id+"?status=trashed", nil); r.body["status"] != "trashed" {
		t.Errorf("in the trash, asked for: %s", r.raw)
	}
}

func TestConfluence_SearchesInTheUsersZone(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 20, 10, 30, 0, 0, time.UTC)
	f, c := newConfluence(t, fakes.Config{Now: func() time.Time { return now }})
	f.In(time.FixedZone("UTC+2", 2*60*60))
	count := func(at string) int {
		return len(c.do("GET", "/wiki/rest/api/content/search?cql="+url.QueryEscape(`type = page AND lastmodified >= "`+at+`"`), nil).list(t, "results"))
	}
	if got := count("2026-06-20 12:30"); got != 5 {
		t.Errorf("%d pages since their time in the zone, want 5", got)
	}
	if got := count("2026-06-20 12:31"); got != 0 {
		t.Errorf("%d pages since a minute later, want 0", got)
	}
	f.AddPage(fakes.ConfluencePage{Space: "OPS", Title: "Bad", Broken: true})
	if s := c.do("GET", "/wiki/rest/api/content/search?cql=type%3Dpage&expand=body.storage", nil).status; s != 500 {
		t.Errorf("a list with a broken page: %d, want 500", s)
	}
	if s := c.do("GET", "/wiki/rest/api/content/search?cql=type%3Dpage&expand=version", nil).status; s != 200 {
		t.Errorf("the list without bodies: %d", s)
	}
}
