package confluence_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/confluence"
	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
)

// village is a fake with a page that refers to people and pages, and a connector whose
// names are kept.
type village struct {
	*confluence.Connector
	*vendortest.Traffic
	fake   *fakes.Confluence
	access core.Access
	page   string
	later  func(time.Duration) // moves the clock by which names are kept
}

const lucy = "5c20fa4e82e05b22cc7dada1"

const referring = `<p>Ask <ac:link><ri:user ri:account-id="` + lucy + `" ri:userkey="00112233445566778899aabbccddeeff"/></ac:link>, ` +
	`<ac:link><ri:user ri:account-id="` + lucy + `" ri:username="lucy"/></ac:link> or <ac:link><ri:user ri:account-id="nobody"/></ac:link>; read ` +
	`<ac:link><ri:page ri:content-title="Rota"/></ac:link>, <ac:link ac:anchor="night"><ri:page ri:space-key="CREW" ri:content-title="Rota"/><ac:link-body>theirs</ac:link-body></ac:link>, ` +
	`<ac:link><ri:page ri:content-title="Nowhere"/></ac:link> and <ac:link><ri:page ri:space-key="GONE" ri:content-title="Rota"/></ac:link>.</p>`

func newVillage(t *testing.T, d access) village {
	t.Helper()
	fake := fakes.NewConfluence(fakes.Config{Token: coretest.VendorToken})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	for _, key := range []string{"OPS", "CREW"} {
		fake.AddSpace(key, key)
		fake.AddPage(fakes.ConfluencePage{Space: key, Title: "Rota", Storage: "<p>x</p>"})
	}
	fake.AddUser(fakes.ConfluenceUser{AccountID: lucy, UserKey: "00112233445566778899aabbccddeeff", Username: "lucy", Name: "Lucy Locket"})
	storage := referring
	if d.part == deployments()["DataCenter"].part { // it knows no account ids
		storage = strings.ReplaceAll(storage, `ri:account-id="`+lucy+`" `, "")
	}
	address, traffic := vendortest.Tap(t, server.URL)
	traffic.Name("/ex/confluence/"+fakes.ConfluenceCloudID, "")
	clock := testenv.NewClock(time.Date(2026, 6, 20, 10, 0, 0, 0, time.UTC))
	cfg := confluence.Config{BaseURL: address, Cache: inproc.NewCache(inproc.CacheConfig{Now: clock.Now})}
	cfg.Upstream.Trusted = []string{address}
	return village{
		Connector: confluence.New(cfg), Traffic: traffic, fake: fake, later: clock.Pass, page: fake.AddPage(fakes.ConfluencePage{Space: "OPS", Title: "Duty", Storage: storage}),
		access: core.Access{
			Tenant: core.TrustTenant(core.NewID[core.OrgID]()), Integration: core.NewID[core.IntegrationID](),
			AuthType: d.auth, Token: core.NewSecret(coretest.VendorToken), Config: d.config(address),
		},
	}
}

func (v village) fetch(t *testing.T, listed *core.Item) string {
	t.Helper()
	got, err := v.Fetch(t.Context(), v.access, v.page, listed)
	if err != nil {
		t.Fatal(err)
	}
	return got.Markdown
}

func TestFetch_NamesPeopleAndPages(t *testing.T) {
	t.Parallel()
	for name, d := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVillage(t, d)
			var rota []string // addresses of both pages of that title
			for _, it := range list(t, v.Connector, v.access, core.ListRequest{}) {
				if it.Title == "Rota" {
					rota = append(rota, it.URL)
				}
				if it.ID == v.page {
					if listed, asked := v.fetch(t, &it), v.fetch(t, nil); listed != asked {
						t.Errorf("with what was listed:\n%s\nasked for:\n%s", listed, asked)
					}
				}
			}
			want := "Ask @Lucy Locket, @Lucy Locket or @user; read [Rota](" + rota[0] + "), [theirs](" + rota[1] + "#night), Nowhere and Rota.\n"
			if got := v.fetch(t, nil); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestFetch_AsksForNamesOnce(t *testing.T) {
	t.Parallel()
	for name, d := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVillage(t, d)
			v.fetch(t, nil)
			v.fake.Forget()
			v.fetch(t, nil)
			if calls := v.fake.Calls(); len(calls) != 1 {
				t.Errorf("a second time: %v, want the page alone", calls)
			}
			v.access.Integration = core.NewID[core.IntegrationID]()
			v.fake.Forget()
			v.fetch(t, nil)
			if calls := v.fake.Calls(); len(calls) < 4 {
				t.Errorf("for another integration: %v, want its names asked for: it may see others", calls)
			}
		})
	}
}

func TestFetch_NamesAreNoReasonToLoseAPage(t *testing.T) {
	t.Parallel()
	for name, d := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVillage(t, d)
			users := []string{"POST /wiki/api/v2/users-bulk", "POST /ex/confluence/*/wiki/api/v2/users-bulk", "GET /confluence/rest/api/user"}
			for _, on := range users {
				v.fake.Fail(fakes.Rule{Fault: fakes.Forbidden, On: on, Times: 100})
			}
			for range 2 {
				if got := v.fetch(t, nil); !strings.HasPrefix(got, "Ask @user, @user or @user; read [Rota](http") {
					t.Errorf("got %q, want people unknown and pages linked", got)
				}
			}
			refused := 0
			for _, call := range v.fake.Calls() {
				if call.Fault == fakes.Forbidden {
					refused++
				}
			}
			if refused != 1 {
				t.Errorf("asked %d times who people are, want once: it is not allowed", refused)
			}
		})
	}
}

func TestFetch_SilenceIsNotThatNobodyIsKnown(t *testing.T) {
	t.Parallel()
	for name, d := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVillage(t, d)
			for _, on := range []string{"POST /wiki/api/v2/users-bulk", "POST /ex/confluence/*/wiki/api/v2/users-bulk", "GET /confluence/rest/api/user"} {
				v.fake.Fail(fakes.Rule{Fault: fakes.Unavailable, On: on, Times: 3})
			}
			if _, err := v.Fetch(t.Context(), v.access, v.page, nil); core.ReasonOf(err) != core.ReasonDown {
				t.Errorf("got %v, want it down: a page without its names would seem to have changed", err)
			}
			v.fake.Heal()
			if got := v.fetch(t, nil); !strings.HasPrefix(got, "Ask @Lucy Locket,") {
				t.Errorf("afterwards %q", got)
			}
		})
	}
}

func TestVerify_NamesSpacesThatAreNotSeen(t *testing.T) {
	t.Parallel()
	for name, d := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVillage(t, d)
			v.access.Config.Spaces = []string{"OPS", "NOPE", "CREW"}
			v.fake.RestrictSpace("CREW", true)
			got, err := v.Verify(t.Context(), v.access)
			if err != nil || !slices.Equal(got.Unseen, []string{"NOPE", "CREW"}) || got.Visible[1].Count != 1 {
				t.Errorf("got %+v, %v, want two spaces that are not seen", got, err)
			}
		})
	}
}
