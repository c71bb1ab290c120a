package confluence_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/core"
)

// lines are the calls since the last time that ask for names.
func (v village) lines() (calls []string) {
	short := strings.NewReplacer("/ex/confluence/"+fakes.ConfluenceCloudID, "", "space-id=229001", "space-id=OPS", "space-id=229004", "space-id=CREW")
	for _, s := range v.Sent() {
		if line := short.Replace(s.Method + " " + s.Path); line != alive && !strings.Contains(line, v.page) {
			calls = append(calls, line)
		}
	}
	return calls
}

// asked are the calls for the names in referring: all of them, and those for whom and
// what nobody knows.
type asked struct{ all, unknown []string }

var (
	askedInCloud = asked{
		all: []string{
			"POST /wiki/api/v2/users-bulk", "GET /wiki/api/v2/pages?limit=1&space-id=OPS&title=Rota", "GET /wiki/api/v2/spaces?keys=CREW&limit=100",
			"GET /wiki/api/v2/pages?limit=1&space-id=CREW&title=Rota", "GET /wiki/api/v2/pages?limit=1&space-id=OPS&title=Nowhere", "GET /wiki/api/v2/spaces?keys=GONE&limit=100",
		},
		unknown: []string{"POST /wiki/api/v2/users-bulk", "GET /wiki/api/v2/pages?limit=1&space-id=OPS&title=Nowhere", "GET /wiki/api/v2/spaces?keys=GONE&limit=100"},
	}
	askedInCenter = asked{
		all: []string{
			"GET /confluence/rest/api/user?key=00112233445566778899aabbccddeeff", "GET /confluence/rest/api/user?username=lucy", "GET /confluence/rest/api/user?username=nobody",
			"GET /confluence/rest/api/content?limit=1&spaceKey=OPS&title=Rota&type=page", "GET /confluence/rest/api/space?limit=100&spaceKey=CREW",
			"GET /confluence/rest/api/content?limit=1&spaceKey=CREW&title=Rota&type=page", "GET /confluence/rest/api/content?limit=1&spaceKey=OPS&title=Nowhere&type=page",
			"GET /confluence/rest/api/space?limit=100&spaceKey=GONE",
		},
		unknown: []string{
			"GET /confluence/rest/api/user?username=nobody", "GET /confluence/rest/api/content?limit=1&spaceKey=OPS&title=Nowhere&type=page",
			"GET /confluence/rest/api/space?limit=100&spaceKey=GONE",
		},
	}
)

// Who is known is asked for again after an hour, and who is not after ten minutes: they
// may have come since.
func TestCalls_OfNames(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		v := newVillage(t, d)
		want := askedInCloud
		if v.access.Config.Deployment == core.DeploymentDataCenter {
			want = askedInCenter
		}
		for _, c := range []struct {
			after time.Duration
			want  []string
		}{{0, want.all}, {9 * time.Minute, nil}, {2 * time.Minute, want.unknown}, {50 * time.Minute, want.all}} {
			v.later(c.after)
			v.fetch(t, nil)
			if got := v.lines(); !slices.Equal(got, c.want) {
				t.Errorf("%v later:\ngot  %s\nwant %s", c.after, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
			}
		}
	})
}

// What a token does not get to know leaves a page without the name; what was not
// answered now leaves no page at all.
func TestFetch_NamesThatAreNotToldAndThoseThatAreNotAnswered(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		inCloud := strings.HasSuffix(d.api, "/v2")
		users := map[bool]string{true: "POST " + d.api + "/users-bulk", false: "GET " + d.api + "/user"}[inCloud]
		one := `<p><ac:link><ri:user ri:account-id="` + lucy + `" ri:userkey="00112233445566778899aabbccddeeff"/></ac:link></p>`
		if !inCloud {
			one = strings.ReplaceAll(one, `ri:account-id="`+lucy+`" `, "")
		}
		for status, want := range map[int]string{0: "@Lucy Locket\n", 400: "@user\n", 403: "@user\n", 429: ""} {
			v := newVillage(t, d)
			v.fake.Edit(v.page, one)
			switch status {
			case 0:
			case 429:
				v.fake.Fail(fakes.Rule{Fault: fakes.Busy, On: users, RetryAfter: time.Hour})
			default:
				v.Refuse(users, status, `{}`)
			}
			got, err := v.Fetch(t.Context(), v.access, v.page, nil)
			if want == "" && core.ReasonOf(err) != core.ReasonLimited || want != "" && (err != nil || got.Markdown != want) {
				t.Errorf("%d: got %+v, %v, want %q", status, got, err, want)
			}
		}
		for _, on := range []string{d.pages(), d.spaces()} { // where a page of a title is, and a space of a key
			v := newVillage(t, d)
			v.fake.Fail(fakes.Rule{Fault: fakes.Busy, On: "GET " + on, RetryAfter: time.Hour})
			if got, err := v.Fetch(t.Context(), v.access, v.page, nil); core.ReasonOf(err) != core.ReasonLimited {
				t.Errorf("%s: got %+v, %v, want it limited", on, got, err)
			}
		}
	})
}

// Names are kept for one integration; where there is none, or no cache, they are asked for
// each time.
func TestFetch_NamesThatCannotBeKeptAreAskedForEachTime(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		v := newVillage(t, d)
		v.access.Integration = ""
		without := newVillage(t, d)
		w := newTown(t, d)
		without.Connector, without.fake, without.Traffic = w.Connector, w.fake, w.Traffic
		without.access.Config = w.access.Config
		w.fake.AddSpace("OPS", "OPS")
		storage, _ := v.fake.Storage(v.page)
		without.page = w.fake.AddPage(fakes.ConfluencePage{Space: "OPS", Title: "Duty", Storage: storage})
		for what, v := range map[string]village{"no integration": v, "no cache": without} {
			v.fetch(t, nil)
			first := v.lines()
			v.fetch(t, nil)
			if second := v.lines(); len(first) < 4 || !slices.Equal(first, second) {
				t.Errorf("%s: got %q and then %q", what, first, second)
			}
		}
	})
}
